"""Functions of NumPy over the installed ones, with what those took when old programs were written."""

import functools
from typing import Any, Callable

import numpy as np

_OLD = "warn"  # what lstsq had for rcond where it was left out


def ragged(real: Callable) -> Callable:
    """Return numpy.array that makes an array of objects of rows of several lengths (an error since NumPy 1.24)."""

    @functools.wraps(real)
    def array(value: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        try:
            return real(value, *args, **kwargs)
        except ValueError as error:
            if args or kwargs.get("dtype") is not None or "inhomogeneous" not in str(error):
                raise
            return real(value, *args, **{**kwargs, "dtype": object})

    return array


def binary(real: Callable) -> Callable:
    """Return numpy.fromstring that still reads bytes (an error since NumPy 2.3): a copy that can be written to."""

    @functools.wraps(real)
    def fromstring(string: Any, dtype: Any = float, count: int = -1, sep: str = "", **kwargs: Any) -> np.ndarray:
        if sep:
            return real(string, dtype, count, sep=sep, **kwargs)
        data = string.encode("latin1") if isinstance(string, str) else string
        return np.frombuffer(data, dtype, count).copy()

    return fromstring


def normed(real: Callable) -> Callable:
    """Return numpy.histogram that takes normed=, which went with NumPy 1.24, for density= (the same in equal bins)."""

    @functools.wraps(real)
    def histogram(*args: Any, **kwargs: Any) -> Any:
        if kwargs.pop("normed", None):
            kwargs.setdefault("density", True)
        return real(*args, **kwargs)

    return histogram


def of_list(real: Callable) -> Callable:
    """Return vstack and its kin that take what can be walked once, as map() is (an error since NumPy 1.24)."""

    @functools.wraps(real)
    def stack(arrays: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        return real(arrays if hasattr(arrays, "__getitem__") else list(arrays), *args, **kwargs)

    return stack


def down_to_eps(real: Callable) -> Callable:
    """Return numpy.linalg.lstsq that, without rcond, keeps singular values down to eps, as it did before NumPy 2.0."""

    @functools.wraps(real)
    def lstsq(a: Any, b: Any, rcond: Any = _OLD) -> Any:
        return real(a, b, rcond=-1 if rcond is _OLD or rcond == _OLD else rcond)

    return lstsq
