"""A contact sheet of several methods: a row for each, a column for each photo, the photos themselves on top."""

import os
from typing import Any, List, Mapping, Sequence

import numpy as np

from . import sheets
from .maps import Maps

LEAST = 96  # pixels of a tile's side, at least
_LINES = 2  # of text below a tile


def method_sheet(
    maps: Mapping[str, Maps], words: Mapping[str, Sequence[str]], style: str = "overlay", **options: Any
) -> np.ndarray:
    """Return a picture, (H, W, 3) uint8 RGB, of maps of the same photos, by methods' names; `words` stand below each.

    Tiles are smaller where many would make it larger than LARGEST pixels a side, but not smaller than LEAST.
    """
    first = next(iter(maps.values()))
    count = len(first)
    side = min(
        sheets.LARGEST // count - sheets.MARGIN,
        sheets.LARGEST // (len(maps) + 1) - sheets.MARGIN - _LINES * sheets.LINE,
    )
    side = max(min(side, sheets.SIDE), LEAST)
    tiles: List[np.ndarray] = []
    for one in first:
        tiles.append(sheets.tile(one.photos[0], [os.path.basename(one.names[0]), ""], side))
    for name, each in maps.items():
        for one, text in zip(each, words[name]):
            tiles.append(sheets.tile(one.pictures(style, **options)[0], [f"{name}: {one.title()}", text], side))
    return sheets.grid(tiles, count, sheets.MARGIN, 255)
