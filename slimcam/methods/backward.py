"""Maps of pixels whose numbers go back by another rule than the gradient's: at the gates, or layer by layer.

The rules themselves are in graphs/relevance; here is what a method asks for and what it returns.
"""

from typing import Any, Mapping

import numpy as np

from . import baselines
from .cams import gradcam
from .net import Attribution, Net
from .parts import own_scores
from .relevance_rules import Rule
from .resampling import enlarged, nearest


def guided_rule(parameters: Mapping[str, Any]) -> str:
    """Return the rule of guided backpropagation: with the gate above 6 of a Relu6, or without."""
    return "guided" if parameters.get("upper", True) else "guided_open"


def rectgrad_rule(parameters: Mapping[str, Any]) -> str:
    """Return the rule of RectGrad, with what share of values it leaves out."""
    return f"rectgrad {parameters['percent']!r}"


def relevance_rule(name: str, parameters: Mapping[str, Any]) -> Rule:
    """Return a rule of relevance with a row's parameters."""
    own = {key: value for key, value in parameters.items() if key in Rule._fields}
    return Rule(name, **own, innvestigate=parameters.get("formula") == "innvestigate")


def guided_backprop(net: Net, upper: bool = True, times_score: bool = False) -> np.ndarray:
    """Return the gradient in which only what is positive passes an activation back (Springenberg et al. 2015)."""
    return _by_gates(net, guided_rule({"upper": upper}), times_score)


def deconvnet(net: Net, times_score: bool = False) -> np.ndarray:
    """Return the gradient in which an activation passes back what is positive, whatever its input (Zeiler 2014)."""
    return _by_gates(net, "deconvnet", times_score)


def rectgrad(net: Net, percent: float = 98.0) -> np.ndarray:
    """Return the gradient in which an activation y passes R back where y R is among the largest (Kim et al. 2019)."""
    return _by_gates(net, rectgrad_rule({"percent": percent}), False)


def guided_gradcam(net: Net, upper: bool = True, enlarge: str = "linear") -> np.ndarray:
    """Return guided backpropagation times the positive part of Grad-CAM (Selvaraju et al. 2017, section 3.2)."""
    maps = np.maximum(gradcam(net.evidence(net.images, np.arange(len(net.images)))), 0)[..., None]
    height, width = net.images.shape[1:3]
    if enlarge == "nearest":
        rows, columns = (nearest(large, small) for large, small in zip((height, width), maps.shape[1:3]))
        maps = maps[:, rows][:, :, columns]
    else:
        maps = enlarged(maps, height, width)
    return (maps * guided_backprop(net, upper)).astype(np.float32)


def _by_gates(net: Net, rule: str, times_score: bool) -> np.ndarray:
    gradients = net.gradients(net.images, np.arange(len(net.images)), rule)
    return gradients * own_scores(net)[:, None, None, None].astype(np.float32) if times_score else gradients


def lrp_z(net: Net, **parameters: Any) -> Attribution:
    """Return relevances by the rule z (Bach et al. 2015, eq. 56)."""
    return _shared(net, relevance_rule("z", parameters))


def lrp_epsilon(net: Net, **parameters: Any) -> Attribution:
    """Return relevances by the rule epsilon (Bach et al. 2015, eq. 58)."""
    return _shared(net, relevance_rule("epsilon", parameters))


def lrp_gamma(net: Net, **parameters: Any) -> Attribution:
    """Return relevances by the rule gamma (Montavon et al. 2019, section 10.2.3)."""
    return _shared(net, relevance_rule("gamma", parameters))


def lrp_alpha_beta(net: Net, **parameters: Any) -> Attribution:
    """Return relevances by the rule alpha-beta (Bach et al. 2015, eq. 60)."""
    return _shared(net, relevance_rule("alpha_beta", parameters))


def deep_taylor(net: Net, **parameters: Any) -> Attribution:
    """Return relevances of deep Taylor decomposition (Montavon et al. 2017), with the sign of the score."""
    return _shared(net, relevance_rule("deep_taylor", parameters))


def deeplift(net: Net, baseline: baselines.Baseline = "black", seed: int = 0, **parameters: Any) -> Attribution:
    """Return what each pixel's difference to a baseline contributes to that of the score (Shrikumar et al. 2017).

    The detail "gap" is the sum of all less the difference of the scores: rounding alone.
    """
    rows, start = np.arange(len(net.images)), baselines.baseline_of(net, baseline, seed)
    shared = net.gradients(net.images, rows, relevance_rule("deeplift", parameters), start)
    differences = own_scores(net) - net.scores(start, rows)
    return Attribution(shared, {"gap": _sums(shared) - differences})


def _shared(net: Net, rule: Rule) -> Attribution:
    """Return relevances; the detail "kept" is the share of the score that comes to the image: biases take the rest."""
    shared = net.gradients(net.images, np.arange(len(net.images)), rule)
    scores = own_scores(net)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Attribution(shared, {"kept": _sums(shared) / scores})


def _sums(shared: np.ndarray) -> np.ndarray:
    return shared.sum((1, 2, 3), dtype=np.float64)
