"""The world of an old program: what its imports give. Libraries underneath import what is really there.

`enter()` puts a function before Python's own `__import__`, which looks at the file that imports. A file belongs to the
program where it lies in no folder of installed packages; an installed package can be counted in by its name. For all
other files nothing changes. TensorFlow behaves as TensorFlow 1 for the whole process, which belongs to the program.
"""

import builtins
import functools
import importlib
import importlib.util
import os
import site
import sys
import sysconfig
import types
from typing import Any, Iterable, Mapping, Optional, Sequence, Set, Tuple

from ..errors import GoneModule, GoneName
from . import gone
from .python2 import guarded_imports

OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FRAMEWORKS = ("tensorflow", "keras", "tf_slim")  # what frameworks.py answers for
RESEARCH_SLIM = ("nets", "preprocessing", "datasets", "deployment")  # beside the scripts of research/slim

_python_import = builtins.__import__
_counted_in: Set[str] = set()


def enter(old_packages: Iterable[str] = ()) -> None:
    """Answer the program's imports from now on; `old_packages` are installed ones that are part of the program."""
    _installed_folders()  # before any import is looked at
    _counted_in.update(old_packages)
    if importlib.util.find_spec("tf_keras") is not None:
        os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # TensorFlow 2.16 and newer read it when they are imported
    os.environ.pop("TF2_BEHAVIOR", None)  # set by a TensorFlow 2 that started this process; 1.15 reads it, too
    builtins.__import__ = program_import


def program_import(
    name: str,
    globals: Optional[Mapping[str, Any]] = None,
    locals: Optional[Mapping[str, Any]] = None,
    fromlist: Optional[Sequence[str]] = (),
    level: int = 0,
) -> Any:
    """Do what `__import__` does; for a file of the program, a name may lead to another module than for all others."""
    # libraries may give anything for globals: __import__(name, [], [], ["*"])
    importer = globals if isinstance(globals, dict) else sys._getframe(1).f_globals
    if level or not is_program(importer):
        return _python_import(name, globals, locals, fromlist or (), level)
    if gone.is_python2(name) and sys._getframe(1).f_lineno in guarded_imports(importer.get("__file__", "")):
        return _python_import(name, globals, locals, fromlist or (), level)
    view = view_of(name)
    if view is None:
        return _really(name, globals, locals, fromlist or ())
    if not fromlist:
        return (view_of(name.partition(".")[0]) or view) if "." in name else view
    for each in fromlist:
        if each != "*":
            _ask_for(view, each)
    return view


def _ask_for(view: types.ModuleType, name: str) -> None:
    """Say what went where `from view import name` asks for a name that did; Python's own word would hide it."""
    try:
        getattr(view, name)
    except (GoneName, ImportError) as error:
        raise GoneModule(str(error), name=f"{view.__name__}.{name}") from None
    except AttributeError:
        return  # Python says that it cannot be imported


def view_of(name: str) -> Optional[types.ModuleType]:
    """Return what a program sees as a module, the last one of a dotted name; None where it sees the module itself."""
    part = "frameworks" if name.partition(".")[0] in FRAMEWORKS else "libraries"
    view: Optional[types.ModuleType] = importlib.import_module(f"{__package__}.{part}").view_of(name)
    return view


def _really(name: str, globals: Any, locals: Any, fromlist: Sequence[str]) -> Any:
    """Import what is there; a folder of research/slim that is not there is made of slimcam's nets."""
    try:
        return _python_import(name, globals, locals, fromlist, 0)
    except ModuleNotFoundError as error:
        top = name.partition(".")[0]
        if top not in RESEARCH_SLIM or error.name != top:
            raise
    research_slim = importlib.import_module(f"{__package__}.frameworks").research_slim
    view = research_slim(name)
    for each in fromlist:
        _ask_for(view, each)
    return view if fromlist else research_slim(top)


def import_module(name: str, package: Optional[str] = None) -> Any:
    """Do what importlib.import_module does, for a program."""
    view = None if name.startswith(".") else view_of(name)
    return importlib.import_module(name, package) if view is None else view


# --- which files are the program's


def is_program(importer: Mapping[str, Any]) -> bool:
    """Whether the module with these globals belongs to the program: `__main__` does, and what is not installed."""
    name = importer.get("__name__")
    if name == "__main__":
        return True
    path = importer.get("__file__")
    if not isinstance(path, str) or not isinstance(name, str):
        return False
    return name.partition(".")[0] in _counted_in or not _is_installed(os.path.dirname(path))


@functools.lru_cache(maxsize=None)
def _is_installed(folder: str) -> bool:
    here = os.path.realpath(folder) + os.sep
    return folder.startswith("<frozen") or any(here.startswith(one) for one in _installed_folders())


@functools.lru_cache(maxsize=None)
def _installed_folders() -> Tuple[str, ...]:
    """Return where Python, packages and slimcam itself lie."""
    paths = [
        path for name, path in sysconfig.get_paths().items() if name in ("stdlib", "platstdlib", "purelib", "platlib")
    ]
    paths += [*getattr(site, "getsitepackages", list)(), site.getusersitepackages(), os.path.dirname(os.__file__), OURS]
    paths += [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]  # of a .pth
    return tuple(sorted({os.path.realpath(path) + os.sep for path in paths if path}))
