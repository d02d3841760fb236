"""OPERATORS: what each operator of a .tflite file is in TensorFlow, one row an operator.

The meaning of each is that of the schema (schema.fbs) and of the float kernels of TensorFlow Lite. A fused activation
is applied after the row.
"""

import math
from typing import Any, Callable, Dict, Sequence, Union

from .._tf import tf, tf1
from .._types import Tensor
from . import tflite_layers as layers
from . import tflite_shapes as shapes
from .tflite_operator import Operator, dequantise

Row = Callable[[Operator], Union[Tensor, Sequence[Tensor]]]


def _of(function: Callable[..., Tensor]) -> Row:
    """Return the row of an operator that is a function of TensorFlow, with the same inputs in the same order."""
    return lambda op: function(*op.inputs())


def _softmax(op: Operator) -> Tensor:
    beta = op.options("SoftmaxOptions").Beta()
    return tf.nn.softmax(op.input(0) if beta == 1 else op.input(0) * beta)


def _prelu(op: Operator) -> Tensor:
    return tf.nn.relu(op.input(0)) + op.input(1) * tf.minimum(op.input(0), 0.0)


def _gelu(op: Operator) -> Tensor:
    """Gaussian error linear units: with erf, or with tanh where that is asked for (Hendrycks and Gimpel 2016)."""
    x = op.input(0)
    if op.options("GeluOptions").Approximate():
        return 0.5 * x * (1 + tf.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + tf.math.erf(x * math.sqrt(0.5)))


def _hard_swish(op: Operator) -> Tensor:
    return op.input(0) * tf.nn.relu6(op.input(0) + 3.0) * (1 / 6)


def _divide(op: Operator) -> Tensor:
    first, second = op.inputs()
    return tf.realdiv(first, second) if first.dtype.is_floating else tf.truncatediv(first, second)


def _l2_normalise(op: Operator) -> Tensor:
    return tf.nn.l2_normalize(op.input(0), -1, epsilon=1e-12)


def _local_response(op: Operator) -> Tensor:
    how = op.options("LocalResponseNormalizationOptions")
    return tf.raw_ops.LRN(
        input=op.input(0), depth_radius=how.Radius(), bias=how.Bias(), alpha=how.Alpha(), beta=how.Beta()
    )


def _matrix_product(op: Operator) -> Tensor:
    how = op.options("BatchMatMulOptions")
    return tf.matmul(op.input(0), op.input(1), transpose_a=bool(how.AdjX()), transpose_b=bool(how.AdjY()))


def _top_k(op: Operator) -> Sequence[Tensor]:
    return tf.math.top_k(op.input(0), op.numbers(1)[0])


def _cumulative_sum(op: Operator) -> Tensor:
    how: Any = op.options("CumsumOptions")
    return tf.cumsum(op.input(0), op.numbers(1)[0], exclusive=bool(how.Exclusive()), reverse=bool(how.Reverse()))


