"""What a method runs many times, lazily and in parts: pairs of a photo's row and an array that is fed for it."""

import itertools
from typing import Callable, Iterable, Iterator, Tuple

import numpy as np

from .net import Net

Pair = Tuple[int, np.ndarray]
Run = Callable[[np.ndarray, np.ndarray], np.ndarray]  # Net.scores, Net.gradients, Net.head, …


def in_parts(run: Run, pairs: Iterable[Pair], size: int) -> Iterator[Tuple[int, np.ndarray, np.ndarray]]:
    """Feed the arrays of pairs, `size` at a time; yield the row, the array and what came of it, in their order."""
    rest = iter(pairs)
    while True:
        part = list(itertools.islice(rest, size))
        if not part:
            return
        rows = np.array([row for row, _ in part])
        fed = np.stack([array for _, array in part]).astype(np.float32, copy=False)
        for (row, _), array, result in zip(part, fed, run(fed, rows)):
            yield row, array, result


def own_scores(net: Net) -> np.ndarray:
    """Return the scores of the photos themselves, (N,) float64."""
    return net.scores(net.images, np.arange(len(net.images))).astype(np.float64)
