"""Chains: a convolution or a dense layer, and what scales and shifts its channels after it, as one weighted sum.

So a batch norm is part of the convolution before it, fused or not, as it would be after the graph was optimised for
inference: the rules then do not depend on how a net was written down. (Rules applied to a norm by itself divide by
values near zero.)
"""

from dataclasses import dataclass, replace
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from ..._tf import tf
from ..._types import Operation, Tensor
from .. import op_types
from .linear import Linear, Ways, convolution, dense, depthwise, one_by_one

CORES: Dict[str, Callable[[Operation], Ways]] = {
    "Conv2D": convolution,
    **dict.fromkeys(op_types.DEPTHWISE, depthwise),
    "MatMul": dense,
}


class Affine(NamedTuple):
    """y = scale x + shift, value by value; None for 1 and for 0. `norm` as in Linear."""

    scale: Optional[Tensor] = None
    shift: Optional[Tensor] = None
    norm: Optional[List[Tensor]] = None


AS_IT_IS = Affine()


@dataclass(frozen=True)
class Chain:
    """What is known so far of one weighted sum: a core, or None, and the scale and shift after it."""

    core: Optional[Operation]
    input: Tensor
    output: Tensor
    depth: int
    affine: Affine = AS_IT_IS

    def joined(self, op: Operation, after: Affine) -> "Chain":
        """Return this chain with another scale and shift after it."""
        own = self.affine
        scale = _product(own.scale, after.scale)
        shift = _total(_product(own.shift, after.scale) if own.shift is not None else None, after.shift)
        norm = after.norm or _norm_of(own, after)
        return replace(self, output=op.outputs[0], affine=Affine(scale, shift, norm))

    def may_join(self, after: Affine, fold: bool) -> bool:
        """Whether a scale and shift are of this chain: any alone, and after a core those of its channels.

        Without `fold` a core takes its bias and nothing else.
        """
        if self.core is None:
            return True
        if not fold:
            plain = self.affine == AS_IT_IS
            return plain and after.scale is None and _of_channels(after.shift, self.output, self._axis)
        return all(_of_channels(one, self.output, self._axis) for one in (after.scale, after.shift))

    @property
    def _axis(self) -> int:
        return channel_axis(self.core) if self.core is not None else -1

    def linear(self) -> Linear:
        """Return the chain as a weighted sum."""
        scale, shift, norm = self.affine
        if self.core is None:
            weight = tf.ones([], self.output.dtype) if scale is None else scale
            ways, kind = one_by_one(), "scale"
        else:
            weight, ways = _folded(self.core, scale), CORES[self.core.type](self.core)
            kind = "dense" if self.core.type == "MatMul" else "convolution"
        parts = [self.input], [weight], shift, self.output
        return Linear(self.output.op, kind, *parts, *ways, depth=self.depth, norm=norm if kind == "scale" else None)


def channel_axis(op: Operation) -> int:
    """Return the dimension of channels by an operation's data_format, from the end for the last."""
    layout = op.node_def.attr["data_format"].s if "data_format" in op.node_def.attr else b"NHWC"
    return 1 if layout == b"NCHW" else -1


def affine(op: Operation, dependent: Sequence[int]) -> Optional[Affine]:
    """Return what an operation does to its one input that depends on the image, None where that is more than this."""
    if len(dependent) != 1 or (op.type not in AFFINE and op.type not in op_types.FUSED_NORMS):
        return None
    number = dependent[0]
    if op.type in op_types.FUSED_NORMS:
        return None if number or op.get_attr("is_training") else _fused(op)
    if op.type == "Neg":
        return Affine(scale=-tf.ones([], op.inputs[0].dtype))
    other = op.inputs[1 - number]
    if op.type == "BiasAdd":
        return Affine(shift=along(other, op)) if number == 0 else None
    if op.type == "Mul":
        return Affine(scale=other)
    if op.type in op_types.ADDITIONS:
        return Affine(shift=other)
    if op.type == "Sub":
        return Affine(shift=-other) if number == 0 else Affine(-tf.ones([], other.dtype), other)
    return Affine(scale=1 / other) if number == 0 else None


AFFINE = ("Mul", "BiasAdd", "Sub", "Neg", *op_types.ADDITIONS, *op_types.DIVISIONS)


def along(values: Tensor, op: Operation) -> Tensor:
    """Return one value a channel, (C,), in a shape that broadcasts to an operation's output."""
    if channel_axis(op) == -1:
        return values
    return tf.reshape(values, [1, -1, *[1] * (op.outputs[0].shape.rank - 2)])


def _fused(op: Operation) -> Affine:
    gain, offset, mean, variance = (along(one, op) for one in op.inputs[1:5])
    scale = gain * tf.math.rsqrt(variance + op.get_attr("epsilon"))
    return Affine(scale, offset - mean * scale, [mean, offset])


def _norm_of(before: Affine, after: Affine) -> Optional[List[Tensor]]:
    """Return mean and offset of a batch norm that is written as x s + (offset - mean s), where it can be seen."""
    if before.scale is None or before.shift is not None or after.scale is not None or after.shift is None:
        return None
    sub = after.shift.op
    if sub.type != "Sub" or sub.inputs[1].op.type != "Mul":
        return None
    factors = list(sub.inputs[1].op.inputs)
    means = [one for one in factors if one is not before.scale]
    return [means[0], sub.inputs[0]] if len(means) == 1 else None


def _folded(core: Operation, scale: Optional[Tensor]) -> Tensor:
    """Return a core's weights, those of each channel of its output times that one's scale."""
    weight = core.inputs[1]
    if scale is None:
        return weight
    flat = tf.reshape(scale, [-1])  # one for all channels, or one for each
    if core.type in op_types.DEPTHWISE:
        rows = tf.reshape(flat * tf.ones([tf.reduce_prod(tf.shape(weight)[2:])], weight.dtype), tf.shape(weight)[2:])
        return weight * rows
    if core.type == "MatMul" and core.get_attr("transpose_b"):
        return weight * flat[:, None]
    return weight * flat


def _of_channels(values: Optional[Tensor], output: Tensor, axis: int) -> bool:
    """Whether values broadcast to an output channel by channel only."""
    if values is None:
        return True
    if values.shape.rank is None or output.shape.rank is None or values.shape.rank > output.shape.rank:
        return False
    dims = [1] * (output.shape.rank - values.shape.rank) + values.shape.as_list()
    channels = dims.pop(axis)
    return all(size == 1 for size in dims) and channels in (1, output.shape.as_list()[axis])


def _product(one: Optional[Tensor], other: Optional[Tensor]) -> Optional[Tensor]:
    return other if one is None else one if other is None else one * other


def _total(one: Optional[Tensor], other: Optional[Tensor]) -> Optional[Tensor]:
    return other if one is None else one if other is None else one + other
