"""Other libraries as an old program sees them: what is installed, with stand-ins for what went."""

import functools
import importlib
import sys
from typing import Any, Callable, Dict, Optional, Set

from ..errors import GoneModule, GoneName
from ..modules.view import View
from . import gone


@functools.lru_cache(maxsize=None)
def _owners() -> Set[str]:
    """Return the modules that rows of the table are about, and the packages that those are in."""
    owners: Set[str] = set()
    for row in gone.GONE:
        parts = row.owner.split(".") if row.of != "class" else row.owner.split(".")[:1]
        owners.update(".".join(parts[: i + 1]) for i in range(len(parts)))
    return owners - {""} | {"importlib"}


@functools.lru_cache(maxsize=None)
def view_of(name: str) -> Optional[Any]:
    """Return what a program sees as a module: a view where something of it went, else None, for the module itself."""
    row = gone.row_of(name)
    if name not in _owners() and row is None:
        return None
    try:
        real = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name + ".").startswith(error.name + ".") or row is None:
            raise
        return _stand_in(row)
    for mend in gone.mends(name):
        mend()
    changes: Dict[str, Callable[[], Any]] = {}
    for last, call in gone.calls_of(name).items():
        if hasattr(real, last):
            changes[last] = functools.partial(gone.stand_in, call, getattr(real, last))
    for owner in _owners():
        parent, _, last = owner.rpartition(".")
        if parent == name and _is_module(real, owner, last):
            changes[last] = functools.partial(view_of, owner)
    if name == "importlib":
        changes["import_module"] = lambda: sys.modules[f"{__package__}.world"].import_module
    return View(name, [real], changes, functools.partial(_lacking, name))


def _is_module(real: Any, whole: str, last: str) -> bool:
    """Whether a library has a module of that name, which may not be imported yet."""
    if hasattr(real, last):
        return whole in sys.modules
    try:
        importlib.import_module(whole)
    except ImportError:
        return False
    return True


def _stand_in(row: gone.Gone) -> Any:
    try:
        return gone.stand_in(row)
    except AttributeError as error:
        raise GoneModule(str(error), name=row.name) from None


def _lacking(module: str, name: str) -> Any:
    row = gone.row_of(f"{module}.{name}")
    if row is None:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    try:
        return gone.stand_in(row)
    except AttributeError as error:
        raise GoneName(str(error)) from None
