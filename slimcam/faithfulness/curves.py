"""Pixels shown or hidden step by step, in the order of a map: the area under the score."""

from typing import Iterator

import numpy as np

from ..methods.baselines import Baseline, baseline_of
from ..methods.net import Net
from ..methods.parts import Pair, in_parts
from .orders import ranks


def insertion(
    net: Net,
    heats: np.ndarray,
    steps: int = 50,
    baseline: Baseline = "blur",
    order: str = "falling",
    area: str = "share",
    seed: int = 0,
) -> np.ndarray:
    """Return the area under the score as the photo comes back on a baseline, (N,) (Petsiuk et al. 2018, section 4.2).

    After step i of `steps` the first i / steps of the pixels, rounded down, are the photo's. The area is that of the
    trapezoids over the share of pixels; by `area` "steps", as xplique, each step counts alike, whatever the rounding.
    """
    begin = baseline_of(net, baseline, seed)
    return _areas(net, ranks(net, heats, order, seed), begin, net.images, steps, area)


def deletion(
    net: Net,
    heats: np.ndarray,
    steps: int = 50,
    baseline: Baseline = "grey",
    order: str = "falling",
    area: str = "share",
    seed: int = 0,
) -> np.ndarray:
    """Return the area under the score as a baseline takes the photo's place, (N,); otherwise as insertion."""
    end = baseline_of(net, baseline, seed)
    return _areas(net, ranks(net, heats, order, seed), net.images, end, steps, area)


def _areas(net: Net, places: np.ndarray, begin: np.ndarray, end: np.ndarray, steps: int, area: str) -> np.ndarray:
    pixels = places[0].size
    counts = np.linspace(0, pixels, steps + 1).astype(int)

    def changed() -> Iterator[Pair]:
        for row in range(len(places)):
            for count in counts:
                yield row, np.where(places[row, ..., None] < count, end[row], begin[row])

    scores = [score for _, _, score in in_parts(net.scores, changed(), net.size)]
    curves = np.array(scores, np.float64).reshape(len(places), len(counts))
    widths = np.diff(counts) / pixels if area == "share" else np.full(steps, 1 / steps)
    areas: np.ndarray = ((curves[:, :-1] + curves[:, 1:]) / 2 * widths).sum(-1)
    return areas
