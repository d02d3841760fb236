"""Functions of matplotlib.mlab that went, as they were."""

from typing import Any

import numpy as np


def normpdf(x: Any, *args: float) -> np.ndarray:
    """Return the normal density at x, by mean and standard deviation."""
    mu, sigma = args
    return 1.0 / (np.sqrt(2 * np.pi) * sigma) * np.exp(-0.5 * (1.0 / sigma * (x - mu)) ** 2)


def bivariate_normal(
    X: Any,
    Y: Any,
    sigmax: float = 1.0,
    sigmay: float = 1.0,
    mux: float = 0.0,
    muy: float = 0.0,
    sigmaxy: float = 0.0,
) -> np.ndarray:
    """Return the density of a normal in the plane at X, Y, by deviations, means and covariance."""
    x, y = X - mux, Y - muy
    rho = sigmaxy / (sigmax * sigmay)
    z = x**2 / sigmax**2 + y**2 / sigmay**2 - 2 * rho * x * y / (sigmax * sigmay)
    return np.exp(-z / (2 * (1 - rho**2))) / (2 * np.pi * sigmax * sigmay * np.sqrt(1 - rho**2))


def find(condition: Any) -> np.ndarray:
    """Return the places at which a condition holds, of the flattened array."""
    return np.flatnonzero(condition)


def rms_flat(a: Any) -> float:
    """Return the root of the mean square."""
    return np.sqrt(np.mean(np.abs(a) ** 2))


def dist(x: Any, y: Any) -> float:
    """Return the distance of two points."""
    return np.sqrt(np.dot(x - y, x - y))


def movavg(x: Any, n: int) -> np.ndarray:
    """Return the means of each `n` neighbours."""
    return np.convolve(x, np.full(n, 1.0 / n), mode="valid")


def prctile(x: Any, p: Any = (0.0, 25.0, 50.0, 75.0, 100.0)) -> np.ndarray:
    """Return percentiles."""
    return np.percentile(x, p)


def frange(xini: float, xfin: Any = None, delta: Any = None, closed: bool = True, npts: Any = None) -> np.ndarray:
    """Return numbers from xini, or 0, to xfin, with that one too if `closed`: `delta` apart, or `npts` of them."""
    start, end = (0.0, xini) if xfin is None else (xini, xfin)
    if delta is None:
        delta = 1.0 if npts is None else (end - start) / (npts - bool(closed))
    if npts is None:
        npts = round((end - start) / delta) + bool(closed)
    return np.arange(npts) * delta + start
