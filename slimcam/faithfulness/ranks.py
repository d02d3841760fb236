"""Ranks of numbers, and how two rows of numbers go together."""

import numpy as np


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks of (N, samples) values in their rows; equal ones share their mean rank."""
    each = []
    for row in values:
        _, group, counts = np.unique(row, return_inverse=True, return_counts=True)
        ends = np.cumsum(counts)
        each.append((ends - (counts - 1) / 2)[group.reshape(-1)])
    return np.stack(each)


def pearson(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the correlation of the rows of (N, samples) arrays, (N,); NaN where a row is all alike."""
    alike = (np.ptp(a, -1) == 0) | (np.ptp(b, -1) == 0)  # where less their mean they would be rounding, and no zeros
    a, b = (one - one.mean(-1, keepdims=True) for one in (a, b))
    lengths = np.sqrt((a * a).sum(-1) * (b * b).sum(-1))
    return (a * b).sum(-1) / np.where(alike, np.nan, lengths)
