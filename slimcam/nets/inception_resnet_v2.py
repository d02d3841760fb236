"""Inception-ResNet v2 (Szegedy et al. 2016, arXiv:1602.07261, figures 10 to 15); names and arguments follow TF-Slim."""

from typing import Any, Callable, Dict, Optional, Tuple

from .._tf import tf1
from .._types import Tensor
from ..suggest import nearest
from .block_diagrams import Body, arg_scope, branches, layer, slim, stack, up_to

Activation = Optional[Callable[..., Tensor]]

BLOCK_35 = """
    Conv2d_1x1:32
    Conv2d_0a_1x1:32 Conv2d_0b_3x3:32
    Conv2d_0a_1x1:32 Conv2d_0b_3x3:48 Conv2d_0c_3x3:64
"""
BLOCK_17 = """
    Conv2d_1x1:192
    Conv2d_0a_1x1:128 Conv2d_0b_1x7:160 Conv2d_0c_7x1:192
"""
BLOCK_8 = """
    Conv2d_1x1:192
    Conv2d_0a_1x1:192 Conv2d_0b_1x3:224 Conv2d_0c_3x1:256
"""
MIXED_5B = """
    Conv2d_1x1:96
    Conv2d_0a_1x1:48 Conv2d_0b_5x5:64
    Conv2d_0a_1x1:64 Conv2d_0b_3x3:96 Conv2d_0c_3x3:96
    AvgPool_0a_3x3 Conv2d_0b_1x1:64
"""
MIXED_6A = """
    Conv2d_1a_3x3:384/2
    Conv2d_0a_1x1:256 Conv2d_0b_3x3:256 Conv2d_1a_3x3:384/2
    MaxPool_1a_3x3/2
"""
MIXED_7A = """
    Conv2d_0a_1x1:256 Conv2d_1a_3x3:384/2
    Conv2d_0a_1x1:256 Conv2d_1a_3x3:288/2
    Conv2d_0a_1x1:256 Conv2d_0b_3x3:288 Conv2d_1a_3x3:320/2
    MaxPool_1a_3x3/2
"""
LAST = "Conv2d_7b_1x1"
STEM: Body = [
    "Conv2d_1a_3x3:32/2",
    "Conv2d_2a_3x3:32/1",
    "Conv2d_2b_3x3:64",
    "MaxPool_3a_3x3/2",
    "Conv2d_3b_1x1:80/1",
    "Conv2d_4a_3x3:192/1",
    "MaxPool_5a_3x3/2",
    ("Mixed_5b", MIXED_5B),
]


