"""XRAI: the regions of a photo, in the order of the integrated gradients that they hold."""

from typing import List

import numpy as np

from .net import Net
from .paths import integrated_gradients
from .segments import regions

LEAST = 50  # pixels that a region must add


def xrai(net: Net, steps: int = 100, fast: bool = False) -> np.ndarray:
    """Return the mean attribution of the region that each pixel came with, (N, H, W) (Kapishnikov et al. 2019, alg. 1).

    Integrated gradients from the photo's least value and from its greatest, their mean, the greatest channel; regions
    of six scales, by scikit-image. Again and again that region is taken whose new pixels have the greatest mean. With
    `fast`, regions are put in order once. Regions go by scikit-image's version: compare ranks, not values.
    """
    photos = net.images
    ends = [np.broadcast_to(find((1, 2, 3), keepdims=True), photos.shape) for find in (photos.min, photos.max)]
    both = np.mean([integrated_gradients(net, steps, "ends", end).array for end in ends], axis=0, dtype=np.float64)
    return np.stack([fill_regions(one, regions(photo), fast) for one, photo in zip(both.max(-1), photos)]).astype(
        np.float32
    )


def fill_regions(attribution: np.ndarray, masks: List[np.ndarray], fast: bool = False) -> np.ndarray:
    """Give each pixel of (H, W) the mean of the new pixels of the region that it comes with; the rest its own mean."""
    values = attribution.ravel()
    rest = np.stack([mask.ravel() for mask in masks]).astype(np.float64)
    if fast:
        rest = rest[np.argsort(-(rest @ values) / rest.sum(1), kind="stable")]
    free, result = np.ones(values.shape), np.full(values.shape, np.nan)
    while len(rest):
        new = rest[:1] @ free if fast else rest @ free
        keep = new >= LEAST
        if not keep.any():
            rest = rest[1:] if fast else rest[:0]
            continue
        gains = np.where(keep, (rest[: len(new)] @ (free * values)) / np.maximum(new, 1), -np.inf)
        best = int(gains.argmax())
        taken = (rest[best] * free) > 0
        result[taken] = gains[best]
        free[taken] = 0
        rest = np.delete(rest if fast else rest[keep], best if fast else int(gains[keep].argmax()), 0)
    left = np.isnan(result)
    if left.any():
        result[left] = values[left].mean()
    return result.reshape(attribution.shape)
