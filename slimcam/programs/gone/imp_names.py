"""What old programs use of the module imp, by importlib."""

import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any, Optional, Sequence, Tuple

PY_SOURCE, PKG_DIRECTORY = 1, 5


def load_source(name: str, pathname: str, file: Any = None) -> ModuleType:
    """Return a module run from a source file, which sys.modules has under `name` from now on."""
    loader = importlib.machinery.SourceFileLoader(name, pathname)
    spec = importlib.util.spec_from_file_location(name, pathname, loader=loader)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def find_module(name: str, path: Optional[Sequence[str]] = None) -> Tuple[Any, str, Tuple[str, str, int]]:
    """Return (file, path, description) of a module; raise ImportError where there is none."""
    spec = importlib.machinery.PathFinder.find_spec(name, path)
    if spec is None or not spec.origin:
        raise ImportError(f"No module named {name!r}", name=name)
    if spec.submodule_search_locations:
        return None, os.path.dirname(spec.origin), ("", "", PKG_DIRECTORY)
    return open(spec.origin, encoding="utf-8"), spec.origin, (os.path.splitext(spec.origin)[1], "r", PY_SOURCE)


def load_module(name: str, file: Any, filename: str, details: Tuple[str, str, int]) -> ModuleType:
    """Return the module that find_module found."""
    source = os.path.join(filename, "__init__.py") if details[2] == PKG_DIRECTORY else filename
    return load_source(name, source)


def acquire_lock() -> None:
    """Do nothing: imports lock themselves."""


def release_lock() -> None:
    """Do nothing: imports lock themselves."""
