"""NASNet-A (Zoph et al. 2017, arXiv:1707.07012, figure 4 and appendix A); names, order and arguments follow TF-Slim."""

import itertools
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

from .._tf import slim as import_slim
from .._tf import tf1
from .._types import Tensor
from .nasnet_cells import NONE, Cell, DropPath, Place, build_cell

slim = import_slim()

NORMAL = Cell(
    (
        (("5x5", 0), ("3x3", 1)),
        (("5x5", 1), ("3x3", 1)),
        (("average", 0), (NONE, 1)),
        (("average", 1), ("average", 1)),
        (("3x3", 0), (NONE, 0)),
    ),
    joined_from=1,
)
REDUCTION = Cell(
    (
        (("5x5", 0), ("7x7", 1)),
        (("max", 0), ("7x7", 1)),
        (("average", 0), ("5x5", 1)),
        ((NONE, 3), ("average", 2)),
        (("3x3", 2), ("max", 0)),
    ),
    joined_from=3,
)


@dataclass
class Config:
    """The size of a net, and how it is trained."""

    num_cells: int
    num_conv_filters: int
    stem_multiplier: float = 1.0
    filter_scaling_rate: float = 2.0
    num_reduction_layers: int = 2
    skip_reduction_layer_input: int = 0
    use_aux_head: int = 1
    dense_dropout_keep_prob: float = 0.5
    drop_path_keep_prob: float = 1.0
    total_training_steps: int = 250000
    imagenet: bool = True  # with a stem that makes an eighth of the image; otherwise one convolution


def cifar_config() -> Config:
    """Return the net of 32 x 32 images."""
    return Config(
        18, 32, 3.0, dense_dropout_keep_prob=1.0, drop_path_keep_prob=0.6, total_training_steps=937500, imagenet=False
    )


def mobile_imagenet_config() -> Config:
    """Return the net of 224 x 224 images."""
    return Config(12, 44)


def large_imagenet_config() -> Config:
    """Return the net of 331 x 331 images."""
    return Config(18, 168, 3.0, skip_reduction_layer_input=1, drop_path_keep_prob=0.7)


def _arg_scope_of(decay: float, norm_decay: float, epsilon: float) -> Callable[..., Any]:
    """Return an arg scope with defaults of its own."""

    def arg_scope(
        weight_decay: float = decay, batch_norm_decay: float = norm_decay, batch_norm_epsilon: float = epsilon
    ) -> Any:
        """Return the arg scope of a net, as it was trained unless told."""
        norm_options = {"decay": batch_norm_decay, "epsilon": batch_norm_epsilon, "scale": True, "fused": True}
        weighted = slim.arg_scope(
            [slim.fully_connected, slim.conv2d, slim.separable_conv2d],
            weights_regularizer=slim.l2_regularizer(weight_decay),
            weights_initializer=slim.variance_scaling_initializer(mode="FAN_OUT"),
            activation_fn=None,
        )
        full = slim.arg_scope([slim.fully_connected], scope="FC")
        unbiased = slim.arg_scope([slim.conv2d, slim.separable_conv2d], biases_initializer=None)
        norm = slim.arg_scope([slim.batch_norm], **norm_options)
        with weighted, full, unbiased, norm as scope:
            return scope

    return arg_scope


nasnet_cifar_arg_scope = _arg_scope_of(5e-4, 0.9, 1e-5)
nasnet_mobile_arg_scope = _arg_scope_of(4e-5, 0.9997, 1e-3)
nasnet_large_arg_scope = _arg_scope_of(5e-5, 0.9997, 1e-3)


