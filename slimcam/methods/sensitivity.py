"""Which cells of a grid the score depends on, when all of them change at once: by variance, and by a kernel."""

from typing import Iterator, Union

import cv2
import numpy as np

from ..errors import ParameterError
from .baselines import Baseline, baseline_of
from .net import Net, random_state
from .parts import Pair, in_parts
from .resampling import nearest

Design = Union[str, np.ndarray]  # "latin", "random", or the points themselves, (samples, numbers)


def sobol(
    net: Net,
    samples: int = 32,
    cells: int = 8,
    fill: Baseline = "grey",
    design: Design = "latin",
    enlarge: str = "linear",
    seed: int = 0,
) -> np.ndarray:
    """Return the total Sobol' index of each cell of a grid, (N, H, W) (Fel et al. 2021, section 3).

    That is the share of the score's variance that a cell has part in, by Jansen's estimator: mean of (y(a) - y(c))^2 /
    2 over the variance of y(a), where the points a show each of cells x cells by a number from 0 to 1, the rest of it
    is `fill`, and c is a with that cell's number from other points b. `design` draws a and b: a "latin" hypercube,
    "random" numbers, or (samples, 2 x cells^2) of a and b themselves. A score that never changes has zeros.
    """
    count = cells * cells
    indices = np.zeros((len(net.images), count))
    designs = _designs(net, samples, 2 * count, design, seed)
    shown = (_exchanged(points[:, :count], points[:, count:]) for points in designs)
    scores = _scores(net, shown, cells, baseline_of(net, fill, seed)).reshape(len(indices), count + 1, samples)
    for index, own in zip(indices, scores):
        variance = own[0].var(ddof=1)
        if variance > 0:
            index[:] = np.square(own[0] - own[1:]).mean(-1) / (2 * variance)
    return _on_pixels(net, indices, cells, enlarge)


def hsic(
    net: Net,
    samples: int = 500,
    cells: int = 8,
    fill: Baseline = "grey",
    design: Design = "latin",
    formula: str = "paper",
    enlarge: str = "linear",
    seed: int = 0,
) -> np.ndarray:
    """Return how much the score depends on whether each cell of a grid is shown, (N, H, W) (Novello et al. 2022).

    That is the Hilbert-Schmidt independence criterion, tr(K H L H) / (samples - 1)^2, of cells that are shown or not,
    each by half of the points: K is 1/2 - (x - x')^2, L exp(-(y - y')^2 / 2 w^2), w the median distance of two scores.
    `formula` "xplique" has the median score for w, and divides by the samples. `design` is as in `sobol`, of cells^2
    numbers, which are rounded.
    """
    designs = [np.rint(points) for points in _designs(net, samples, cells * cells, design, seed)]
    scores = _scores(net, iter(designs), cells, baseline_of(net, fill, seed)).reshape(len(designs), samples)
    indices = np.stack([dependence(x, y, formula) for x, y in zip(designs, scores)])
    return _on_pixels(net, indices, cells, enlarge)


def dependence(x: np.ndarray, y: np.ndarray, formula: str) -> np.ndarray:
    """Return the criterion for each column of x, 0 and 1, (n, d), and numbers y, (n,); zeros where L is flat."""
    n = len(y)
    apart = y[:, None] - y
    width = np.median(y) if formula == "xplique" else np.median(np.abs(apart)[np.triu_indices(n, 1)])
    if width == 0:
        return np.zeros(x.shape[1])
    kernel = np.exp(-np.square(apart) / (2 * width * width))
    centred = x - x.mean(0)  # K centred is 2 centred centred', since (x - x')^2 is x + x' - 2 x x' of 0 and 1
    sums = 2 * np.einsum("nd,nd->d", centred, kernel @ centred)
    return np.asarray(sums / (n if formula == "xplique" else (n - 1) ** 2))


def latin(samples: int, numbers: int, random: np.random.RandomState) -> np.ndarray:
    """Return points, (samples, numbers), of which each number has one in each of `samples` equal parts of [0, 1]."""
    order = np.stack([random.permutation(samples) for _ in range(numbers)], 1)
    return np.asarray((order + random.uniform(0, 1, order.shape)) / samples)


def _designs(net: Net, samples: int, numbers: int, design: Design, seed: int) -> Iterator[np.ndarray]:
    """Yield the points of each photo."""
    if not isinstance(design, str):
        points = np.asarray(design, np.float64)
        if points.shape != (samples, numbers):
            raise ParameterError(f"a design of shape {points.shape}: give (samples, numbers), here {samples, numbers}")
    for number in net.numbers:
        if isinstance(design, str):
            random = random_state(seed, int(number))
            points = latin(samples, numbers, random) if design == "latin" else random.uniform(0, 1, (samples, numbers))
        yield points


def _exchanged(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return points (n, d), and for each number these again with that number of the others, (n (d + 1), d)."""
    each = np.repeat(points[None], points.shape[1] + 1, 0)
    for number in range(points.shape[1]):
        each[number + 1, :, number] = others[:, number]
    return each.reshape(-1, points.shape[1])


def _scores(net: Net, shown: Iterator[np.ndarray], cells: int, fills: np.ndarray) -> np.ndarray:
    """Return the scores of photos of which each cell is shown as far as a number of each point says, float64."""
    rows, columns = (nearest(side, cells) for side in net.images.shape[1:3])

    def pairs() -> Iterator[Pair]:
        for row, (photo, fill, points) in enumerate(zip(net.images, fills, shown)):
            for point in points.astype(np.float32):
                mask = point.reshape(cells, cells)[rows][:, columns, None]
                yield row, photo * mask + fill * (1 - mask)

    return np.array([score for _, _, score in in_parts(net.scores, pairs(), net.size)], np.float64)


def _on_pixels(net: Net, indices: np.ndarray, cells: int, enlarge: str) -> np.ndarray:
    """Return numbers of cells, (N, cells^2), for each pixel, (N, H, W) float32."""
    height, width = net.images.shape[1:3]
    grids = indices.reshape(-1, cells, cells).astype(np.float32)
    if enlarge == "cells":
        return grids[:, nearest(height, cells)][:, :, nearest(width, cells)]
    return np.stack([cv2.resize(grid, (width, height)) for grid in grids])
