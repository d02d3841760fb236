"""Batch norms that do not train multiply by a number for each channel; here their gradient does just that.

TensorFlow's own kernel works out the gradients of scale and offset each time, and for them keeps what the norm was
given, so that a convolution cannot be fused with its norm. Here those two are operations that nothing runs unless it
asks for them. On InceptionV3, a gradient at the pixels takes a tenth less so.
"""

from typing import List, Optional

from .._tf import tf, tf1
from .._types import NodeDef, Operation, Tensor
from .graph_defs import set_gradient
from .op_types import FUSED_NORMS

GRADIENT = "SlimcamNorm"
_NUMBERS = {"FusedBatchNorm": "FusedBatchNormGrad", "FusedBatchNormV2": "FusedBatchNormGradV2"}


def mark(node: NodeDef) -> None:
    """Let a GraphDef's node take its gradient here, if it is a norm that does not train, with channels last."""
    layout = node.attr["data_format"].s if "data_format" in node.attr else b"NHWC"
    if node.op in FUSED_NORMS and "is_training" in node.attr and not node.attr["is_training"].b and layout == b"NHWC":
        set_gradient(node, GRADIENT)


@tf.RegisterGradient(GRADIENT)
def _gradient(op: Operation, grad: Tensor, *others: Tensor) -> List[Optional[Tensor]]:
    """Return the gradients of a norm by its images, scale and offset; mean and variance take none, as in TensorFlow."""
    images, scale, _, mean, variance = op.inputs
    trains = op.get_attr("is_training")  # in a copy of which somebody changed it
    kept = op.outputs[3:5] if trains else (mean, variance)
    named = {"y_backprop": grad, "x": images, "scale": scale, "reserve_space_1": kept[0], "reserve_space_2": kept[1]}
    if op.type == "FusedBatchNormV3":
        named["reserve_space_3"] = op.outputs[5]
    numbers = getattr(tf.raw_ops, _NUMBERS.get(op.type, "FusedBatchNormGradV3"))
    by_images, by_scale, by_offset, *_ = numbers(
        epsilon=op.get_attr("epsilon"), data_format="NHWC", is_training=trains, **named
    )
    if not trains:
        factor = scale * tf1.rsqrt(variance + op.get_attr("epsilon"))
        by_images = tf.cast(tf.cast(grad, factor.dtype) * factor, images.dtype)
    return [by_images, by_scale, by_offset, None, None]
