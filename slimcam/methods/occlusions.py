"""Parts of the photo hidden: by a patch that goes over it, or by random masks."""

from typing import Iterator, List, Sequence, Tuple, Union

import cv2
import numpy as np

from .baselines import Baseline, baseline_of
from .net import Net, random_state
from .parts import Pair, in_parts, own_scores

Shift = Union[str, Sequence[int]]  # "random", or rows and columns
Window = Tuple[int, int, int, int]  # top, left, bottom, right


def windows(height: int, width: int, patch: int, stride: int, cut: bool) -> List[Window]:
    """Return where a patch lies as it goes over an image, row by row.

    With `cut` it goes on until the last pixel is under it, cut off at the border; else whole patches alone count.
    """
    tops, lefts = (_starts(side, patch, stride, cut) for side in (height, width))
    return [(top, left, min(top + patch, height), min(left + patch, width)) for top in tops for left in lefts]


def _starts(side: int, patch: int, stride: int, cut: bool) -> List[int]:
    if cut:
        return [stride * number for number in range(1 + max(0, -(-(side - patch) // stride)))]
    return list(range(0, side - patch + 1, stride))


def occlusion(
    net: Net,
    patch: int = 32,
    stride: int = 16,
    fill: Baseline = "grey",
    combine: str = "mean",
    cut: bool = True,
    seed: int = 0,
) -> np.ndarray:
    """Return how much the score falls when a patch hides a pixel, (N, H, W) (Zeiler and Fergus 2014, section 4.2).

    `fill` is what the patch shows, `cut` whether patches that the border cuts count. A pixel under several patches is
    given the "mean" of their falls, or their "sum". "grid" is tf-explain's: patches side by side, 1 less the score, a
    probability, in place of the fall, one number a patch, enlarged linearly to the photo.
    """
    if combine == "grid":
        return _grid(net, patch, baseline_of(net, fill, seed))
    height, width = net.images.shape[1:3]
    places = windows(height, width, patch, stride, cut)
    total = np.zeros(net.images.shape[:3])
    own = own_scores(net)
    hidden = _hidden(net.images, baseline_of(net, fill, seed), places)
    for number, (row, _, score) in enumerate(in_parts(net.scores, hidden, net.size)):
        top, left, bottom, right = places[number % len(places)]
        total[row, top:bottom, left:right] += own[row] - score
    if combine == "mean":
        total /= np.maximum(_counts(height, width, places), 1)
    return total.astype(np.float32)


def _hidden(images: np.ndarray, fills: np.ndarray, places: List[Window]) -> Iterator[Pair]:
    for row, (image, fill) in enumerate(zip(images, fills)):
        for top, left, bottom, right in places:
            changed = image.copy()
            changed[top:bottom, left:right] = fill[top:bottom, left:right]
            yield row, changed


def _counts(height: int, width: int, places: List[Window]) -> np.ndarray:
    """Return how many patches lie on each pixel, (H, W)."""
    counts = np.zeros((height, width))
    for top, left, bottom, right in places:
        counts[top:bottom, left:right] += 1
    return counts


def _grid(net: Net, patch: int, fills: np.ndarray) -> np.ndarray:
    height, width = net.images.shape[1:3]
    rows, columns = -(-height // patch), -(-width // patch)
    places = windows(height, width, patch, patch, cut=True)
    scores = [score for _, _, score in in_parts(net.scores, _hidden(net.images, fills, places), net.size)]
    grids = 1 - np.array(scores, np.float32).reshape(len(net.images), rows, columns)
    return np.stack([cv2.resize(grid, (width, height)) for grid in grids])


def rise(
    net: Net,
    masks: int = 4000,
    cells: int = 7,
    keep: float = 0.5,
    fill: Baseline = "grey",
    divide: str = "expected",
    shift: Shift = "random",
    seed: int = 0,
) -> np.ndarray:
    """Return the mean of random masks times the score of the photo under each, (N, H, W) (Petsiuk et al. 2018, eq. 6).

    A mask is `cells` x `cells` of 0 and 1 (`keep` of them 1), enlarged linearly to one cell more than the photo, and
    cut out of that at random; at `shift` (rows, columns) where it is given, as xplique does for a whole batch. What it
    hides is `fill`. A pixel's sum is divided by what the masks are expected to show of it, masks x `keep`; by `divide`
    "shown", as xplique, by what they showed of it.
    """
    total = np.zeros(net.images.shape[:3])
    shown = np.zeros(net.images.shape[:3])
    drawn: List[np.ndarray] = []
    pairs = _under_masks(net, baseline_of(net, fill, seed), (masks, cells, keep, shift, seed), drawn)
    for row, _, score in in_parts(net.scores, pairs, net.size):
        mask = drawn.pop(0)
        total[row] += float(score) * mask
        shown[row] += mask
    return (total / (shown + 1e-4 if divide == "shown" else masks * keep)).astype(np.float32)


MaskOptions = Tuple[int, int, float, Shift, int]


def _under_masks(net: Net, fills: np.ndarray, options: MaskOptions, drawn: List[np.ndarray]) -> Iterator[Pair]:
    masks, cells, keep, shift, seed = options
    for row, (photo, fill, number) in enumerate(zip(net.images, fills, net.numbers)):
        for mask in random_masks(photo.shape[:2], masks, cells, keep, shift, random_state(seed, int(number))):
            drawn.append(mask)
            part = mask[..., None]
            yield row, (photo * part + fill * (1 - part)).astype(np.float32)


def random_masks(
    size: Tuple[int, ...],
    masks: int,
    cells: int,
    keep: float,
    shift: Shift,
    random: np.random.RandomState,
) -> Iterator[np.ndarray]:
    """Yield masks (H, W) in [0, 1], float32: all cells are drawn first, then, mask by mask, where it is cut out."""
    height, width = size
    steps = -(-height // cells), -(-width // cells)  # the sides of a cell, in pixels
    grids = random.uniform(0, 1, (masks, cells, cells)).astype(np.float32) < keep
    for grid in grids:
        large = cv2.resize(grid.astype(np.float32), ((cells + 1) * steps[1], (cells + 1) * steps[0]))
        top, left = [random.randint(step) for step in steps] if isinstance(shift, str) else shift
        yield large[top : top + height, left : left + width]
