"""Drift: how far apart pairs of stages are, and which diverges first. NumPy; no TensorFlow."""

from typing import FrozenSet, List, NamedTuple, Optional, Sequence

import numpy as np

NOISE = 5e-7  # what float32 makes of another order of sums in one layer
SOURCE = 1 / 20  # a drift comes from a stage before, where that drifts by this share of it already
HEALED = 1 / 100  # a pair rejoins, where what comes next drifts by no more than this share of its drift


class Drift(NamedTuple):
    """How far apart a pair is: the largest difference as a share of A's largest value, and the rest."""

    activations: float  # inf where the shapes differ
    cosine: Optional[float]  # of the activations; None where there is no direction
    gradients: Optional[float]  # length of the difference as a share of A's; None where one of the two is not known


class Links(NamedTuple):
    """The nearest pairs before and after a pair, in either net."""

    before: FrozenSet[int]
    after: FrozenSet[int]


def rejoining(drifts: Sequence[Drift], links: Sequence[Links], tolerance: float) -> List[bool]:
    """Return which pairs diverge and rejoin: the very next agree again, or rejoin themselves.

    This tells two ways to the same from drift that only gets less on its way.
    """
    rejoin = [False] * len(drifts)
    for p in reversed(range(len(drifts))):
        here = drifts[p].activations
        if here > tolerance and links[p].after:
            rejoin[p] = all(rejoin[q] or drifts[q].activations <= min(tolerance, HEALED * here) for q in links[p].after)
    return rejoin


def first(drifts: Sequence[Drift], links: Sequence[Links], rejoin: Sequence[bool], tolerance: float) -> Optional[int]:
    """Return the first pair whose activations diverge for good, or the pair before it that its drift comes from.

    A small change may pass the tolerance only some layers on, when the next ones have made more of it.
    """
    apart = [p for p, drift in enumerate(drifts) if drift.activations > tolerance and not rejoin[p]]
    if not apart:
        return None
    p = apart[0]
    while np.isfinite(drifts[p].activations):
        least = max(SOURCE * drifts[p].activations, NOISE)
        sources = [q for q in links[p].before if drifts[q].activations > least and not rejoin[q]]
        if not sources:
            break
        p = max(sources, key=lambda q: drifts[q].activations)
    return p


def first_backward(drifts: Sequence[Drift], links: Sequence[Links], tolerance: float) -> Optional[int]:
    """Return the first pair, from the scores back, whose gradients diverge."""
    for p in reversed(range(len(drifts))):
        after = [drifts[q].gradients for q in links[p].after]
        if _beyond(drifts[p].gradients, tolerance) and not any(_beyond(one, tolerance) for one in after):
            return p
    return None


def _beyond(drift: Optional[float], tolerance: float) -> bool:
    return drift is not None and drift > tolerance
