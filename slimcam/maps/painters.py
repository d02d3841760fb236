"""A photo and its map to a picture, one function a style. NumPy and OpenCV.

A photo is (H, W, 3) uint8 RGB, the heat of its map (H, W) float32 in [0, 1]; pictures are (H, W, 3) uint8 RGB.
"""

from typing import Optional, Sequence, Union

import cv2
import numpy as np

from ..errors import PhotoError
from . import paint

GLOW = 3  # the weight of the map beside the photo, as Ankush96/grad-cam.tensorflow has it
LEVELS = (0.25, 0.5, 0.75)
FLAT = 1e-6  # of the map's highest value a pixel: a slope below it is float32's rounding, and has no line


def shade(photo: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return the photo times the heat, as insikk/Grad-CAM-tensorflow does with a picture of guided gradients."""
    return paint.mix(photo, (0, 0, 0), heat)


def blur(photo: np.ndarray, heat: np.ndarray, radius: Optional[int] = None) -> np.ndarray:
    """Return heat x photo + (1 - heat) x the blurred photo.

    Blurred: the mean of a square of 2 x radius + 1 pixels, three times, which comes near a Gaussian and takes as long
    for a large radius as for a small one. The photo's edge is a mirror.
    """
    radius = max(max(photo.shape[:2]) // 32, 1) if radius is None else radius
    if radius < 0:
        raise PhotoError(f"a photo cannot be blurred by radius={radius}: give pixels, 0 or more")
    soft = photo
    for _ in range(3):
        soft = cv2.blur(soft, (2 * radius + 1, 2 * radius + 1))
    return paint.mix(photo, soft, heat)


def glow(photo: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return photo / max + 3 x heat, over its own largest value, as Ankush96/grad-cam.tensorflow paints it."""
    light = photo.astype(np.float32) / (photo.max() or 1) + GLOW * heat[..., None]
    return np.round(255 * (light / (light.max() or 1))).astype(np.uint8)


def contour(
    photo: np.ndarray,
    heat: np.ndarray,
    levels: Sequence[float] = LEVELS,
    colormap: Union[str, int] = "jet",
    thickness: Optional[float] = None,
) -> np.ndarray:
    """Draw on the photo where the heat crosses each level, in that level's colour on black, `thickness` pixels wide.

    The black line is twice as wide, so that the coloured one is seen on a photo of its own colour.
    A pixel's distance from a line is the heat's distance from the level over the heat's slope, and what the line
    covers of the pixel is linear in it.
    """
    thickness = max(max(photo.shape[:2]) / 200, 1.5) if thickness is None else thickness
    if not all(0 < level < 1 for level in levels) or thickness <= 0:
        wrong = f"levels={tuple(levels)}, thickness={thickness}"
        raise PhotoError(f"no lines at {wrong}: give levels between 0 and 1, and a thickness above 0")
    slopes = [np.gradient(heat, axis=axis) for axis in (0, 1) if heat.shape[axis] > 1]
    slope = np.sqrt(sum((np.square(one) for one in slopes), np.zeros_like(heat)))
    for level in levels:
        distance = np.divide(abs(heat - level), slope, out=np.full_like(heat, np.inf), where=slope > FLAT)
        line = paint.colour(np.array([[level]]), colormap)[0, 0]
        for colour, width in (((0, 0, 0), 2 * thickness), (line, thickness)):
            photo = paint.mix(colour, photo, np.clip((width + 1) / 2 - distance, 0, 1))
    return photo
