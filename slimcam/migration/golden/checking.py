"""What a recording says, against itself: types in golden.json, and the shapes and values of the arrays."""

import functools
import math
import operator
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from ...errors import GoldenError
from .layout import ENGINES, REMEDY, Golden, Layer

Check = Callable[[Any], bool]

NEAR = 1e-5  # of the largest logit: two runs of one model may put classes so near each other in another order


def is_whole(value: Any) -> bool:
    """Whether a value of JSON is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value: Any) -> bool:
    """Whether a value of JSON is a string."""
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return (is_whole(value) or isinstance(value, float)) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return is_whole(value) and value >= 0


def _is_box(value: Any) -> bool:
    return is_text(value) or _is_count(value)


def _is_terms(value: Any) -> bool:
    pairs = value if isinstance(value, list) else [None]
    return bool(pairs) and all(
        isinstance(one, list) and len(one) == 2 and _is_count(one[0]) and _is_number(one[1]) for one in pairs
    )


def _is_array(value: Any) -> bool:
    return isinstance(value, list) and all(_is_number(one) or _is_array(one) for one in value)


def or_null(check: Check) -> Check:
    """Return a check that lets null pass too."""
    return lambda value: value is None or check(value)


# Of each kind of target, by the key that tells it, what its keys hold.
_TARGETS: Dict[str, Dict[str, Check]] = {
    "class": {"class": _is_count},  # a number: record() looks labels up
    "top": {"top": lambda value: is_whole(value) and value > 0},
    "sum": {"sum": _is_terms},
    **{kind: {kind: is_text} for kind in ("mean", "norm", "tensor")},
    "channel": {"channel": is_text, "k": _is_count},
    "neuron": {"neuron": is_text, "k": _is_count, "at": or_null(_is_array)},
    "dot": {"dot": is_text, "array": _is_array},
    **{kind: {kind: is_text, "array": _is_array, "power": _is_number} for kind in ("direction", "caricature")},
    "box": {"box": _is_box, "at": or_null(_is_array)},
    "region": {"region": _is_count, "mask": or_null(_is_array), "of": or_null(is_text)},
    "peak": {"peak": _is_count, "of": or_null(is_text)},
}


def check_target(target: Any, path: str) -> None:
    """Raise GoldenError for a target that is written otherwise than record() writes it."""
    for one in target if isinstance(target, list) else [target]:
        kind = next((kind for kind in _TARGETS if isinstance(one, dict) and kind in one), None)
        if one is None and target is None:
            continue
        if not isinstance(one, dict) or (kind and not all(ok(one.get(key)) for key, ok in _TARGETS[kind].items())):
            raise GoldenError(f"{path}: a target that cannot be: {REMEDY}")
        if kind is None:
            raise GoldenError(f"{path}: a target of {', '.join(one) or 'nothing'}, which this slimcam does not know")


def check_arrays(golden: Golden, path: str) -> None:
    """Raise GoldenError where the arrays do not fit the photos, classes, target and engine of golden.json."""
    check_target(golden.target, path)
    if golden.engine not in ENGINES:
        raise GoldenError(f"{path}: engine {golden.engine!r}, and there are {', '.join(ENGINES)}: {REMEDY}")
    _check_shapes(golden, path)
    for layer in golden.layers:
        _check_layer(layer, len(golden.photos), path)
        if not _fit_target(golden, layer.classes):
            raise GoldenError(
                f"{path}: the classes of layer {layer.name!r}, {_some(layer.classes)}, are not of the target that "
                f"was recorded: {REMEDY}"
            )


def _some(classes: np.ndarray) -> str:
    return ", ".join(map(str, classes[:4])) + (", …" if len(classes) > 4 else "")


def _fit_target(golden: Golden, classes: np.ndarray) -> bool:
    """Whether the (M,) classes, -1 for what is no class, can be those that the target stands for."""
    count, target = len(golden.photos), golden.target
    if isinstance(target, list):
        return len(target) == count == len(classes) and all(
            _class_of(one) in (None, picked) for one, picked in zip(target, classes)
        )
    if target is not None and "top" not in target:
        own = _class_of(target)
        return len(classes) == count and bool(own is None or (classes == own).all())
    each = classes.reshape(count, -1)
    many = 1 if target is None else target["top"]
    return each.shape[1] == many and all(len(set(row)) == many for row in each) and _are_best(each, golden.logits)


def _class_of(target: Dict[str, Any]) -> Optional[int]:
    """Return the class that a target explains, -1 for none, None where golden.json alone does not tell."""
    if "class" in target:
        return int(target["class"])
    return None if "sum" in target else -1


def _are_best(classes: np.ndarray, logits: Optional[np.ndarray]) -> bool:
    """Whether the (N, k) classes have the largest logits; one logit stands for two classes."""
    if logits is None or logits.shape[1] == 1:
        return True
    if classes.min() < 0:
        return False
    values = logits.astype(np.float64)
    least = np.sort(values, -1)[:, -classes.shape[1]] - NEAR * np.nan_to_num(np.abs(values)).max()
    return not (np.take_along_axis(values, classes, 1) < least[:, None]).any()


def _check_shapes(golden: Golden, path: str) -> None:
    """Raise GoldenError where the arrays are not of the photos and classes of golden.json."""
    count, classes = len(golden.photos), golden.model["classes"]
    logits, top = golden.logits, golden.top_classes
    wrong = ["inputs"] if golden.inputs.ndim != 4 or len(golden.inputs) != count or not count else []
    if (logits is None) != (top is None) or (logits is not None and logits.shape != (count, classes)):
        wrong.append("logits")
    if top is not None and not (top.ndim == 2 and len(top) == count and _are_in(top, 0, classes)):
        wrong.append("top_classes")
    if not golden.layers:
        wrong.append("layers")
    # one logit stands for two classes; of a target that is no class's it is -1
    numbers = math.inf if classes is None else max(classes, 2)
    wrong += ["classes"] if not all(_are_in(layer.classes, -1, numbers) for layer in golden.layers) else []
    if wrong:
        raise GoldenError(f"{path}: {', '.join(wrong)} do not fit {count} photos and {classes} classes: {REMEDY}")


def _are_in(numbers: np.ndarray, first: int, end: Optional[float]) -> bool:
    """Whether all are whole numbers from `first` on, and less than `end`."""
    if numbers.dtype.kind not in "iu" or end is None:
        return False
    return not numbers.size or bool(numbers.min() >= first and numbers.max() < end)


def _check_layer(layer: Layer, photos: int, path: str) -> None:
    """Raise GoldenError where a layer's arrays do not fit each other."""
    maps, shape = layer.classes.size, layer.shape
    shapes: Dict[str, Tuple[int, ...]] = dict.fromkeys(("mean", "deviation", "smallest", "largest"), shape[-1:])
    shapes.update(classes=(maps,), scores=(maps,), gradients=(maps, *shape[1:]), maps=(maps, *shape[1:3]))
    shapes.update(sample=layer.places.shape)
    if layer.rounding is not None:
        shapes.update(rounding=(maps,))
    wrong: List[str] = [name for name, size in shapes.items() if getattr(layer, name).shape != size]
    if len(shape) != 4 or min(shape) < 1 or shape[0] != photos or maps % photos or not maps:
        wrong.append("shape")
    if not (layer.places.ndim == 1 and _are_in(layer.places, 0, functools.reduce(operator.mul, shape, 1))):
        wrong.append("places")
    if wrong:
        raise GoldenError(f"{path}: layer {layer.name!r}: {', '.join(wrong)} do not fit its shape {shape}: {REMEDY}")
