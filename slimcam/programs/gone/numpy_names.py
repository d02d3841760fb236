"""Names of NumPy that went, as they were."""

from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np

NINF, PZERO, NZERO = -np.inf, 0.0, -0.0


def asscalar(a: Any) -> Any:
    """Return the only element of an array as a Python number."""
    return a.item()


def alen(a: Any) -> int:
    """Return the length of the first axis, 1 for a number."""
    try:
        return len(a)
    except TypeError:
        return len(np.array(a, ndmin=1))


def rank(a: Any) -> int:
    """Return the number of axes."""
    return np.ndim(a)


def asfarray(a: Any, dtype: Any = np.float64) -> np.ndarray:
    """Return an array of floats: of `dtype`, of float64 where that is no inexact type."""
    if not np.issubdtype(dtype, np.inexact):
        dtype = np.float64
    return np.asarray(a, dtype=dtype)


def msort(a: Any) -> np.ndarray:
    """Return a copy sorted along the first axis."""
    return np.sort(a, axis=0)


def disp(mesg: Any, device: Any = None, linefeed: bool = True) -> None:
    """Print a message to a file, stdout if left out."""
    print(mesg, file=device, end="\n" if linefeed else "", flush=True)


def fastCopyAndTranspose(a: np.ndarray) -> np.ndarray:
    """Return a transposed copy of a matrix."""
    return np.transpose(a).copy()


def in1d(ar1: Any, ar2: Any, assume_unique: bool = False, invert: bool = False) -> np.ndarray:
    """Return, for each element of the flattened first array, whether it is in the second."""
    return np.isin(np.asarray(ar1).ravel(), ar2, assume_unique=assume_unique, invert=invert)


def trapz(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """Return the integral along an axis by the trapezoidal rule."""
    return np.trapezoid(y, x, dx, axis)  # since NumPy 2.0, before trapz went


def find_common_type(array_types: Sequence[Any], scalar_types: Sequence[Any]) -> np.dtype:
    """Return the type of arrays and scalars together: a scalar's counts where it is of a higher kind."""
    if not array_types or not scalar_types:
        return np.result_type(*array_types, *scalar_types)
    arrays, scalars = np.result_type(*array_types), np.result_type(*scalar_types)
    kinds = "buifc"
    return np.result_type(arrays, scalars) if kinds.find(scalars.kind) > kinds.find(arrays.kind) else arrays


def obj2sctype(rep: Any, default: Any = None) -> Any:
    """Return the scalar type of a type, an array or a name; `default` where it has none."""
    if isinstance(rep, type) and issubclass(rep, np.generic):
        return rep
    if isinstance(rep, np.ndarray):
        return rep.dtype.type
    try:
        return np.dtype(rep).type
    except TypeError:
        return default


def sctype2char(sctype: Any) -> str:
    """Return the character of a scalar type."""
    return np.dtype(sctype).char


def issubsctype(arg1: Any, arg2: Any) -> bool:
    """Return whether a scalar type is of another's kind."""
    return issubclass(obj2sctype(arg1), obj2sctype(arg2))


def issctype(rep: Any) -> bool:
    """Return whether this is a type of array elements, or a data type."""
    return rep is not np.object_ and isinstance(rep, (type, np.dtype)) and obj2sctype(rep) not in (None, np.object_)


def deprecate(*args: Any, **kwargs: Any) -> Any:
    """Return a function as it is, without the warning that NumPy put before it; also a decorator with arguments."""
    if args and callable(args[0]):
        return args[0]

    def unchanged(function: Callable) -> Callable:
        return function

    return unchanged


class _ByType(Dict[Any, Any]):
    """A table by scalar type that takes any name of one: cast["f"], nbytes["float64"]."""

    def __init__(self, entry: Callable[[Any], Any]) -> None:
        super().__init__()
        self._entry = entry

    def __missing__(self, key: Any) -> Any:
        return self._entry(np.dtype(key))


def _to_type(dtype: np.dtype) -> Callable[[Any], np.ndarray]:
    return lambda values: np.asarray(values).astype(dtype)


cast = _ByType(_to_type)
nbytes = _ByType(lambda dtype: dtype.itemsize)
typeDict = _ByType(lambda dtype: dtype.type)


def _types(*names: str) -> List[Optional[type]]:
    return [getattr(np, name) for name in names if hasattr(np, name)]


sctypes = {
    "int": _types("int8", "int16", "int32", "int64"),
    "uint": _types("uint8", "uint16", "uint32", "uint64"),
    "float": _types("float16", "float32", "float64", "longdouble"),
    "complex": _types("complex64", "complex128", "clongdouble"),
    "others": [bool, object, bytes, str, np.void],
}
