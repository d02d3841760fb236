"""Layout: where channels are, and dimensions of one, differ between counterparts. NumPy only."""

from typing import Optional, Tuple

import numpy as np

from .types import Stage


def squeeze_shape(array: np.ndarray) -> Tuple[int, ...]:
    """Return the shape without the dimensions of one that follow the batch's."""
    return (*array.shape[:1], *(size for size in array.shape[1:] if size > 1))


def in_layout_of(array: np.ndarray, source: Stage, target: Stage, like: np.ndarray) -> Optional[np.ndarray]:
    """Return values of the stage `source` as its counterpart holds them, in the shape and type of `like`; or None.

    Layouts differ in where the channels are, and in dimensions of one: a dense layer is a 1 x 1 convolution.
    """
    moved, last = source.channels_last(array), target.channels_last(like)
    if squeeze_shape(moved) != squeeze_shape(last):
        return None
    shaped = moved.reshape(last.shape)
    return (np.moveaxis(shaped, -1, 1) if target.channels_first and like.ndim > 2 else shaped).astype(like.dtype)
