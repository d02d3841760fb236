"""CifarNet, as research/slim has it: 32 x 32 colour images, two local response normalisations."""

from typing import Any, Callable, Dict, Optional, Tuple

from ..._tf import slim as import_slim
from ..._tf import tf1
from ..._types import Tensor

slim = import_slim()


def trunc_normal(stddev: float) -> Any:
    """Return the initializer of its dense layers."""
    return tf1.truncated_normal_initializer(stddev=stddev)


def cifarnet(
    images: Tensor,
    num_classes: Optional[int] = 10,
    is_training: bool = False,
    dropout_keep_prob: float = 0.5,
    prediction_fn: Callable[..., Tensor] = slim.softmax,
    scope: str = "CifarNet",
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (logits (N, num_classes), end points) of (N, H, W, C) `images`; the features without classes."""
    ends: Dict[str, Tensor] = {}

    def normalised(tensor: Tensor, name: str) -> Tensor:
        return tf1.nn.lrn(tensor, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75, name=name)

    with tf1.variable_scope(scope, "CifarNet", [images]):
        net = ends["conv1"] = slim.conv2d(images, 64, [5, 5], scope="conv1")
        net = ends["pool1"] = slim.max_pool2d(net, [2, 2], 2, scope="pool1")
        net = ends["conv2"] = slim.conv2d(normalised(net, "norm1"), 64, [5, 5], scope="conv2")
        net = ends["pool2"] = slim.max_pool2d(normalised(net, "norm2"), [2, 2], 2, scope="pool2")
        net = ends["Flatten"] = slim.flatten(net)
        net = ends["fc3"] = slim.fully_connected(net, 384, scope="fc3")
        net = slim.dropout(net, dropout_keep_prob, is_training=is_training, scope="dropout3")
        net = ends["fc4"] = slim.fully_connected(net, 192, scope="fc4")
        if not num_classes:
            return net, ends
        logits = ends["Logits"] = slim.fully_connected(
            net,
            num_classes,
            biases_initializer=tf1.zeros_initializer(),
            weights_initializer=trunc_normal(1 / 192.0),
            weights_regularizer=None,
            activation_fn=None,
            scope="logits",
        )
        ends["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, ends


cifarnet.default_image_size = 32  # type: ignore[attr-defined]


def cifarnet_arg_scope(weight_decay: float = 0.004) -> Any:
    """Return the scope that CifarNet is trained under; its convolutions are not decayed."""
    convolutions = slim.arg_scope(
        [slim.conv2d], weights_initializer=tf1.truncated_normal_initializer(stddev=5e-2), activation_fn=tf1.nn.relu
    )
    with convolutions, slim.arg_scope(
        [slim.fully_connected],
        biases_initializer=tf1.constant_initializer(0.1),
        weights_initializer=trunc_normal(0.04),
        weights_regularizer=slim.l2_regularizer(weight_decay),
        activation_fn=tf1.nn.relu,
    ) as scope:
        return scope
