"""How far two arrays are apart: differences, shares of a largest value, cosines. NumPy only.

What is no number has one policy, with one switch:

- By default nothing excuses it: a difference that cannot be taken (NaN anywhere, infinity minus infinity) is infinite,
  the share of a whole that is not finite as well, and there is no cosine.
- With `equal_nan`, NaN and NaN are equal, as are two infinities of one sign, so their difference is 0, and the largest
  value is that of the finite ones: a model whose numbers are wrong in the same places gives the same.

So no difference is ever NaN, and infinity means "not comparable". Arrays of other shapes are infinitely far apart.
Numbers are taken in the arrays' own type if that is float32 or float64, else in float32.
"""

from typing import Optional

import numpy as np


def absolute_differences(a: np.ndarray, b: np.ndarray, equal_nan: bool = False) -> np.ndarray:
    """Return |a - b| for each place of two arrays of one shape; infinite, never NaN, where there is no number."""
    a, b = _wide(a), _wide(b)
    with np.errstate(all="ignore"):
        gaps = np.abs(a - b)
    if equal_nan:
        gaps = np.where((a == b) | (np.isnan(a) & np.isnan(b)), gaps.dtype.type(0), gaps)
    return np.where(np.isnan(gaps), gaps.dtype.type(np.inf), gaps)


def largest_difference(a: np.ndarray, b: np.ndarray, equal_nan: bool = False) -> float:
    """Return the largest of the absolute differences, 0 of empty arrays, inf of other shapes."""
    if np.shape(a) != np.shape(b):
        return float("inf")
    return float(absolute_differences(a, b, equal_nan).max(initial=0))


def largest(values: np.ndarray, equal_nan: bool = False) -> float:
    """Return the largest absolute value, of the finite ones with `equal_nan`; 0 where there is none."""
    return float(_sizes(values, equal_nan).max(initial=0))


def max_relative_difference(a: np.ndarray, b: np.ndarray, equal_nan: bool = False) -> float:
    """Return the largest difference as a share of the largest value of `a`."""
    if np.shape(a) != np.shape(b):
        return float("inf")
    return share(absolute_differences(a, b, equal_nan).max(initial=0), _sizes(a, equal_nan).max(initial=0))


def relative_l2(a: np.ndarray, b: np.ndarray) -> float:
    """Return the length of the difference as a share of the length of `a`, both taken as vectors.

    It is for gradients: a unit that float32 puts above zero here and below it there lets all of one through or nothing,
    so the largest difference would say no more than that there is such a unit.
    """
    if a.shape != b.shape:
        return float("inf")
    a, b = _wide(a).ravel(), _wide(b).ravel()
    with np.errstate(all="ignore"):
        return share(np.linalg.norm(a - b), np.linalg.norm(a))


def share(difference: float, whole: float) -> float:
    """Return a difference as a share of a whole: 0 for none, inf where the whole is 0 or one of them no number."""
    if not difference:
        return 0.0
    with np.errstate(all="ignore"):
        part = difference / whole if whole else np.inf
    return float(part) if np.isfinite(part) else float("inf")


def cosine(a: np.ndarray, b: np.ndarray) -> Optional[float]:
    """Return the cosine of the angle between two arrays; None for other shapes, zeros, or what is no number."""
    if a.shape != b.shape:
        return None
    one, other = (np.asarray(array, np.float64).ravel() for array in (a, b))
    with np.errstate(all="ignore"):
        found = _dot(one, other) / np.sqrt(_dot(one, one) * _dot(other, other))
    return float(np.clip(found, -1, 1)) if np.isfinite(found) else None


def _sizes(values: np.ndarray, equal_nan: bool) -> np.ndarray:
    sizes = np.abs(_wide(values))
    return sizes[np.isfinite(sizes)] if equal_nan else sizes


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    """Return the dot product; BLAS took 18 ms a call where TensorFlow's threads were at work, this takes 1."""
    return np.einsum("i,i->", a, b)


def _wide(array: np.ndarray) -> np.ndarray:
    """Return an array of a type that differences can be taken in."""
    array = np.asarray(array)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)
