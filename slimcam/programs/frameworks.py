"""TensorFlow, Keras and tf_slim as an old program sees them."""

import functools
import importlib
from types import ModuleType
from typing import Any, Optional

from .._tf import keras1, slim, tensorflow1, tf
from . import gone

# Whose classes a program meets without importing them: a session answers arrays, tf.test.TestCase is unittest's.
MET = ("numpy", "unittest")


@functools.lru_cache(maxsize=None)
def prepare() -> None:
    """Give the process TensorFlow 1's behaviour, and Keras' old paths slimcam's backend; once."""
    tensorflow1.prepare()
    keras1.use_backend(lambda: importlib.import_module("..backend", __package__))
    _mend_classes(*MET)


def _mend_classes(*libraries: str) -> None:
    for library in libraries:
        for mend in gone.mends(library):
            mend()


def view_of(name: str) -> Optional[ModuleType]:
    """Return what a program sees as a module of tensorflow, keras or tf_slim; None for the module itself."""
    prepare()
    top = name.partition(".")[0]
    if top == "tensorflow":
        return tensorflow1.module(name)
    if top == "keras":
        keras1.mend()
        _mend_classes("PIL")  # load_img, and the generators that read folders
        return None if keras1.stands_alone() else keras1.module(name)
    slim()  # mends it
    return None


def tensorflow() -> ModuleType:
    """Return `tensorflow` as a program of TensorFlow 1 sees it: TensorFlow 1 itself, or a view of compat.v1."""
    return view_of("tensorflow") or tf


def research_slim(name: str) -> Any:
    """Return a folder of research/slim, or a module of it, for a program that expects it beside itself.

    Raises GoneModule for what slimcam lacks of it.
    """
    prepare()
    from .. import research_slim

    return research_slim.module(name)
