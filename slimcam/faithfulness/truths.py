"""Where the objects are: masks or boxes in a photo's pixels, as masks of what the net is fed."""

from typing import Any, Sequence, Tuple

import cv2
import numpy as np

from ..errors import ParameterError
from ..maps.maps import Maps


def masks_of(truth: Sequence[Any], maps: Maps, photos: Sequence[int], size: Tuple[int, ...]) -> np.ndarray:
    """Return the masks (N, H, W) bool, of `size`, of the part of each photo that the net sees.

    Each of `truth` is a mask of its photo's size, or a box or several, (B, 4): top, left, bottom, right; the last row
    and column are not in it. Raises ParameterError for anything else.
    """
    each = []
    for one, number in zip(truth, photos):
        mask = mask_of(one, maps.photos[number].shape[:2], maps.names[number])
        top, left, height, width = maps.window(number)
        seen = mask[top : top + height, left : left + width].astype(np.uint8)
        each.append(cv2.resize(seen, tuple(size[::-1]), interpolation=cv2.INTER_NEAREST) > 0)
    return np.stack(each)


def mask_of(truth: Any, size: Tuple[int, ...], name: str) -> np.ndarray:
    """Return the mask (H, W) bool of a photo's size that a mask or boxes stand for."""
    array = np.asarray(truth)
    if array.shape == tuple(size):
        return array > 0
    boxes = np.atleast_2d(array)
    if boxes.shape == (1, 0):  # no object
        return np.zeros(size, bool)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(np.asarray(boxes, float)).all():
        raise ParameterError(
            f"truth of {name}: an array {array.shape}; give a mask {tuple(size)}, or boxes: top, left, bottom, right"
        )
    mask = np.zeros(size, bool)
    for top, left, bottom, right in np.clip(np.rint(np.asarray(boxes, float)), 0, max(size)).astype(int):
        mask[top:bottom, left:right] = True
    return mask
