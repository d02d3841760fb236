"""`tf.estimator` on TensorFlow 2.16 and newer, which have it no more: the package tensorflow_estimator, mended.

Its last release, 2.15.0, reads a few private modules that TensorFlow took away. What an Estimator needs of them, to
train on one machine, is here; what only TPUs and distribution strategies need says so when it is used.
"""

import functools
import importlib
import sys
from types import ModuleType
from typing import Any, Callable, Dict

from ..._packages import pip_line
from ...errors import GoneName
from ...modules.view import View
from ..core import private


def _init_run_config(config: Any, tf_config: Any) -> None:
    """Set a RunConfig up by TF_CONFIG, without TensorFlow's distribute coordinator."""
    config._distribute_coordinator_mode = None
    config._init_distributed_setting_from_environment_var({})
    config._init_distributed_setting_from_environment_var(tf_config)
    config._maybe_overwrite_session_config_for_distributed_training()


def _gone(name: str) -> Any:
    class Gone:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            raise GoneName(f"{name} went with TensorFlow 2.16; run the program on TensorFlow 2.15 or older")

    return Gone


class _PrivateModule(ModuleType):
    """A private module that TensorFlow took away: the names given, and others that say so when they are called."""

    def __init__(self, name: str, names: Dict[str, Callable[..., Any]]) -> None:
        super().__init__(name)
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _gone(f"{self.__name__}.{name}")


TAKEN: Dict[str, Dict[str, Callable[..., Any]]] = {
    "distribute.estimator_training": {
        "init_run_config": _init_run_config,
        "should_run_distribute_coordinator": lambda config: False,
    },
    "tpu.session_support": {},
    "tpu.tpu_embedding": {},
    "tpu.tpu_embedding_gradient": {},
}


@functools.lru_cache(maxsize=None)
def _package() -> ModuleType:
    """Import tensorflow_estimator's module `estimator` of TensorFlow 1. Raises GoneName without the package."""
    for path, names in TAKEN.items():
        try:
            private(path)
        except ModuleNotFoundError:
            parent, _, last = path.rpartition(".")
            whole = f"tensorflow.python.{path}"
            sys.modules[whole] = module = _PrivateModule(whole, names)
            setattr(private(parent), last, module)
    # The decorator that registers its public names is written on one of TensorFlow that went; the names stay.
    register = "tensorflow_estimator.python.estimator.estimator_export"
    sys.modules[register] = _PrivateModule(
        register, {"estimator_export": lambda *names, **options: lambda named: named}
    )
    try:
        return importlib.import_module("tensorflow_estimator._api.v1.estimator")
    except ModuleNotFoundError as error:
        if error.name != "tensorflow_estimator":
            raise
        del sys.modules[register]
        line = pip_line("tensorflow_estimator")
        raise GoneName(
            f"tf.estimator went with TensorFlow 2.16; the package that it was still trains here: {line}"
        ) from None


def estimator() -> View:
    """Return `tf.estimator`."""
    return View("tensorflow.estimator", [_package()])


def private_estimator() -> View:
    """Return `tensorflow.python.estimator`."""
    _package()
    return View("tensorflow.python.estimator", [importlib.import_module("tensorflow_estimator.python.estimator")])
