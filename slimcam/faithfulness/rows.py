"""The rows of METRICS: names, parameters, costs and sources; no arithmetic."""

from typing import Any, Dict, Mapping

from ..methods.method import Size
from ..methods.parameters import Parameter
from ..methods.rows.pixels import BASELINE, SEED
from .metric import Metric

PROBABILITY = Parameter("softmax", "what is made of the logits", choices=("softmax", "sigmoid", "logit"))
LOGIT = PROBABILITY._replace(default="logit")
FILL = BASELINE._replace(photo=False, text="what stands in place of what is hidden")
SAMPLES = Parameter(200, "random parts of the photo that are hidden", least=2)


def _steps(parameters: Mapping[str, Any], size: Size) -> int:
    return int(parameters["steps"]) + 1


def _shares(parameters: Mapping[str, Any], size: Size) -> int:
    return 1 + int(parameters["steps"]) * (2 if parameters["order"] == "both" else 1)


def _two(parameters: Mapping[str, Any], size: Size) -> int:
    return 2


def _samples(parameters: Mapping[str, Any], size: Size) -> int:
    return int(parameters["samples"]) + 1


def _maps(parameters: Mapping[str, Any], size: Size) -> int:
    return int(parameters["samples"])


def _cascade(parameters: Mapping[str, Any], size: Size) -> int:
    return int(parameters["steps"])


def _curve(baseline: str) -> Dict[str, Parameter]:
    orders = ("falling", "rising", "random")
    return {
        "steps": Parameter(50, "steps from nothing to all pixels", least=1),
        "baseline": FILL._replace(default=baseline),
        "order": Parameter("falling", "of the pixels, by the map's values", choices=orders),
        "area": Parameter("share", "a step counts by its share of pixels, or each alike", choices=("share", "steps")),
        "score": PROBABILITY,
        "seed": SEED,
    }


def _noisy(samples: int) -> Dict[str, Parameter]:
    return {
        "samples": Parameter(samples, "noisy photos", least=1),
        "radius": Parameter(0.02, "the largest change of a number of the photo", least=0),
        "unit": Parameter("range", "of it: white less black, or as the net is fed", choices=("range", "fed")),
        "sides": Parameter("both", "whether numbers fall too", choices=("both", "one")),
        "relative": Parameter(True, "whether distances are shares of the map's length"),
        "seed": SEED,
    }


XPLIQUE_NOISE = {"samples": 20, "radius": 0.1, "unit": "fed", "sides": "one", "relative": False}
XPLIQUE_CURVE = {"steps": 10, "baseline": "zero", "area": "steps", "score": "logit"}
SHOWN: Dict[str, Parameter] = {
    "mask": Parameter("unit", "what the photo is multiplied by", choices=("unit", "minmax", "minmax_abs")),
    "baseline": FILL._replace(default="black"),
    "score": PROBABILITY,
    "seed": SEED,
}