OPERATORS: Dict[str, Row] = {
    # layers
    "CONV_2D": layers.convolution,
    "DEPTHWISE_CONV_2D": layers.depthwise,
    "TRANSPOSE_CONV": layers.transposed_convolution,
    "FULLY_CONNECTED": layers.dense,
    "BATCH_MATMUL": _matrix_product,
    "AVERAGE_POOL_2D": layers.pool("AvgPool"),
    "MAX_POOL_2D": layers.pool("MaxPool"),
    "L2_POOL_2D": layers.l2_pool,
    "LOCAL_RESPONSE_NORMALIZATION": _local_response,
    "L2_NORMALIZATION": _l2_normalise,
    # activations
    "SOFTMAX": _softmax,
    "LOG_SOFTMAX": _of(tf.nn.log_softmax),
    "LOGISTIC": _of(tf.sigmoid),
    "TANH": _of(tf.tanh),
    "RELU": _of(tf.nn.relu),
    "RELU6": _of(tf.nn.relu6),
    "RELU_N1_TO_1": lambda op: tf.clip_by_value(op.input(0), -1.0, 1.0),
    "RELU_0_TO_1": lambda op: tf.clip_by_value(op.input(0), 0.0, 1.0),
    "LEAKY_RELU": lambda op: tf.nn.leaky_relu(op.input(0), op.options("LeakyReluOptions").Alpha()),
    "PRELU": _prelu,
    "ELU": _of(tf.nn.elu),
    "GELU": _gelu,
    "HARD_SWISH": _hard_swish,
    # arithmetic, value by value
    "ADD": _of(tf.add),
    "SUB": _of(tf.subtract),
    "MUL": _of(tf.multiply),
    "DIV": _divide,
    "ADD_N": lambda op: tf.add_n(op.inputs()),
    "FLOOR_DIV": _of(tf.math.floordiv),
    "FLOOR_MOD": _of(tf.math.floormod),
    "MAXIMUM": _of(tf.maximum),
    "MINIMUM": _of(tf.minimum),
    "SQUARED_DIFFERENCE": _of(tf.math.squared_difference),
    "POW": _of(tf.pow),
    "ABS": _of(tf.abs),
    "NEG": _of(tf.negative),
    "SIGN": _of(tf.sign),
    "SQUARE": _of(tf.square),
    "SQRT": _of(tf.sqrt),
    "RSQRT": _of(tf.math.rsqrt),
    "EXP": _of(tf.exp),
    "LOG": _of(tf.math.log),
    "SIN": _of(tf.sin),
    "COS": _of(tf.cos),
    "FLOOR": _of(tf.floor),
    "CEIL": _of(tf.math.ceil),
    "ROUND": _of(tf.round),
    "CAST": lambda op: tf.cast(op.input(0), op.dtype()),
    "DEQUANTIZE": lambda op: dequantise(op.lite.tensors[op.number(0)], op.input(0)),
    # comparison and choice
    "EQUAL": _of(tf.equal),
    "NOT_EQUAL": _of(tf.not_equal),
    "LESS": _of(tf.less),
    "LESS_EQUAL": _of(tf.less_equal),
    "GREATER": _of(tf.greater),
    "GREATER_EQUAL": _of(tf.greater_equal),
    "LOGICAL_AND": _of(tf.logical_and),
    "LOGICAL_OR": _of(tf.logical_or),
    "LOGICAL_NOT": _of(tf.logical_not),
    "SELECT": _of(tf1.where),
    "SELECT_V2": _of(tf.compat.v2.where),
    "ARG_MAX": lambda op: tf.argmax(op.input(0), op.numbers(1)[0], output_type=op.dtype()),
    "ARG_MIN": lambda op: tf.argmin(op.input(0), op.numbers(1)[0], output_type=op.dtype()),
    "TOPK_V2": _top_k,
    # sums
    "MEAN": shapes.reduce("reduce_mean"),
    "SUM": shapes.reduce("reduce_sum"),
    "REDUCE_MAX": shapes.reduce("reduce_max"),
    "REDUCE_MIN": shapes.reduce("reduce_min"),
    "REDUCE_PROD": shapes.reduce("reduce_prod"),
    "REDUCE_ANY": shapes.reduce("reduce_any"),
    "REDUCE_ALL": shapes.reduce("reduce_all"),
    "CUMSUM": _cumulative_sum,
    # shapes
    "RESHAPE": shapes.reshape,
    "SQUEEZE": shapes.squeeze,
    "EXPAND_DIMS": lambda op: tf.expand_dims(op.input(0), op.numbers(1)[0]),
    "CONCATENATION": shapes.concatenate,
    "PACK": shapes.pack,
    "UNPACK": shapes.unpack,
    "SPLIT": shapes.split,
    "SPLIT_V": shapes.split_v,
    "SLICE": shapes.slice_,
    "STRIDED_SLICE": shapes.strided_slice,
    "GATHER": shapes.gather,
    "GATHER_ND": _of(tf.gather_nd),
    "TRANSPOSE": _of(tf.transpose),
    "REVERSE_V2": _of(tf.reverse),
    "PAD": shapes.pad,
    "PADV2": shapes.pad,
    "MIRROR_PAD": shapes.mirror_pad,
    "TILE": _of(tf.tile),
    "BROADCAST_TO": shapes.broadcast_to,
    "RESIZE_BILINEAR": shapes.resize("ResizeBilinear", "ResizeBilinearOptions"),
    "RESIZE_NEAREST_NEIGHBOR": shapes.resize("ResizeNearestNeighbor", "ResizeNearestNeighborOptions"),
    "SPACE_TO_DEPTH": shapes.rearrange_blocks("SpaceToDepth", "SpaceToDepthOptions"),
    "DEPTH_TO_SPACE": shapes.rearrange_blocks("DepthToSpace", "DepthToSpaceOptions"),
    "SPACE_TO_BATCH_ND": _of(tf1.space_to_batch_nd),
    "BATCH_TO_SPACE_ND": _of(tf1.batch_to_space_nd),
    "SHAPE": lambda op: tf.shape(op.input(0), out_type=op.dtype()),
    "RANK": lambda op: tf.rank(op.input(0)),
    "FILL": _of(tf.fill),
    "RANGE": _of(tf.range),
    "ZEROS_LIKE": _of(tf.zeros_like),
}

# by ActivationFunctionType of the schema; TANH and SIGN_BIT have none, as TensorFlow Lite's float kernels ignore them
ACTIVATIONS: Dict[int, Callable[[Tensor], Tensor]] = {
    0: lambda tensor: tensor,
    1: lambda tensor: tf.nn.relu(tensor),
    2: lambda tensor: tf.clip_by_value(tensor, -1.0, 1.0),
    3: lambda tensor: tf.nn.relu6(tensor),
}
