"""The module that implements Keras 2's backend, and what its variables lack."""

import functools
import sys
from typing import Any

from .._types import BackendTensor, KerasModule
from .core import private, tf, tf1
from .keras import imported_keras2, keras2


def backend_module(keras: KerasModule) -> Any:
    """Return the module that implements a Keras' backend; the public one of TensorFlow 2 has less."""
    return sys.modules[keras.backend.get_value.__module__]


def keras_backend() -> Any:
    """Return the module that implements the backend of the Keras 2 of this process."""
    return backend_module((imported_keras2() or [keras2()])[0])


def assign_moving_average(x: BackendTensor, value: BackendTensor, momentum: float) -> BackendTensor:
    """Move `x` towards `value`, corrected for its start at zero, as Keras 2.2 does; TensorFlow 2 only has it inside.

    The correction has variables of its own, which a Keras initialises that is told of them; Keras 2.2 does so with all.
    """
    graph, backend = tf1.get_default_graph(), keras_backend()
    before = len(graph.get_collection(tf1.GraphKeys.GLOBAL_VARIABLES))
    moved = private("training.moving_averages").assign_moving_average(x, value, momentum, zero_debias=True)
    for slot in graph.get_collection(tf1.GraphKeys.GLOBAL_VARIABLES)[before:]:
        getattr(backend, "track_variable", id)(slot)
    return moved


def summable(variable: Any) -> Any:
    """Let `variable += tensor` make a tensor of the sum, as it did in TensorFlow 1; anything else is left as it is.

    Resource variables, which Keras makes from tf.keras 1.13 on, refuse it.
    """
    if isinstance(variable, tf.Variable):
        kind: Any = type(variable)
        variable.__class__ = _summable(kind)
    return variable


@functools.lru_cache(maxsize=None)
def _summable(kind: Any) -> Any:
    names = ("add", "sub", "mul", "div", "truediv", "realdiv", "pow")
    # Python then takes the plain operator, `variable + tensor`
    declines = {f"__i{name}__": lambda self, other: NotImplemented for name in names}
    return type(kind)(kind.__name__, (kind,), {**declines, "__module__": kind.__module__})
