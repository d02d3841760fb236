"""What MobileNets v2 and v3 share: blocks that widen, filter and narrow again, and the head.

After Sandler et al. 2018, arXiv:1801.04381, figure 3. A net is a sequence of Conv, Block and Pool; names, order and
arguments follow TF-Slim.
"""

import contextlib
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from .._tf import slim as import_slim
from .._tf import tf1
from .._types import Tensor

slim = import_slim()

Activation = Callable[..., Tensor]


@dataclass(frozen=True)
class Conv:
    """A convolution; where it is not normalised it has biases."""

    depth: int
    kernel: int = 1
    stride: int = 1
    activation: Optional[Activation] = None  # None: the net's own
    normalised: bool = True


@dataclass(frozen=True)
class Block:
    """Widened by `expansion`, filtered channel by channel, narrowed to `depth`; joined to its input if that fits."""

    depth: int
    expansion: float = 6
    kernel: int = 3
    stride: int = 1
    activation: Optional[Activation] = None
    gated: bool = False  # by squeeze and excitation, after the filter
    divisor: int = 8  # of the depth in between


@dataclass(frozen=True)
class Pool:
    """The mean over all places."""

    depth: int = 0
    stride: int = 1


Layer = Union[Conv, Block, Pool]


def divisible(depth: float, divisor: int = 8, least: Optional[int] = None) -> int:
    """Return the multiple of `divisor` that is nearest to `depth`, not below `least`, nor below nine tenths of it."""
    rounded = max(least or divisor, int(depth + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * depth else rounded


@slim.add_arg_scope
def mobilenet(
    inputs: Tensor,
    layers: Sequence[Layer],
    activation: Activation,
    num_classes: Optional[int] = 1001,
    multiplier: float = 1.0,
    scope: str = "Mobilenet",
    whole_last: bool = False,
    divisible_by: int = 8,
    min_depth: int = 8,
    prediction_fn: Optional[Callable[..., Tensor]] = slim.softmax,
    reuse: Optional[bool] = None,
    base_only: bool = False,
    final_endpoint: Optional[str] = None,
    output_stride: Optional[int] = None,
    use_explicit_padding: bool = False,
    is_training: bool = False,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (logits (N, num_classes), end points) of (N, H, W, 3) `inputs`; the pooled features without classes.

    `multiplier` thins every layer to a multiple of `divisible_by`, not below `min_depth`; not the last layer where
    that is to stay whole. `base_only` gives the last layer, or the one called `final_endpoint`. Layers that would make
    strides larger than `output_stride` are dilated instead. ValueError for a multiplier that is not positive, or an
    output stride that is odd.
    """
    depths = _depths(layers, multiplier, divisible_by, min_depth, whole_last)
    strides = _strides(layers, output_stride)
    end_points: Dict[str, Tensor] = {}
    with tf1.variable_scope(scope, "Mobilenet", [inputs], reuse=reuse):
        net = tf1.identity(inputs, "input")
        with _architecture(activation, use_explicit_padding, is_training):
            for number, (layer, depth, (stride, rate)) in enumerate(zip(layers, depths, strides), 1):
                name = f"layer_{number}"
                net, inner = _LAYERS[type(layer)](net, layer, depth, stride, rate, use_explicit_padding)
                end_points.update({name: net, **{f"{name}/{part}": tensor for part, tensor in inner.items()}})
                if name == final_endpoint:
                    break
        if base_only:
            return net, end_points
        return _head(net, num_classes, prediction_fn, is_training, end_points), end_points


@contextlib.contextmanager
def _architecture(activation: Activation, padded: bool, is_training: bool) -> Iterator[None]:
    """Enter the arg scopes that say what the net computes, whatever the caller trains it under."""
    weighted = [slim.conv2d, slim.fully_connected, slim.separable_conv2d]
    norm = slim.arg_scope([slim.batch_norm], is_training=is_training, center=True, scale=True)
    convolutions = slim.arg_scope(weighted, normalizer_fn=slim.batch_norm, activation_fn=activation)
    padding = slim.arg_scope([slim.conv2d, slim.separable_conv2d], padding="VALID" if padded else "SAME")
    with norm, convolutions, padding:
        yield


def training_scope(
    is_training: bool = True,
    weight_decay: float = 0.00004,
    stddev: float = 0.09,
    dropout_keep_prob: float = 0.8,
    bn_decay: float = 0.997,
) -> Any:
    """Return the arg scope that both nets are trained under; weights start by Xavier's rule where stddev < 0."""
    xavier = slim.xavier_initializer() if stddev < 0 else None
    weights = slim.arg_scope(
        [slim.conv2d, slim.fully_connected, slim.separable_conv2d],
        weights_initializer=xavier or tf1.truncated_normal_initializer(stddev=stddev),
        normalizer_fn=slim.batch_norm,
    )
    mode = slim.arg_scope([mobilenet], is_training=is_training)
    norm = slim.arg_scope([slim.batch_norm], is_training=is_training, decay=bn_decay)
    dropout = slim.arg_scope([slim.dropout], is_training=is_training, keep_prob=dropout_keep_prob)
    decay = slim.arg_scope([slim.conv2d], weights_regularizer=slim.l2_regularizer(weight_decay))
    undecayed = slim.arg_scope([slim.separable_conv2d], weights_regularizer=None)
    with weights, mode, norm, dropout, decay, undecayed as scope:
        return scope


def _depths(
    layers: Sequence[Layer], multiplier: float, divisible_by: int, min_depth: int, whole_last: bool
) -> List[int]:
    """Return how many channels each layer has; raise ValueError for a multiplier that is not positive."""
    if multiplier <= 0:
        raise ValueError(f"depth_multiplier is {multiplier}; it must be greater than 0")
    depths = [divisible(layer.depth * multiplier, divisible_by, min_depth) for layer in layers]
    return [*depths[:-1], layers[-1].depth] if whole_last else depths


def _strides(layers: Sequence[Layer], output_stride: Optional[int]) -> Sequence[Tuple[int, int]]:
    """Return (stride, dilation) of each layer; from `output_stride` on, what would be a stride dilates what follows.

    Raises ValueError for an output stride that is odd.
    """
    if output_stride is not None and (output_stride < 1 or (output_stride > 1 and output_stride % 2)):
        raise ValueError(f"output_stride is {output_stride}; it must be 1 or a multiple of 2")
    pairs, whole, rate = [], 1, 1
    for layer in layers:
        if whole == output_stride:
            pairs.append((1, rate))
            rate *= layer.stride
        else:
            pairs.append((layer.stride, 1))
            whole *= layer.stride
    return pairs


Inner = Dict[str, Tensor]  # the end points within a layer


def _conv(net: Tensor, layer: Conv, depth: int, stride: int, rate: int, padded: bool) -> Tuple[Tensor, Inner]:
    kernel = [layer.kernel, layer.kernel]
    rate = 1 if layer.kernel == 1 else rate
    net = _pad(net, layer.kernel, rate) if padded else net
    norm = {} if layer.normalised else {"normalizer_fn": None}
    return slim.conv2d(net, depth, kernel, stride=stride, rate=rate, **_activation(layer), **norm), {}


def _pool(net: Tensor, layer: Pool, depth: int, stride: int, rate: int, padded: bool) -> Tuple[Tensor, Inner]:
    height, width = net.shape.as_list()[1:3]
    side = height if height == width and height else 7
    return slim.avg_pool2d(net, [side, side], stride=1, padding="VALID"), {}


def _block(net: Tensor, layer: Block, depth: int, stride: int, rate: int, padded: bool) -> Tuple[Tensor, Inner]:
    inner: Inner = {}
    activation = _activation(layer)
    with tf1.variable_scope(None, "expanded_conv", [net]):
        before = net = tf1.identity(net, "input")
        given = net.shape.as_list()[3]
        widened = divisible(given * layer.expansion, layer.divisor)
        if widened > given:
            net = slim.conv2d(net, widened, [1, 1], scope="expand", **activation)
            inner["expansion_output"] = net = tf1.identity(net, "expansion_output")
        net = _pad(net, layer.kernel, rate) if padded else net
        # No output depth: only the depthwise half of a separable convolution, with its own norm and activation.
        net = slim.separable_conv2d(
            net, None, layer.kernel, depth_multiplier=1, stride=stride, rate=rate, scope="depthwise", **activation
        )
        inner["depthwise_output"] = net = tf1.identity(net, "depthwise_output")
        net = _gate(net) if layer.gated else net
        net = slim.conv2d(net, depth, [1, 1], activation_fn=tf1.identity, scope="project")
        if stride == 1 and depth == given:
            net += before
        inner["output"] = net = tf1.identity(net, "output")
    return net, inner


_LAYERS: Dict[Any, Callable[..., Tuple[Tensor, Inner]]] = {Conv: _conv, Block: _block, Pool: _pool}


def _activation(layer: Union[Conv, Block]) -> Dict[str, Activation]:
    return {} if layer.activation is None else {"activation_fn": layer.activation}


def _gate(net: Tensor) -> Tensor:
    """Weigh channels by what a quarter as many make of their means (Hu et al. 2017, arXiv:1709.01507, section 3)."""
    channels = net.shape.as_list()[3]
    with tf1.variable_scope("squeeze_excite"):
        means = tf1.reduce_mean(net, [1, 2], keepdims=True)
        squeezed = slim.conv2d(means, divisible(channels / 4), [1, 1], normalizer_fn=None, activation_fn=tf1.nn.relu)
        gates = slim.conv2d(squeezed, channels, [1, 1], normalizer_fn=None, activation_fn=hard_sigmoid)
        return net * gates


def hard_sigmoid(tensor: Tensor) -> Tensor:
    """Return a sigmoid of three straight lines, with the factor of the released weights."""
    return tf1.nn.relu6(tensor + 3) * 0.16667


def _pad(net: Tensor, kernel: int, rate: int) -> Tensor:
    """Pad with zeros by what a kernel covers, whatever the size of the image is."""
    total = (kernel - 1) * rate
    sides = [total // 2, total - total // 2]
    return tf1.pad(net, [[0, 0], sides, sides, [0, 0]])


def _head(
    net: Tensor,
    num_classes: Optional[int],
    prediction_fn: Optional[Callable[..., Tensor]],
    is_training: bool,
    end_points: Dict[str, Tensor],
) -> Tensor:
    net = tf1.identity(net, name="embedding")
    with tf1.variable_scope("Logits"):
        size = net.shape.as_list()[1:3]
        if None in size:
            net = tf1.reduce_mean(net, [1, 2], keepdims=True)
        else:
            net = tf1.nn.avg_pool(net, [1, *size, 1], [1, 1, 1, 1], "VALID")
        end_points["global_pool"] = net
        if not num_classes:
            return net
        net = slim.dropout(net, scope="Dropout", is_training=is_training)
        net = slim.conv2d(
            net,
            num_classes,
            [1, 1],
            activation_fn=None,
            normalizer_fn=None,
            biases_initializer=tf1.zeros_initializer(),
            scope="Conv2d_1c_1x1",
        )
        end_points["Logits"] = logits = tf1.identity(tf1.squeeze(net, [1, 2]), name="output")
    if prediction_fn:
        end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits
