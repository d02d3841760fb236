"""What is known of a tensor without running it."""

from typing import Any, Optional, Tuple

import numpy as np

from .._tf import input_name, made_by_keras, noted_shape, tf
from .._tf import is_keras_tensor as _is_symbol
from .._types import BackendTensor
from .symbols import is_symbolic


def int_shape(x: BackendTensor) -> Optional[Tuple[Optional[int], ...]]:
    """Return the shape as a tuple with None for what is not known; None where the rank is not."""
    known = noted_shape(x)
    dims = x.shape if known is None else known
    if isinstance(dims, tf.TensorShape):
        return None if dims.rank is None else tuple(dims.as_list())
    return tuple(dims)


get_variable_shape = int_shape  # to Keras 2.2


def ndim(x: BackendTensor) -> Optional[int]:
    """Return the number of axes, None where it is not known."""
    return x.shape.rank if isinstance(x.shape, tf.TensorShape) else len(x.shape)


def dtype(x: BackendTensor) -> str:
    """Return the name of the type of the elements."""
    return tf.as_dtype(x.dtype).base_dtype.name


def plain_axis(axis: Any) -> Any:
    """Return axes as Python's numbers: by NumPy's int64, np.arange(1, 4) say, TensorFlow 2.21 gives no gradient."""
    return axis if axis is None or is_tensor(axis) else np.asarray(axis).tolist()


def count_params(x: BackendTensor) -> int:
    """Return the number of elements of a variable or a tensor whose shape is known."""
    return int(np.prod(x.shape.as_list() if isinstance(x.shape, tf.TensorShape) else x.shape))


def is_sparse(tensor: Any) -> bool:
    """Whether a tensor is sparse."""
    return isinstance(tensor, tf.SparseTensor)


def is_tensor(x: Any) -> bool:
    """Whether a thing is a tensor, a variable, or a symbol of one."""
    return is_symbolic(x) or isinstance(x, (tf.Tensor, tf.Variable, tf.SparseTensor))


def is_keras_tensor(x: Any) -> bool:
    """Whether a layer of Keras made a tensor; raise ValueError for what is none."""
    if not is_tensor(x):
        raise ValueError(f"K.is_keras_tensor: {x!r} is of type {type(x).__name__}, not a tensor")
    return made_by_keras(x)


def is_placeholder(x: Any) -> bool:
    """Whether a tensor is one that is to be fed: a placeholder, or an eager model's input."""
    if _is_symbol(x):
        return input_name(x) is not None
    return getattr(getattr(x, "op", None), "type", None) == "Placeholder"
