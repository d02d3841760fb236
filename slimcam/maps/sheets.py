"""Small pictures on a large one: grids of tiles, and contact sheets of pictures of any sizes. NumPy and OpenCV."""

import math
from typing import Iterator, List, Optional, Sequence, Union

import cv2
import numpy as np

# A page is no larger than this, in pixels a side, so that any viewer opens it.
LARGEST = 4096
SIDE = 256  # pixels of a contact sheet's tiles, without their captions
MARGIN = 8  # pixels between two of them
LETTERS, LINE = 0.4, 14  # the size of OpenCV's letters below a tile, and pixels from line to line


def grid(
    tiles: Union[np.ndarray, Sequence[np.ndarray]], columns: int = 16, margin: int = 0, background: int = 0
) -> np.ndarray:
    """Lay tiles, (n, h, w) or (n, h, w, 3), row by row, `columns` to a row, `margin` pixels between two.

    The rest of the last row is `background`, which is also what lies between; tiles that fill no row make one as wide
    as they are. Returns (H, W) or (H, W, 3) of the tiles' type.
    """
    array = np.asarray(tiles)
    count, height, width = array.shape[:3]
    columns = min(columns, count)
    rows = -(-count // columns)
    cells = np.full((rows * columns, height + margin, width + margin, *array.shape[3:]), background, array.dtype)
    cells[:count, :height, :width] = array
    table = cells.reshape(rows, columns, *cells.shape[1:]).swapaxes(1, 2)
    sheet = table.reshape(rows * (height + margin), columns * (width + margin), *array.shape[3:])
    return sheet[: sheet.shape[0] - margin, : sheet.shape[1] - margin]


def square(count: int) -> int:
    """Return how many columns make `count` tiles nearly a square."""
    return max(math.ceil(math.sqrt(count)), 1)


def tile(picture: np.ndarray, lines: Sequence[str] = (), side: int = SIDE) -> np.ndarray:
    """Fit a picture, (H, W, 3) uint8 RGB, into a white square of `side` pixels, with lines of ASCII text below it.

    A line that is too long is cut, and ends in dots; what is not ASCII shows as a question mark.
    """
    small = fitted(picture, side)
    cell = np.full((side + LINE * len(lines), side, 3), 255, np.uint8)
    top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
    cell[top : top + small.shape[0], left : left + small.shape[1]] = small
    for number, line in enumerate(lines, 1):
        place = 2, side + LINE * number - 4
        cv2.putText(cell, _cut(line, side - 4), place, cv2.FONT_HERSHEY_SIMPLEX, LETTERS, (0, 0, 0), 1, cv2.LINE_AA)
    return cell


def fitted(picture: np.ndarray, side: int) -> np.ndarray:
    """Return a picture, (H, W, 3) uint8, at the largest size within `side` x `side` pixels."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def contact_sheets(tiles: Sequence[np.ndarray], columns: Optional[int] = None) -> Iterator[np.ndarray]:
    """Yield sheets of tiles of one size on white, as many as keep each within LARGEST pixels a side.

    `columns` are as many as make one sheet nearly square where they are left out; a sheet is as wide as they are.
    """
    height, width = (length + MARGIN for length in tiles[0].shape[:2])
    rows = max(LARGEST // height, 1)
    across = columns or min(square(len(tiles)), max(LARGEST // width, 1))
    for start in range(0, len(tiles), rows * across):
        yield grid(tiles[start : start + rows * across], across, MARGIN, 255)


def _cut(text: str, width: int) -> str:
    """Return as much of a line, as ASCII, as OpenCV writes within `width` pixels."""
    text = text.encode("ascii", "replace").decode("ascii")
    if _width(text) <= width:
        return text
    kept: List[str] = []
    for letter in text:
        if _width("".join([*kept, letter, ".."])) > width:
            break
        kept.append(letter)
    return "".join(kept) + ".."


def _width(text: str) -> int:
    return cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, LETTERS, 1)[0][0]
