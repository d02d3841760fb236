"""RemoteCam: what stands for a GradCAM that lives in a child process; and Maps from what the child answers."""

from dataclasses import replace
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .._types import HoldLike, ImagesLike, TensorLike
from ..errors import NotFinite, Unsure, warn
from ..inputs.image_input import ImageInput
from ..inputs.photos import Batch
from ..maps.dialects import Dialect
from ..maps.maps import Maps
from ..methods.evidence import Evidence
from .model import IsolatedModel


class RemoteCam:
    """A GradCAM in the process of an IsolatedModel; `number` is by what it is asked for there."""

    def __init__(
        self,
        model: IsolatedModel,
        layer: Optional[TensorLike],
        target: Any,
        dialect: Dialect,
        hold: Optional[HoldLike],
        engine: str,
    ) -> None:
        """Build it there; raise what GradCAM() raises."""
        holds = {getattr(name, "name", name): value for name, value in (hold or {}).items()}
        name = getattr(layer, "name", layer)
        self.given = name, target, dialect, holds, engine
        self.model, self._dialect = model, dialect
        built = model.ask(_built, "cam", *self.given)
        self.number, self.layer, self.on_logits = built["number"], built["layer"], built["on_logits"]
        self.image_input: ImageInput = model.inputs[built["input"]]

    def maps(self, images: ImagesLike, target: Any) -> Maps:
        """Return the Maps of images, as a call of a GradCAM does."""
        batch = self.image_input.batch(images)

        def read(answer: Any) -> Maps:
            return _maps(answer, batch, self.layer, self._dialect, self.model.labels)

        sent = self.model.sendable(images, batch)
        maps: Maps = self.model.ask(read, "maps", self.number, target, images=sent)
        if not maps.finite.all():
            why = self.model.fault or "images, activations, gradients or scores are NaN or infinite; see maps.finite"
            warn(f"{(~maps.finite).sum()} of {len(maps)} maps cannot be trusted: {why}", NotFinite)
        if self.model.randomness:
            warn(self.model.randomness, Unsure)
        if batch.array is None and self.image_input.photos is not None and self.image_input.photos.assumed:
            warn(self.image_input.photos.assumed, Unsure)
        return maps

    def evidence(self, images: ImagesLike, target: Any) -> Evidence:
        """Return the Evidence of images, as a GradCAM does."""
        sent = self.model.sendable(images, self.image_input.batch(images))
        evidence: Evidence = self.model.ask(_evidence, "evidence", self.number, target, images=sent)
        return evidence


def _built(answer: Any) -> Dict[str, Any]:
    return {
        "number": int(answer["number"]),
        "layer": str(answer["layer"]),
        "on_logits": bool(answer["on_logits"]),
        "input": int(answer["input"]),
    }


def _evidence(answer: Any) -> Evidence:
    names = "activations", "gradients", "scores", "classes"
    return Evidence(*(_numbers(answer[name]) for name in names))


def _maps(answer: Any, batch: Batch, layer: str, dialect: Dialect, labels: Optional[List[str]]) -> Maps:
    """Return the Maps of an answer; raise ValueError where its parts do not fit each other or the photos."""
    raw: Any = answer["raw"]
    several = isinstance(raw, list)  # maps of different sizes
    each = [_numbers(one) for one in raw] if several else list(_numbers(raw))
    photo, boxes = _numbers(answer["photo"]).astype(np.int64), answer["boxes"]
    arrays = {name: _numbers(answer[name]) for name in ("classes", "scores", "finite", "rounding")}
    arrays["finite"] = arrays["finite"].astype(bool)
    windows = [_window(*window) for window in answer["windows"]]
    _check(all(one.shape == (len(each),) for one in (photo, *arrays.values())), "a value for each map")
    _check(all(one.ndim == 2 for one in each) and each != [], "maps of rows and columns")
    _check(len(windows) == len(batch.photos), "a window for each photo")
    _check(set(photo.tolist()) <= set(range(len(windows))), "photos that were sent")
    for (top, left, height, width), image in zip(windows, batch.photos):
        inside = 0 <= top <= top + height <= image.shape[0] + 1 and 0 <= left <= left + width <= image.shape[1] + 1
        _check(inside and height > 0 and width > 0, "windows in the photos")
    if boxes is not None:
        boxes, labels = _numbers(boxes), answer["labels"] and [str(one) for one in answer["labels"]]
        _check(boxes.shape == (len(each), 4), "a box for each map")
    fed = [str(one) for one in answer["fed"]]
    arguments = arrays["classes"], arrays["scores"], layer, fed, dialect, batch.photos, windows, photo, labels
    maps = Maps(each if several else _numbers(raw), *arguments, names=batch.names)
    return replace(maps, boxes=boxes, finite=arrays["finite"], rounding=arrays["rounding"])


def _window(top: float, left: float, height: float, width: float) -> Tuple[float, float, float, float]:
    return float(top), float(left), float(height), float(width)


def _numbers(value: Any) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} is no array")
    return value


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"not {what}")
