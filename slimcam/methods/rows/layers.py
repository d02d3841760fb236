"""Rows whose maps are of a layer, and made of few passes."""

from typing import Any, Dict, Mapping

from ..method import Method, Size
from ..parameters import Parameter
from .pixels import BASELINE, SEED

PYTORCH = "pytorch-grad-cam"
_EIGEN = {
    "centre": Parameter(False, "take each channel's mean away first"),
    "sign": Parameter("sum", "up with the sum over channels, or as LAPACK gives it", choices=("sum", "library")),
}
_EIGEN_DIALECTS = {PYTORCH: {"centre": True, "sign": "library"}}
_LINE = {"steps": Parameter(50, "steps of the line", least=1), "baseline": BASELINE, "seed": SEED}


def _two(parameters: Mapping[str, Any], size: Size) -> int:
    return 2


def _three(parameters: Mapping[str, Any], size: Size) -> int:
    return 3


def _line(parameters: Mapping[str, Any], size: Size) -> int:
    return int(parameters["steps"]) + 2


ROWS: Dict[str, Method] = {
    "gradcam": Method(
        "cams",
        "gradcam",
        "Selvaraju et al. 2017, eq. 1-2",
        peers=("saliency", "tf-keras-vis", "tf-explain", "xplique", PYTORCH, "captum"),
    ),
    "normalised": Method("cams", "normalised", "hiveml/tensorflow-grad-cam"),
    "gated": Method("cams", "gated", "tensorflow/tensorflow issue 37680", peers=("tf-explain/GradCAM_guided",)),
    "cam": Method("cams", "cam", "Zhou et al. 2016, eq. 2", head="cam"),
    "gradcampp": Method(
        "cams",
        "gradcampp",
        "Chattopadhyay et al. 2018, eq. 5 and 19",
        parameters={
            "formula": Parameter("paper", "whose closed form", choices=("paper", "tf-keras-vis", "xplique", PYTORCH))
        },
        dialects={name: {"formula": name} for name in ("tf-keras-vis", "xplique", PYTORCH)},
        peers=("tf-keras-vis", "xplique", PYTORCH),
    ),
    "xgradcam": Method(
        "cams",
        "xgradcam",
        "Fu et al. 2020, eq. 8",
        parameters={"epsilon": Parameter(0.0, "what is added to a channel's sum", least=0)},
        dialects={PYTORCH: {"epsilon": 1e-7}},
        peers=(PYTORCH,),
    ),
    "hirescam": Method("places", "hirescam", "Draelos and Carin 2020, eq. 5", peers=(PYTORCH,)),
    "layercam": Method(
        "places",
        "layercam",
        "Jiang et al. 2021, eq. 5",
        parameters={"tanh": Parameter(0.0, "the factor in tanh(factor M / max M); 0 leaves M", least=0)},
        peers=("tf-keras-vis", PYTORCH),
    ),
    "elementwise": Method("places", "elementwise", "GradCAMElementWise of pytorch-grad-cam", peers=(PYTORCH,)),
    "eigencam": Method(
        "components",
        "eigencam",
        "Muhammad and Yeasin 2020, eq. 3",
        parameters=_EIGEN,
        dialects=_EIGEN_DIALECTS,
        peers=(PYTORCH,),
    ),
    "eigengradcam": Method(
        "components",
        "eigengradcam",
        "EigenGradCAM of pytorch-grad-cam",
        parameters=_EIGEN,
        dialects=_EIGEN_DIALECTS,
        peers=(PYTORCH,),
    ),
    "fem": Method(
        "components",
        "fem",
        "Fuad et al. 2020, section 3",
        parameters={
            "deviations": Parameter(2.0, "how many deviations above its mean a place must be"),
            "formula": Parameter("paper", "whose formula", choices=("paper", PYTORCH)),
        },
        dialects={PYTORCH: {"formula": PYTORCH}, "xplique": {"formula": "paper"}},
        peers=(PYTORCH,),
    ),
    "finercam": Method(
        *("refinements", "finercam", "Zhang et al. 2025, eq. 5", "net", "layer"),
        {
            "alpha": Parameter(1.0, "how much of the other classes is taken away"),
            "classes": Parameter(3, "how many of the nearest logits", least=1),
        },
        cost="3 forward, 2 backward",
        passes=_three,
        peers=(PYTORCH,),
        head="class",
    ),
    "shapleycam": Method(
        *("refinements", "shapleycam", "Cai 2025, eq. 10", "net", "curvature"),
        cost="1 forward, 1 backward, and twice the rest behind the layer",
        passes=_two,
        peers=(PYTORCH,),
    ),
    "conductance": Method(
        *("flows", "conductance", "Dhamdhere et al. 2018, eq. 2", "net", "layer"),
        _LINE,
        cost="steps + 2 forward, steps + 1 backward",
        passes=_line,
    ),
    "internal_influence": Method(
        *("flows", "internal_influence", "Leino et al. 2018, definition 1", "net", "layer"),
        _LINE,
        cost="steps + 1 forward, steps backward",
        passes=_line,
    ),
}
