"""Rows that change the photo, or the layer, and look what becomes of the score."""

from typing import Any, Dict, Mapping

from ..method import Method, Size
from ..parameters import Parameter
from .pixels import BASELINE, SEED

FILL = BASELINE._replace(default="grey", text="what is shown in place of what is hidden")


def _scorecam(parameters: Mapping[str, Any], size: Size) -> int:
    return 1 + (min(parameters["channels"], size.channels) or size.channels)


def _ablationcam(parameters: Mapping[str, Any], size: Size) -> int:
    return 1 + size.channels


def _occlusion(parameters: Mapping[str, Any], size: Size) -> int:
    patch, stride, cut = (parameters[name] for name in ("patch", "stride", "cut"))
    if parameters["combine"] == "grid":
        return -(-size.height // patch) * -(-size.width // patch)
    sides = (size.height - patch, size.width - patch)
    rows, columns = (1 + (-(-max(side, 0) // stride) if cut else side // stride) for side in sides)
    return 1 + max(rows, 0) * max(columns, 0)


def _rise(parameters: Mapping[str, Any], size: Size) -> int:
    return int(parameters["masks"])


def _samples(parameters: Mapping[str, Any], size: Size) -> int:
    return int(parameters["samples"])


def _coalitions(parameters: Mapping[str, Any], size: Size) -> int:
    return 2 + int(parameters["samples"])


def _xrai(parameters: Mapping[str, Any], size: Size) -> int:
    return 2 * (int(parameters["steps"]) + 2)


def _sobol(parameters: Mapping[str, Any], size: Size) -> int:
    return int(parameters["samples"]) * (1 + int(parameters["cells"]) ** 2)


DESIGN = Parameter("latin", "how points are drawn, or the points", choices=("latin", "random"), array=True)


def _extremal(parameters: Mapping[str, Any], size: Size) -> int:
    return 1 + int(parameters["steps"]) * (2 if parameters["variant"] == "dual" else 1)


CELLS: Dict[str, Parameter] = {
    "cells": Parameter(8, "cells of a side of the photo", least=1),
    "fill": FILL,
    "design": DESIGN,
    "enlarge": Parameter("linear", "how cells become pixels", choices=("linear", "cells")),
}
PARTS: Dict[str, Parameter] = {
    "samples": Parameter(1000, "photos with some parts hidden, at most", least=2),
    "segments": Parameter("squares", "the parts, or an array of labels", choices=("squares", "slic"), array=True),
    "count": Parameter(49, "about how many parts", least=1),
    "fill": FILL,
}

ROWS: Dict[str, Method] = {
    "scorecam": Method(
        *("masks", "scorecam", "Wang et al. 2020, eq. 5-8", "net", "layer"),
        parameters={
            "channels": Parameter(0, "how many channels, those that differ most over places; 0: all", least=0),
            "weights": Parameter("softmax", "what scores become", choices=("softmax", "scores", "probability")),
            "epsilon": Parameter(1e-8, "added to what a mask is divided by", least=0),
        },
        cost="channels + 1 forward",
        passes=_scorecam,
        dialects={"pytorch-grad-cam": {}, "tf-keras-vis": {"weights": "probability", "epsilon": 1e-7}},
        peers=("pytorch-grad-cam", "tf-keras-vis"),
    ),
    "ablationcam": Method(
        *("masks", "ablationcam", "Desai and Ramaswamy 2020, eq. 3", "net", "layer"),
        parameters={"fill": Parameter("zero", "what a channel is set to", choices=("zero", "minimum"))},
        cost="1 forward, and channels times the rest behind the layer",
        passes=_ablationcam,
        dialects={"pytorch-grad-cam": {"fill": "minimum"}},
        peers=("pytorch-grad-cam",),
    ),
    "occlusion": Method(
        *("occlusions", "occlusion", "Zeiler and Fergus 2014, section 4.2", "net", "pixels"),
        parameters={
            "patch": Parameter(32, "side of what is hidden, in pixels", least=1),
            "stride": Parameter(16, "pixels from one patch to the next", least=1),
            "fill": FILL,
            "combine": Parameter("mean", "of patches on one pixel", choices=("mean", "sum", "grid")),
            "cut": Parameter(True, "whether patches that the border cuts count"),
            "seed": SEED,
        },
        cost="patches + 1 forward",
        passes=_occlusion,
        dialects={
            "saliency": {"patch": 15, "stride": 1, "fill": "zero", "combine": "sum", "cut": False},
            "xplique": {"patch": 3, "stride": 3, "fill": "zero", "combine": "sum", "cut": False},
            "captum": {"fill": "zero"},
            "tf-explain": {"combine": "grid", "score": "output"},
        },
        peers=("saliency", "xplique", "captum", "tf-explain"),
    ),
    "rise": Method(
        *("occlusions", "rise", "Petsiuk et al. 2018, eq. 6", "net", "pixels"),
        parameters={
            "masks": Parameter(4000, "random masks", least=1),
            "cells": Parameter(7, "cells of a side of a mask", least=1),
            "keep": Parameter(0.5, "share of the cells that are shown", least=1e-3, most=1),
            "fill": FILL,
            "divide": Parameter("expected", "a pixel's sum by", choices=("expected", "shown")),
            "shift": Parameter("random", "where a mask is cut out: rows, columns", choices=("random",), array=True),
            "seed": SEED,
        },
        cost="masks forward",
        passes=_rise,
        dialects={"xplique": {"fill": "zero", "divide": "shown", "score": "logit"}},
        peers=("xplique",),
        score="output",
        steps=("minmax",),
    ),
    "sobol": Method(
        *("sensitivity", "sobol", "Fel et al. 2021, section 3", "net", "pixels"),
        parameters={"samples": Parameter(32, "points", least=2), **CELLS, "seed": SEED},
        cost="samples x (cells x cells + 1) forward",
        passes=_sobol,
        dialects={"xplique": {"fill": "zero"}},
    ),
    "hsic": Method(
        *("sensitivity", "hsic", "Novello et al. 2022, section 3", "net", "pixels"),
        parameters={
            "samples": Parameter(500, "points", least=2),
            **CELLS,
            "formula": Parameter("paper", "whose formula where they part", choices=("paper", "xplique")),
            "seed": SEED,
        },
        cost="samples forward",
        passes=_samples,
        dialects={"xplique": {"fill": "zero", "formula": "xplique"}},
    ),
    "meaningful_perturbation": Method(
        *("perturbations", "meaningful_perturbation", "Fong and Vedaldi 2017, section 4", "net", "pixels"),
        parameters={
            "steps": Parameter(300, "of Adam", least=1),
            "cells": Parameter(28, "of the mask, on the longer side", least=1),
            "fill": FILL._replace(default="blur"),
            "start": Parameter(1.0, "what cells of the mask are at first; 1: shown", least=0, most=1),
            "size": Parameter(1e-4, "what a hidden cell costs", least=0),
            "variation": Parameter(1e-2, "what differences of neighbours cost", least=0),
            "power": Parameter(3.0, "of these", least=1),
            "rate": Parameter(0.1, "of Adam", least=0),
            "jitter": Parameter(4, "pixels by which photo and mask are moved, at most", least=0),
            "seed": SEED,
        },
        cost="steps + 1 forward, steps backward",
        passes=lambda parameters, size: 1 + int(parameters["steps"]),
        score="output",
    ),
    "extremal_perturbation": Method(
        *("perturbations", "extremal_perturbation", "Fong et al. 2019, section 3", "net", "pixels"),
        parameters={
            "area": Parameter(0.1, "share of the photo", least=0, most=1),
            "steps": Parameter(800, "of gradient ascent", least=1),
            "cells": Parameter(32, "of the grid of bumps, on the longer side", least=1),
            "sigma": Parameter(3.0, "width of a bump, in cells", least=0.1, most=16),
            "fill": FILL._replace(default="blur"),
            "variant": Parameter("preserve", "what the mask is for", choices=("preserve", "delete", "dual")),
            "weight": Parameter(300.0, "of the area, at first", least=0),
            "rate": Parameter(0.01, "of the ascent", least=0),
            "flip": Parameter(False, "whether every other step looks at the mirrored photo"),
            "seed": SEED,
        },
        cost="steps + 1 forward, steps backward; dual: 2 x steps",
        passes=_extremal,
    ),
    "lime": Method(
        *("surrogates", "lime", "Ribeiro et al. 2016, eq. 1", "net", "pixels"),
        parameters={
            **PARTS,
            "width": Parameter(0.25, "of the kernel, in cosine distance", least=1e-6),
            "penalty": Parameter(1.0, "of the ridge regression", least=0),
            "seed": SEED,
        },
        cost="samples forward",
        passes=_samples,
    ),
    "kernel_shap": Method(
        *("surrogates", "kernel_shap", "Lundberg and Lee 2017, theorem 2", "net", "pixels"),
        parameters={**PARTS, "seed": SEED},
        cost="at most samples + 2 forward",
        passes=_coalitions,
    ),
    "xrai": Method(
        *("xrai", "xrai", "Kapishnikov et al. 2019, algorithm 1", "net", "pixels"),
        parameters={
            "steps": Parameter(100, "points of each of two lines", least=2),
            "fast": Parameter(False, "regions are put in order once"),
        },
        cost="2 x steps + 4 forward, 2 x steps backward",
        passes=_xrai,
        dialects={"saliency": {}},
        peers=("saliency",),
    ),
}
