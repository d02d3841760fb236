"""What operations that are no weighted sums do with relevance, and which rule a weighted sum takes."""

from typing import Callable, Dict, List, Union

from ..._types import Tensor
from ...errors import RuleError
from ...methods.relevance_rules import Rule, rule_at
from . import lrp
from .linear import Linear
from .steps import Step
from .vjp import vjp


def relevance_of_sum(linear: Linear, relevance: Tensor, rule: Rule, count: int) -> List[Tensor]:
    """Return the relevance of a weighted sum's inputs; `count` convolutions and dense layers are in the net.

    Norms and additions mix no values by weights that were trained: there relevance goes by the rule z, whatever the
    rule is, with epsilon where that is the rule.
    """
    if rule.name == "deep_taylor":
        return _deep_taylor(linear, relevance, rule)
    name = rule_at(rule, linear.depth, count) if linear.weighted else "epsilon" if rule.name == "epsilon" else "z"
    if linear.kind == "scale" and rule.innvestigate:
        return lrp.norm_of_innvestigate(linear, relevance, rule)
    return lrp.RULES[name](linear, relevance, rule)


def _deep_taylor(linear: Linear, relevance: Tensor, rule: Rule) -> List[Tensor]:
    """The rule z+; at the image z^B where the box that images are in is given (Montavon et al. 2017, table 1).

    A norm alone gives all on. Innvestigate gives all of it to each term of an addition, so that it grows.
    """
    if linear.kind == "scale":
        return [relevance]
    if linear.weighted and not linear.depth and rule.low is not None:
        return lrp.box(linear, relevance, rule)
    if linear.kind == "sum" and rule.innvestigate:
        return [relevance for _ in linear.inputs]
    return lrp.z_plus(linear, relevance, rule)


def _move(step: Step, relevances: List[Tensor], rule: Rule) -> List[Tensor]:
    return vjp(step.op, step.inputs, relevances)


def _pool(step: Step, relevances: List[Tensor], rule: Rule) -> List[Tensor]:
    """By the rule z: what is averaged shares as it adds up. Innvestigate's deep Taylor takes the gradient."""
    if rule.name == "deep_taylor" and rule.innvestigate:
        return vjp(step.op, step.inputs, relevances)
    output = step.op.outputs[0]
    kept = lrp.away_from_zero(output, rule.epsilon) if rule.name == "epsilon" else output
    return [step.inputs[0] * vjp(step.op, step.inputs, [lrp.divide(relevances[0], kept)])[0]]


def _activation(step: Step, relevances: List[Tensor], rule: Rule) -> List[Tensor]:
    """Let all through. Innvestigate multiplies by the slope, so that nothing comes back from above 6 of a Relu6."""
    return vjp(step.op, step.inputs, relevances) if rule.innvestigate else [relevances[0]]


def _gate(step: Step, relevances: List[Tensor], rule: Rule) -> List[Tensor]:
    """Give all to what is let through, and nothing to the gate (Arras et al. 2017)."""
    return [relevances[0]]


def _neighbours(step: Step, relevances: List[Tensor], rule: Rule) -> List[Tensor]:
    """Let all through: what a value is divided by is taken as given (Binder et al. 2016 go one order further)."""
    return [relevances[0]]


STEPS: Dict[str, Callable[[Step, List[Tensor], Rule], List[Tensor]]] = {
    "move": _move,
    "maximum": _move,
    "pool": _pool,
    "activation": _activation,
    "gate": _gate,
    "neighbours": _neighbours,
}


def no_rule(step: Union[Step, Linear], rule: str) -> RuleError:
    """Return the error for an operation that no rule is written for."""
    op = step.op
    what = {
        "product": "a product of two numbers of the image's own, neither of which is a gate",
        "": f"an operation of type {op.type}",
    }
    kind = step.kind if step.kind in what else ""
    return RuleError(
        f"{op.name!r} is {what[kind]}: {rule} has no rule for it. Name a score before it, or explain by a gradient"
    )
