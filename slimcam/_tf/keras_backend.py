"""The module that implements Keras 2's backend, and what its variables lack."""

import functools
import operator
import sys
from typing import Any, Callable

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

    The correction has variables of its own. Keras 2.2 initialises every variable of the graph; later ones only those
    that they track, so they are given these to track.
    """
    graph, track = tf1.get_default_graph(), getattr(keras_backend(), "track_variable", None)
    before = len(graph.get_collection(tf1.GraphKeys.GLOBAL_VARIABLES))
    moved = private("training.moving_averages").assign_moving_average(x, value, momentum, zero_debias=True)
    if track is not None:
        for slot in graph.get_collection(tf1.GraphKeys.GLOBAL_VARIABLES)[before:]:
            track(slot)
    return moved


# Of an operator and both sides; NotImplemented for what it leaves to TensorFlow.
Join = Callable[[Callable, Any, Any], Any]


def summable(variable: Any, join: Join) -> Any:
    """Let `variable += tensor` make a tensor of the sum, as it did in TensorFlow 1; anything else is left as it is.

    Resource variables, which Keras makes from tf.keras 1.13 on, refuse it. `join` is asked first what `variable + x`
    and the like are: where it runs eagerly, TensorFlow would read the variable's value there and then.
    """
    if isinstance(variable, tf.Variable):
        kind: Any = type(variable)
        variable.__class__ = _summable(kind, join)
    return variable


@functools.lru_cache(maxsize=None)
def _summable(kind: Any, join: Join) -> Any:
    names = ("add", "sub", "mul", "truediv", "pow")
    methods = {f"__{name}__": _joining(kind, name, join) for name in names}
    # Python then takes the plain operator, `variable + tensor`
    declined = {f"__i{name}__": lambda self, other: NotImplemented for name in (*names, "div", "realdiv")}
    return type(kind)(kind.__name__, (kind,), {**methods, **declined, "__module__": kind.__module__})


def _joining(kind: Any, name: str, join: Join) -> Callable:
    function, own = getattr(operator, name), getattr(kind, f"__{name}__")

    def run(self: Any, other: Any) -> Any:
        result = join(function, self, other)
        return own(self, other) if result is NotImplemented else result

    return run
