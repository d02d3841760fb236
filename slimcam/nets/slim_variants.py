"""The nets of tf_slim with the ends of TF-Slim's later ones: squeezed ResNet logits, end points for what is pooled.

tf_slim 1.1.0 holds an older state of these nets than the graphs that people froze: its ResNets give (N, 1, 1, classes)
and the pooled features are no end point. The variables are the same.
"""

import functools
from typing import Any, Callable, Dict, Optional, Tuple

from tf_slim.nets import inception, resnet_v1, resnet_v2

from .._tf import slim as import_slim
from .._tf import tf1
from .._types import Tensor
from ..graphs.walk import ancestors

slim = import_slim()


def _resnet(body: Callable[..., Any]) -> Callable[..., Any]:
    def resnet(
        inputs: Tensor,
        num_classes: Optional[int] = None,
        is_training: bool = True,
        global_pool: bool = True,
        output_stride: Optional[int] = None,
        spatial_squeeze: bool = True,
        reuse: Optional[bool] = None,
        scope: str = body.__name__,
    ) -> Tuple[Tensor, Dict[str, Tensor]]:
        """Return (logits (N, num_classes), end points) of (N, H, W, 3) `inputs`; the features without classes."""
        net, end_points = body(inputs, None, is_training, global_pool, output_stride, reuse, scope)
        operations = net.op.name.rpartition("/")[0]
        if global_pool:
            end_points["global_pool"] = net
        if not num_classes:
            return net, end_points
        # The body's scope is closed. Opened again, it would number the names of its operations.
        with tf1.variable_scope(scope, reuse=reuse, auxiliary_name_scope=False), tf1.name_scope(operations + "/"):
            net = _classify(net, num_classes, "logits")
            end_points[f"{operations}/logits"] = net
            if spatial_squeeze:
                end_points[f"{operations}/spatial_squeeze"] = net = tf1.squeeze(net, [1, 2], name="SpatialSqueeze")
            end_points["predictions"] = slim.softmax(net, scope="predictions")
        return net, end_points

    resnet.__name__ = resnet.__qualname__ = body.__name__
    return resnet


def _classify(net: Tensor, num_classes: int, scope: str) -> Tensor:
    return slim.conv2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope=scope)


def _inception(body: Callable[..., Any], pool: str) -> Callable[..., Any]:
    @functools.wraps(body)
    def net(*args: Any, **kwargs: Any) -> Tuple[Tensor, Dict[str, Tensor]]:
        logits, end_points = body(*args, **kwargs)
        end_points[pool] = _pool(logits)
        return logits, end_points

    return net


def _pool(tensor: Tensor) -> Tensor:
    """Return the average pool that is nearest behind a tensor: a dropout may lie between."""
    return next(op.outputs[0] for op in ancestors([tensor]) if op.type == "AvgPool")


def inception_v1(
    inputs: Tensor,
    num_classes: Optional[int] = 1000,
    is_training: bool = True,
    dropout_keep_prob: float = 0.8,
    prediction_fn: Callable[..., Tensor] = slim.softmax,
    spatial_squeeze: bool = True,
    reuse: Optional[bool] = None,
    scope: str = "InceptionV1",
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (logits (N, num_classes), end points) of (N, H, W, 3) `inputs`; the features without classes.

    tf_slim calls the pool MaxPool_0a_7x7, which it is not and which no released graph says; so this head is ours.
    """
    mode = slim.arg_scope([slim.batch_norm, slim.dropout], is_training=is_training)
    with tf1.variable_scope(scope, "InceptionV1", [inputs], reuse=reuse) as outer, mode:
        net, end_points = inception.inception_v1_base(inputs, scope=outer)
        with tf1.variable_scope("Logits"):
            end_points["AvgPool_0a_7x7"] = net = slim.avg_pool2d(net, [7, 7], stride=1, scope="AvgPool_0a_7x7")
            if not num_classes:
                return net, end_points
            net = slim.dropout(net, dropout_keep_prob, scope="Dropout_0b")
            net = _classify(net, num_classes, "Conv2d_0c_1x1")
            end_points["Logits"] = logits = tf1.squeeze(net, [1, 2], name="SpatialSqueeze") if spatial_squeeze else net
            end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


inception_v2 = _inception(inception.inception_v2, "AvgPool_1a")
inception_v3 = _inception(inception.inception_v3, "AvgPool_1a")
inception_v1_arg_scope = inception.inception_v1_arg_scope
inception_v2_arg_scope = inception.inception_v2_arg_scope
inception_v3_arg_scope = inception.inception_v3_arg_scope

resnet_v1_50 = _resnet(resnet_v1.resnet_v1_50)
resnet_v1_101 = _resnet(resnet_v1.resnet_v1_101)
resnet_v1_152 = _resnet(resnet_v1.resnet_v1_152)
resnet_v1_200 = _resnet(resnet_v1.resnet_v1_200)
resnet_v2_50 = _resnet(resnet_v2.resnet_v2_50)
resnet_v2_101 = _resnet(resnet_v2.resnet_v2_101)
resnet_v2_152 = _resnet(resnet_v2.resnet_v2_152)
resnet_v2_200 = _resnet(resnet_v2.resnet_v2_200)
resnet_arg_scope = resnet_v1.resnet_arg_scope
