"""h5py of before release 3: dataset.value, texts that are texts, attributes of bytes."""

import functools
import sys
from typing import Any, Callable

import numpy as np


@property  # type: ignore[misc]
def value(self: Any) -> Any:
    """Return the whole data set."""
    return self[()]


def _of_h5py_3() -> bool:
    import h5py

    return h5py.version.version_tuple[0] >= 3


def texts(real: Callable) -> Callable:
    """Return Dataset.__getitem__ that returns texts of UTF-8 as str, which are bytes since h5py 3."""
    if not _of_h5py_3():
        return real
    import h5py

    @functools.wraps(real)
    def getitem(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = real(self, *args, **kwargs)
        several = isinstance(found, np.ndarray) and found.dtype.kind == "O"
        # h5py's own views of a data set go on from the bytes
        if not (several or isinstance(found, bytes)) or sys._getframe(1).f_globals["__name__"].startswith("h5py."):
            return found
        kind = h5py.check_string_dtype(self.dtype)
        if kind is None or kind.encoding != "utf-8":
            return found
        return (
            np.vectorize(_text, otypes=[object])(found)
            if several and found.size
            else found
            if several
            else _text(found)
        )

    return getitem


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def attributes(real: Callable) -> Callable:
    """Return AttributeManager.__getitem__ that returns texts of ASCII as bytes, which are str since h5py 3.

    Keras 2 wrote its models' configuration so, and old programs decode it.
    """
    if not _of_h5py_3():
        return real
    import h5py

    @functools.wraps(real)
    def getitem(self: Any, name: Any) -> Any:
        found = real(self, name)
        if not isinstance(found, str):
            return found
        kind = h5py.check_string_dtype(self.get_id(name).dtype)
        return found.encode() if kind is not None and kind.encoding == "ascii" else found

    return getitem


def mode(real: Any) -> Any:
    """Return h5py.File that, without a mode, opens a file for reading and writing, and makes it where it is not."""
    if not _of_h5py_3():
        return real

    class File(real):
        """h5py.File as release 2 had it."""

        def __init__(self, name: Any, mode: Any = None, *args: Any, **kwargs: Any) -> None:
            super().__init__(name, "a" if mode is None else mode, *args, **kwargs)

    File.__name__ = File.__qualname__ = real.__name__
    return File
