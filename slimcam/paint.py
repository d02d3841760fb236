"""Maps and photos to RGB pictures. NumPy and OpenCV."""

from typing import List, Sequence, Tuple, Union

import cv2
import numpy as np

from .errors import UnknownName
from .names import nearest

COLORMAPS = {name[len("COLORMAP_") :].lower(): getattr(cv2, name) for name in dir(cv2) if name.startswith("COLORMAP_")}
INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}


def resize(heat: np.ndarray, size: Tuple[int, int], interpolation: str = "linear") -> np.ndarray:
    """Resize an (h, w) map to `size`, (height, width), by OpenCV."""
    if interpolation not in INTERPOLATIONS:
        known = ", ".join(INTERPOLATIONS)
        raise UnknownName(
            f"no interpolation {interpolation!r} (there are {known}); {nearest(interpolation, INTERPOLATIONS)}"
        )
    return cv2.resize(np.asarray(heat, np.float32), size[::-1], interpolation=INTERPOLATIONS[interpolation])


def colour(heat: np.ndarray, colormap: Union[str, int] = "jet") -> np.ndarray:
    """Colour an (H, W) map of [0, 1] as (H, W, 3) uint8 RGB, by an OpenCV colour map or its name."""
    if isinstance(colormap, str) and colormap.lower() not in COLORMAPS:
        raise UnknownName(f"no colour map {colormap!r}; {nearest(colormap.lower(), COLORMAPS)}")
    number = COLORMAPS[colormap.lower()] if isinstance(colormap, str) else colormap
    levels = (255 * np.clip(heat, 0, 1)).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(levels, number), cv2.COLOR_BGR2RGB)


def blend(photo: np.ndarray, colours: np.ndarray, blend: Tuple[float, float]) -> np.ndarray:
    """Return share x colours + share x photo, each (H, W, 3) uint8, clipped to 255; `blend` holds the two shares."""
    return cv2.addWeighted(colours, blend[0], photo, blend[1], 0)


def beside(images: Sequence[np.ndarray], gap: int) -> np.ndarray:
    """Lay pictures, (H, W, 3) uint8, side by side on white; each is resized to the height of the highest."""
    height = max(image.shape[0] for image in images)
    white = np.full((height, gap, 3), 255, np.uint8)
    row: List[np.ndarray] = []
    for image in images:
        width = max(round(image.shape[1] * height / image.shape[0]), 1)
        row += [white, image if image.shape[0] == height else cv2.resize(image, (width, height))]
    return np.concatenate(row[1:], 1)


def inlay(heat: np.ndarray, size: Tuple[int, int], window: Tuple[int, int, int, int]) -> np.ndarray:
    """Lay a map of a window (top, left, height, width) into a blank one of the whole photo, (height, width)."""
    whole = np.zeros(size, np.float32)
    top, left, height, width = window
    whole[top : top + height, left : left + width] = heat
    return whole
