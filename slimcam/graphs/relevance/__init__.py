"""Relevance: how much of a score each number of the image stands for, as operations beside the model's own.

From the score on, each step gives what it was given back to what it reads, by one rule for each type of operation:
weighted sums (convolutions with their bias and batch norm, dense layers, norms alone, additions) by the rules of lrp
or of deeplift, other operations by the tables STEPS of these. An operation without a rule is an error that names it.
"""

from typing import Collection, Dict, List, Mapping, Union

from ..._types import Tensor
from ...errors import RuleError
from ...methods.relevance_rules import Rule
from . import deeplift, lrp_steps
from .deeplift import Baseline, Multiplier
from .linear import Linear, add
from .steps import Step, Steps, read_steps

__all__ = ["Baseline", "contributions", "relevance"]


def relevance(image: Tensor, end: Tensor, given: Tensor, cut: Collection[str], rule: Rule) -> Tensor:
    """Return the relevance of an image for what a tensor `end`, the logits say, is given of the score.

    None goes behind the tensors named in `cut`. Raises RuleError for an operation that has no rule.
    """
    steps = read_steps(image, end, cut, rule.fold)
    count = 1 + max((one.depth for one in steps.each if isinstance(one, Linear) and one.weighted), default=-1)
    given_to: Dict[str, List[Tensor]] = {end.name: [given]}
    for step in reversed(steps.each):
        if isinstance(step, Linear):
            got = given_to.get(step.output.name)
            back = lrp_steps.relevance_of_sum(step, add(got), rule, count) if got else []
        else:
            back = _relevance_of_step(step, given_to, rule)
        for one, share in zip(step.inputs, back):
            given_to.setdefault(one.name, []).append(share)
    return _of_image(image, end, given_to)


def _relevance_of_step(step: Step, given_to: Mapping[str, List[Tensor]], rule: Rule) -> List[Tensor]:
    outputs = [given_to.get(out.name) for out in step.op.outputs]
    if not any(outputs):
        return []
    if step.kind not in lrp_steps.STEPS:
        raise lrp_steps.no_rule(step, "relevance propagation")
    return lrp_steps.STEPS[step.kind](step, [add(one) if one else None for one in outputs], rule)


def contributions(
    image: Tensor, end: Tensor, given: Tensor, cut: Collection[str], rule: Rule, baseline: Baseline
) -> Tensor:
    """Return what an image's difference to a baseline contributes to that of a tensor `end` times `given`, by DeepLIFT.

    Raises RuleError for an operation that has no rule.
    """
    steps = read_steps(image, end, cut, rule.fold)
    given_to: Dict[str, List[Multiplier]] = {end.name: [Multiplier(given, given)]}
    for step in reversed(steps.each):
        outputs = [step.output] if isinstance(step, Linear) else step.op.outputs
        met = [(out, given_to[out.name]) for out in outputs if out.name in given_to]
        for out, got in met:
            back = _multipliers(step, out, _total(got), steps, rule, baseline)
            for one, share in zip(step.inputs, back):
                given_to.setdefault(one.name, []).append(share)
    multipliers = _of_image(image, end, {name: [one.above for one in some] for name, some in given_to.items()})
    return multipliers * baseline.difference(image)


def _multipliers(
    step: Union[Linear, Step], out: Tensor, given: Multiplier, steps: Steps, rule: Rule, baseline: Baseline
) -> List[Multiplier]:
    if isinstance(step, Linear):
        return [Multiplier(one, one) for one in deeplift.sum_multipliers(step, given, baseline)]
    if step.kind == "activation":
        before = steps.producers.get(step.inputs[0].name) if rule.reveal else None
        if before is not None:
            return [deeplift.reveal_cancel(step, given.above, baseline, before)]
        one = deeplift.rescale(step, given.above, baseline)
        return [Multiplier(one, one)]
    if step.kind not in deeplift.STEPS:
        raise lrp_steps.no_rule(step, "DeepLIFT")
    return [Multiplier(one, one) for one in deeplift.STEPS[step.kind](step, out, given.above, baseline)]


def _total(some: List[Multiplier]) -> Multiplier:
    above = add([one.above for one in some])
    same = all(one.above is one.below for one in some)
    return Multiplier(above, above if same else add([one.below for one in some]))


def _of_image(image: Tensor, end: Tensor, given_to: Mapping[str, List[Tensor]]) -> Tensor:
    if image.name not in given_to:
        raise RuleError(f"nothing of {end.name!r} is given back to {image.name!r}")
    return add(given_to[image.name])
