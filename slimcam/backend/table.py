"""The functions of Keras 2's backend that TensorFlow or Keras itself has: a table, and one function a row.

Each row is a signature, with the names and defaults of Keras 2.2.4, and with those that tf.keras 1.15 has besides. What
is made of it works in the graph of its arguments and on KerasTensors, as all of `slimcam.backend` does.
"""

import functools
import inspect
from typing import Any, Callable, Dict

from .._tf import keras_backend, summable, tf1
from .symbols import check_given, in_one_graph, join
from .tensors import plain_axis

_OVER_AXES = "(x, axis=None, keepdims=False)"
_CONV_2D = "strides=(1, 1), padding='valid', data_format=None, dilation_rate=(1, 1))"
_CONV_1D = "strides=1, padding='valid', data_format=None, dilation_rate=1)"

# The function of tf.compat.v1 that takes the same in the same order. It needs no Keras 2 to be installed.
TENSORFLOW = {
    "abs(x)": "abs",
    "argmax(x, axis=-1)": "argmax",
    "argmin(x, axis=-1)": "argmin",
    "cast(x, dtype)": "cast",
    "cos(x)": "cos",
    "cumprod(x, axis=0)": "cumprod",
    "cumsum(x, axis=0)": "cumsum",
    "equal(x, y)": "equal",
    "exp(x)": "exp",
    "expand_dims(x, axis=-1)": "expand_dims",
    "gather(reference, indices)": "gather",
    "greater(x, y)": "greater",
    "greater_equal(x, y)": "greater_equal",
    "identity(x, name=None)": "identity",
    "in_top_k(predictions, targets, k)": "nn.in_top_k",
    "l2_normalize(x, axis=None)": "nn.l2_normalize",
    "less(x, y)": "less",
    "less_equal(x, y)": "less_equal",
    "log(x)": "log",
    f"logsumexp{_OVER_AXES}": "reduce_logsumexp",
    f"max{_OVER_AXES}": "reduce_max",
    "maximum(x, y)": "maximum",
    f"min{_OVER_AXES}": "reduce_min",
    "minimum(x, y)": "minimum",
    "not_equal(x, y)": "not_equal",
    "one_hot(indices, num_classes)": "one_hot",
    "permute_dimensions(x, pattern)": "transpose",
    "pow(x, a)": "pow",
    f"prod{_OVER_AXES}": "reduce_prod",
    "reshape(x, shape)": "reshape",
    "round(x)": "round",
    "shape(x)": "shape",
    "sigmoid(x)": "nn.sigmoid",
    "sign(x)": "sign",
    "sin(x)": "sin",
    "slice(x, start, size)": "slice",
    "softplus(x)": "nn.softplus",
    "softsign(x)": "nn.softsign",
    "square(x)": "square",
    "stack(x, axis=0)": "stack",
    f"sum{_OVER_AXES}": "reduce_sum",
    "tanh(x)": "nn.tanh",
    "transpose(x)": "transpose",
}

