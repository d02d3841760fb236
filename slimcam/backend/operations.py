"""Operations that Keras 2.2 has in a way of its own, which neither TensorFlow nor a later Keras 2 keeps."""

import functools
import numbers
from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

import numpy as np

from .._tf import assign_moving_average, tf, tf1
from .._types import Axis, BackendTensor, Tensor
from .settings import epsilon, floatx
from .symbols import in_one_graph
from .tensors import ndim


def in_their_graph(operation: Callable) -> Callable:
    """Let an operation work in the graph of its arguments, and on KerasTensors."""

    @functools.wraps(operation)
    def call(*args: Any, **kwargs: Any) -> Any:
        return in_one_graph(operation, args, **kwargs)

    return call


@in_their_graph
def mean(x: BackendTensor, axis: Axis = None, keepdims: bool = False) -> BackendTensor:
    """Average over axes, or all; of bool and whole numbers in floatx."""
    x = tf.convert_to_tensor(x)
    x = x if x.dtype.is_floating or x.dtype.is_complex else tf.cast(x, floatx())
    return tf.reduce_mean(x, axis, keepdims)


@in_their_graph
def sqrt(x: BackendTensor) -> BackendTensor:
    """Square root; of a negative number 0, as in Keras."""
    x = tf.convert_to_tensor(x)
    return tf.sqrt(tf.clip_by_value(x, tf.zeros([], x.dtype), tf.constant(np.inf, x.dtype)))


@in_their_graph
def clip(x: BackendTensor, min_value: Any, max_value: Any) -> BackendTensor:
    """Clip to a range, None being no bound; a `max_value` under `min_value` is taken for that."""
    if isinstance(min_value, numbers.Real) and isinstance(max_value, numbers.Real) and max_value < min_value:
        max_value = min_value
    lowest = -np.inf if min_value is None else min_value
    return tf.clip_by_value(x, lowest, np.inf if max_value is None else max_value)


@in_their_graph
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


@in_their_graph
def flatten(x: BackendTensor) -> BackendTensor:
    """Return all elements along one axis."""
    return tf.reshape(x, [-1])


@in_their_graph
def concatenate(tensors: Sequence[BackendTensor], axis: int = -1) -> BackendTensor:
    """Join tensors along an axis."""
    rank = ndim(tensors[0])
    if all(isinstance(one, tf.SparseTensor) for one in tensors):
        return tf.sparse.concat(axis, tensors)
    return tf.concat([_dense(one) for one in tensors], axis % rank if axis < 0 and rank else axis)


def _dense(x: BackendTensor) -> BackendTensor:
    return tf.sparse.to_dense(x) if isinstance(x, tf.SparseTensor) else x


@in_their_graph
def squeeze(x: BackendTensor, axis: int) -> BackendTensor:
    """Remove an axis of size 1."""
    return tf.squeeze(x, [axis])


def stop_gradient(variables: Any) -> Any:
    """Return a tensor, or each of a list, through which no gradient goes."""
    if isinstance(variables, (list, tuple)):
        return [stop_gradient(one) for one in variables]
    return in_one_graph(tf.stop_gradient, [variables])


@in_their_graph
def moving_average_update(x: BackendTensor, value: BackendTensor, momentum: float) -> BackendTensor:
    """Return the operation that moves variable `x` to `momentum x + (1 - momentum) value`, corrected for a start at 0.

    The correction is that of Keras 2.2 and of Adam; a variable that runs eagerly is moved at once and without it.
    """
    if tf1.executing_eagerly():
        return x.assign_sub((x - value) * (1 - momentum))
    return assign_moving_average(x, value, momentum)


@in_their_graph
def resize_images(
    x: BackendTensor, height_factor: int, width_factor: int, data_format: str, interpolation: str = "nearest"
) -> BackendTensor:
    """Enlarge 4-D images by whole factors, as TensorFlow 1 does: corners at corners, no half pixels."""
    kernels = {"nearest": tf1.image.resize_nearest_neighbor, "bilinear": tf1.image.resize_bilinear}
    if interpolation not in kernels:
        raise ValueError(f"K.resize_images: interpolation must be one of {', '.join(kernels)}; got {interpolation!r}")
    first = data_format == "channels_first"
    images = tf.transpose(x, [0, 2, 3, 1]) if first else tf.convert_to_tensor(x)
    factors = height_factor, width_factor
    known = images.shape.as_list()
    resized = kernels[interpolation](images, tf.shape(images)[1:3] * tf.constant(factors, "int32"))
    sizes = [None if size is None else size * factor for size, factor in zip(known[1:3], factors)]
    resized.set_shape([known[0], *sizes, known[3]])
    return tf.transpose(resized, [0, 3, 1, 2]) if first else resized


