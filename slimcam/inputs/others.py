"""Images as other libraries hold them, to arrays. Nothing of Pillow or TensorFlow is imported where it is not yet."""

import sys
from typing import Any

import numpy as np

from ..errors import PhotoError
from ..methods import evidence


def plain(image: Any, name: str) -> Any:
    """Return a Pillow image as a photo, and a tensor that has its values as an array; anything else as it is.

    Raises PhotoError for an image of floating point, or one that cannot be read, and for a tensor of a graph.
    """
    pillow: Any = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(image, pillow.Image):
        return of_pillow(image, name)
    if not isinstance(image, np.ndarray) and callable(getattr(image, "numpy", None)):
        return evidence.plain(np.asarray(image.numpy()))
    if hasattr(image, "graph") and hasattr(image, "op"):
        raise PhotoError(f"{name} is {image.name!r}, a tensor of a graph: give its value, which session.run() returns")
    return image


def of_pillow(image: Any, name: str) -> np.ndarray:
    """Return a Pillow image as (H, W, 3) uint8 RGB, as a file of it would be read.

    Grey becomes three equal channels, a palette its colours, alpha is left out, 16 bits become their upper 8, and a
    photo that a camera stored turned (EXIF) is turned upright.
    """
    from PIL import ImageOps

    try:
        image = ImageOps.exif_transpose(image)
        if image.mode == "F":
            raise PhotoError(f"{name} is a Pillow image of floating point: give it as an array (N, h, w, C), fed as is")
        if not image.mode.startswith("I"):
            return np.array(image.convert("RGB"))
        deep = np.array(image)
    except (OSError, ValueError, SyntaxError) as error:  # which a damaged file raises when it is first looked at
        raise PhotoError(f"{name}: not an image that Pillow can read: {error}") from error
    if deep.min() < 0 or deep.max() >= 1 << 16:
        raise PhotoError(f"{name} is a Pillow image of more than 16 bits: give uint8 RGB (H, W, 3)")
    return np.repeat((deep >> 8).astype(np.uint8)[..., None], 3, -1)
