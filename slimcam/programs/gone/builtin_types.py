"""Set names of classes that are written in C, which refuse it: NumPy's arrays, Python's own.

This is for a process that belongs to an old program, and needs CPython. `float(x)` and `int(x)` do not look a name up
but call what a table of the type holds; that gets the function by which CPython calls a method of a Python class.
"""

import ctypes
import gc
from typing import Any

_WORD = ctypes.sizeof(ctypes.c_void_p)
# Places in PyTypeObject and PyNumberMethods, the same from CPython 3.5 to 3.14, in words.
_TP_NAME, _TP_AS_NUMBER = 3, 12
_SLOTS = {"__int__": 16, "__float__": 18}


class _Example:
    def __int__(self) -> int:
        return 0

    def __float__(self) -> float:
        return 0.0


def put(target: type, name: str, value: Any) -> None:
    """Set a name of a class, of one written in C as well."""
    try:
        setattr(target, name, value)
        return
    except TypeError:
        names = gc.get_referents(target.__dict__)[0]  # the dict that the read-only view is of
    names[name] = value
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(target))
    if name in _SLOTS and _layout_is_known(target):
        ctypes.memmove(_slot(target, name), _slot(_Example, name), _WORD)


def _layout_is_known(target: type) -> bool:
    """Return whether the type's name stands where this file expects it."""
    return (
        ctypes.c_char_p.from_address(id(target) + _TP_NAME * _WORD).value
        == f"{target.__module__}.{target.__name__}".encode()
    )


def _slot(target: type, name: str) -> int:
    """Return the address of a type's function of numbers."""
    numbers = ctypes.c_void_p.from_address(id(target) + _TP_AS_NUMBER * _WORD).value
    assert numbers is not None
    return numbers + _SLOTS[name] * _WORD
