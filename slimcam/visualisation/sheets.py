"""The channels of a layer as tiles, sheets and pages. NumPy and OpenCV; no TensorFlow."""

from typing import Iterator, List, NamedTuple

import numpy as np

from ..maps import paint
from ..maps.sheets import LARGEST, grid

A_ROW = 16  # tiles, as in the Keras book
GREY = "grey"
LEGIBLE = 48  # pixels that the longer side of a tile has on a page, at least


class Page(NamedTuple):
    """A picture of some of a layer's channels."""

    channels: range
    picture: np.ndarray  # (H, W, 3) uint8 RGB


def channel_tiles(activations: np.ndarray) -> np.ndarray:
    """Return the channels of one image, (h, w, C), as the Keras book shows them: (C, h, w) uint8.

    Each channel less its mean, over its standard deviation, times 64, plus 128, clipped (Chollet 2018, listing 5.31).
    One without deviation, which so becomes 0 / 0, is blank: zeros. A map of one place has no deviation at all; there
    the C channels are taken for the places of one map, and those that do not fire are blank.
    """
    height, width, _ = activations.shape
    if height == width == 1:
        values = activations[0, 0]
        return np.where(values > 0, _levels(values), 0)[:, None, None].astype(np.uint8)
    return np.stack([_levels(channel) for channel in np.moveaxis(activations, -1, 0)])


@np.errstate(invalid="ignore", divide="ignore", over="ignore")
def _levels(channel: np.ndarray) -> np.ndarray:
    """Step by step in the channel's own precision, as the book does it: fewer roundings would be other levels."""
    image = channel - channel.mean()
    image /= image.std()
    image *= 64
    image += 128
    return np.nan_to_num(np.clip(image, 0, 255)).astype(np.uint8)


def in_colour(levels: np.ndarray, colormap: str) -> np.ndarray:
    """Return (H, W) uint8 levels as they are for "grey", else as (H, W, 3) uint8 RGB by a colour map of OpenCV's."""
    return levels if colormap == GREY else paint.colour_levels(levels, colormap)


def pages(tiles: np.ndarray, name: str, colormap: str) -> Iterator[Page]:
    """Yield pages of (C, h, w) uint8 tiles: at most 256 on each, enlarged by a whole number, under a caption.

    Tiles that are large themselves are fewer on a page, which stays within LARGEST pixels a side.
    """
    count, height, width = tiles.shape
    times = max(-(-LEGIBLE // max(height, width)), 1)
    columns, rows = (min(max((LARGEST + 1) // (side * times + 1), 1), A_ROW) for side in (width, height))
    for start in range(0, count, rows * columns):
        channels = range(start, min(start + rows * columns, count))
        some = tiles[start : channels.stop].repeat(times, 1).repeat(times, 2)
        sheet = _on_black([in_colour(tile, colormap) for tile in some], columns)
        caption = f"{name}: channels {start} to {channels.stop - 1} of {count}"
        yield Page(channels, paint.add_caption(sheet, caption, max(min(width * times / 5, sheet.shape[1] / 40), 12)))


def _on_black(tiles: List[np.ndarray], columns: int) -> np.ndarray:
    """Lay tiles with a black line between two, as RGB."""
    sheet = grid(tiles, columns, margin=1)
    return sheet if sheet.ndim == 3 else np.repeat(sheet[..., None], 3, -1)
