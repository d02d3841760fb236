"""Keras 2.2 as an old program expects it, over the Keras 2 at hand: `module("keras.layers.core")` and the like.

Keras 2 is compat.v1's: its old optimizers, losses and layers with the defaults of TensorFlow 1. Around it come the
paths of the package `keras` (paths.py), the names and arguments of Keras 1 that Keras 2.2 still took (layers.py,
arguments.py, models.py), and slimcam's backend. `tensorflow.keras` is Keras 2 without the manners of Keras 1.
"""

import functools
import importlib
import importlib.util
from types import ModuleType
from typing import Any, Callable, Dict, List

from ...errors import GoneModule, GoneName
from ...modules.view import View
from ...suggest import nearest
from ..core import TF_VERSION, tf1
from ..keras import keras2
from . import models
from .draws import draw_from_numpy
from .habits import input_of_2_2, let_datasets_load, take_up
from .losses import mend_losses
from .optimizers import clip_together, optimizers_of_2_2
from .paths import PARTS, SINCE
from .pictures import mend_pictures
from .training import train_as_2_2

VERSION = "2.2.4"
_BACKEND: List[Callable[[], ModuleType]] = []


def use_backend(backend: Callable[[], ModuleType]) -> None:
    """Say what returns `keras.backend`, when it is asked for; slimcam's own lies above this folder."""
    _BACKEND[:] = [backend]


@functools.lru_cache(maxsize=None)
def base() -> Any:
    """Return compat.v1's Keras 2; from TensorFlow 2.16 on its v1 API is in tf_keras."""
    if TF_VERSION < (2, 16):
        return tf1.keras
    keras2()
    return importlib.import_module("tf_keras.api._v1.keras")


def stands_alone() -> bool:
    """Whether a `keras` with a backend of its own (2.0 to 2.3) is installed, which an old program then gets itself."""
    return TF_VERSION < (2, 4) and importlib.util.find_spec("keras") is not None


def module(path: str) -> ModuleType:
    """Return what `import path` gives an old program, "keras" or a dotted path below it.

    Raises GoneModule, an ImportError, where there is nothing to make it of.
    """
    at: Any = view("")
    for part in path.split(".")[1:]:
        try:
            at = getattr(at, part)
        except AttributeError as error:
            raise GoneModule(str(error)) from None
    if not isinstance(at, ModuleType):
        raise GoneModule(f"No module named {path!r}; it is a name of its parent")
    return at


def tensorflow_keras(name: str) -> View:
    """Return `tensorflow.keras`, also under its paths `tensorflow.contrib.keras` and `tensorflow.python.keras`."""
    source = importlib.import_module(base().layers.Layer.__module__.split(".engine.")[0])
    return View(name, [base(), source], {"backend": lambda: view("backend")})


@functools.lru_cache(maxsize=None)
def mend() -> None:
    """Let Keras behave as keras 2.2 in this process, which belongs to an old program; views alone change nothing."""
    if stands_alone():
        let_datasets_load()
        return
    models.mend(base())
    clip_together(base())
    draw_from_numpy(base())
    train_as_2_2(base())
    mend_pictures(base())
    take_up(base(), lambda: view("backend"))
    mend_losses(base(), lambda: view("backend"))


@functools.lru_cache(maxsize=None)
def view(path: str) -> View:
    """Return the view of one module of keras 2.2 by its path below `keras`, "" for that itself."""
    part = PARTS.get(path)
    changes: Dict[str, Callable[[], Any]] = {}
    if path == "":
        reals: List[Any] = [base()]
        changes = {"__version__": lambda: VERSION, "backend": lambda: view("backend")}
        for home in ("models.Model", "models.Sequential", "layers.Input"):
            changes[home.partition(".")[2]] = functools.partial(_resolve, "@" + home)
    elif path == "backend":
        reals = [_BACKEND[0]() if _BACKEND else base().backend]
    else:
        assert part is not None
        reals = [_resolve(home) for home in part.homes]
        changes.update({old: functools.partial(_resolve, new) for old, new in part.names.items()})
    if path == "optimizers":
        changes.update({name: functools.partial(_the, kind) for name, kind in optimizers_of_2_2(base()).items()})
    if path in ("layers", "models"):
        layers = importlib.import_module(f"{__name__}.layers")
        changes.update(layers.constructors(getattr(base(), path)))
        if path == "layers":
            changes["Input"] = lambda: input_of_2_2(base())
            changes["merge"] = lambda: importlib.import_module(f"{__name__}.merging").merge_module(reals)
    if path == "wrappers.scikit_learn":
        reals.append(importlib.import_module(f"{__name__}.scikit_learn"))
    if path.startswith("utils"):
        reals.append(importlib.import_module(f"{__name__}.utilities"))
    for longer in PARTS:
        parent, _, last = longer.rpartition(".")
        if parent == path:
            changes[last] = functools.partial(view, longer)
    return View(f"keras.{path}".rstrip("."), reals, changes, functools.partial(_lacking, path))


def _the(kind: Any) -> Any:
    return kind


def _resolve(home: str) -> Any:
    """Return what a path of PARTS names."""
    steps = home.lstrip("@").split(".")
    if not home.startswith("@"):
        return functools.reduce(getattr, steps, base())
    return functools.reduce(getattr, steps[1:], view(steps[0]))


def _lacking(path: str, name: str) -> Any:
    whole = f"{path}.{name}".lstrip(".")
    if whole in SINCE:
        raise GoneName(f"keras.{whole} {SINCE[whole]}")
    raise GoneName(f"keras.{whole} is not in Keras 2.2, or went after it; {nearest(name, dir(view(path)))}")
