"""DeepLIFT: how much of a score's difference to the one of a baseline each value's own difference stands for.

Multipliers go back to the image: m of a value times its difference to the baseline is its contribution, and these add
up to the difference of the scores (Shrikumar et al. 2017, "Learning Important Features Through Propagating Activation
Differences"). The net runs on the baseline in a copy of its operations.
"""

from typing import Callable, Dict, List, Mapping, NamedTuple

from ..._tf import tf, tf1
from ..._types import Tensor
from .. import op_types
from .linear import Linear, negative, positive, whole
from .steps import Step
from .vjp import vjp

NEAR = 1e-7  # differences below this are none: the multiplier is the slope


class Multiplier(NamedTuple):
    """What multiplies the positive contributions to a value's difference, and what the negative ones; mostly one."""

    above: Tensor
    below: Tensor


class Baseline:
    """The tensors of the copy that runs on the baseline, and what the net's own differ from them."""

    def __init__(self, copies: Mapping[str, Tensor]) -> None:
        self.copies = copies

    def of(self, tensor: Tensor) -> Tensor:
        return self.copies[tensor.name]

    def difference(self, tensor: Tensor) -> Tensor:
        return tensor - self.of(tensor)


def sum_multipliers(linear: Linear, given: Multiplier, baseline: Baseline) -> List[Tensor]:
    """The Linear rule (section 3.5.1): what multiplies a contribution goes by its sign."""
    if given.above is given.below:
        return linear.back(given.above, whole)
    back = {
        (side, part): linear.back(getattr(given, side), part)
        for side in ("above", "below")
        for part in (positive, negative)
    }
    multipliers = []
    for number, one in enumerate(linear.inputs):
        difference = baseline.difference(one)
        up = back["above", positive][number] + back["below", negative][number]
        down = back["below", positive][number] + back["above", negative][number]
        middle = tf1.where(tf.equal(difference, 0), (up + down) / 2, down)
        multipliers.append(tf1.where(difference > 0, up, middle))
    return multipliers


def rescale(step: Step, given: Tensor, baseline: Baseline) -> Tensor:
    """The Rescale rule (section 3.5.2): the difference of the outputs over that of the inputs."""
    value, output = step.inputs[0], step.op.outputs[0]
    difference = baseline.difference(value)
    apart = tf.abs(difference) > NEAR
    safe = tf1.where(apart, difference, tf.ones_like(difference))
    return tf1.where(apart, given * baseline.difference(output) / safe, vjp(step.op, [value], [given])[0])


def reveal_cancel(step: Step, given: Tensor, baseline: Baseline, before: Linear) -> Multiplier:
    """The RevealCancel rule (section 3.5.3): what positive and negative contributions do, averaged over their order."""
    value = step.inputs[0]
    start, changes = baseline.of(value), [baseline.difference(one) for one in before.inputs]
    ups, downs = [positive(one) for one in changes], [negative(one) for one in changes]
    above = before.through(ups, positive) + before.through(downs, negative)
    below = before.through(ups, negative) + before.through(downs, positive)

    def at(values: Tensor) -> Tensor:
        return again(step, values)

    none, only_above, only_below, both = at(start), at(start + above), at(start + below), at(start + above + below)
    for_above = (only_above - none + both - only_below) / 2
    for_below = (only_below - none + both - only_above) / 2
    slope = rescale(step, given, baseline)
    return Multiplier(_over(given * for_above, above, slope), _over(given * for_below, below, slope))


def _over(change: Tensor, contributions: Tensor, otherwise: Tensor) -> Tensor:
    apart = tf.abs(contributions) > NEAR
    return tf1.where(apart, change / tf1.where(apart, contributions, tf.ones_like(contributions)), otherwise)


def again(step: Step, values: Tensor) -> Tensor:
    """Return what an activation makes of other values."""
    op = step.op
    if op.type in op_types.BOUNDS:
        return getattr(tf, op.type.lower())(values, next(one for one in op.inputs if one is not step.inputs[0]))
    if op.type == "LeakyRelu":
        return tf.nn.leaky_relu(values, op.get_attr("alpha"))
    return getattr(tf.raw_ops, op.type)(**{op.op_def.input_arg[0].name: values})


def _move(step: Step, out: Tensor, given: Tensor, baseline: Baseline) -> List[Tensor]:
    return vjp(step.op, step.inputs, [given if one is out else None for one in step.op.outputs])


def _maximum(step: Step, out: Tensor, given: Tensor, baseline: Baseline) -> List[Tensor]:
    """What the largest rose by goes to where it is, and what it fell by to where it was (as captum has it)."""
    output, start = step.op.outputs[0], baseline.of(step.op.outputs[0])
    high = tf.maximum(output, start)
    copies = [baseline.of(one) for one in step.inputs]
    rises = vjp(step.op, step.inputs, [given * (high - start)])
    falls = vjp(start.op, copies, [given * (output - high)])
    slopes = vjp(step.op, step.inputs, [given])
    multipliers = []
    for one, rise, fall, slope in zip(step.inputs, rises, falls, slopes):
        difference = baseline.difference(one)
        same = tf.equal(difference, 0)
        safe = tf1.where(same, tf.ones_like(difference), difference)
        multipliers.append(tf1.where(same, slope, (rise + fall) / safe))
    return multipliers


def _product(step: Step, out: Tensor, given: Tensor, baseline: Baseline) -> List[Tensor]:
    """Each factor's difference times the mean of the other one: what both orders of changing them give, averaged."""
    own = vjp(step.op, step.inputs, [given])
    other = vjp(baseline.of(step.op.outputs[0]).op, [baseline.of(one) for one in step.inputs], [given])
    return [(one + two) / 2 for one, two in zip(own, other)]


def _neighbours(step: Step, out: Tensor, given: Tensor, baseline: Baseline) -> List[Tensor]:
    """x n as a product, and n, a power of the sum of squares, by Rescale; a square is x times x."""
    op, value = step.op, step.inputs[0]
    start, (bias, alpha, beta) = baseline.of(value), (op.get_attr(key) for key in ("bias", "alpha", "beta"))
    numbers = tf.range(tf.shape(value)[-1])
    band = tf.cast(tf.abs(numbers[:, None] - numbers) <= op.get_attr("depth_radius"), value.dtype)
    sums = [bias + alpha * tf.tensordot(tf.square(one), band, [[3], [0]]) for one in (value, start)]
    norms = [tf.pow(one, -beta) for one in sums]
    change = sums[0] - sums[1]
    apart = tf.abs(change) > NEAR
    slope = tf1.where(
        apart,
        (norms[0] - norms[1]) / tf1.where(apart, change, tf.ones_like(change)),
        -beta * tf.pow(sums[0], -beta - 1),
    )
    for_sums = given * (value + start) / 2 * slope
    return [given * (norms[0] + norms[1]) / 2 + alpha * tf.tensordot(for_sums, band, [[3], [0]]) * (value + start)]


STEPS: Dict[str, Callable[[Step, Tensor, Tensor, Baseline], List[Tensor]]] = {
    "move": _move,
    "pool": _move,
    "maximum": _maximum,
    "gate": _product,
    "product": _product,
    "neighbours": _neighbours,
}
