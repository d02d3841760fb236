"""Inception v4 (Szegedy et al. 2016, arXiv:1602.07261, figures 3 to 9); names, order and arguments follow TF-Slim."""

from typing import Any, Dict, Optional, Tuple

from .._tf import tf1
from .._types import Tensor
from ..suggest import nearest
from .block_diagrams import Body, arg_scope, slim, stack, up_to

BLOCK_A = """
    Conv2d_0a_1x1:96
    Conv2d_0a_1x1:64 Conv2d_0b_3x3:96
    Conv2d_0a_1x1:64 Conv2d_0b_3x3:96 Conv2d_0c_3x3:96
    AvgPool_0a_3x3 Conv2d_0b_1x1:96
"""
BLOCK_B = """
    Conv2d_0a_1x1:384
    Conv2d_0a_1x1:192 Conv2d_0b_1x7:224 Conv2d_0c_7x1:256
    Conv2d_0a_1x1:192 Conv2d_0b_7x1:192 Conv2d_0c_1x7:224 Conv2d_0d_7x1:224 Conv2d_0e_1x7:256
    AvgPool_0a_3x3 Conv2d_0b_1x1:128
"""
BLOCK_C = """
    Conv2d_0a_1x1:256
    Conv2d_0a_1x1:384 Conv2d_0b_1x3:256|Conv2d_0c_3x1:256
    Conv2d_0a_1x1:384 Conv2d_0b_3x1:448 Conv2d_0c_1x3:512 Conv2d_0d_1x3:256|Conv2d_0e_3x1:256
    AvgPool_0a_3x3 Conv2d_0b_1x1:256
"""
STEM_3 = """
    MaxPool_0a_3x3/2
    Conv2d_0a_3x3:96/2
"""
STEM_4 = """
    Conv2d_0a_1x1:64 Conv2d_1a_3x3:96/1
    Conv2d_0a_1x1:64 Conv2d_0b_1x7:64 Conv2d_0c_7x1:64 Conv2d_1a_3x3:96/1
"""
STEM_5 = """
    Conv2d_1a_3x3:192/2
    MaxPool_1a_3x3/2
"""
REDUCTION_A = """
    Conv2d_1a_3x3:384/2
    Conv2d_0a_1x1:192 Conv2d_0b_3x3:224 Conv2d_1a_3x3:256/2
    MaxPool_1a_3x3/2
"""
REDUCTION_B = """
    Conv2d_0a_1x1:192 Conv2d_1a_3x3:192/2
    Conv2d_0a_1x1:256 Conv2d_0b_1x7:256 Conv2d_0c_7x1:320 Conv2d_1a_3x3:320/2
    MaxPool_1a_3x3/2
"""
BODY: Body = [
    "Conv2d_1a_3x3:32/2",
    "Conv2d_2a_3x3:32/1",
    "Conv2d_2b_3x3:64",
    ("Mixed_3a", STEM_3),
    ("Mixed_4a", STEM_4),
    ("Mixed_5a", STEM_5),
    *((f"Mixed_5{letter}", BLOCK_A) for letter in "bcde"),
    ("Mixed_6a", REDUCTION_A),
    *((f"Mixed_6{letter}", BLOCK_B) for letter in "bcdefgh"),
    ("Mixed_7a", REDUCTION_B),
    *((f"Mixed_7{letter}", BLOCK_C) for letter in "bcd"),
]


def inception_v4_base(
    inputs: Tensor, final_endpoint: str = "Mixed_7d", scope: Optional[str] = None
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (the last tensor, end points) up to one of them. Raises ValueError for a name that is none."""
    end_points: Dict[str, Tensor] = {}
    with tf1.variable_scope(scope, "InceptionV4", [inputs]):
        net = stack(inputs, up_to(BODY, final_endpoint), end_points)
    if final_endpoint not in end_points:
        raise ValueError(f"Unknown final endpoint {final_endpoint}; {nearest(final_endpoint, end_points)}")
    return net, end_points


def inception_v4(
    inputs: Tensor,
    num_classes: Optional[int] = 1001,
    is_training: bool = True,
    dropout_keep_prob: float = 0.8,
    reuse: Optional[bool] = None,
    scope: str = "InceptionV4",
    create_aux_logits: bool = True,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (logits (N, num_classes), end points) of (N, H, W, 3) `inputs`; the pooled features without classes."""
    end_points: Dict[str, Tensor] = {}
    mode = slim.arg_scope([slim.batch_norm, slim.dropout], is_training=is_training)
    with tf1.variable_scope(scope, "InceptionV4", [inputs], reuse=reuse) as outer, mode:
        # Entered a second time for the operations' names: InceptionV4/InceptionV4/Conv2d_1a_3x3/…
        with tf1.variable_scope(outer):
            net = stack(inputs, BODY, end_points)
        if create_aux_logits and num_classes:
            with tf1.variable_scope("AuxLogits"):
                end_points["AuxLogits"] = _auxiliary(end_points["Mixed_6h"], num_classes)
        with tf1.variable_scope("Logits"):
            return _head(net, num_classes, dropout_keep_prob, end_points), end_points


inception_v4.default_image_size = 299  # type: ignore[attr-defined]


def inception_v4_arg_scope(weight_decay: float = 0.00004, **arguments: Any) -> Any:
    """Return the arg scope of the released net; `arguments` as in `block_diagrams.arg_scope`."""
    return arg_scope(weight_decay, weights_initializer=slim.variance_scaling_initializer(), **arguments)


def _auxiliary(net: Tensor, num_classes: int) -> Tensor:
    net = slim.avg_pool2d(net, [5, 5], stride=3, padding="VALID", scope="AvgPool_1a_5x5")
    net = slim.conv2d(net, 128, [1, 1], scope="Conv2d_1b_1x1")
    # The kernel covers what is left of the image, so this branch needs to know the image's size.
    net = slim.conv2d(net, 768, net.shape.as_list()[1:3], padding="VALID", scope="Conv2d_2a")
    return slim.fully_connected(slim.flatten(net), num_classes, activation_fn=None, scope="Aux_logits")


def _head(net: Tensor, num_classes: Optional[int], dropout_keep_prob: float, end_points: Dict[str, Tensor]) -> Tensor:
    size = net.shape.as_list()[1:3]
    if None in size:
        net = tf1.reduce_mean(net, [1, 2], keepdims=True, name="global_pool")
    else:
        net = slim.avg_pool2d(net, size, padding="VALID", scope="AvgPool_1a")
    end_points["global_pool"] = net
    if not num_classes:
        return net
    net = slim.dropout(net, dropout_keep_prob, scope="Dropout_1b")
    end_points["PreLogitsFlatten"] = net = slim.flatten(net, scope="PreLogitsFlatten")
    end_points["Logits"] = logits = slim.fully_connected(net, num_classes, activation_fn=None, scope="Logits")
    end_points["Predictions"] = tf1.nn.softmax(logits, name="Predictions")
    return logits