@in_their_graph
def random_binomial(
    shape: Any, p: float = 0.0, dtype: Optional[str] = None, seed: Optional[int] = None
) -> BackendTensor:
    """Return 1 with probability `p` and 0 elsewhere."""
    seed = np.random.randint(int(10e6)) if seed is None else seed
    kind = floatx() if dtype is None else dtype
    return tf.cast(tf1.random_uniform(shape, dtype=kind, seed=seed) <= p, kind)


# --- losses, whose shares are clipped where Keras 2.2 clips them


def _clipped(output: Tensor) -> Tensor:
    fuzz = tf.constant(epsilon(), output.dtype.base_dtype)
    return tf.clip_by_value(output, fuzz, 1 - fuzz)


@in_their_graph
def binary_crossentropy(target: BackendTensor, output: BackendTensor, from_logits: bool = False) -> BackendTensor:
    """Return the cross entropy of each element with its target; shares are clipped to epsilon and 1 - epsilon."""
    output = tf.convert_to_tensor(output)
    if not from_logits:
        output = _clipped(output)
        output = tf.math.log(output / (1 - output))
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.convert_to_tensor(target), logits=output)


@in_their_graph
def categorical_crossentropy(
    target: BackendTensor, output: BackendTensor, from_logits: bool = False, axis: int = -1
) -> BackendTensor:
    """Return the cross entropy along an axis; shares are made to sum to 1, then clipped."""
    output = tf.convert_to_tensor(output)
    _check_axis("categorical_crossentropy", axis, output)
    if from_logits:
        return tf.nn.softmax_cross_entropy_with_logits(labels=target, logits=output, axis=axis)
    output = _clipped(output / tf.reduce_sum(output, axis, True))
    return -tf.reduce_sum(target * tf.math.log(output), axis)


@in_their_graph
def sparse_categorical_crossentropy(
    target: BackendTensor, output: BackendTensor, from_logits: bool = False, axis: int = -1
) -> BackendTensor:
    """Return the cross entropy along an axis with targets that are classes' numbers; shares are clipped."""
    output = tf.convert_to_tensor(output)
    _check_axis("sparse_categorical_crossentropy", axis, output)
    rank = output.shape.rank
    if axis not in (-1, rank - 1):
        output = tf.transpose(output, [*(i for i in range(rank) if i != axis), axis])
    logits = output if from_logits else tf.math.log(_clipped(output))
    labels = tf.reshape(tf.cast(target, "int64"), [-1])
    flat = tf.reshape(logits, [-1, logits.shape.as_list()[-1]])
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=flat)
    return tf.reshape(each, tf.shape(logits)[:-1]) if rank > 2 else each


def _check_axis(name: str, axis: int, output: Tensor) -> None:
    rank = output.shape.rank
    if axis != -1 and axis not in range(rank):
        raise ValueError(f"K.{name}: axis {axis} is none of an output with {rank} axes: give -1 to {rank - 1}")


@in_their_graph
def ctc_decode(
    y_pred: BackendTensor, input_length: BackendTensor, greedy: bool = True, beam_width: int = 100, top_paths: int = 1
) -> Tuple[List[BackendTensor], BackendTensor]:
    """Decode (N, time, classes) shares; return for each path (N, longest) classes, padded with -1; and their logs."""
    logs = tf.math.log(tf.transpose(y_pred, [1, 0, 2]) + epsilon())
    lengths = tf.cast(input_length, "int32")
    if greedy:
        decoded, log_prob = tf1.nn.ctc_greedy_decoder(logs, lengths)
    else:
        decoded, log_prob = tf1.nn.ctc_beam_search_decoder(logs, lengths, beam_width=beam_width, top_paths=top_paths)
    return [tf.sparse.to_dense(one, default_value=-1) for one in decoded], log_prob
