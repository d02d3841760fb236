"""`from slimcam import backend as K`: Keras 2's backend, for old pipelines that take gradients of a graph.

The functions have the signatures and results of Keras 2 on TensorFlow, and work on tensors of tf.keras, of tf_keras and
of a `keras` of its own (2.2, 2.3), on every TensorFlow and without a global switch. Each works in the graph of its
arguments, whatever the default graph is. KerasTensors, which an eager functional model is made of from TensorFlow 2.4
on, are lowered to a graph first (lowering.py); what is made from them is a Symbol there, which all functions here take.
"""

import functools
import numbers
from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

import numpy as np

from .._tf import noted_shape, tf, tf1
from .._types import Axis, BackendTensor, Tensor
from . import lowering
from .functions import function
from .sessions import (
    clear_session,
    epsilon,
    floatx,
    get_session,
    image_data_format,
    learning_phase,
    set_learning_phase,
    set_session,
)
from .symbols import check_symbolic, in_one_graph
from .values import batch_set_value, constant, get_value, placeholder, set_value, variable

__all__ = [
    "abs", "argmax", "batch_set_value", "cast", "clear_session", "clip", "concatenate", "constant", "dot", "dtype",
    "epsilon", "exp", "expand_dims", "flatten", "floatx", "function", "get_session", "get_value", "gradients",
    "image_data_format", "int_shape", "l2_normalize", "learning_phase", "log", "max", "maximum", "mean", "ndim",
    "one_hot", "placeholder", "reshape", "set_learning_phase", "set_session", "set_value", "shape", "sqrt", "square",
    "squeeze", "sum", "variable",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"slimcam.backend has no {name!r}; it has {', '.join(__all__)}; use TensorFlow's own in a graph"
    )


# --- operations, each in the graph of its arguments


def _in_their_graph(operation: Callable) -> Callable:
    @functools.wraps(operation)
    def call(*args: Any, **kwargs: Any) -> Any:
        return in_one_graph(operation, args, **kwargs)

    return call


@_in_their_graph
def mean(x: BackendTensor, axis: Axis = None, keepdims: bool = False) -> BackendTensor:
    """Average over axes, or all; of bool and whole numbers in floatx."""
    x = tf.convert_to_tensor(x)
    x = x if x.dtype.is_floating or x.dtype.is_complex else tf.cast(x, floatx())
    return tf.reduce_mean(x, axis, keepdims)


@_in_their_graph
def sum(x: BackendTensor, axis: Axis = None, keepdims: bool = False) -> BackendTensor:
    """Add up over axes, or all."""
    return tf.reduce_sum(x, axis, keepdims)


@_in_their_graph
def max(x: BackendTensor, axis: Axis = None, keepdims: bool = False) -> BackendTensor:
    """Return the largest value over axes, or all."""
    return tf.reduce_max(x, axis, keepdims)


@_in_their_graph
def argmax(x: BackendTensor, axis: int = -1) -> BackendTensor:
    """Return where the largest value along an axis is, int64."""
    return tf.argmax(x, axis)


@_in_their_graph
def sqrt(x: BackendTensor) -> BackendTensor:
    """Square root; of a negative number 0, as in Keras."""
    x = tf.convert_to_tensor(x)
    return tf.sqrt(tf.clip_by_value(x, tf.zeros([], x.dtype), tf.constant(np.inf, x.dtype)))


@_in_their_graph
def square(x: BackendTensor) -> BackendTensor:
    """Return x * x."""
    return tf.square(x)


@_in_their_graph
def abs(x: BackendTensor) -> BackendTensor:
    """Absolute value."""
    return tf.abs(x)


@_in_their_graph
def exp(x: BackendTensor) -> BackendTensor:
    """Exponential."""
    return tf.exp(x)


@_in_their_graph
def log(x: BackendTensor) -> BackendTensor:
    """Natural logarithm."""
    return tf.math.log(x)


@_in_their_graph
def maximum(x: BackendTensor, y: BackendTensor) -> BackendTensor:
    """Return the larger of each two elements."""
    return tf.maximum(x, y)


@_in_their_graph
def clip(x: BackendTensor, min_value: Any, max_value: Any) -> BackendTensor:
    """Clip to a range, None being no bound; a `max_value` under `min_value` is taken for that."""
    if isinstance(min_value, numbers.Real) and isinstance(max_value, numbers.Real) and max_value < min_value:
        max_value = min_value
    lowest = -np.inf if min_value is None else min_value
    return tf.clip_by_value(x, lowest, np.inf if max_value is None else max_value)


