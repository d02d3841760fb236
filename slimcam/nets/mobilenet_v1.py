"""MobileNet v1 (Howard et al. 2017, arXiv:1704.04861, table 1); names, order and arguments follow TF-Slim."""

from typing import Any, Callable, Dict, Optional, Tuple

from .._tf import slim as import_slim
from .._tf import tf1
from .._types import Tensor

slim = import_slim()

# The first convolution, then thirteen pairs of a depthwise and a pointwise one: (stride, depth).
LAYERS = ((2, 32), (1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), *[(1, 512)] * 5, (2, 1024), (1, 1024))


def mobilenet_v1(
    inputs: Tensor,
    num_classes: Optional[int] = 1000,
    dropout_keep_prob: float = 0.999,
    is_training: bool = True,
    min_depth: int = 8,
    depth_multiplier: float = 1.0,
    prediction_fn: Optional[Callable[..., Tensor]] = slim.softmax,
    spatial_squeeze: bool = True,
    reuse: Optional[bool] = None,
    scope: str = "MobilenetV1",
    global_pool: bool = False,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (logits (N, num_classes), end points) of (N, H, W, 3) `inputs`; the pooled features without classes.

    `depth_multiplier` thins every layer, down to `min_depth` channels; ValueError where it is not positive.
    """
    if depth_multiplier <= 0:
        raise ValueError(f"depth_multiplier is {depth_multiplier}; it must be greater than 0")
    end_points: Dict[str, Tensor] = {}
    mode = slim.arg_scope([slim.batch_norm, slim.dropout], is_training=is_training)
    with tf1.variable_scope(scope, "MobilenetV1", [inputs], reuse=reuse) as outer, mode:
        # Entered a second time for the operations' names: MobilenetV1/MobilenetV1/Conv2d_0/…
        with tf1.variable_scope(outer):
            net = _trunk(inputs, depth_multiplier, min_depth, end_points)
        with tf1.variable_scope("Logits"):
            net = _pool(net, global_pool, end_points)
            if not num_classes:
                return net, end_points
            net = slim.dropout(net, dropout_keep_prob, scope="Dropout_1b")
            net = slim.conv2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="Conv2d_1c_1x1")
            logits = tf1.squeeze(net, [1, 2], name="SpatialSqueeze") if spatial_squeeze else net
        end_points["Logits"] = logits
        if prediction_fn:
            end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


mobilenet_v1.default_image_size = 224  # type: ignore[attr-defined]


def mobilenet_v1_arg_scope(
    is_training: Optional[bool] = True,
    weight_decay: float = 0.00004,
    stddev: float = 0.09,
    regularize_depthwise: bool = False,
    batch_norm_decay: float = 0.9997,
    batch_norm_epsilon: float = 0.001,
) -> Any:
    """Return the arg scope of the released nets: ReLU6, batch norm with a scale, depthwise kernels undecayed."""
    decay = slim.l2_regularizer(weight_decay)
    convolutions = slim.arg_scope(
        [slim.conv2d, slim.separable_conv2d],
        weights_initializer=tf1.truncated_normal_initializer(stddev=stddev),
        activation_fn=tf1.nn.relu6,
        normalizer_fn=slim.batch_norm,
    )
    norm = slim.arg_scope(
        [slim.batch_norm],
        is_training=is_training,
        center=True,
        scale=True,
        decay=batch_norm_decay,
        epsilon=batch_norm_epsilon,
    )
    full = slim.arg_scope([slim.conv2d], weights_regularizer=decay)
    depthwise = slim.arg_scope([slim.separable_conv2d], weights_regularizer=decay if regularize_depthwise else None)
    with convolutions, norm, full, depthwise as scope:
        return scope


def _trunk(net: Tensor, depth_multiplier: float, min_depth: int, end_points: Dict[str, Tensor]) -> Tensor:
    for number, (stride, depth) in enumerate(LAYERS):
        kernel, name = [3, 3], f"Conv2d_{number}"
        if number:
            # No output depth: only the depthwise half of a separable convolution, with its own norm and ReLU6.
            net = slim.separable_conv2d(net, None, kernel, depth_multiplier=1, stride=stride, scope=f"{name}_depthwise")
            end_points[f"{name}_depthwise"] = net
            kernel, stride, name = [1, 1], 1, f"{name}_pointwise"
        net = slim.conv2d(net, max(int(depth * depth_multiplier), min_depth), kernel, stride=stride, scope=name)
        end_points[name] = net
    return net


def _pool(net: Tensor, global_pool: bool, end_points: Dict[str, Tensor]) -> Tensor:
    if global_pool:
        end_points["global_pool"] = pooled = tf1.reduce_mean(net, [1, 2], keepdims=True, name="global_pool")
    else:
        # 7 x 7 for images of 224 pixels; smaller ones leave less to pool.
        kernel = [min(size or 7, 7) for size in net.shape.as_list()[1:3]]
        end_points["AvgPool_1a"] = pooled = slim.avg_pool2d(net, kernel, padding="VALID", scope="AvgPool_1a")
    return pooled