ROWS: Dict[str, Metric] = {
    "insertion": Metric(
        *("curves", "insertion", "Petsiuk et al. 2018, section 4.2", "up", "of the score"),
        parameters=_curve("blur"),
        cost="steps + 1 forward",
        passes=_steps,
        dialects={"xplique": XPLIQUE_CURVE},
    ),
    "deletion": Metric(
        *("curves", "deletion", "Petsiuk et al. 2018, section 4.2", "down", "of the score"),
        parameters=_curve("grey"),
        cost="steps + 1 forward",
        passes=_steps,
        dialects={"xplique": XPLIQUE_CURVE},
    ),
    "average_drop": Metric(
        *("drops", "average_drop", "Chattopadhyay et al. 2018, section 4.1.1", "down", "0 to 1"),
        parameters={
            **SHOWN,
            "divide": Parameter(True, "whether the fall is a share of the score"),
            "epsilon": Parameter(0.0, "added to what the fall is divided by", least=0),
        },
        cost="2 forward",
        passes=_two,
        dialects={
            "xplique": {"mask": "minmax_abs", "baseline": "zero", "epsilon": 1e-8, "score": "logit"},
            "pytorch-grad-cam": {"mask": "minmax", "baseline": "zero", "divide": False, "score": "logit"},
        },
    ),
    "increase": Metric(
        *("drops", "increase", "Chattopadhyay et al. 2018, section 4.1.2", "up", "0 or 1"),
        parameters=SHOWN,
        cost="2 forward",
        passes=_two,
        dialects={"pytorch-grad-cam": {"mask": "minmax", "baseline": "zero", "score": "logit"}},
    ),
    "road": Metric(
        *("imputation", "road", "Rong et al. 2022, sections 3 and 4", "up", "of the score"),
        parameters={
            "steps": Parameter(9, "shares of the pixels that are taken out", least=1),
            "order": Parameter("both", "which go: the best, the least, or both", choices=("both", "falling", "rising")),
            "ties": Parameter("apart", "whether equal pixels go one by one", choices=("apart", "together")),
            "noise": Parameter(0.01, "of what is filled in, a share of white less black", least=0),
            "score": PROBABILITY,
            "seed": SEED,
        },
        cost="2 steps + 1 forward",
        passes=_shares,
        dialects={"pytorch-grad-cam": {"ties": "together", "score": "logit"}},
        package="scipy",
    ),
    "sparseness": Metric(
        *("shapes", "sparseness", "Chalasani et al. 2020, section 3.1", "up", "0 to 1"),
        needs="map",
    ),
    "pointing": Metric(
        *("shapes", "pointing", "Zhang et al. 2016, section 4.1", "up", "0 or 1"),
        needs="truth",
        parameters={"tolerance": Parameter(0, "pixels beside the object that still hit; 15 in the paper", least=0)},
    ),
    "mufidelity": Metric(
        *("subsets", "mufidelity", "Bhatt et al. 2020, definition 3", "up", "-1 to 1"),
        parameters={
            "samples": SAMPLES,
            "cells": Parameter(9, "cells of a side of the photo", least=1),
            "share": Parameter(0.2, "of the cells that are hidden", least=1e-6, most=1),
            "draw": Parameter("count", "as many each time, or each by itself", choices=("count", "each")),
            "correlation": Parameter("pearson", "of falls and sums", choices=("pearson", "spearman")),
            "baseline": FILL._replace(default="grey"),
            "score": LOGIT,
            "seed": SEED,
        },
        cost="samples + 1 forward",
        passes=_samples,
        dialects={"xplique": {"draw": "each", "correlation": "spearman", "baseline": "zero"}},
    ),
    "sensitivity_n": Metric(
        *("subsets", "sensitivity_n", "Ancona et al. 2018, definition 1", "up", "-1 to 1"),
        parameters={
            "samples": SAMPLES,
            "n": Parameter(0, "pixels that are hidden; 0: a tenth", least=0),
            "baseline": FILL._replace(default="zero"),
            "score": LOGIT,
            "seed": SEED,
        },
        cost="samples + 1 forward",
        passes=_samples,
    ),
    "infidelity": Metric(
        *("subsets", "infidelity", "Yeh et al. 2019, definition 2.1", "down", "0 or more"),
        parameters={
            "samples": SAMPLES,
            "patch": Parameter(0, "side of the square that is hidden; 0: a quarter of the photo's", least=0),
            "scale": Parameter(True, "whether a map is first brought to the scale that fits best"),
            "baseline": FILL._replace(default="grey"),
            "score": LOGIT,
            "seed": SEED,
        },
        cost="samples + 1 forward",
        passes=_samples,
    ),
    "max_sensitivity": Metric(
        *("stability", "max_sensitivity", "Yeh et al. 2019, definition 3.1", "down", "0 or more"),
        needs="cam",
        parameters=_noisy(10),
        cost="samples maps",
        passes=_maps,
        dialects={"captum": {"unit": "fed"}},
    ),
    "average_stability": Metric(
        *("stability", "average_stability", "AverageStability of xplique", "down", "0 or more"),
        needs="cam",
        parameters=_noisy(20),
        cost="samples maps",
        passes=_maps,
        dialects={"xplique": XPLIQUE_NOISE},
    ),
    "sanity": Metric(
        *("cascade", "sanity", "Adebayo et al. 2018, section 3.1", "down", "-1 to 1"),
        needs="weights",
        parameters={
            "steps": Parameter(10, "by which layers become random, from the score down", least=1),
            "absolute": Parameter(True, "whether signs of the maps do not count"),
            "seed": SEED,
        },
        cost="steps maps",
        passes=_cascade,
    ),
}
