"""Functions of NumPy over the installed ones, with what those took when old programs were written."""

import functools
import types
from typing import Any, Callable

import numpy as np

from .numpy_methods import numpy_version

_OLD = "warn"  # what lstsq had for rcond where it was left out


def lenient(real: Callable) -> Callable:
    """Return numpy.array with what raises an error today.

    Rows of several lengths make an array of objects (until NumPy 1.24); copy=False copies where it must, and integers
    that do not fit the type wrap around (until NumPy 2.0).
    """

    @functools.wraps(real)
    def array(value: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        if kwargs.get("copy") is False:
            kwargs["copy"] = None
        try:
            return real(value, *args, **kwargs)
        except OverflowError:
            dtype = args[0] if args else kwargs.get("dtype")
            return real(value).astype(dtype)
        except ValueError as error:
            if args or kwargs.get("dtype") is not None or "inhomogeneous" not in str(error):
                raise
            return real(value, **{**kwargs, "dtype": object})

    return array if numpy_version() >= (1, 24) else real


def python_bool(real: Any) -> type:
    """Return Python's bool, which numpy.bool was."""
    return bool


def python_int(real: Any) -> type:
    """Return Python's int, which numpy.long was."""
    return int


def of_generator(real: Callable) -> Callable:
    """Return numpy.sum that adds up a generator by Python's sum (an error since NumPy 2.4)."""

    @functools.wraps(real)
    def total(a: Any, *args: Any, **kwargs: Any) -> Any:
        return sum(a) if isinstance(a, types.GeneratorType) else real(a, *args, **kwargs)

    return total


def newshape(real: Callable) -> Callable:
    """Return numpy.reshape that takes newshape= for shape=, which went with NumPy 2.4."""

    @functools.wraps(real)
    def reshape(a: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        new = (kwargs.pop("newshape"),) if "newshape" in kwargs else ()
        return real(a, *new, *args, **kwargs)

    return reshape


def pickled(real: Callable) -> Callable:
    """Return numpy.load that reads arrays of objects, weights in a dict mostly, without allow_pickle=True."""

    @functools.wraps(real)
    def load(file: Any, mmap_mode: Any = None, allow_pickle: bool = True, *args: Any, **kwargs: Any) -> Any:
        return real(file, mmap_mode, allow_pickle, *args, **kwargs)

    return load


def in_a_plane(real: Callable) -> Callable:
    """Return numpy.cross that takes vectors of two numbers (an error since NumPy 2.5)."""

    @functools.wraps(real)
    def cross(a: Any, b: Any, *args: Any, **kwargs: Any) -> Any:
        first, second = np.asarray(a), np.asarray(b)
        if args or kwargs or first.shape[-1:] != (2,) or second.shape[-1:] != (2,):
            return real(a, b, *args, **kwargs)
        return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]

    return cross


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
    """Return vstack and its kin that take what can be walked once, as map() is (an error since NumPy 1.25)."""

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
