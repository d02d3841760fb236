"""`from slimcam import backend as K`: Keras 2's backend, for old pipelines that take gradients of a graph.

It has every public name of `keras.backend` of Keras 2.2.4 and of tf.keras.backend of TensorFlow 1.15, with their
signatures and results, and works on tensors of tf.keras, of tf_keras and of a `keras` of its own (2.2, 2.3), on every
TensorFlow and without a global switch. Each function works in the graph of its arguments, whatever the default one is.
KerasTensors, which an eager functional model is made of from TensorFlow 2.4 on, are lowered to a graph first
(lowering.py); what is made from them is a Symbol there, which all functions here take.

What has to do with graphs, sessions and feeds is written here, and so is what Keras 2.2 computes in a way that neither
TensorFlow nor a later Keras 2 keeps (operations.py). The rest is theirs, by a table (table.py).
"""

import sys
from typing import Any, List

import numpy as np

from .._tf import keras_backend, mend_keras3, public_path, tf1
from .._tf import tf1 as tf
from ..suggest import nearest
from .derivatives import gradients
from .functions import Function, function
from .losses import binary_crossentropy, categorical_crossentropy, ctc_decode, sparse_categorical_crossentropy
from .operations import (
    batch_dot,
    batch_normalization,
    clip,
    concatenate,
    dot,
    flatten,
    mean,
    moving_average_update,
    random_binomial,
    resize_images,
    separable_conv1d,
    sqrt,
    squeeze,
    stop_gradient,
    switch,
)
from .sessions import clear_session, get_session, learning_phase, learning_phase_scope, set_learning_phase, set_session
from .settings import (
    backend,
    epsilon,
    floatx,
    get_uid,
    has_arg,
    image_data_format,
    image_dim_ordering,
    manual_variable_initialization,
    normalize_data_format,
    reset_uids,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    set_image_dim_ordering,
    transpose_shape,
)
from .table import OPERATIONS
from .tensors import (
    count_params,
    dtype,
    get_variable_shape,
    int_shape,
    is_keras_tensor,
    is_placeholder,
    is_sparse,
    is_tensor,
    ndim,
)
from .values import (
    batch_get_value,
    batch_set_value,
    constant,
    eval,
    get_value,
    placeholder,
    set_value,
    update,
    update_add,
    update_sub,
)

__all__ = [
    "Function", "backend", "batch_dot", "batch_get_value", "batch_normalization", "batch_set_value",
    "binary_crossentropy", "categorical_crossentropy", "clear_session", "clip", "concatenate", "constant",
    "count_params", "ctc_decode", "dot", "dtype", "epsilon", "eval", "flatten", "floatx", "function", "get_session",
    "get_uid", "get_value", "get_variable_shape", "gradients", "has_arg", "image_data_format", "image_dim_ordering",
    "int_shape", "is_keras_tensor", "is_placeholder", "is_sparse", "is_tensor", "learning_phase",
    "learning_phase_scope", "manual_variable_initialization", "mean", "moving_average_update", "name_scope", "ndim",
    "normalize_data_format", "np", "placeholder", "random_binomial", "reset_uids", "resize_images",
    "separable_conv1d", "set_epsilon", "set_floatx", "set_image_data_format", "set_image_dim_ordering",
    "set_learning_phase", "set_session", "set_value", "sparse_categorical_crossentropy", "sqrt", "squeeze",
    "stop_gradient", "switch", "tensorflow_backend", "tf", "transpose_shape", "update", "update_add", "update_sub",
    *OPERATIONS,
]  # fmt: skip

globals().update(OPERATIONS)
mend_keras3()
name_scope = tf1.name_scope
tensorflow_backend = sys.modules[__name__]  # Keras 2.2's module below `keras.backend`, with the same names
_BACKEND = "tensorflow"


def __getattr__(name: str) -> Any:
    if name in ("_EPSILON", "_FLOATX", "_IMAGE_DATA_FORMAT"):  # Keras 1's
        return {"_EPSILON": epsilon, "_FLOATX": floatx, "_IMAGE_DATA_FORMAT": image_data_format}[name]()
    if name.startswith("_") and not name.startswith("__") and hasattr(keras_backend(), name):
        return getattr(keras_backend(), name)
    path = public_path(name)
    also = f"; TensorFlow's own is {path}, for tensors of a graph" if path else ""
    raise AttributeError(f"slimcam.backend has no {name!r}; {nearest(name, __all__)}{also}")


def __dir__() -> List[str]:
    return sorted([*__all__, *globals()])
