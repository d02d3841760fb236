"""Pixels shown or hidden step by step, in the order of a map: the area under the score."""

from typing import Iterator

import numpy as np

from ..methods.baselines import Baseline, baseline_of
from ..methods.net import Net, random_state
from ..methods.parts import Pair, in_parts


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
    return _areas(net, _ranks(net, heats, order, seed), begin, net.images, steps, area)


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
    return _areas(net, _ranks(net, heats, order, seed), net.images, end, steps, area)


def _ranks(net: Net, heats: np.ndarray, order: str, seed: int) -> np.ndarray:
    """Return the place of each pixel in the order, (N, H, W); of equal pixels the one that is read first is first."""
    rows = heats.reshape(len(heats), -1)
    if order == "random":
        rows = np.stack([random_state(seed, int(number)).uniform(size=rows.shape[1]) for number in net.numbers])
    ordered = np.argsort(rows if order == "rising" else -rows, -1, kind="stable")
    ranks = np.empty_like(ordered)
    np.put_along_axis(ranks, ordered, np.broadcast_to(np.arange(rows.shape[1]), rows.shape), -1)
    return ranks.reshape(heats.shape)


def _areas(net: Net, ranks: np.ndarray, begin: np.ndarray, end: np.ndarray, steps: int, area: str) -> np.ndarray:
    pixels = ranks[0].size
    counts = np.linspace(0, pixels, steps + 1).astype(int)

    def changed() -> Iterator[Pair]:
        for row in range(len(ranks)):
            for count in counts:
                yield row, np.where(ranks[row, ..., None] < count, end[row], begin[row])

    scores = [score for _, _, score in in_parts(net.scores, changed(), net.size)]
    curves = np.array(scores, np.float64).reshape(len(ranks), len(counts))
    widths = np.diff(counts) / pixels if area == "share" else np.full(steps, 1 / steps)
    areas: np.ndarray = ((curves[:, :-1] + curves[:, 1:]) / 2 * widths).sum(-1)
    return areas
