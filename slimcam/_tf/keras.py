"""Which Keras: Keras 2, wherever it lives, and Keras 3; their classes."""

import contextlib
import functools
import importlib
import re
import sys
import threading
from typing import Any, Dict, Iterator, List, Optional

from .._packages import pip_line
from .._types import KerasModel, KerasModule
from ..errors import MissingPackage
from .core import TF_VERSION, tf

# What is changed in a Keras for a while is changed for the whole process: one thread at a time.
_CHANGING = threading.RLock()


def brings_keras2() -> bool:
    """Whether Keras 2 is TensorFlow's own, as to 2.15; from 2.16 on `tf.keras` is Keras 3."""
    return TF_VERSION < (2, 16)


def keras_runs_eagerly() -> bool:
    """Whether TensorFlow runs Keras models eagerly, as TensorFlow 2 does; 2.1 is the first that slimcam knows."""
    return TF_VERSION >= (2, 1)


def reads_archives() -> bool:
    """Whether Keras 2 itself reads the archives called .keras, which it writes from TensorFlow 2.12 on."""
    return TF_VERSION >= (2, 12)


@functools.lru_cache(maxsize=None)
def keras2() -> KerasModule:
    """Return Keras 2: TensorFlow's own to 2.15, the package tf_keras after that, where `tf.keras` is Keras 3."""
    if brings_keras2():
        return tf.keras
    try:
        return importlib.import_module("tf_keras")
    except ModuleNotFoundError as error:
        if error.name != "tf_keras":
            raise
        line = pip_line("tf_keras", tensorflow=TF_VERSION)
        raise MissingPackage(f"Keras 2 on TensorFlow {tf.__version__} is tf_keras, not installed: {line}") from error


def keras2_name() -> str:
    """Return what a program calls the Keras 2 that builds models in a graph."""
    return "tf.keras" if brings_keras2() else "tf_keras"


def keras3() -> KerasModule:
    """Return Keras 3, or raise MissingPackage where there is none (TensorFlow to 2.15)."""
    keras = importlib.import_module("keras") if not brings_keras2() else None
    if keras is None:
        raise MissingPackage(f"Keras 3 needs TensorFlow 2.16 or newer; this is {tf.__version__}")
    return keras


def keras_version(keras: KerasModule) -> str:
    """Return the version of a Keras; `tf.keras` of TensorFlow 2.13 to 2.15 does not say it, its package does."""
    package = sys.modules.get(keras.layers.Layer.__module__.split(".")[0])
    return str(getattr(keras, "__version__", None) or getattr(package, "__version__", "?"))


def imported_keras3() -> List[KerasModule]:
    """Return Keras 3 in a list, an empty one where nobody has imported it."""
    keras = sys.modules.get("keras")
    return [keras] if str(getattr(keras, "__version__", "2")).startswith("3") else []


def is_keras3(thing: Any) -> bool:
    """Whether an object is of a class of Keras 3, which from 2.16 on is what `tf.keras` means."""
    return bool(imported_keras3()) and any(kind.__module__.startswith("keras.") for kind in type(thing).__mro__)


def imported_keras2() -> List[KerasModule]:
    """Return the Keras 2s of this process: a `keras` with a backend of its own (2.0 to 2.3), then that of keras2().

    The package tf_keras takes seconds to import, so where nobody has imported it, it is left alone.
    """
    alone = sys.modules.get("keras")
    own = [alone] if re.match(r"2\.[0-3]\.", str(getattr(alone, "__version__", ""))) else []
    return [*own, keras2()] if brings_keras2() or "tf_keras" in sys.modules else own


def keras_of(model: KerasModel) -> KerasModule:
    """Return the Keras that a Keras 2 model belongs to: a `keras` of its own, to 2.3, or the one of keras2()."""
    alone = sys.modules.get("keras")
    theirs = type(model).__mro__[-2].__module__.startswith("keras.") and TF_VERSION < (2, 6)
    return alone if theirs and alone is not None else keras2()


def layer_classes(keras: KerasModule) -> List[Any]:
    """Return the classes whose `__call__` each layer of a Keras goes through.

    From 2.2 on Keras 2 has a second one, for graphs, in a module of its own that is imported when it is first needed.
    """
    layer = keras.layers.Layer
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module(layer.__module__ + "_v1")
    kinds = [kind for kind in (*layer.__mro__, *layer.__subclasses__()) if kind.__name__ == "Layer"]
    return [kind for kind in kinds if "__call__" in vars(kind)]


@contextlib.contextmanager
def kept_classes(keras: KerasModule, bases: Optional[Dict[Any, Any]] = None) -> Iterator[Dict[Any, Any]]:
    """Leave Keras' classes as they were: from 2.2 on Keras 2 swaps the bases of a layer's class, for the whole process,
    as instances are made in a graph or eagerly, and the caller's layers would run with the other kind's methods.

    Yields the bases of all of them, as they are; `bases` brings those of another time back for the while. Other threads
    that come here wait until it is over.
    """
    with _CHANGING:
        before: Dict[Any, Any] = {}
        stack = list(layer_classes(keras))
        while stack:
            kind = stack.pop()
            if kind not in before:
                before[kind] = kind.__bases__
                stack.extend(kind.__subclasses__())
        _set_bases(bases or {})
        try:
            yield before
        finally:
            _set_bases(before)


def registered_names() -> List[str]:
    """Return the names under which the caller's program has registered classes and functions with Keras."""
    registered: Dict[str, Any] = {}
    for keras in [*imported_keras3(), *imported_keras2()]:
        registered.update(getattr(getattr(keras, "utils", None), "get_custom_objects", dict)())
    own = "keras", "tf_keras", "tensorflow", "tensorflow_core"
    return [name for name, one in registered.items() if str(getattr(one, "__module__", "")).split(".")[0] not in own]


def _set_bases(wanted: Dict[Any, Any]) -> None:
    for kind, bases in wanted.items():
        if kind.__bases__ != bases:
            kind.__bases__ = bases
