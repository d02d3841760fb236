"""TensorFlow 1 as an old program expects it, on the TensorFlow at hand: `module("tensorflow.contrib.slim")`, say.

On TensorFlow 1 that is TensorFlow itself. On 2 it is compat.v1, which still has nearly all public names of 1.15, with
what went around it: `contrib` (contrib.py), private modules by their old paths (private_paths.py), the MNIST reader of
`tensorflow.examples` (mnist.py). The version that it bears is 1.15.5, by whose rules it works.
"""

import functools
import importlib
import importlib.util
import os
from types import ModuleType
from typing import Any, Optional

from ...errors import GoneModule, GoneName
from ...modules.view import View
from ...suggest import nearest
from ..core import TF_VERSION, private, tf, tf1
from ..keras import brings_keras2

VERSION = "1.15.5"

# Renamed by TensorFlow 1.0, for programs of 0.x. Those whose arguments changed places are not here.
NAMES_OF_0 = {
    "all_variables": "global_variables",
    "batch_matmul": "matmul",
    "complex_abs": "abs",
    "histogram_summary": "summary.histogram",
    "image_summary": "summary.image",
    "initialize_all_variables": "global_variables_initializer",
    "inv": "reciprocal",
    "listdiff": "setdiff1d",
    "merge_all_summaries": "summary.merge_all",
    "merge_summary": "summary.merge",
    "mul": "multiply",
    "neg": "negative",
    "pack": "stack",
    "scalar_summary": "summary.scalar",
    "select": "where",
    "sub": "subtract",
    "unpack": "unstack",
}


def prepare() -> None:
    """Give this process the behaviour of TensorFlow 1, once; it belongs to the old program from now on."""
    if TF_VERSION >= (2,):
        tf1.disable_v2_behavior()
        _cast_axes()


def _cast_axes() -> None:
    """Let a sum over axes of int64, NumPy's own, have its gradient: 1.15 to 2.8 cast them, 2.21 does not any more."""
    operations = private("ops.math_ops")
    reduced_shape = operations.reduced_shape

    def with_axes_of_its_type(shape: Any, axes: Any) -> Any:
        if isinstance(shape, tf.Tensor) and isinstance(axes, tf.Tensor):
            axes = tf.cast(axes, shape.dtype)
        return reduced_shape(shape, axes)

    operations.reduced_shape = with_axes_of_its_type


@functools.lru_cache(maxsize=None)
def lead_to_keras2() -> None:
    """Have tf.layers and tf.nn.rnn_cell lead to Keras 2 where they would to Keras 3, which has neither; once.

    From 2.16 on TensorFlow chooses when a program first touches them, by TF_USE_LEGACY_KERAS, and stays with its choice
    though the variable changes.
    """
    if brings_keras2() or importlib.util.find_spec("tf_keras") is None:
        return
    asked = os.environ.get("TF_USE_LEGACY_KERAS") in ("true", "True", "1")
    for name, part in (("layers", tf1.layers), ("rnn_cell", tf1.nn.rnn_cell)):
        if not asked or vars(part).get("_tfll_keras_version") == "keras_3":
            vars(part).update(vars(importlib.import_module(f"tf_keras.api._v1.keras.__internal__.legacy.{name}")))


def module(path: str) -> Optional[ModuleType]:
    """Return what `import path` gives an old program, "tensorflow" or a dotted path below it; None: the module itself.

    Raises GoneModule, an ImportError, where TensorFlow at hand has nothing to make it of.
    """
    if TF_VERSION < (2,) and not path.startswith("tensorflow.examples"):
        return None
    at: Any = view()
    for part in path.split(".")[1:]:
        try:
            parent, at = at, getattr(at, part)
        except AttributeError as error:
            raise GoneModule(str(error)) from None
        if not isinstance(at, ModuleType):
            # a class of names that stands for a module; or a private module of its function's name, `ops.arg_scope`
            at = View(path, [parent], {}, functools.partial(getattr, at))
    return at


@functools.lru_cache(maxsize=None)
def view() -> View:
    """Return `tensorflow` as a program of TensorFlow 1 sees it on TensorFlow 2."""
    from .contrib import contrib
    from .private_paths import python

    lead_to_keras2()
    return View(
        "tensorflow",
        [tf1],
        {
            "__version__": lambda: VERSION,
            "VERSION": lambda: VERSION,
            "contrib": contrib,
            "python": python,
            "core": lambda: importlib.import_module("tensorflow.core"),
            "tools": lambda: View("tensorflow.tools", lacking=_no_tool),
            "examples": _examples,
            "keras": _keras,
            "compat": lambda: View("tensorflow.compat", [tf.compat], {"v1": view}),
        },
        _lacking,
    )


def _keras() -> Any:
    from ..keras1 import tensorflow_keras

    return tensorflow_keras("tensorflow.keras")


def _examples() -> View:
    def tutorials() -> View:
        return View("tensorflow.examples.tutorials", changes={"mnist": mnist})

    def mnist() -> View:
        from . import mnist as reader

        return View("tensorflow.examples.tutorials.mnist", [reader], {"input_data": lambda: reader})

    return View("tensorflow.examples", changes={"tutorials": tutorials})


def _lacking(name: str) -> Any:
    if name in NAMES_OF_0:
        return functools.reduce(getattr, NAMES_OF_0[name].split("."), tf1)
    if name == "estimator":  # up to 2.15 compat.v1 has it
        from .estimators import estimator

        return estimator()
    raise GoneName(f"TensorFlow 1.15 has no tf.{name}; {nearest(name, dir(tf1))}")


def _no_tool(name: str) -> Any:
    raise GoneName(f"tensorflow.tools.{name} went with TensorFlow 2.0; run that step on TensorFlow 1.15.5")
