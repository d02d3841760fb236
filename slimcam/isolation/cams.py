"""RemoteCam: what stands for a GradCAM, or for those of a pair, in a child process; and Maps from what it answers."""

from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .._types import HoldLike, ImagesLike
from ..inputs.image_input import ImageInput
from ..inputs.photos import Batch
from ..maps.dialects import Dialect
from ..maps.maps import Maps
from ..methods import find_method
from ..methods.averages import passes_of
from ..methods.evidence import Evidence
from ..methods.method import Size
from ..methods.parameters import defaults
from .answers import read
from .elsewhere import steps
from .model import IsolatedModel

MOST_CHANNELS = 1 << 20  # of a layer: the process says how many there are, and they bound its time
ARRAYS = "classes", "scores", "finite", "rounding"  # of Maps: a value for each map


class RemoteCam:
    """GradCAMs in the process of an IsolatedModel, one a branch; `number` is by what they are asked for there."""

    def __init__(
        self,
        model: IsolatedModel,
        layer: Any,
        target: Any,
        dialect: Dialect,
        hold: Optional[HoldLike],
        engine: str,
        branches: bool = False,
        parameters: Optional[Mapping[str, Any]] = None,
        memory: Optional[int] = None,
        averages: Sequence[Any] = (),
        k: int = 1,
    ) -> None:
        """Build them there; raise what GradCAM() or Explainer(), or with `branches` ExplainPair(), raises.

        The method is the dialect's; `parameters` are all of it, the defaults where they are left out, and `averages`
        are rows of methods.averages.AVERAGES with their parameters. `k` is how many scores of a photo are explained.
        """
        holds = {getattr(name, "name", name): value for name, value in (hold or {}).items()}
        name = [_name(one) for one in layer] if isinstance(layer, (list, tuple)) else _name(layer)
        self.given = name, target, dialect, holds, engine
        self.model, self._dialect = model, dialect
        self.parameters = dict(defaults(find_method(dialect.method).parameters) if parameters is None else parameters)
        built = model.ask(_built, "cams", *self.given, branches, self.parameters, memory, averages)
        self.number, self.layers, self.on_logits = built["number"], built["layers"], built["on_logits"]
        self._averages, self._channels, self._k = averages, built["channels"], k
        self.progress: Callable[[int], None] = lambda rows: None
        self.inputs: List[ImageInput] = [model.inputs[i] for i in built["inputs"]]

    def passes(self, height: int, width: int) -> int:
        """Return how many rows are run for a photo that is fed at a size."""
        row, size = find_method(self._dialect.method), Size(height, width, self._channels)
        return self._k * passes_of(row, self.parameters, self._averages, size)

    def together(self, batches: Sequence[Batch], target: Any) -> List[Maps]:
        """Return the Maps of a batch for each branch."""

        def maps(answer: Any) -> List[Maps]:
            _check(len(answer) == len(batches), "maps of each branch")
            labels = self.model.labels
            return [_maps(*one, self._dialect, labels) for one in zip(answer, batches, self.layers)]

        sent = [self.model.sendable_batch(batch) for batch in batches]
        most = sum(self._rows(own, batch) for own, batch in zip(self.inputs, batches))
        how = {"images": sent, "calls": steps(most, lambda rows: self.progress(rows))}
        made: List[Maps] = self.model.ask(maps, "maps", self.number, target, **how)
        return made

    def _rows(self, own: ImageInput, batch: Batch) -> int:
        """Return how many rows the photos of a batch take at most, each fed at the input's size, else at its own."""
        fixed = own.tensor.shape.as_list()[-3:-1] if own.tensor.shape.rank else (None, None)
        sizes = [[side or of_photo for side, of_photo in zip(fixed, photo.shape)] for photo in batch.photos]
        return sum(1 + self.passes(height, width) for height, width in sizes)  # 1: which classes are explained

    def evidence(self, images: ImagesLike, target: Any) -> Evidence:
        """Return the Evidence of images, as a GradCAM does."""
        sent = self.model.sendable_batch(self.inputs[0].batch(images))
        evidence: Evidence = self.model.ask(_evidence, "evidence", self.number, target, images=sent)
        return evidence


