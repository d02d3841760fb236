"""Rows whose maps are of pixels, by the true gradient."""

from typing import Any, Dict, Mapping

from ..method import OF_PIXELS, Method, Passes, Size
from ..parameters import Parameter

SEED = Parameter(0, "what random numbers start from, for each photo anew", least=0)
BASELINES = ("black", "grey", "white", "zero", "mean", "noise", "blur")
BASELINE = Parameter("black", "what the photo is compared with", choices=BASELINES, array=True, photo=True)
SEVERAL = Parameter(
    "shades",
    "what is drawn from: shades are black, grey and white",
    choices=("shades", "black", "grey", "white", "zero"),
    array=True,
    photo=True,
    several=True,
)
SAMPLES = Parameter(25, "noisy photos", least=1)
NOISE = Parameter(0.15, "deviation of the noise", least=0)
SPREAD = Parameter("range", "what the deviation is a share of, or absolute", choices=("range", "absolute"))
OF = Parameter("signed", "how gradients enter the mean", choices=("signed", "abs", "squared"))
RULE = Parameter(
    "right",
    "where the line is looked at",
    choices=("left", "right", "middle", "trapezoid", "gauss", "ends", "captum_trapezoid"),
)


def _times(name: str, and_forward: int = 0) -> Passes:
    """Return the count of passes that is a parameter's value, and some forward ones."""

    def passes(parameters: Mapping[str, Any], size: Size) -> int:
        return int(parameters[name]) + and_forward

    return passes


def _drawn(parameters: Mapping[str, Any], size: Size) -> int:
    baselines = parameters["baselines"]
    if isinstance(baselines, str):
        return int(parameters["samples"]) + (4 if baselines == "shades" else 2)
    count = 1 if getattr(baselines, "ndim", 4) < 4 else len(baselines)
    return int(parameters["samples"]) + 1 + count


def _smooth(samples: int) -> Dict[str, Parameter]:
    return {"samples": SAMPLES._replace(default=samples), "noise": NOISE, "spread": SPREAD}


NOISY = "samples + 1 forward, samples backward"
XPLIQUE = {"samples": 50, "noise": 0.2, "spread": "absolute", "reduce": "mean"}

