"""The arg scope that the Inceptions share."""

from typing import Any, Callable, Optional

from ..._tf import slim as import_slim
from ..._tf import tf1
from ..._types import Tensor

slim = import_slim()


def inception_arg_scope(
    weight_decay: float = 0.00004,
    use_batch_norm: bool = True,
    batch_norm_decay: float = 0.9997,
    batch_norm_epsilon: float = 0.001,
    activation_fn: Optional[Callable[..., Tensor]] = tf1.nn.relu,
    batch_norm_updates_collections: Any = tf1.GraphKeys.UPDATE_OPS,
) -> Any:
    """Return the scope that research/slim trains every Inception under: batch norm, without a scale, if asked for."""
    norm = {
        "decay": batch_norm_decay,
        "epsilon": batch_norm_epsilon,
        "updates_collections": batch_norm_updates_collections,
        "fused": None,  # TensorFlow chooses
    }
    decay = slim.l2_regularizer(weight_decay)
    with slim.arg_scope([slim.conv2d, slim.fully_connected], weights_regularizer=decay), slim.arg_scope(
        [slim.conv2d],
        weights_initializer=slim.variance_scaling_initializer(),
        activation_fn=activation_fn,
        normalizer_fn=slim.batch_norm if use_batch_norm else None,
        normalizer_params=norm if use_batch_norm else {},
    ) as scope:
        return scope
