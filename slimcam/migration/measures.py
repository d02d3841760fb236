"""What is kept of arrays that are too large to keep. NumPy only."""

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
