"""Rule: by what relevance goes back, as one value that can be compared and kept; graphs/relevance has what it does."""

from typing import List, NamedTuple, Optional, Tuple

from ..errors import ParameterError
from ..suggest import nearest

# Rules for one weighted sum; a composite names them from the image on.
SUM_RULES = ("z", "epsilon", "gamma", "alpha_beta", "flat", "w_square", "box")
NAMES = (*SUM_RULES, "deep_taylor", "deeplift")


class Rule(NamedTuple):
    """A rule and its parameters; those that are not of the rule do nothing."""

    name: str  # of NAMES
    epsilon: float = 1e-7
    gamma: float = 0.25
    alpha: float = 2.0  # and beta = alpha - 1, so that relevance is kept
    composite: str = ""  # "flat:1 gamma:0.5 epsilon": the rules of convolutions and dense layers, from the image on
    low: Optional[float] = None  # the least and the largest value of an image, for "box" and for deep Taylor
    high: Optional[float] = None
    reveal: bool = False  # DeepLIFT's RevealCancel, not its Rescale
    fold: bool = True  # take what scales and shifts a convolution's channels for a part of it
    innvestigate: bool = False  # as that package writes the rules: see each


class Biases(NamedTuple):
    """In the place of a rule: the true gradient, and that of each bias times the bias; see graphs/relevance/biases."""

    implicit: bool = True  # those of activations too


def check_rule(rule: Rule) -> Rule:
    """Return a rule; raise ParameterError for one that there is not, or whose parameters do not go together."""
    if rule.name not in NAMES:
        raise ParameterError(f"no rule {rule.name!r} (there are {', '.join(NAMES)}); {nearest(rule.name, NAMES)}")
    shares(rule)
    boxed = rule.name == "box" or any(name == "box" for name, _ in shares(rule))
    if (rule.low is None) != (rule.high is None) or (boxed and rule.low is None):
        raise ParameterError("the box that images are in has two sides: give low= and high=")
    if rule.low is not None and rule.high is not None and not rule.low < rule.high:
        raise ParameterError(f"low={rule.low} is not below high={rule.high}")
    return rule


def shares(rule: Rule) -> List[Tuple[str, float]]:
    """Return what a composite says: names of SUM_RULES, and of each up to where it goes.

    That is a number of layers, or below 1 a share of all; the last goes to the end.
    Raises ParameterError for other text.
    """
    words = rule.composite.split()
    read = []
    for number, word in enumerate(words):
        name, _, text = word.partition(":")
        last = number == len(words) - 1
        try:
            most = float("inf") if last and not text else float(text)
        except ValueError:
            most = -1.0
        if name not in SUM_RULES or not most > 0:
            raise ParameterError(
                f"composite {rule.composite!r}: {word!r} is not a rule and how many layers it is for, as in "
                f"'flat:1 gamma:0.5 epsilon'; the rules are {', '.join(SUM_RULES)}"
            )
        read.append((name, most))
    return read


def rule_at(rule: Rule, depth: int, count: int) -> str:
    """Return the name of the rule for a layer: `depth` of `count` convolutions and dense layers lie before it."""
    first = 0.0
    for name, most in shares(rule):
        first += most * count if most < 1 else most
        if depth < first:
            return name
    return rule.name if not rule.composite else shares(rule)[-1][0]