ROWS: Dict[str, Method] = {
    "gradient": Method(
        *("pixels", "gradient", "Simonyan et al. 2013, section 3", "net", "pixels"),
        reduce="max_abs",
        steps=OF_PIXELS,
        peers=("saliency", "tf-keras-vis", "tf-explain", "xplique", "captum", "innvestigate"),
    ),
    "gradient_x_input": Method(
        *("pixels", "gradient_x_input", "Shrikumar et al. 2016, section 2.1", "net", "pixels"),
        reduce="sum",
        steps=OF_PIXELS,
        dialects={"xplique": {"reduce": "mean"}},
        peers=("tf-explain", "xplique", "captum", "innvestigate"),
    ),
    "smoothgrad": Method(
        *("pixels", "smoothgrad", "Smilkov et al. 2017, section 3", "net", "pixels"),
        parameters={
            **_smooth(25),
            "of": OF,
            "loss": Parameter(False, "the gradient of the cross entropy; the target must be a probability"),
            "seed": SEED,
        },
        reduce="max_abs",
        steps=OF_PIXELS,
        cost=NOISY,
        passes=_times("samples", 1),
        dialects={
            "saliency": {"of": "squared"},
            "tf-keras-vis": {"noise": 0.2, "of": "abs", "reduce": "max"},
            "tf-explain": {
                **{"samples": 5, "noise": 1.0, "spread": "absolute"},
                **{"loss": True, "score": "output", "reduce": "sum_abs"},
            },
            "xplique": XPLIQUE,
            "innvestigate": {"samples": 64, "noise": 1.0, "spread": "absolute"},
        },
        peers=("saliency", "tf-keras-vis", "tf-explain", "xplique"),
    ),
    "squaregrad": Method(
        *("pixels", "squaregrad", "Hooker et al. 2019, section 3", "net", "pixels"),
        parameters={**_smooth(50), "seed": SEED},
        reduce="mean",
        steps=OF_PIXELS,
        cost=NOISY,
        passes=_times("samples", 1),
        dialects={"xplique": XPLIQUE},
        peers=("saliency/SmoothGradSquared", "xplique"),
    ),
    "vargrad": Method(
        *("pixels", "vargrad", "Adebayo et al. 2018, appendix A", "net", "pixels"),
        parameters={**_smooth(50), "samples": SAMPLES._replace(default=50, least=2), "seed": SEED},
        reduce="mean",
        steps=OF_PIXELS,
        cost=NOISY,
        passes=_times("samples", 1),
        dialects={"xplique": XPLIQUE},
        peers=("xplique",),
    ),
    "integrated_gradients": Method(
        *("paths", "integrated_gradients", "Sundararajan et al. 2017, eq. 3", "net", "pixels"),
        parameters={
            "steps": Parameter(50, "points of the line", least=2),
            "rule": RULE,
            "baseline": BASELINE,
            "multiply": Parameter(True, "times the way from the baseline; without, the mean gradient"),
            "seed": SEED,
        },
        reduce="sum",
        steps=OF_PIXELS,
        cost="steps + 2 forward, steps backward",
        passes=_times("steps", 2),
        dialects={
            "saliency": {"steps": 25, "rule": "ends", "baseline": "zero"},
            "tf-explain": {"steps": 10, "rule": "ends", "baseline": "zero", "multiply": False, "reduce": "sum_abs"},
            "xplique": {"steps": 50, "rule": "trapezoid", "baseline": "zero", "reduce": "mean"},
            "captum": {"steps": 50, "rule": "gauss", "baseline": "zero"},
            "innvestigate": {"steps": 64, "rule": "left", "baseline": "zero"},
        },
        peers=("saliency", "tf-explain", "xplique", "captum", "innvestigate"),
    ),
    "expected_gradients": Method(
        *("paths", "expected_gradients", "Erion et al. 2021, eq. 3", "net", "pixels"),
        parameters={"samples": SAMPLES._replace(default=200, text="points"), "baselines": SEVERAL, "seed": SEED},
        reduce="sum",
        steps=OF_PIXELS,
        cost="samples + baselines + 1 forward, samples backward",
        passes=_drawn,
    ),
    "gradient_shap": Method(
        *("paths", "gradient_shap", "Lundberg and Lee 2017; captum's draws", "net", "pixels"),
        parameters={
            "samples": SAMPLES._replace(default=5, text="points"),
            "baselines": SEVERAL,
            "noise": NOISE._replace(default=0.0),
            "seed": SEED,
        },
        reduce="sum",
        steps=OF_PIXELS,
        cost="samples + baselines + 1 forward, samples backward",
        passes=_drawn,
        dialects={"captum": {}},
        peers=("captum",),
    ),
    "blur_ig": Method(
        *("paths", "blur_ig", "Xu et al. 2020, eq. 5-6", "net", "pixels"),
        parameters={
            "steps": Parameter(100, "blurs", least=1),
            "sigma": Parameter(50.0, "the widest blur, in pixels", least=0),
            "step": Parameter(0.01, "over what the change with the blur is taken, in pixels", least=1e-6),
            "root": Parameter(False, "equal steps of sigma's square"),
        },
        reduce="sum",
        steps=OF_PIXELS,
        cost="steps + 2 forward, steps backward",
        passes=_times("steps", 2),
        dialects={"saliency": {}},
        peers=("saliency",),
    ),
    "guided_ig": Method(
        *("walks", "guided_ig", "Kapishnikov et al. 2021, algorithm 1", "net", "pixels"),
        parameters={
            "steps": Parameter(200, "steps of the path", least=1),
            "fraction": Parameter(0.25, "share of the features that go first", least=0, most=1),
            "width": Parameter(0.02, "how far from the straight line the path may be", least=0, most=1),
            "baseline": BASELINE,
            "seed": SEED,
        },
        reduce="sum",
        steps=OF_PIXELS,
        cost="steps + 2 forward, steps backward",
        passes=_times("steps", 2),
        dialects={"saliency": {"baseline": "zero"}},
    ),
}
