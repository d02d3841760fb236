"""LayersCam: the mean of the heats of several layers, each by a cam of its own."""

from dataclasses import replace
from typing import Any, List, Sequence

import numpy as np

from .._types import ImagesLike, TargetLike
from ..maps.maps import Maps
from ..maps.paint import resize
from ..maps.selection import stack


class LayersCam:
    """Cams of one method and target, of a layer each; called as one of them is."""

    def __init__(self, cams: Sequence[Any]) -> None:
        self.cams, first = list(cams), cams[0]
        self.model, self.target, self.dialect, self.image_input = (
            *(first.model, first.target, first.dialect),
            first.image_input,
        )
        self.on_logits = first.on_logits
        self.layer: List[str] = [cam.layer for cam in cams]

    def __call__(self, images: ImagesLike, target: TargetLike = None) -> Maps:
        """Return Maps whose raw maps are the mean of the layers' heats, in [0, 1], as large as the largest of them."""
        batch: Any = self.image_input.batch(images)
        return mean_of([cam(batch, target) for cam in self.cams], ", ".join(self.layer))

    def passes(self, height: int, width: int) -> int:
        """Return how many rows are run for a photo that is fed at a size."""
        return sum(cam.passes(height, width) for cam in self.cams)


def mean_of(each: Sequence[Maps], layer: str) -> Maps:
    """Return the Maps whose raw maps are the mean of the heats of several, of the same photos and scores."""
    first = each[0]
    raws = [_mean([maps.heat[i] for maps in each]) for i in range(len(first))]
    finite = np.all([maps.finite for maps in each], 0)
    unknown = np.full(len(first), np.nan)
    return replace(first, raw=stack(raws), layer=layer, finite=finite, rounding=unknown, channels=None, details={})


def _mean(heats: Sequence[np.ndarray]) -> np.ndarray:
    size = max(heat.shape for heat in heats)
    return np.asarray(np.mean([heat if heat.shape == size else resize(heat, size) for heat in heats], 0), np.float32)
