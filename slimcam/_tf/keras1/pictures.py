"""Random pictures as keras_preprocessing 1.0 made them, which keras 2.2 used.

From 1.1.1 on a picture turns about ((h - 1) / 2, (w - 1) / 2) and its axes change places on the way, a change of
brightness keeps the range of values, and a picture made of an array begins at the array's smallest value.
"""

import functools
import sys
from typing import Any, Callable

import numpy as np

from ..._types import KerasModule


def mend_pictures(keras: KerasModule) -> None:
    """Let a Keras' ImageDataGenerator and the functions beside it, in this process, work as keras 2.2's."""
    image = keras.preprocessing.image
    picture = _up_to_255(image.array_to_img)
    functions = {
        "apply_affine_transform": apply_affine_transform,
        "array_to_img": picture,
        "apply_brightness_shift": _brightening(picture, image.img_to_array),
    }
    parts = (image.array_to_img, image.random_rotation, *image.ImageDataGenerator.__mro__[:-1])
    for home in (image, keras.utils, *{sys.modules[part.__module__] for part in parts}):
        for name, function in functions.items():
            if hasattr(home, name):
                setattr(home, name, function)


def apply_affine_transform(
    x: np.ndarray,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 0,
    col_axis: int = 1,
    channel_axis: int = 2,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """Return a picture turned by `theta`, moved by `tx` rows and `ty` columns, sheared (both in degrees) and zoomed.

    A pixel takes its value from where the four, in this order and about (h + 1) / 2, (w + 1) / 2, lead to.
    """
    if (theta, tx, ty, shear, zx, zy) == (0, 0, 0, 0, 1, 1):
        return x
    from scipy import ndimage

    turn, lean = np.deg2rad([theta, shear])
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = linear @ [tx, ty]
    linear = linear @ [[1, -np.sin(lean)], [0, np.cos(lean)]] @ np.diag([zx, zy])
    center = np.array([x.shape[row_axis] + 1, x.shape[col_axis] + 1]) / 2
    offset = center + shift - linear @ center
    planes = [
        ndimage.affine_transform(plane, linear, offset, order=order, mode=fill_mode, cval=cval)
        for plane in np.moveaxis(x, channel_axis, 0)
    ]
    return np.moveaxis(np.stack(planes), 0, channel_axis)


def _up_to_255(array_to_img: Callable[..., Any]) -> Callable[..., Any]:
    """Raise negative values to 0 alone, not the smallest value, before the largest becomes 255."""

    @functools.wraps(array_to_img)
    def call(x: Any, data_format: Any = None, scale: bool = True, dtype: Any = None) -> Any:
        if scale:
            x = np.asarray(x, dtype=dtype or "float32")
            x = x + max(-np.min(x), 0)
            x = x / (np.max(x) or 1) * 255
        return array_to_img(x, data_format, scale=False, dtype=dtype)

    return call


def _brightening(array_to_img: Callable[..., Any], img_to_array: Callable[..., Any]) -> Callable[..., Any]:
    def apply_brightness_shift(x: Any, brightness: float, scale: bool = True) -> np.ndarray:
        """Return a picture whose gray levels, 0 to 255 at the start, are multiplied by `brightness`."""
        from PIL import ImageEnhance

        levels: np.ndarray = img_to_array(ImageEnhance.Brightness(array_to_img(x)).enhance(brightness))
        return levels

    return apply_brightness_shift
