"""Layer-wise relevance propagation: how much of a score each value stands for, layer by layer back to the image.

Each rule gives the inputs of a weighted sum shares of what the sum was given (Bach et al. 2015; Montavon et al. 2019,
"Layer-Wise Relevance Propagation: An Overview"). z is the whole sum with its bias, R what it was given, x its inputs.
"""

from typing import Callable, Dict, List, Optional

from ..._tf import tf, tf1
from ..._types import Tensor
from ...methods.relevance_rules import Rule
from .. import walk
from .linear import Linear, Part, add, negative, positive, whole

SumRule = Callable[[Linear, Tensor, Rule], List[Tensor]]


def divide(one: Tensor, other: Tensor) -> Tensor:
    """Return one / other, and 0 where the other is 0."""
    return tf.math.divide_no_nan(one, other)


def away_from_zero(values: Tensor, epsilon: float) -> Tensor:
    """Return values moved by epsilon away from zero; zero itself counts as positive."""
    step = tf.fill(tf.shape(values), tf.cast(epsilon, values.dtype))
    return tf1.where(values >= 0, values + step, values - step)


def z(linear: Linear, relevance: Tensor, rule: Rule) -> List[Tensor]:
    """x w R / z: every contribution its share (Bach et al. 2015, eq. 56; LRP-0)."""
    return _weighed(linear, divide(relevance, linear.output))


def epsilon(linear: Linear, relevance: Tensor, rule: Rule) -> List[Tensor]:
    """x w R / (z + epsilon sign z): weak and contradictory sums give less (Bach et al. 2015, eq. 58)."""
    return _weighed(linear, relevance / away_from_zero(linear.output, rule.epsilon))


def gamma(linear: Linear, relevance: Tensor, rule: Rule) -> List[Tensor]:
    """x (w + gamma w+) R / sum of these: what speaks for the sum counts more (Montavon et al. 2019, section 10.2.3).

    Of a negative sum it is w-, and of a negative input the other sign, that speaks for it.
    """

    def up(weight: Tensor) -> Tensor:
        return weight + rule.gamma * positive(weight)

    def down(weight: Tensor) -> Tensor:
        return weight + rule.gamma * negative(weight)

    above = tf1.where(linear.output > 0, relevance, tf.zeros_like(relevance))
    for_above = _signed(linear, above, up, down, _part_of_bias(linear, up))
    for_below = _signed(linear, relevance - above, down, up, _part_of_bias(linear, down))
    return [one + other for one, other in zip(for_above, for_below)]


def alpha_beta(linear: Linear, relevance: Tensor, rule: Rule) -> List[Tensor]:
    """Alpha times the shares of positive contributions less beta times the negative ones' (Bach et al. 2015, eq. 60).

    A bias is with the contributions of its sign. innvestigate adds the whole of it to both, so that their sums may pass
    through zero.
    """
    parts = [linear.bias] * 2 if rule.innvestigate else [_part_of_bias(linear, part) for part in (positive, negative)]
    speaking = _signed(linear, relevance, positive, negative, parts[0])
    if rule.alpha == 1:
        return speaking
    against = _signed(linear, relevance, negative, positive, parts[1])
    return [rule.alpha * one - (rule.alpha - 1) * other for one, other in zip(speaking, against)]


def z_plus(linear: Linear, relevance: Tensor, rule: Rule) -> List[Tensor]:
    """The shares of positive contributions, biases left out (Montavon et al. 2017, eq. 16, for inputs of any sign)."""
    return _signed(linear, relevance, positive, negative, None)


def flat(linear: Linear, relevance: Tensor, rule: Rule) -> List[Tensor]:
    """The same share for every input (Lapuschkin et al. 2019)."""
    return _by_weights_alone(linear, relevance, tf.ones_like)


def w_square(linear: Linear, relevance: Tensor, rule: Rule) -> List[Tensor]:
    """Shares by squares of weights, whatever the input (Montavon et al. 2017, eq. 14)."""
    return _by_weights_alone(linear, relevance, tf.square)


def box(linear: Linear, relevance: Tensor, rule: Rule) -> List[Tensor]:
    """x w - low w+ - high w-: shares for inputs between low and high (Montavon et al. 2017, eq. 18)."""
    parts: List[Part] = [whole, positive, negative]
    low = [tf.fill(tf.shape(one), tf.cast(rule.low, one.dtype)) for one in linear.inputs]
    high = [tf.fill(tf.shape(one), tf.cast(rule.high, one.dtype)) for one in linear.inputs]
    values = [linear.inputs, [-one for one in low], [-one for one in high]]
    sums = add([linear.through(value, part) for value, part in zip(values, parts)])
    shares = divide(relevance, sums)
    terms = [[one * two for one, two in zip(v, linear.back(shares, p))] for v, p in zip(values, parts)]
    return [add(each) for each in zip(*terms)]


RULES: Dict[str, SumRule] = {
    "z": z,
    "epsilon": epsilon,
    "gamma": gamma,
    "alpha_beta": alpha_beta,
    "flat": flat,
    "w_square": w_square,
    "box": box,
    "z_plus": z_plus,
}


def norm_of_innvestigate(linear: Linear, relevance: Tensor, rule: Rule) -> List[Tensor]:
    """x (z - offset) R / ((x - mean) z): innvestigate's rule of a batch norm alone; elsewhere the rule z."""
    if linear.norm is None:
        return z(linear, relevance, rule)
    mean, offset = linear.norm
    below = (linear.inputs[0] - mean) * linear.output
    above = linear.inputs[0] * (linear.output - offset) * relevance
    return [divide(above, away_from_zero(below, 1e-7))]


def _weighed(linear: Linear, shares: Tensor) -> List[Tensor]:
    return [one * back for one, back in zip(linear.inputs, linear.back(shares, whole))]


def _signed(linear: Linear, relevance: Tensor, part: Part, other: Part, bias: Optional[Tensor]) -> List[Tensor]:
    """Share by x+ part(w) + x- other(w) + bias."""
    above, below = [positive(one) for one in linear.inputs], [negative(one) for one in linear.inputs]
    halves = [(above, part), (below, other)][: 1 if all(map(is_never_negative, linear.inputs)) else 2]
    sums = add([linear.through(values, weights) for values, weights in halves])
    shares = divide(relevance, sums if bias is None else sums + bias)
    terms = [[one * two for one, two in zip(v, linear.back(shares, p))] for v, p in halves]
    return [add(each) for each in zip(*terms)]


def _by_weights_alone(linear: Linear, relevance: Tensor, part: Part) -> List[Tensor]:
    ones = [tf.ones_like(one) for one in linear.inputs]
    return linear.back(divide(relevance, linear.through(ones, part)), part)


def _part_of_bias(linear: Linear, part: Part) -> Optional[Tensor]:
    return None if linear.bias is None else part(linear.bias)


def is_never_negative(tensor: Tensor) -> bool:
    """Whether a tensor is what a ReLU gave, moved and pooled at most: half of the sums are zero then."""
    passing = ("Identity", "Reshape", "Squeeze", "MaxPool", "AvgPool", "Mean", "Pad")
    return walk.source(tensor, passing).op.type in ("Relu", "Relu6", "Sigmoid")
