"""What a score is made of: an image times its gradient, and each bias times its own.

As Srinivas and Fleuret 2019, section 4.

A bias is what a weighted sum of linear.Linear adds: that of a convolution with its batch norm is one. Of an activation
that is no straight line through zero where it stands, it is what y has beside x times its slope: the implicit bias.
"""

from typing import Dict, List, NamedTuple, Optional, Sequence

from ..._tf import tf, tf1
from ..._types import Tensor
from .. import op_types, walk
from .linear import Linear, add
from .steps import Step, read_steps
from .vjp import vjp

# Twice the input gives twice the output: no implicit bias. So do moves, pools and the largest of several.
STRAIGHT = ("Relu", "LeakyRelu")
STRAIGHT_KINDS = ("move", "pool", "maximum")


class BiasTensors(NamedTuple):
    """The gradient at the image, None where none reaches it, and biases times their gradients, channels last."""

    gradient: Optional[Tensor]
    biases: List[Tensor]
    implicit: List[Tensor]


def bias_tensors(
    image: Tensor, score: Tensor, held: Sequence[Tensor], cut: Sequence[str], implicit: bool
) -> BiasTensors:
    """Return what an (N,) score is made of; none goes behind the tensors that are `held`, or named in `cut`.

    What is held counts as a bias of the sum that adds it. `implicit` asks for those of activations too.
    """
    steps = read_steps(image, score, [*cut, *(tensor.name for tensor in held)], fold=True).each
    sums = [step for step in steps if isinstance(step, Linear) and step.bias is not None]
    others = [step for step in steps if isinstance(step, Step) and implicit and _is_curved(step)]
    ends = [step.output for step in sums] + [step.op.outputs[0] for step in others]
    met = tf1.gradients(score, [image, *ends], stop_gradients=list(held) or None)
    given: Dict[str, Tensor] = {end.name: one for end, one in zip(ends, met[1:]) if one is not None}
    biases = [_last(step.output, given[step.output.name] * step.bias) for step in sums if step.output.name in given]
    each = [_implicit(step, given[step.op.outputs[0].name]) for step in others if step.op.outputs[0].name in given]
    return BiasTensors(met[0], biases, [one for one in each if one is not None])


def _is_curved(step: Step) -> bool:
    return len(step.op.outputs) == 1 and step.op.type not in STRAIGHT and step.kind not in STRAIGHT_KINDS


def _implicit(step: Step, given: Tensor) -> Optional[Tensor]:
    """Return what a step's output has beside its inputs times their slopes, times what it is given of the score.

    None where that has no places: a step of inputs of other shapes than its output's, but a product or a quotient.
    """
    output = step.op.outputs[0]
    own = given * output
    if len(step.inputs) == 2 and step.op.type == "Mul":  # both inputs times their slopes are the product
        return _last(output, -own)
    if len(step.inputs) == 2 and step.op.type in op_types.DIVISIONS:  # which cancel out in a quotient
        return _last(output, own)
    if any(not _same_shape(one, output) for one in step.inputs):
        return None
    back = vjp(step.op, step.inputs, [given])
    return _last(output, own - add([one * share for one, share in zip(step.inputs, back)]))


def _same_shape(one: Tensor, other: Tensor) -> bool:
    return one.shape.rank is not None and one.shape.as_list() == other.shape.as_list()


def _last(like: Tensor, values: Tensor) -> Tensor:
    """Return values of a tensor's places with channels last."""
    first = like.shape.rank == 4 and walk.data_format(like.op) == "NCHW"
    return tf.transpose(values, [0, 2, 3, 1]) if first else values
