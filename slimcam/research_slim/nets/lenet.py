"""LeNet, as research/slim has it: 28 x 28 grey images, ReLU, max pools, a hidden layer of 1024."""

from typing import Any, Callable, Dict, Optional, Tuple

from ..._tf import slim as import_slim
from ..._tf import tf1
from ..._types import Tensor

slim = import_slim()


def lenet(
    images: Tensor,
    num_classes: Optional[int] = 10,
    is_training: bool = False,
    dropout_keep_prob: float = 0.5,
    prediction_fn: Callable[..., Tensor] = slim.softmax,
    scope: str = "LeNet",
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (logits (N, num_classes), end points) of (N, H, W, C) `images`; the features without classes."""
    ends: Dict[str, Tensor] = {}
    with tf1.variable_scope(scope, "LeNet", [images]):
        net = images
        for number, channels in enumerate((32, 64), 1):
            net = ends[f"conv{number}"] = slim.conv2d(net, channels, [5, 5], scope=f"conv{number}")
            net = ends[f"pool{number}"] = slim.max_pool2d(net, [2, 2], 2, scope=f"pool{number}")
        net = ends["Flatten"] = slim.flatten(net)
        net = ends["fc3"] = slim.fully_connected(net, 1024, scope="fc3")
        if not num_classes:
            return net, ends
        kept = slim.dropout(net, dropout_keep_prob, is_training=is_training, scope="dropout3")
        ends["dropout3"] = kept
        logits = ends["Logits"] = slim.fully_connected(kept, num_classes, activation_fn=None, scope="fc4")
    ends["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, ends


lenet.default_image_size = 28  # type: ignore[attr-defined]


def lenet_arg_scope(weight_decay: float = 0.0) -> Any:
    """Return the scope that LeNet is trained under."""
    with slim.arg_scope(
        [slim.conv2d, slim.fully_connected],
        weights_regularizer=slim.l2_regularizer(weight_decay),
        weights_initializer=tf1.truncated_normal_initializer(stddev=0.1),
        activation_fn=tf1.nn.relu,
    ) as scope:
        return scope
