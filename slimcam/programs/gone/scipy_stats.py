"""Names of scipy.stats and scipy.spatial that went, as they were."""

from typing import Any

import numpy as np


def binom_test(x: Any, n: Any = None, p: float = 0.5, alternative: str = "two-sided") -> float:
    """Return the p-value of a binomial test of x successes, or (successes, failures), in n trials."""
    from scipy import stats

    counts = np.atleast_1d(x).astype(int)
    successes, trials = (counts[0], counts.sum()) if counts.size == 2 else (counts[0], n)
    return float(stats.binomtest(int(successes), int(trials), p, alternative).pvalue)


def itemfreq(a: Any) -> np.ndarray:
    """Return (n, 2): each value, in order, and how often it is there."""
    values, counts = np.unique(a, return_counts=True)
    return np.array([values, counts]).T


def signaltonoise(a: Any, axis: int = 0, ddof: int = 0) -> np.ndarray:
    """Return mean over standard deviation, 0 where the latter is 0."""
    values = np.asanyarray(a)
    deviation = np.asarray(values.std(axis=axis, ddof=ddof))
    return np.where(deviation == 0, 0, values.mean(axis) / np.where(deviation == 0, 1, deviation))


def median_absolute_deviation(
    x: Any, axis: int = 0, center: Any = np.median, scale: float = 1.4826, **kwargs: Any
) -> Any:
    """Return the median of distances from the median, times 1.4826, which makes it a normal's standard deviation."""
    from scipy import stats

    return stats.median_abs_deviation(x, axis, center, 1.0 / scale, **kwargs)


def matching(u: Any, v: Any, w: Any = None) -> float:
    """Return the share of places in which two vectors differ."""
    from scipy.spatial.distance import hamming

    return hamming(u, v, w)
