"""TensorFlow, Keras and tf_slim as an old program sees them."""

import functools
from types import ModuleType
from typing import Optional

from .. import backend
from .._tf import keras1, slim, tensorflow1, tf
from .._tf.tensorflow1 import contrib
from ..errors import GoneModule
from ..modules.view import View


@functools.lru_cache(maxsize=None)
def prepare() -> None:
    """Give the process TensorFlow 1's behaviour, and Keras' old paths slimcam's backend; once."""
    tensorflow1.prepare()
    keras1.use_backend(backend)


def shown(name: str) -> Optional[ModuleType]:
    """Return what a program sees as a module of tensorflow, keras or tf_slim; None for the module itself."""
    prepare()
    top = name.partition(".")[0]
    if top == "tensorflow":
        return tensorflow1.module(name)
    if top == "keras":
        return None if keras1.stands_alone() else keras1.module(name)
    slim()  # mends it
    return None


def tensorflow() -> ModuleType:
    """Return `tensorflow` as a program of TensorFlow 1 sees it: TensorFlow 1 itself, or a view of compat.v1."""
    return shown("tensorflow") or tf


def research_slim(name: str) -> ModuleType:
    """Return `nets`, or a module of it, of research/slim, for a program that expects it beside itself.

    Raises GoneModule for the other folders of research/slim, which no package has.
    """
    prepare()
    top, _, rest = name.partition(".")
    if top != "nets":
        raise GoneModule(
            f"No module named {name!r}: it is a folder of tensorflow/models, research/slim; put it beside the program",
            name=name,
        )
    nets: View = contrib.slim_nets("nets")
    return functools.reduce(getattr, rest.split(".") if rest else [], nets)
