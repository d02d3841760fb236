"""`tensorflow.python…` by the paths of TensorFlow 1: modules that are still there, and what became of the others."""

import functools
import importlib
from types import ModuleType
from typing import Any, Dict, List

from ...errors import GoneName
from ...modules.view import View
from ..core import tf1
from ..tf_slim import slim

# What a private module of 1.15 is now: a part of compat.v1 that has its names, where it starts with a dot, or another
# private module. Only those that have gone, or lack what programs read there.
MOVED: Dict[str, str] = {
    "ops.rnn_cell": ".nn.rnn_cell",  # since 2.16 Keras' business
    "ops.rnn_cell_impl": ".nn.rnn_cell",
    "layers.convolutional": ".layers",
    "layers.core": ".layers",
    "layers.normalization": ".layers",
    "layers.pooling": ".layers",
    "layers.layers": ".layers",
    "training.checkpointable": "trackable",
    "training.training_ops": "ops.gen_training_ops",
}

RENAMED: Dict[str, str] = {"util.nest.is_sequence": "is_nested"}  # 2.13

# Parts of compat.v1 in which a public name is looked for first that its private module no longer has; then in all.
FIRST = ("nn", "train", "math", "image", "io", "graph_util", "saved_model")
LAST = ("compat", "keras", "estimator")


def python() -> View:
    """Return `tensorflow.python` as a program of TensorFlow 1 sees it on TensorFlow 2."""
    slim()  # gives private modules the names back that later releases moved
    view = _view("")
    view.__dict__["_changes"].update(keras=_keras, estimator=_estimator)
    return view


def _keras() -> Any:
    from ..keras1 import tensorflow_keras

    return tensorflow_keras("tensorflow.python.keras")


def _estimator() -> Any:
    from .estimators import private_estimator

    return private_estimator()


@functools.lru_cache(maxsize=None)
def _view(path: str) -> View:
    """Return the view of one private module, "" for tensorflow.python itself."""
    whole = f"tensorflow.python.{path}" if path else "tensorflow.python"

    # A package shows views of its modules; a module shows its own names, then what they became.
    package = next((real for real in _reals(path, whole) if hasattr(real, "__path__")), None)

    def lacking(name: str) -> Any:
        deeper = f"{path}.{name}" if path else name
        if deeper in MOVED or _is_module(f"tensorflow.python.{deeper}"):
            return _view(deeper)
        if package is not None and hasattr(package, name):
            return getattr(package, name)
        if deeper in RENAMED:
            return getattr(_view(path), RENAMED[deeper])
        for place in _public():
            if hasattr(place, name):
                return getattr(place, name)
        raise GoneName(f"TensorFlow has no {whole}.{name} any more, and its public API has no {name!r}")

    return View(whole, [] if package else _reals(path, whole), {}, lacking)


def _reals(path: str, whole: str) -> List[ModuleType]:
    """Return where a private module's names are: where it moved, and the module itself."""
    homes: List[Any] = []
    if MOVED.get(path, "").startswith("."):
        homes.append(functools.reduce(getattr, MOVED[path][1:].split("."), tf1))
    elif path in MOVED:
        homes.append(_view(MOVED[path]))
    if _is_module(whole):
        homes.append(importlib.import_module(whole))
    return homes


@functools.lru_cache(maxsize=None)
def _public() -> List[ModuleType]:
    rest = [name for name in sorted(dir(tf1)) if name not in (*FIRST, *LAST) and not name.startswith("_")]
    parts = [getattr(tf1, name, None) for name in (*FIRST, *rest)]
    return [tf1, *(part for part in parts if isinstance(part, ModuleType))]


@functools.lru_cache(maxsize=None)
def _is_module(whole: str) -> bool:
    try:
        importlib.import_module(whole)
    except ModuleNotFoundError:
        return False
    return True