def _name(layer: Any) -> Any:
    return getattr(layer, "name", layer)


def _built(answer: Any) -> Dict[str, Any]:
    kinds = {"number": int, "layers": List[str], "on_logits": bool, "inputs": List[int], "channels": int}
    built = {name: read(kind, answer[name]) for name, kind in kinds.items()}
    _check(0 < built["channels"] <= MOST_CHANNELS, "channels of a layer")
    _check(len(built["layers"]) == len(built["inputs"]) > 0, "an input for each layer")
    return built


def _evidence(answer: Any) -> Evidence:
    names = "activations", "gradients", "scores", "classes"
    return Evidence(*(_numbers(answer[name]) for name in names))


def _maps(answer: Any, batch: Batch, layer: str, dialect: Dialect, labels: Optional[List[str]]) -> Maps:
    """Return the Maps of an answer; raise ValueError where its parts do not fit each other or the photos."""
    raw: Any = answer["raw"]
    several = isinstance(raw, list)  # maps of different sizes
    each = [_numbers(one) for one in raw] if several else list(_numbers(raw))
    photo, boxes = _numbers(answer["photo"]).astype(np.int64), answer["boxes"]
    arrays = {name: _numbers(answer[name]) for name in ARRAYS}
    arrays["finite"] = arrays["finite"].astype(bool)
    _check(all(one.shape == (len(each),) for one in (photo, *arrays.values())), "a value for each map")
    _check(all(one.ndim == 2 for one in each) and each != [], "maps of rows and columns")
    windows = _windows(answer["windows"], batch)
    _check(set(photo.tolist()) <= set(range(len(windows))), "photos that were sent")
    if boxes is not None:
        boxes, labels = _numbers(boxes), answer["labels"] and [str(one) for one in answer["labels"]]
        _check(boxes.shape == (len(each), 4), "a box for each map")
    fed = [str(one) for one in answer["fed"]]
    arguments = arrays["classes"], arrays["scores"], layer, fed, dialect, batch.photos, windows, photo, labels
    maps = Maps(each if several else _numbers(raw), *arguments, names=batch.names)
    channels, details = _channels(answer["channels"], each), _details(answer["details"], each)
    maps = replace(maps, boxes=boxes, channels=channels, details=details)
    return replace(maps, finite=arrays["finite"], rounding=arrays["rounding"])


def _channels(channels: Any, maps: Sequence[np.ndarray]) -> Any:
    """Return the single channels of each map, None where it has none."""
    if channels is None:
        return None
    whole = [_numbers(one) for one in channels]
    fits = len(whole) == len(maps) and all(c.ndim == 3 and c.shape[:2] == m.shape for c, m in zip(whole, maps))
    _check(fits, "channels of each map")
    return whole if isinstance(channels, list) else channels


def _details(details: Any, maps: Sequence[np.ndarray]) -> Dict[str, np.ndarray]:
    """Return a method's own numbers of each map."""
    each = {str(name): _numbers(one) for name, one in details.items()}
    _check(all(one.shape == (len(maps),) for one in each.values()), "a value for each map")
    return each


def _windows(answer: Any, batch: Batch) -> List[Any]:
    """Return the part of each photo that the net sees; raise ValueError where that is not in the photo."""
    windows = [_window(*window) for window in answer]
    _check(len(windows) == len(batch.photos), "a window for each photo")
    for (top, left, height, width), image in zip(windows, batch.photos):
        inside = 0 <= top <= top + height <= image.shape[0] + 1 and 0 <= left <= left + width <= image.shape[1] + 1
        _check(inside and height > 0 and width > 0, "windows in the photos")
    return windows


def _window(top: float, left: float, height: float, width: float) -> Tuple[float, float, float, float]:
    return float(top), float(left), float(height), float(width)


def _numbers(value: Any) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} is no array")
    return value


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"not {what}")
