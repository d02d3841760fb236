"""Maps and photos to RGB pictures. NumPy and OpenCV."""

from typing import List, Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from ..errors import UnknownName
from ..suggest import nearest

Colour = Tuple[int, int, int]  # RGB
PictureLike = Union[np.ndarray, Colour]

COLORMAPS = {name[len("COLORMAP_") :].lower(): getattr(cv2, name) for name in dir(cv2) if name.startswith("COLORMAP_")}
INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}

# Colours below 0, at 0 and above: ends and centre of ColorBrewer's RdBu and PuOr; the colour-blind can tell them apart.
NEUTRAL = (247, 247, 247)
DIVERGING = {"blue_red": ((33, 102, 172), (178, 24, 43)), "purple_orange": ((84, 39, 136), (179, 88, 6))}

GAP = 8  # pixels between pictures side by side
SMALL = 160  # pixels; a picture whose longer side is shorter has no room for its caption


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
    return colour_levels((255 * np.clip(heat, 0, 1)).astype(np.uint8), colormap)


def colour_levels(levels: np.ndarray, colormap: Union[str, int]) -> np.ndarray:
    """Colour (H, W) uint8 levels as (H, W, 3) uint8 RGB, by an OpenCV colour map or its name."""
    return cv2.cvtColor(cv2.applyColorMap(levels, find_colormap(colormap)), cv2.COLOR_BGR2RGB)


def find_colormap(colormap: Union[str, int]) -> int:
    """Return OpenCV's number of a colour map; raise UnknownName for what is none, or has its middle at 0."""
    name = str(colormap).lower()
    if name in DIVERGING:
        raise UnknownName(f"colour map {name!r} is for signed maps only: give viridis, say")
    number = COLORMAPS.get(name, -1) if isinstance(colormap, str) else colormap
    if number not in COLORMAPS.values():
        raise UnknownName(f"no colour map {colormap!r}; {nearest(name, COLORMAPS)}")
    return number


def find_diverging(colormap: Union[str, int]) -> Tuple[Colour, Colour]:
    """Return the colours below and above 0 of a row of DIVERGING; raise UnknownName for others."""
    name, known = str(colormap).lower(), " or ".join(DIVERGING)
    if name in COLORMAPS or not isinstance(colormap, str):
        raise UnknownName(f"colour map {colormap!r} does not show signs, and the map has some: give {known}")
    if name not in DIVERGING:
        raise UnknownName(f"no colour map {colormap!r} for signed maps: give {known}")
    return DIVERGING[name]


def mix(high: PictureLike, low: PictureLike, share: np.ndarray) -> np.ndarray:
    """Return share x high + (1 - share) x low, rounded, (H, W, 3) uint8; `share` is (H, W) in [0, 1]."""
    part = share[..., None]
    high, low = (np.asarray(one, np.float32) for one in (high, low))
    return np.round(part * high + (1 - part) * low).astype(np.uint8)


def blend(photo: np.ndarray, colours: np.ndarray, blend: Tuple[float, float]) -> np.ndarray:
    """Return share x colours + share x photo, each (H, W, 3) uint8, clipped to 255; `blend` holds the two shares."""
    return cv2.addWeighted(colours, blend[0], photo, blend[1], 0)


def frame(picture: np.ndarray, box: Sequence[float]) -> np.ndarray:
    """Draw a white frame, black outside and inside, along a box (top, left, bottom, right) in pixels of a picture."""
    height, width = picture.shape[:2]
    top, left, bottom, right = (
        int(np.clip(round(float(side)), 0, size - 1)) for side, size in zip(box, (height, width) * 2)
    )
    thick = max(max(height, width) // 300, 1)
    framed = picture.copy()
    for colour, thickness in ((0, 3 * thick), (255, thick)):
        cv2.rectangle(framed, (left, top), (right, bottom), (colour,) * 3, thickness)
    return framed


def beside(images: Sequence[np.ndarray], gap: int = GAP) -> np.ndarray:
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


def diverging(values: np.ndarray, colormap: str = "blue_red") -> np.ndarray:
    """Colour an (H, W) map of [-1, 1] as (H, W, 3) uint8 RGB: near-white at 0, a row of DIVERGING below and above."""
    below, above = find_diverging(colormap)
    ends = np.where(values[..., None] < 0, below, above)
    return mix(ends, NEUTRAL, np.clip(np.abs(values), 0, 1))


def difference(a: np.ndarray, b: np.ndarray, change: np.ndarray, scale: float) -> np.ndarray:
    """Lay the overlays A and B, (H, W, 3) uint8 RGB, beside B - A, (H, W), in diverging colours, with captions.

    Full colours stand for `scale`. Pictures smaller than SMALL are enlarged by a whole number. Returns RGB.
    """
    height, width = a.shape[:2]
    b = b if b.shape == a.shape else cv2.resize(b, (width, height))
    painted = diverging(change / (scale or 1))
    times = max(SMALL // max(height, width), 1)
    panels = [image.repeat(times, 0).repeat(times, 1) for image in (a, b, painted)]
    return beside(
        [add_caption(panel, text) for panel, text in zip(panels, ("A", "B", f"B - A, +- {scale:.3g}"))],
        gap=max(max(panels[0].shape[:2]) // 60, 4),
    )


def add_caption(image: np.ndarray, text: str, size: Optional[float] = None) -> np.ndarray:
    """Put a white strip with a line of ASCII text above a picture, (H, W, 3) uint8 RGB; a narrow one is widened.

    A capital is `size` pixels high: left out, as it suits one photo.
    """
    size = max(max(image.shape[:2]) / 25, 11) if size is None else size
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, size / 22
    thickness = max(round(size / 11), 1)
    wide, high, margin = cv2.getTextSize(text, font, scale, thickness)[0][0], round(size), round(size / 2)
    width = max(image.shape[1], wide + 2 * margin)
    strip = np.full((high + 2 * margin, width, 3), 255, np.uint8)
    cv2.putText(strip, text, (margin, high + margin), font, scale, (0, 0, 0), thickness, cv2.LINE_AA)
    left = (width - image.shape[1]) // 2
    sides = np.full((image.shape[0], width, 3), 255, np.uint8)
    sides[:, left : left + image.shape[1]] = image
    return np.concatenate([strip, sides])
