"""Rows whose numbers go back by another rule than the gradient's."""

from typing import Any, Dict, Mapping, Sequence

from ..method import OF_PIXELS, Method, Rules
from ..parameters import Parameter
from .pixels import BASELINE, SEED

UPPER = Parameter(True, "whether a Relu6 passes nothing back from above 6")
TIMES = Parameter(False, "whether the map is times the score")
RELEVANCE = {
    "composite": Parameter(
        "", "rules from the image on, each with its number or share of layers: 'flat:1 gamma:0.5 z'"
    ),
    "low": Parameter(None, "the least value of an image as the net is fed, for the rule box", none=True),
    "high": Parameter(None, "the largest", none=True),
    "fold": Parameter(True, "whether a batch norm is part of the convolution before it"),
    "formula": Parameter("paper", "whose formula where they part", choices=("paper", "innvestigate")),
}
INNVESTIGATE = {"formula": "innvestigate"}
BACK = "1 forward, 1 backward by the rule"


def _gates(function: str) -> Rules:
    """Return the rules of a row by a function of backward, which is imported when it is asked for."""

    def rules(parameters: Mapping[str, Any]) -> Sequence[Any]:
        from .. import backward

        return (getattr(backward, function)(parameters),)

    return rules


def _biases(parameters: Mapping[str, Any]) -> Sequence[Any]:
    from ..relevance_rules import Biases

    return (Biases(parameters["implicit"]),)


def _relevance(name: str) -> Rules:
    def rules(parameters: Mapping[str, Any]) -> Sequence[Any]:
        from .. import backward

        return (backward.relevance_rule(name, parameters),)

    return rules


def _lrp(name: str, function: str, source: str, peers: Sequence[str], **own: Parameter) -> Method:
    return Method(
        *("backward", function, source, "net", "pixels"),
        parameters={**own, **RELEVANCE},
        rules=_relevance(name),
        reduce="sum",
        steps=OF_PIXELS,
        cost=BACK,
        dialects={"innvestigate": INNVESTIGATE},
        peers=peers,
    )


ROWS: Dict[str, Method] = {
    "guided_backprop": Method(
        *("backward", "guided_backprop", "Springenberg et al. 2015, section 3.4", "net", "pixels"),
        parameters={"upper": UPPER, "times_score": TIMES},
        rules=_gates("guided_rule"),
        reduce="max_abs",
        steps=OF_PIXELS,
        cost=BACK,
        dialects={"xplique": {"upper": False, "reduce": "mean"}, "innvestigate": {"times_score": True}},
        peers=("xplique", "innvestigate", "captum"),
    ),
    "deconvnet": Method(
        *("backward", "deconvnet", "Zeiler and Fergus 2014, section 2.1", "net", "pixels"),
        parameters={"times_score": TIMES},
        rules=lambda parameters: ("deconvnet",),
        reduce="max_abs",
        steps=OF_PIXELS,
        cost=BACK,
        dialects={"xplique": {"reduce": "mean"}, "innvestigate": {"times_score": True}},
        peers=("xplique", "captum"),
    ),
    "rectgrad": Method(
        *("backward", "rectgrad", "Kim et al. 2019, eq. 3", "net", "pixels"),
        parameters={"percent": Parameter(98.0, "of the values of an activation that pass nothing back", 0, 99.99)},
        rules=_gates("rectgrad_rule"),
        reduce="max_abs",
        steps=OF_PIXELS,
        cost=BACK,
    ),
    "guided_gradcam": Method(
        *("backward", "guided_gradcam", "Selvaraju et al. 2017, section 3.2", "net", "both"),
        parameters={
            "upper": UPPER,
            "enlarge": Parameter("linear", "how the layer's map is enlarged", choices=("linear", "nearest")),
        },
        rules=_gates("guided_rule"),
        reduce="max_abs",
        steps=OF_PIXELS,
        cost="2 forward, 1 backward to the layer, 1 by the rule",
        passes=lambda parameters, size: 2,
        dialects={"captum": {"enlarge": "nearest"}},
        peers=("captum",),
    ),
    "lrp_z": _lrp("z", "lrp_z", "Bach et al. 2015, eq. 56", ("innvestigate/lrp.z",)),
    "lrp_epsilon": _lrp(
        *("epsilon", "lrp_epsilon", "Bach et al. 2015, eq. 58", ("innvestigate/lrp.epsilon",)),
        epsilon=Parameter(1e-7, "what a sum is moved away from zero by", 0),
    ),
    "lrp_gamma": _lrp(
        *("gamma", "lrp_gamma", "Montavon et al. 2019, section 10.2.3", ()),
        gamma=Parameter(0.25, "how much more counts what speaks for a sum", 0),
    ),
    "lrp_alpha_beta": _lrp(
        *("alpha_beta", "lrp_alpha_beta", "Bach et al. 2015, eq. 60", ("innvestigate/lrp.alpha_2_beta_1",)),
        alpha=Parameter(2.0, "how much positive contributions count; negative ones count alpha - 1", 1),
    ),
    "deep_taylor": Method(
        *("backward", "deep_taylor", "Montavon et al. 2017, table 1", "net", "pixels"),
        parameters={key: RELEVANCE[key] for key in ("low", "high", "fold", "formula")},
        rules=_relevance("deep_taylor"),
        reduce="sum",
        steps=OF_PIXELS,
        cost=BACK,
        dialects={"innvestigate": INNVESTIGATE},
        peers=("innvestigate",),
    ),
    "deeplift": Method(
        *("backward", "deeplift", "Shrikumar et al. 2017, section 3", "net", "pixels"),
        parameters={
            "baseline": BASELINE,
            "reveal": Parameter(False, "RevealCancel in the place of Rescale"),
            "seed": SEED,
        },
        rules=_relevance("deeplift"),
        reduce="sum",
        steps=OF_PIXELS,
        cost="2 forward, 1 backward by the rule, 1 forward",
        passes=lambda parameters, size: 2,
        peers=("captum",),
    ),
    "fullgrad": Method(
        *("fullgrads", "fullgrad", "Srinivas and Fleuret 2019, sections 4 and 5", "net", "pixels"),
        parameters={
            "implicit": Parameter(True, "whether activations have biases too"),
            "unit": Parameter("layer", "what is stretched to [0, 1]", choices=("layer", "channel")),
            "enlarge": Parameter("corners", "what is put on what of the image", choices=("corners", "centres")),
        },
        rules=_biases,
        cost="2 forward, 1 backward",
        passes=lambda parameters, size: 2,
        dialects={"pytorch-grad-cam": {"implicit": False, "unit": "channel", "enlarge": "centres"}},
        peers=("pytorch-grad-cam",),
        steps=("minmax",),
    ),
}
