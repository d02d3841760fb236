"""Linear: a part of a graph that is a weighted sum, which rules take apart by the signs of weights and inputs."""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

from ..._tf import tf
from ..._types import Operation, Tensor

Part = Callable[[Tensor], Tensor]  # of weights: those that a rule lets count
# Ways to sum up: of values (N, …) and weights, and back from what each sum is given to the values.
Forward = Callable[[Tensor, Tensor], Tensor]
Backward = Callable[[Tensor, Tensor, Tensor], Tensor]


class Linear(NamedTuple):
    """output = forward(inputs[0], weights[0]) + forward(inputs[1], weights[1]) + … + bias.

    A convolution with its bias and batch norm is one; so are a norm without a convolution, and an addition.
    """

    op: Operation  # the last of it
    kind: str  # "convolution", "dense", "scale" or "sum"
    inputs: List[Tensor]  # what depends on the image
    weights: List[Tensor]
    bias: Optional[Tensor]  # of a shape that broadcasts to the output's
    output: Tensor
    forward: Forward
    backward: Backward
    depth: int = 0  # how many convolutions and dense layers lie before it, on the longest way
    norm: Optional[List[Tensor]] = None  # of a batch norm alone: its mean and its offset, where they are known

    @property
    def weighted(self) -> bool:
        """Whether it mixes values by weights that were trained."""
        return self.kind in ("convolution", "dense")

    def through(self, values: Sequence[Tensor], part: Part) -> Tensor:
        """Return the sums, without bias, of values in the places of the inputs, with a part of the weights."""
        return add([self.forward(value, part(weight)) for value, weight in zip(values, self.weights)])

    def back(self, shares: Tensor, part: Part) -> List[Tensor]:
        """Return for each input the sum of shares times a part of the weights: the gradient of `through`."""
        return [self.backward(shares, part(weight), one) for one, weight in zip(self.inputs, self.weights)]


def add(tensors: Sequence[Tensor]) -> Tensor:
    """Return the sum of tensors of one shape."""
    return tensors[0] if len(tensors) == 1 else tf.add_n(list(tensors))


def whole(weight: Tensor) -> Tensor:
    """Return all of the weights."""
    return weight


def positive(weight: Tensor) -> Tensor:
    """Return what is above zero."""
    return tf.maximum(weight, tf.zeros([], weight.dtype))


def negative(weight: Tensor) -> Tensor:
    """Return what is below zero."""
    return tf.minimum(weight, tf.zeros([], weight.dtype))


def attributes(op: Operation) -> Dict[str, Any]:
    """Return an operation's attributes but its types, as tf.raw_ops takes them."""
    names = [attribute.name for attribute in op.op_def.attr if attribute.type != "type"]
    values = {name: op.get_attr(name) for name in names}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}


class Ways(NamedTuple):
    """How an operation sums up, and back."""

    forward: Forward
    backward: Backward


def convolution(op: Operation) -> Ways:
    """Return the ways of a Conv2D."""
    given = attributes(op)

    def forward(value: Tensor, weight: Tensor) -> Tensor:
        return tf.raw_ops.Conv2D(input=value, filter=weight, **given)

    def backward(shares: Tensor, weight: Tensor, like: Tensor) -> Tensor:
        return tf.raw_ops.Conv2DBackpropInput(input_sizes=tf.shape(like), filter=weight, out_backprop=shares, **given)

    return Ways(forward, backward)


def depthwise(op: Operation) -> Ways:
    """Return the ways of a DepthwiseConv2dNative."""
    given = attributes(op)

    def forward(value: Tensor, weight: Tensor) -> Tensor:
        return tf.raw_ops.DepthwiseConv2dNative(input=value, filter=weight, **given)

    def backward(shares: Tensor, weight: Tensor, like: Tensor) -> Tensor:
        return tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
            input_sizes=tf.shape(like), filter=weight, out_backprop=shares, **given
        )

    return Ways(forward, backward)


def dense(op: Operation) -> Ways:
    """Return the ways of a MatMul whose weights are its second input."""
    turned = op.get_attr("transpose_b")

    def forward(value: Tensor, weight: Tensor) -> Tensor:
        return tf.matmul(value, weight, transpose_b=turned)

    def backward(shares: Tensor, weight: Tensor, like: Tensor) -> Tensor:
        return tf.matmul(shares, weight, transpose_b=not turned)

    return Ways(forward, backward)


def one_by_one() -> Ways:
    """Return the ways of a product with weights, value by value."""

    def backward(shares: Tensor, weight: Tensor, like: Tensor) -> Tensor:
        return _of_shape(shares * weight, like)

    return Ways(lambda value, weight: value * weight, backward)


def _of_shape(values: Tensor, like: Tensor) -> Tensor:
    """Sum values over the dimensions in which another tensor, of as many, is broadcast."""
    if values.shape.rank is None or values.shape.rank != like.shape.rank:
        return values
    pairs = zip(values.shape.as_list(), like.shape.as_list())
    axes = [axis for axis, (size, own) in enumerate(pairs) if own == 1 and size != 1]
    return tf.reduce_sum(values, axes, keepdims=True) if axes else values
