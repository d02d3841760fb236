"""Guided integrated gradients: a path that is chosen step by step, by the gradients that are met on it."""

import math
from typing import List

import numpy as np

from .baselines import Baseline, baseline_of
from .net import Attribution, Net
from .parts import own_scores

CLOSE = 1e-9  # of the distance: when a step has gone its share


class Walk:
    """One photo's way from its baseline, in float64."""

    def __init__(self, start: np.ndarray, end: np.ndarray) -> None:
        """Stand at the baseline (H, W, C)."""
        self.start, self.end = start.astype(np.float64), end.astype(np.float64)
        self.way = self.end - self.start
        self.at = self.start.copy()
        self.total = np.abs(self.way).sum()
        self.map = np.zeros_like(self.way)

    def step(self, slope: np.ndarray, number: int, steps: int, fraction: float, width: float) -> None:
        """Move until the distance to the photo is that of the straight line after step `number`, counted from 0."""
        if self.total == 0:
            return
        place = (number + 1) / steps
        low, high = max(place - width, 0.0), min(place + width, 1.0)
        least, most = self.start + self.way * low, self.start + self.way * high
        target = self.total * (1 - place)
        order = np.abs(slope.astype(np.float64))  # features that have gone as far as they may become infinite in it
        share = np.inf
        while share > 1:
            before = self.at.copy()
            self._catch_up(low, least)
            distance = np.abs(self.at - self.end).sum()
            if math.isclose(target, distance, rel_tol=CLOSE, abs_tol=CLOSE):
                share = 0.0
            else:
                order[self.at == most] = np.inf
                share = self._move(order, most, distance - target, fraction)
            self.map += (self.at - before) * slope

    def _catch_up(self, low: float, least: np.ndarray) -> None:
        """Take features that are behind the least place of this step to it."""
        moves = self.way != 0
        places = np.divide(self.at - self.start, self.way, out=np.full_like(self.way, np.inf), where=moves)
        self.at = np.where(places < low, least, self.at)

    def _move(self, order: np.ndarray, most: np.ndarray, left: float, fraction: float) -> float:
        """Move the features of the smallest gradients towards `most`; return what share of that would be enough."""
        flat = np.sort(order, axis=None)
        threshold = flat[int(fraction * (flat.size - 1))]
        chosen = (order <= threshold) & (order != np.inf)
        room = (np.abs(self.at - most) * chosen).sum()
        if room == 0:
            return 0.0  # nothing may go further: rounding alone is left
        share = float(left / room)
        ends = most if share > 1 else self.at + (most - self.at) * share
        self.at = np.where(chosen, ends, self.at)
        return share


def guided_ig(
    net: Net,
    steps: int = 200,
    fraction: float = 0.25,
    width: float = 0.02,
    baseline: Baseline = "black",
    seed: int = 0,
) -> Attribution:
    """Return gradients along a path of small gradients, (N, H, W, C) (Kapishnikov et al. 2021, algorithm 1).

    In each step the `fraction` of the features whose gradient is smallest goes first, none further than `width` from
    the straight line. Detail "gap": what the map adds up to less score(x) - score(baseline).
    """
    starts = baseline_of(net, baseline, seed)
    walks: List[Walk] = [Walk(*pair) for pair in zip(starts, net.images)]
    rows = np.arange(len(walks))
    for number in range(steps):
        slopes = net.gradients(np.stack([walk.at for walk in walks]).astype(np.float32), rows)
        for walk, slope in zip(walks, slopes):
            walk.step(slope, number, steps, fraction, width)
    maps = np.stack([walk.map for walk in walks])
    difference = own_scores(net) - net.scores(starts, rows)
    return Attribution(maps.astype(np.float32), {"gap": maps.sum((1, 2, 3)) - difference})
