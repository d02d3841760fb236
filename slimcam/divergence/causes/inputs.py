"""What is fed: the order of its channels, its range, and how photos were prepared."""

import functools
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

import numpy as np

from ...inputs import preprocess
from ..sides import Found
from .case import Case
from .resizing import prepared

Map = Callable[[np.ndarray], np.ndarray]

_MEAN, _DEVIATION = np.array(preprocess.TORCH_MEAN), np.array(preprocess.TORCH_DEVIATION)
# Usual ranges of RGB pictures: what 0 to 255 is multiplied by, and what is added then.
RANGES: Dict[str, Tuple[Any, Any]] = {
    "[0, 1]": (1 / 255, 0),
    "[-1, 1]": (1 / 127.5, -1),
    "0 to 255": (1, 0),
    "0 to 255 minus the mean": (1, -np.array(preprocess.VGG_MEAN)),
    "[0, 1] minus the mean, over the deviation": (1 / 255 / _DEVIATION, -_MEAN / _DEVIATION),
    "[0, 1] minus the mean": (1 / 255, -_MEAN),
    "[-0.5, 0.5]": (1 / 255, -0.5),
    "-128 to 127": (1, -128),
}
ROUNDING = 0.02  # of a range: pictures that were resized bicubically overshoot


def channel_order(case: Case) -> Optional[Found]:
    """Feed B with its channels reversed."""
    made = [_fed(case, start, lambda array: array[..., ::-1]) for start in case.pictures()]
    return case.named("channel order", (("reversed (BGR against RGB)", out) for out in made))


def value_range(case: Case) -> Optional[Found]:
    """Feed B with its pictures brought to another range."""
    return case.named("value range", _ranges(case))


def preprocessing(case: Case) -> Optional[Found]:
    """Prepare the photos for B in each of the known preprocess."""
    return case.named("preprocessing", _rows(case))


def _fed(case: Case, start: Any, change: Map) -> Optional[np.ndarray]:
    """Return B's stage with an input changed, by what is made for channels that are last."""
    array = case.b.starts[start]
    axis = _channels(array)
    made = np.moveaxis(change(np.moveaxis(array, axis, -1).astype(np.float64)), -1, axis)
    with np.errstate(all="ignore"):  # whole numbers may not hold it
        made = made.astype(array.dtype)
    return case.b.run({start: made})


def _channels(array: np.ndarray) -> int:
    return 1 if array.shape[-1] not in (1, 3) and array.shape[1] in (1, 3) else -1


def _ranges(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    for start in case.pictures():
        array = case.b.starts[start]
        for text, change in _changes(array, case.are_inputs()):
            yield text, _fed(case, start, change)
        if case.are_inputs() and case.target.shape == array.shape:
            axis = _channels(array)
            text, made = _fitted(np.moveaxis(array, axis, -1), np.moveaxis(case.target, axis, -1))
            yield text, np.moveaxis(made, -1, axis)


def _changes(array: np.ndarray, are_inputs: bool) -> Iterator[Tuple[str, Map]]:
    """Yield what makes pictures of one range pictures of another; `array` can be of the first."""
    low, high = float(array.min()), float(array.max())
    grey = array.shape[_channels(array)] != 3
    rows = {name: row for name, row in RANGES.items() if not (grey and np.size(row[1]) > 1)}
    for name, old in rows.items():
        ends = [np.min(old[1]), np.max(np.multiply(255, old[0]) + old[1])]
        slack = ROUNDING * (ends[1] - ends[0])
        if not (ends[0] - slack <= low and high <= ends[1] + slack):
            continue
        for other, new in rows.items():
            if other == name:
                continue
            # B is fed the first where its inputs part from A's, and A's net is made for the first where they do not
            text = f"{other} in A, {name} in B" if are_inputs else f"A is made for {name}, B for {other}"
            yield text, functools.partial(_to, old=old, new=new)
            for turned in (-1, 1) if not grey else ():
                change = functools.partial(_to, old=old, new=new, before=turned, after=-turned)
                yield f"{text}, and the channels reversed", change


def _to(array: np.ndarray, old: Any, new: Any, before: int = 1, after: int = 1) -> np.ndarray:
    """Bring pictures from one range to another; -1 reverses their channels before it, or after."""
    return ((array[..., ::before] - old[1]) / old[0] * new[0] + new[1])[..., ::after]


def _fitted(b: np.ndarray, a: np.ndarray) -> Tuple[str, np.ndarray]:
    """Fit a line for each channel, from B's input to A's."""
    made, texts = np.empty(a.shape), []
    for c in range(a.shape[-1]):
        x, y = b[..., c].astype(np.float64), a[..., c].astype(np.float64)
        slope = np.mean((x - x.mean()) * (y - y.mean())) / (x.var() or 1)
        offset = y.mean() - slope * x.mean()
        made[..., c] = slope * b[..., c] + offset
        texts.append(f"{slope:.4g} x {offset:+.4g}")
    text = texts[0] if len(set(texts)) == 1 else "; ".join(texts)
    return f"A = {text}, where x is B", made


def _rows(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    photos = case.prepared_by()
    if photos is not None:
        own = next((name for name, row in preprocess.PREPROCESSING.items() if row is photos.preprocess), "another")
        for name, row in preprocess.PREPROCESSING.items():
            if name != own:
                yield f"{name!r} in A, {own!r} in B", prepared(case, row)