# Keras 2's own function of that name, of the Keras 2 of the process.
KERAS = (
    f"all{_OVER_AXES}",
    f"any{_OVER_AXES}",
    "arange(start, stop=None, step=1, dtype='int32')",
    "batch_flatten(x)",
    "bias_add(x, bias, data_format=None)",
    "cast_to_floatx(x)",
    f"conv1d(x, kernel, {_CONV_1D}",
    f"conv2d(x, kernel, {_CONV_2D}",
    f"conv2d_transpose(x, kernel, output_shape, {_CONV_2D}",
    "conv3d(x, kernel, strides=(1, 1, 1), padding='valid', data_format=None, dilation_rate=(1, 1, 1))",
    "conv3d_transpose(x, kernel, output_shape, strides=(1, 1, 1), padding='valid', data_format=None)",
    "ctc_batch_cost(y_true, y_pred, input_length, label_length)",
    "ctc_label_dense_to_sparse(labels, label_lengths)",
    f"depthwise_conv2d(x, depthwise_kernel, {_CONV_2D}",
    "dropout(x, level, noise_shape=None, seed=None)",
    "elu(x, alpha=1.0)",
    "foldl(fn, elems, initializer=None, name=None)",
    "foldr(fn, elems, initializer=None, name=None)",
    "hard_sigmoid(x)",
    "in_test_phase(x, alt, training=None)",
    "in_train_phase(x, alt, training=None)",
    "local_conv1d(inputs, kernel, kernel_size, strides, data_format=None)",
    "local_conv2d(inputs, kernel, kernel_size, strides, output_shape, data_format=None)",
    "map_fn(fn, elems, name=None, dtype=None)",
    "normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=0.001)",
    "ones_like(x, dtype=None, name=None)",
    "pool2d(x, pool_size, strides=(1, 1), padding='valid', data_format=None, pool_mode='max')",
    "pool3d(x, pool_size, strides=(1, 1, 1), padding='valid', data_format=None, pool_mode='max')",
    "print_tensor(x, message='', summarize=3)",
    "random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None)",
    "random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None)",
    "relu(x, alpha=0.0, max_value=None, threshold=0.0)",
    "repeat(x, n)",
    "repeat_elements(x, rep, axis)",
    "resize_volumes(x, depth_factor, height_factor, width_factor, data_format)",
    "reverse(x, axes)",
    "rnn(step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, unroll=False, "
    "input_length=None, time_major=False, zero_output_for_mask=False)",
    f"separable_conv2d(x, depthwise_kernel, pointwise_kernel, {_CONV_2D}",
    "softmax(x, axis=-1)",
    "spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None)",
    "spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None)",
    f"std{_OVER_AXES}",
    "temporal_padding(x, padding=(1, 1))",
    "tile(x, n)",
    "to_dense(tensor)",
    "truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None)",
    f"var{_OVER_AXES}",
    "zeros_like(x, dtype=None, name=None)",
)

# Keras 2's own as well; what it returns is a variable.
VARIABLES = (
    "eye(size, dtype=None, name=None)",
    "ones(shape, dtype=None, name=None)",
    "random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None)",
    "random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None)",
    "variable(value, dtype=None, name=None, constraint=None)",
    "zeros(shape, dtype=None, name=None)",
)


def operations() -> Dict[str, Callable]:
    """Return a function for each row of the table, by its name."""
    rows = [_operation(row, functools.partial(_of_tensorflow, path), True) for row, path in TENSORFLOW.items()]
    rows += [_operation(row, functools.partial(_of_keras, _name(row)), False) for row in KERAS]
    rows += [_operation(row, functools.partial(_variable_of_keras, _name(row)), False) for row in VARIABLES]
    return {row.__name__: row for row in rows}


def _name(row: str) -> str:
    return row.split("(")[0]


def _of_tensorflow(path: str) -> Callable:
    return functools.reduce(getattr, path.split("."), tf1)


def _of_keras(name: str) -> Callable:
    return getattr(keras_backend(), name)


def _variable_of_keras(name: str) -> Callable:
    return lambda *args, **kwargs: summable(_of_keras(name)(*args, **kwargs), join)


def _operation(row: str, find: Callable[[], Callable], by_place: bool) -> Callable:
    """Return the function of a row; `find` is asked when it is called first, since a Keras takes seconds to import."""
    name = _name(row)
    signature = inspect.signature(eval(f"lambda {row[len(name) + 1 : -1]}: None"))

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"K.{name}{signature}: {error}") from None
        if bound.args:
            check_given(f"K.{name}", bound.args[0])
        if "axis" in bound.arguments:
            bound.arguments["axis"] = plain_axis(bound.arguments["axis"])
        if by_place:
            bound.apply_defaults()
        return in_one_graph(find(), bound.args, **bound.kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"Keras 2's `{row}`, in the graph of its arguments."
    setattr(call, "__signature__", signature)  # noqa: B010  what mypy does not know of a function
    return call


OPERATIONS = operations()