@_in_their_graph
def l2_normalize(x: BackendTensor, axis: Axis = None) -> BackendTensor:
    """Divide by the Euclidean length along axes."""
    return tf.nn.l2_normalize(x, axis=axis)


@_in_their_graph
def dot(x: BackendTensor, y: BackendTensor) -> BackendTensor:
    """Matrix product; for more than two axes, of the last of `x` and the last but one of `y`, as Theano's dot."""
    if isinstance(x, tf.SparseTensor):
        return tf.sparse.sparse_dense_matmul(x, y)
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    if x.shape.rank is None or (x.shape.rank <= 2 and y.shape.rank <= 2):
        return tf.matmul(x, y)
    left, right = _sizes(x), _sizes(y)
    order = [y.shape.rank - 2, *range(y.shape.rank - 2), y.shape.rank - 1]
    flat = tf.matmul(tf.reshape(x, [-1, left[-1]]), tf.reshape(tf.transpose(y, order), [right[-2], -1]))
    return tf.reshape(flat, [*left[:-1], *right[:-2], right[-1]])


def _sizes(x: Tensor) -> List[Union[int, Tensor]]:
    """Return the size of each axis: a number, or where it is not known a tensor."""
    return [tf.shape(x)[i] if size is None else size for i, size in enumerate(x.shape.as_list())]


@_in_their_graph
def flatten(x: BackendTensor) -> BackendTensor:
    """Return all elements along one axis."""
    return tf.reshape(x, [-1])


@_in_their_graph
def reshape(x: BackendTensor, shape: Union[Tensor, Sequence[int]]) -> BackendTensor:
    """Give another shape to the same elements."""
    return tf.reshape(x, shape)


@_in_their_graph
def concatenate(tensors: Sequence[BackendTensor], axis: int = -1) -> BackendTensor:
    """Join tensors along an axis."""
    rank = ndim(tensors[0])
    return tf.concat(list(tensors), axis % rank if axis < 0 and rank else axis)


@_in_their_graph
def expand_dims(x: BackendTensor, axis: int = -1) -> BackendTensor:
    """Add an axis of size 1."""
    return tf.expand_dims(x, axis)


@_in_their_graph
def squeeze(x: BackendTensor, axis: int) -> BackendTensor:
    """Remove an axis of size 1."""
    return tf.squeeze(x, [axis])


@_in_their_graph
def cast(x: BackendTensor, dtype: Any) -> BackendTensor:
    """Give the elements another type, "float32" say."""
    return tf.cast(x, dtype)


@_in_their_graph
def one_hot(indices: BackendTensor, num_classes: int) -> BackendTensor:
    """Add a last axis that is 1 at each index and 0 elsewhere."""
    return tf.one_hot(indices, num_classes, axis=-1)


@_in_their_graph
def shape(x: BackendTensor) -> BackendTensor:
    """Return the shape as it is when the graph runs, a tensor."""
    return tf.shape(x)


@_in_their_graph
def _gradients(loss: Any, variables: List[BackendTensor]) -> List[BackendTensor]:
    lowering.check_differentiable(loss if isinstance(loss, (list, tuple)) else [loss], variables)
    return tf1.gradients(loss, variables, colocate_gradients_with_ops=True)


def gradients(
    loss: BackendTensor, variables: Union[BackendTensor, Sequence[BackendTensor]]
) -> List[Optional[BackendTensor]]:
    """Return the gradient of `loss`, summed, by each of `variables`, in a list; None where it does not depend on one.

    Raises TargetError for an eager tensor, an array or a model, which no graph leads to.
    """
    wanted = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    for one in loss if isinstance(loss, (list, tuple)) else [loss]:
        check_symbolic("K.gradients", "the loss", one)
    for i, one in enumerate(wanted):
        check_symbolic("K.gradients", f"variable {i}", one)
    return _gradients(loss, wanted)


# --- what is known of a tensor


def int_shape(x: BackendTensor) -> Optional[Tuple[Optional[int], ...]]:
    """Return the shape as a tuple with None for what is not known; None where the rank is not."""
    known = noted_shape(x)
    dims = x.shape if known is None else known
    if isinstance(dims, tf.TensorShape):
        return None if dims.rank is None else tuple(dims.as_list())
    return tuple(dims)


def ndim(x: BackendTensor) -> Optional[int]:
    """Return the number of axes, None where it is not known."""
    return x.shape.rank if isinstance(x.shape, tf.TensorShape) else len(x.shape)


def dtype(x: BackendTensor) -> str:
    """Return the name of the type of the elements."""
    return tf.as_dtype(x.dtype).base_dtype.name
