"""Drift: how far pairs of stages are apart, and which of them is the first. NumPy; no TensorFlow."""

from typing import FrozenSet, List, NamedTuple, Optional, Sequence

import numpy as np

NOISE = 5e-7  # what float32 makes of another order of sums in one layer
SOURCE = 1 / 20  # what parts comes from a stage before, where that drifts by this share of it already
HEALED = 1 / 100  # what parts has rejoined, where what comes next drifts by no more than this share of it


class Drift(NamedTuple):
    """How far a pair is apart, of A: the largest difference as a share of A's largest value, and the rest."""

    activations: float  # inf where the shapes differ
    cosine: Optional[float]  # of the activations; None where there is no direction
    gradients: Optional[float]  # see `apart`; None where one of the two is not known


class Links(NamedTuple):
    """The nearest pairs before and after a pair, in either net."""

    before: FrozenSet[int]
    after: FrozenSet[int]


def far(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest difference as a share of the largest value of `a`; inf for other shapes or no numbers."""
    if a.shape != b.shape:
        return float("inf")
    with np.errstate(all="ignore"):
        return _share(np.abs(_wide(a) - _wide(b)).max(initial=0.0), np.abs(_wide(a)).max(initial=0.0))


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """Return the length of the difference as a share of the length of `a`.

    It is for gradients: a unit that float32 puts above zero here and below it there lets all of one through or nothing,
    so the largest difference would say no more than that there is such a unit.
    """
    if a.shape != b.shape:
        return float("inf")
    with np.errstate(all="ignore"):
        return _share(np.linalg.norm(_wide(a).ravel() - _wide(b).ravel()), np.linalg.norm(_wide(a).ravel()))


def cosine(a: np.ndarray, b: np.ndarray) -> Optional[float]:
    """Return the cosine of the angle between two arrays; None for other shapes, zeros, or what is no number."""
    if a.shape != b.shape:
        return None
    one, other = (array.astype(np.float64).ravel() for array in (a, b))
    with np.errstate(all="ignore"):
        found = _dot(one, other) / np.sqrt(_dot(one, one) * _dot(other, other))
    return float(np.clip(found, -1, 1)) if np.isfinite(found) else None


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    """Return the dot product; BLAS took 18 ms a call where TensorFlow's threads were at work, this takes 1."""
    return np.einsum("i,i->", a, b)


def _share(difference: float, whole: float) -> float:
    if not difference:
        return 0.0
    share = difference / whole if whole else np.inf
    return float(share) if np.isfinite(share) else float("inf")


def _wide(array: np.ndarray) -> np.ndarray:
    """Return an array of a type that differences can be taken in."""
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)


def rejoining(drifts: Sequence[Drift], links: Sequence[Links], tolerance: float) -> List[bool]:
    """Return which pairs part and rejoin: the very next agree again, or rejoin themselves.

    This tells two ways to the same from drift that only gets less on its way.
    """
    found = [False] * len(drifts)
    for p in reversed(range(len(drifts))):
        here = drifts[p].activations
        if here > tolerance and links[p].after:
            found[p] = all(found[q] or drifts[q].activations <= min(tolerance, HEALED * here) for q in links[p].after)
    return found


def first(drifts: Sequence[Drift], links: Sequence[Links], rejoin: Sequence[bool], tolerance: float) -> Optional[int]:
    """Return the first pair whose activations part for good, or the pair before it that its drift comes from.

    A small change may pass the tolerance only some layers on, when the next ones have made more of it.
    """
    parted = [p for p, drift in enumerate(drifts) if drift.activations > tolerance and not rejoin[p]]
    if not parted:
        return None
    p = parted[0]
    while np.isfinite(drifts[p].activations):
        least = max(SOURCE * drifts[p].activations, NOISE)
        sources = [q for q in links[p].before if drifts[q].activations > least and not rejoin[q]]
        if not sources:
            break
        p = max(sources, key=lambda q: drifts[q].activations)
    return p


def first_backward(drifts: Sequence[Drift], links: Sequence[Links], tolerance: float) -> Optional[int]:
    """Return the first pair, from the scores back, whose gradients part."""
    for p in reversed(range(len(drifts))):
        after = [drifts[q].gradients for q in links[p].after]
        if _beyond(drifts[p].gradients, tolerance) and not any(_beyond(one, tolerance) for one in after):
            return p
    return None


def _beyond(drift: Optional[float], tolerance: float) -> bool:
    return drift is not None and drift > tolerance
