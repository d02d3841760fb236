"""Operations that Keras 2.2 has in a way of its own, which neither TensorFlow nor a later Keras 2 keeps."""

import numbers
from typing import Any, List, Optional, Sequence, Union

import numpy as np

from .._tf import assign_moving_average, tf, tf1
from .._types import Axis, BackendTensor, Tensor
from .settings import floatx, normalize_data_format
from .symbols import in_one_graph, in_their_graph
from .tensors import ndim, plain_axis


@in_their_graph
def mean(x: BackendTensor, axis: Axis = None, keepdims: bool = False) -> BackendTensor:
    """Average over axes, or all; of bool and whole numbers in floatx."""
    x = tf.convert_to_tensor(x)
    x = x if x.dtype.is_floating or x.dtype.is_complex else tf.cast(x, floatx())
    return tf.reduce_mean(x, plain_axis(axis), keepdims)


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
def batch_dot(x: BackendTensor, y: BackendTensor, axes: Union[int, Sequence[int], None] = None) -> BackendTensor:
    """Multiply matrices, one by one for all axes before the last two; `axes` are those that are summed over.

    With fewer axes one of the two is taken for a batch of columns. Of two batches of vectors the result is (N, 1).
    """
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    ranks = x.shape.rank, y.shape.rank
    ours, theirs = (axes, axes) if isinstance(axes, int) else axes or (ranks[0] - 1, ranks[1] - 2)
    if not (isinstance(ours, numbers.Integral) and isinstance(theirs, numbers.Integral)):
        raise ValueError(f"K.batch_dot: axes must be a number or two; got {axes!r}")
    if ranks == (2, 2):
        same = x if ours == theirs else tf.transpose(x)
        product = tf.reduce_sum(same * y, ours if ours == theirs else theirs)
    else:
        widest = max(ranks)
        x, y = (tf.reshape(one, tf.concat([tf.shape(one), [1] * (widest - one.shape.rank)], 0)) for one in (x, y))
        product = tf.matmul(x, y, adjoint_a=ours != widest - 1, adjoint_b=theirs == widest - 1)
        if ranks[0] != ranks[1]:
            first = sum(ranks) - 3 if ranks[0] > ranks[1] else ranks[0] - 1
            product = tf.squeeze(product, list(range(first, first + widest - min(ranks))))
    return product[:, None] if product.shape.rank == 1 else product


@in_their_graph
def batch_normalization(
    x: BackendTensor,
    mean: BackendTensor,
    var: BackendTensor,
    beta: Optional[BackendTensor],
    gamma: Optional[BackendTensor],
    axis: int = -1,
    epsilon: float = 1e-3,
) -> BackendTensor:
    """Return (x - mean) / sqrt(var + epsilon) * gamma + beta; vectors go along `axis`, other shapes are broadcast."""
    x = tf.convert_to_tensor(x)
    along = [1] * x.shape.rank
    along[axis] = -1
    values = [one if one is None else tf.convert_to_tensor(one) for one in (mean, var, beta, gamma)]
    wide = [tf.reshape(one, along) if one is not None and one.shape.rank == 1 else one for one in values]
    return tf.nn.batch_normalization(x, *wide, epsilon)


@in_their_graph
def separable_conv1d(
    x: BackendTensor,
    depthwise_kernel: BackendTensor,
    pointwise_kernel: BackendTensor,
    strides: Union[int, Sequence[int]] = 1,
    padding: str = "valid",
    data_format: Optional[str] = None,
    dilation_rate: Union[int, Sequence[int]] = 1,
) -> BackendTensor:
    """Convolve (N, length, channels), each channel by itself and then all of each place: a picture one pixel high."""
    first = normalize_data_format(data_format) == "channels_first"
    rows = tf.transpose(x, [0, 2, 1]) if first else tf.convert_to_tensor(x)
    step = strides if isinstance(strides, int) else strides[0]
    dilation = dilation_rate if isinstance(dilation_rate, int) else dilation_rate[0]
    kernels = [tf.convert_to_tensor(one)[None] for one in (depthwise_kernel, pointwise_kernel)]
    value_of = tf1.nn.separable_conv2d(rows[:, None], *kernels, [1, step, step, 1], padding.upper(), rate=[1, dilation])
    return tf.transpose(value_of[:, 0], [0, 2, 1]) if first else value_of[:, 0]


def switch(condition: BackendTensor, then_expression: Any, else_expression: Any) -> BackendTensor:
    """Return one of two tensors, or of what two functions make, by a scalar; or rows or elements of both."""

    def value_of(expression: Any) -> Any:
        return expression() if callable(expression) else expression

    def run(condition: Any, yes: Any, no: Any) -> Any:
        chosen = tf.cast(condition, "bool")
        if chosen.shape.rank == 0:
            return tf1.cond(chosen, lambda: value_of(yes), lambda: value_of(no))
        yes, no = tf.convert_to_tensor(value_of(yes)), value_of(no)
        missing = yes.shape.rank - chosen.shape.rank
        if missing < 0:
            ranks = f"the condition has {chosen.shape.rank} axes, more than the {yes.shape.rank} of what it chooses"
            raise ValueError(f"K.switch: {ranks}")
        if chosen.shape.rank > 1:  # tf1.where takes rows by a vector, or elements
            wide = tf.reshape(chosen, tf.concat([tf.shape(chosen), [1] * missing], 0))
            chosen = tf.logical_and(wide, tf.ones_like(yes, "bool"))
        return tf1.where(chosen, yes, no)

    return in_one_graph(run, [condition, then_expression, else_expression])


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
