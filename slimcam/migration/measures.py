"""What is kept of arrays that are too large to keep, and how far two arrays are apart. NumPy only."""

from typing import Dict

import numpy as np

SAMPLE = 4096  # values of a layer's activations
TOP = 5


def statistics(activations: np.ndarray) -> Dict[str, np.ndarray]:
    """Return mean, deviation, smallest and largest of (N, h, w, C) activations, (C,) float64 each."""
    flat = np.asarray(activations, np.float64).reshape(-1, activations.shape[-1])
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and inf in a model are recorded, not judged
        return {"mean": flat.mean(0), "deviation": flat.std(0), "smallest": flat.min(0), "largest": flat.max(0)}


def sample_places(size: int) -> np.ndarray:
    """Return the places, sorted, of up to SAMPLE of `size` values; always the same for one size."""
    if size <= SAMPLE:
        return np.arange(size)
    return np.unique(np.random.RandomState(0).randint(0, size, SAMPLE, np.int64))


def top_classes(logits: np.ndarray) -> np.ndarray:
    """Return the classes of the largest of (N, classes) logits, best first, (N, TOP) or all if there are fewer."""
    return np.argsort(-np.asarray(logits, np.float64), -1, kind="stable")[:, :TOP]


def gaps(recorded: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the absolute differences, float64; none where both are NaN or one infinity, infinite where only one is."""
    a, b = np.asarray(recorded, np.float64), np.asarray(found, np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(a - b)
    apart[(a == b) | (np.isnan(a) & np.isnan(b))] = 0
    return np.where(np.isnan(apart), np.inf, apart)


def largest(values: np.ndarray) -> float:
    """Return the largest absolute finite value, 0 where there is none."""
    finite = np.abs(np.asarray(values, np.float64))
    finite = finite[np.isfinite(finite)]
    return float(finite.max()) if finite.size else 0.0