def build_nasnet_cifar(
    images: Tensor,
    num_classes: Optional[int],
    is_training: bool = True,
    config: Optional[Config] = None,
    current_step: Optional[Tensor] = None,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (logits (N, num_classes), end points) of (N, H, W, 3) `images`; the pooled features without classes."""
    return build(images, num_classes, config or cifar_config(), is_training, None, current_step)


def builder(
    default: Callable[[], Config], side: int, normal: Cell = NORMAL, reduction: Optional[Cell] = REDUCTION
) -> Any:
    """Return the function that builds a net of such cells, by a config of its own unless told, of images of a side."""

    def net(
        images: Tensor,
        num_classes: Optional[int],
        is_training: bool = True,
        final_endpoint: Optional[str] = None,
        config: Optional[Config] = None,
        current_step: Optional[Tensor] = None,
    ) -> Tuple[Tensor, Dict[str, Tensor]]:
        """Return as `build_nasnet_cifar`, or the tensor called `final_endpoint` and the end points up to there."""
        chosen = config or default()
        return build(images, num_classes, chosen, is_training, final_endpoint, current_step, normal, reduction)

    net.default_image_size = side  # type: ignore[attr-defined]
    return net


build_nasnet_cifar.default_image_size = 32  # type: ignore[attr-defined]
build_nasnet_mobile = builder(mobile_imagenet_config, 224)
build_nasnet_large = builder(large_imagenet_config, 331)


def build(
    images: Tensor,
    num_classes: Optional[int],
    config: Config,
    is_training: bool,
    final_endpoint: Optional[str] = None,
    current_step: Optional[Tensor] = None,
    normal: Cell = NORMAL,
    reduction: Optional[Cell] = REDUCTION,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Build any net of such cells, and return as `build_nasnet_mobile`; without `reduction`, normal cells stride."""
    end_points: Dict[str, Tensor] = {}
    auxiliary = f"Cell_{_turns(config)[1] - 1}" if config.num_reduction_layers > 1 and config.use_aux_head else None
    drop_path = None
    if is_training and config.drop_path_keep_prob < 1:
        cells = config.num_cells + 2 * config.imagenet + (2 if reduction else 0)
        drop_path = DropPath(config.drop_path_keep_prob, cells, config.total_training_steps)
    with slim.arg_scope([slim.dropout, slim.batch_norm], is_training=is_training):
        for name, net in _stages(images, config, normal, reduction, drop_path, current_step):
            end_points[name] = net
            if name == final_endpoint:
                return net, end_points
            if name == auxiliary and num_classes and is_training:
                with tf1.variable_scope(f"aux_{name.rpartition('_')[2]}"):
                    end_points["AuxLogits"] = _auxiliary(tf1.nn.relu(net), num_classes)
        with tf1.variable_scope("final_layer"):
            net = end_points["global_pool"] = tf1.reduce_mean(tf1.nn.relu(net), [1, 2])
            if not num_classes:
                return net, end_points
            net = slim.dropout(net, config.dense_dropout_keep_prob, scope="dropout")
            logits = end_points["Logits"] = slim.fully_connected(net, num_classes)
            end_points["Predictions"] = tf1.nn.softmax(logits, name="predictions")
    return end_points.get(final_endpoint or "Logits", logits), end_points


def _turns(config: Config) -> Tuple[int, ...]:
    """Return the cells at which the image becomes half as large: at equal distances."""
    parts = config.num_reduction_layers + 1
    return tuple(config.num_cells * part // parts for part in range(1, parts))


def _stages(
    images: Tensor,
    config: Config,
    normal: Cell,
    reduction: Optional[Cell],
    drop_path: Optional[DropPath],
    step: Optional[Tensor],
) -> Iterator[Tuple[str, Tensor]]:
    """Make the stem and the cells one by one, each an end point of its name."""
    numbers = itertools.count()

    def cell(kind: Cell, scope: str, scaling: float, stride: int, before: Optional[Tensor]) -> Tensor:
        filters = int(config.num_conv_filters * scaling)
        made = build_cell(kind, outputs[-1], before, Place(scope, filters, stride, next(numbers), drop_path, step))
        outputs.append(made)
        return made

    outputs = [_first(images, config)]
    if config.imagenet:
        for number in range(2):
            before = outputs[-2] if number else None
            cell(reduction or normal, f"cell_stem_{number}", config.filter_scaling_rate ** (number - 2), 2, before)
    yield "Stem", outputs[-1]
    turns, scaling = _turns(config), 1.0
    for number in range(config.num_cells):
        before, stride = outputs[-2] if len(outputs) > 1 else None, 1
        if number in turns:
            scaling *= config.filter_scaling_rate
            if reduction is None:
                stride = 2
            else:
                turn = turns.index(number)
                yield f"Reduction_Cell_{turn}", cell(reduction, f"reduction_cell_{turn}", scaling, 2, before)
                before = before if config.skip_reduction_layer_input else outputs[-2]
        yield f"Cell_{number}", cell(normal, f"cell_{number}", scaling, stride, before)


def _first(images: Tensor, config: Config) -> Tensor:
    """Return the first convolution, normalised."""
    if config.imagenet:
        depth = int(32 * config.stem_multiplier)
        net = slim.conv2d(images, depth, [3, 3], stride=2, scope="conv0", padding="VALID")
        return slim.batch_norm(net, scope="conv0_bn")
    net = slim.conv2d(images, int(config.num_conv_filters * config.stem_multiplier), 3, scope="l1_stem_3x3")
    return slim.batch_norm(net, scope="l1_stem_bn")


def _auxiliary(net: Tensor, num_classes: int) -> Tensor:
    with tf1.variable_scope("aux_logits"):
        net = slim.avg_pool2d(net, [5, 5], stride=3, padding="VALID")
        net = slim.conv2d(net, 128, [1, 1], scope="proj")
        net = tf1.nn.relu(slim.batch_norm(net, scope="aux_bn0"))
        # The kernel covers what is left of the image.
        net = slim.conv2d(net, 768, net.shape.as_list()[1:3], padding="VALID")
        net = tf1.nn.relu(slim.batch_norm(net, scope="aux_bn1"))
        return slim.fully_connected(slim.flatten(net), num_classes)