def inception_resnet_v2_base(
    inputs: Tensor,
    final_endpoint: str = LAST,
    output_stride: int = 16,
    align_feature_maps: bool = False,
    scope: Optional[str] = None,
    activation_fn: Callable[..., Tensor] = tf1.nn.relu,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (the last tensor, end points) up to one of them, with the strides and paddings of the released net.

    Raises ValueError for a name that is none, and for another stride or padding.
    """
    if output_stride != 16 or align_feature_maps:
        raise ValueError("only output_stride=16 with align_feature_maps=False is here, as the net was released")
    end_points: Dict[str, Tensor] = {}
    with tf1.variable_scope(scope, "InceptionResnetV2", [inputs]):
        net = _trunk(inputs, activation_fn, end_points, final_endpoint)
    if final_endpoint not in end_points:
        raise ValueError(f"final_endpoint ({final_endpoint}) not recognized; {nearest(final_endpoint, end_points)}")
    return net, end_points


def inception_resnet_v2(
    inputs: Tensor,
    num_classes: Optional[int] = 1001,
    is_training: bool = True,
    dropout_keep_prob: float = 0.8,
    reuse: Optional[bool] = None,
    scope: str = "InceptionResnetV2",
    create_aux_logits: bool = True,
    activation_fn: Callable[..., Tensor] = tf1.nn.relu,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (logits (N, num_classes), end points) of (N, H, W, 3) `inputs`; the pooled features without classes."""
    end_points: Dict[str, Tensor] = {}
    mode = slim.arg_scope([slim.batch_norm, slim.dropout], is_training=is_training)
    with tf1.variable_scope(scope, "InceptionResnetV2", [inputs], reuse=reuse) as outer, mode:
        # Entered a second time for the operations' names: InceptionResnetV2/InceptionResnetV2/Conv2d_1a_3x3/…
        with tf1.variable_scope(outer):
            net = _trunk(inputs, activation_fn, end_points)
        if create_aux_logits and num_classes:
            with tf1.variable_scope("AuxLogits"):
                end_points["AuxLogits"] = _auxiliary(end_points["PreAuxLogits"], num_classes)
        with tf1.variable_scope("Logits"):
            return _head(net, num_classes, dropout_keep_prob, end_points), end_points


inception_resnet_v2.default_image_size = 299  # type: ignore[attr-defined]


def inception_resnet_v2_arg_scope(weight_decay: float = 0.00004, **arguments: Any) -> Any:
    """Return the arg scope of the released net, whose biases decay too; `arguments` go to that of block_diagrams."""
    decay = slim.l2_regularizer(weight_decay)
    biased = slim.arg_scope([slim.conv2d, slim.fully_connected], biases_regularizer=decay)
    with slim.arg_scope(arg_scope(weight_decay, **arguments)), biased as scope:
        return scope


def _trunk(net: Tensor, activation: Activation, end_points: Dict[str, Tensor], last: str = LAST) -> Tensor:
    """Build up to the end point `last`."""
    net = stack(net, up_to(STEM, last), end_points)
    if last in end_points:
        return net
    net = _repeat(net, 10, "block35", BLOCK_35, 0.17, activation)
    net = stack(net, [("Mixed_6a", MIXED_6A)], end_points)
    if last in end_points:
        return net
    end_points["PreAuxLogits"] = net = _repeat(net, 20, "block17", BLOCK_17, 0.10, activation)
    if last in end_points:
        return net
    net = stack(net, [("Mixed_7a", MIXED_7A)], end_points)
    if last in end_points:
        return net
    net = _repeat(net, 9, "block8", BLOCK_8, 0.20, activation)
    net = _residual(net, "Block8", BLOCK_8, 1.0, None)
    return stack(net, ["Conv2d_7b_1x1:1536"], end_points)


def _repeat(net: Tensor, times: int, name: str, picture: str, scale: float, activation: Activation) -> Tensor:
    # No name but a default one, so that TensorFlow numbers the scopes Repeat, Repeat_1, Repeat_2, as in a checkpoint.
    with tf1.variable_scope(None, "Repeat"):
        for number in range(1, times + 1):
            net = _residual(net, f"{name}_{number}", picture, scale, activation)
    return net


def _residual(net: Tensor, name: str, picture: str, scale: float, activation: Activation) -> Tensor:
    """Add to `net` its branches, brought back to its own depth and scaled down, for the sum is unstable otherwise."""
    with tf1.variable_scope(name):
        mixed = branches(net, picture)
        with slim.arg_scope([slim.conv2d], normalizer_fn=None, activation_fn=None):
            change = layer(mixed, f"Conv2d_1x1:{net.shape.as_list()[3]}")
        net = net + change * scale
        return activation(net) if activation else net


def _auxiliary(net: Tensor, num_classes: int) -> Tensor:
    net = slim.avg_pool2d(net, [5, 5], stride=3, padding="VALID", scope="Conv2d_1a_3x3")
    net = slim.conv2d(net, 128, [1, 1], scope="Conv2d_1b_1x1")
    # The kernel covers what is left of the image, so this branch needs to know the image's size.
    net = slim.conv2d(net, 768, net.shape.as_list()[1:3], padding="VALID", scope="Conv2d_2a_5x5")
    return slim.fully_connected(slim.flatten(net), num_classes, activation_fn=None, scope="Logits")


def _head(net: Tensor, num_classes: Optional[int], dropout_keep_prob: float, end_points: Dict[str, Tensor]) -> Tensor:
    size = net.shape.as_list()[1:3]
    if None in size:
        net = tf1.reduce_mean(net, [1, 2], keepdims=True, name="global_pool")
    else:
        net = slim.avg_pool2d(net, size, padding="VALID", scope="AvgPool_1a_8x8")
    end_points["global_pool"] = net
    if not num_classes:
        return net
    net = slim.dropout(slim.flatten(net), dropout_keep_prob, scope="Dropout")
    end_points["PreLogitsFlatten"] = net
    end_points["Logits"] = logits = slim.fully_connected(net, num_classes, activation_fn=None, scope="Logits")
    end_points["Predictions"] = tf1.nn.softmax(logits, name="Predictions")
    return logits
