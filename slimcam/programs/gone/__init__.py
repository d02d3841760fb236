"""What other libraries took away and old programs use: a table, one row each, and what stands in for it.

A row is used only where the installed library lacks the name, so that nothing changes under the libraries of a
program's time. What stands in gives the numbers that the library gave; what cannot is not there, and `missing` says
since when and what to do.
"""

import functools
import importlib
import sys
import types
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from .builtin_types import put
from .of_data import DATA
from .of_images import IMAGES
from .of_learning import LEARNING
from .of_numpy import NUMPY
from .of_plots import PLOTS
from .of_python import PYTHON
from .of_python2 import PYTHON_2
from .of_scipy import SCIPY
from .rows import Gone

__all__ = ["GONE", "Gone", "calls_of", "is_python2", "mends", "missing", "row_of", "rows_of", "stand_in"]

GONE: Tuple[Gone, ...] = (*PYTHON, *PYTHON_2, *NUMPY, *SCIPY, *IMAGES, *PLOTS, *LEARNING, *DATA)


@functools.lru_cache(maxsize=None)
def _table(of: str) -> Dict[str, Dict[str, Gone]]:
    """Map each owner to its rows of one kind, by their last names."""
    table: Dict[str, Dict[str, Gone]] = {}
    for row in GONE:
        if row.of == of:
            table.setdefault(row.owner, {})[row.last] = row
    return table


def rows_of(module: str) -> Dict[str, Gone]:
    """Return the rows of names that a module was asked for, by name; "" has the modules of the top."""
    return _table("module").get(module, {})


def row_of(name: str) -> Optional[Gone]:
    """Return the row of a module, or of a module's name, by its whole name; None where there is none."""
    owner, _, last = name.rpartition(".")
    return rows_of(owner).get(last)


def is_python2(module: str) -> bool:
    """Return whether a module of the top is one that only Python 2 had."""
    row = row_of(module)
    return row is not None and row.python2


def calls_of(module: str) -> Dict[str, Gone]:
    """Return the rows of functions of a module that are still there and take less than they did, by name."""
    return _table("call").get(module, {})


def stand_in(row: Gone, real: Any = None) -> Any:
    """Return what stands in for a row; for a row of calls_of(), the function over the installed one, `real`.

    Raises AttributeError where nothing does, ImportError where what stands in needs what is not installed.
    """
    if not row.stand_in:
        raise AttributeError(missing(row))
    if row.stand_in == "*":
        return _module_of_rows(row.name)
    module, _, name = row.stand_in.lstrip("=").partition(":")
    path = module if row.stand_in.startswith("=") else f"{__name__}.{module}"
    try:
        value: Any = importlib.import_module(path)
        for part in name.split(".") if name else ():
            value = getattr(value, part)
    except (ImportError, AttributeError) as error:
        raise ImportError(f"{missing(row)}; that is not there either: {error}") from error
    return value(real) if row.of == "call" else value


def missing(row: Gone) -> str:
    """Return one line that says what is gone, since when, and what to do."""
    went = "is of Python 2" if row.python2 else f"went with {row.since}"
    return f"{row.name} {went}" + (f"; instead: {row.instead}" if row.instead else "; nothing takes its place")


def mends(module: str) -> List[Callable[[], None]]:
    """Return what to call when a program first imports a module, by its whole name, once that is imported.

    Each puts back, into a class of the library, the names of its rows that the class lacks. That is for a process that
    belongs to an old program; calling one twice does no harm.
    """
    top = module.split(".")[0]
    owners = sorted(owner for owner in _table("class") if owner.split(".")[0] == top)
    return [functools.partial(_mend_class, owner) for owner in owners]


_MENDED: Set[str] = set()


def _mend_class(owner: str) -> None:
    if owner in _MENDED:
        return
    _MENDED.add(owner)
    module, _, name = owner.rpartition(".")
    try:
        target = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return  # this release has no such class, or one of its parts is not installed
    for last, row in _table("class")[owner].items():
        there = getattr(target, last, None)
        value = stand_in(row)(there) if "(" in row.name else there or stand_in(row)
        if value is not there:
            put(target, last, value)


def _module_of_rows(name: str) -> types.ModuleType:
    """Return a module whose names are those of the rows below it, each made when it is asked for."""
    module = types.ModuleType(name, f"What slimcam has of {name}.")
    rows = rows_of(name)

    def get(last: str) -> Any:
        if last in rows:
            value = stand_in(rows[last])
            setattr(module, last, value)
            return value
        if last.startswith("__"):
            raise AttributeError(last)
        row = row_of(name)
        raise AttributeError(f"{name}.{last}: " + (missing(row) if row else "not there"))

    module.__dict__.update(__getattr__=get, __path__=[], __all__=sorted(rows))
    return sys.modules.get(name) or module
