"""What a graph begins with, placeholders, constants and variables, and values of these, for `slimcam.backend`."""

from typing import Any, Callable, Iterable, List, Optional, Sequence, Tuple

import numpy as np

from .._tf import eager, tf, tf1
from .._types import BackendTensor, Tensor
from ..errors import TargetError, WrongFeed
from .functions import function
from .sessions import BUILD_IN_A_GRAPH, session_of
from .settings import floatx
from .symbols import graph_of, in_one_graph, is_symbolic


def placeholder(
    shape: Any = None,
    ndim: Optional[int] = None,
    dtype: Any = None,
    sparse: bool = False,
    name: Optional[str] = None,
    ragged: bool = False,
) -> Tensor:
    """Return a tensor to be fed, of a shape, or of `ndim` axes; raise TargetError in eager mode."""
    if tf1.executing_eagerly():
        raise TargetError(f"K.placeholder: TensorFlow runs eagerly and has no graph to put it in: {BUILD_IN_A_GRAPH}")
    shape = (None,) * ndim if not shape and ndim else shape
    kind = floatx() if dtype is None else dtype
    if ragged:
        return tf1.ragged.placeholder(kind, len(shape) - 1, (), name)
    return (tf1.sparse_placeholder if sparse else tf1.placeholder)(kind, shape, name)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: Optional[str] = None) -> Tensor:
    """Return a constant, of floatx unless said otherwise."""
    return tf.constant(value, floatx() if dtype is None else dtype, shape, name or "Const")


def get_value(x: BackendTensor) -> Any:
    """Return the value of a variable or tensor, in the session of its graph; anything else as it is."""
    if graph_of(x) is None and not is_symbolic(x):
        with eager():
            return x.numpy() if hasattr(x, "numpy") else x
    if isinstance(x, tf.Variable):
        return session_of(graph_of(x)).run(x)
    return function([], [x])([])[0]


def batch_get_value(ops: Sequence[BackendTensor] = (), *, tensors: Sequence[BackendTensor] = ()) -> List[Any]:
    """Return the values of variables or tensors; variables of one graph in one run. tf.keras says `tensors=`."""
    things = list(ops) or list(tensors)
    graphs = {graph_of(one) for one in things}
    if len(graphs) == 1 and None not in graphs and all(isinstance(one, tf.Variable) for one in things):
        return session_of(graphs.pop()).run(things)
    return [get_value(one) for one in things]


def eval(x: BackendTensor) -> Any:
    """Return the value of a variable or tensor, of a sparse one as a dense array."""
    return get_value(tf.sparse.to_dense(x) if isinstance(x, tf.SparseTensor) else x)


def set_value(x: BackendTensor, value: Any) -> None:
    """Give a variable a value in the session of its graph; nothing is added to the graph."""
    batch_set_value([(x, value)])


def update(x: BackendTensor, new_x: BackendTensor) -> BackendTensor:
    """Return what gives a variable a value when it runs; at once, where it lives eagerly."""
    return _assign("update", tf1.assign, x, new_x)


def update_add(x: BackendTensor, increment: BackendTensor) -> BackendTensor:
    """Return what adds to a variable when it runs; at once, where it lives eagerly."""
    return _assign("update_add", tf1.assign_add, x, increment)


def update_sub(x: BackendTensor, decrement: BackendTensor) -> BackendTensor:
    """Return what subtracts from a variable when it runs; at once, where it lives eagerly."""
    return _assign("update_sub", tf1.assign_sub, x, decrement)


def _assign(name: str, operation: Callable, x: BackendTensor, value: BackendTensor) -> BackendTensor:
    if graph_of(x) is None and is_symbolic(value):
        raise TargetError(f"K.{name}: the variable lives eagerly, and its new value in a graph: {BUILD_IN_A_GRAPH}")
    return in_one_graph(operation, [x, value])


def batch_set_value(tuples: Iterable[Tuple[BackendTensor, Any]]) -> None:
    """Give variables values, (variable, value) each; raise WrongFeed for one of another shape."""
    for x, value in tuples:
        array = np.asarray(value, tf.as_dtype(x.dtype).base_dtype.as_numpy_dtype)
        if not tf.TensorShape(x.shape).is_compatible_with(array.shape):
            raise WrongFeed(f"K.set_value: {x.name!r} is {x.shape}, and the value given for it {array.shape}")
        graph = graph_of(x)
        if graph is None:
            with eager():
                x.assign(array)
        else:
            # the initializer assigns whatever its input is fed: so no operation is added, call by call
            session_of(graph).run(x.initializer, {x.initializer.inputs[1]: array})
