"""Maps of pixels, and of masks, against the arrays that the peers themselves made on a real MobileNet.

Two right implementations of a gradient part where an activation lies within rounding of 0 or 6: a gate of a ReLU6 is
open in one and closed in the other. So maps of pixels are compared by correlation and by the share of the pixels that
are off; arrays that no gradient was taken for are compared everywhere.
"""

import json

import numpy as np
import pytest
from fixtures.tolerance import MOBILENET_V1, rounding_of_net

import slimcam

TORCH = "pytorch-grad-cam"
LAYER = "MobilenetV1/MobilenetV1/Conv2d_13_pointwise/Relu6:0"
CLASSES = {"cat": 288, "laska": 357}
CORRELATION, SHARE, OFF = 0.9999, 0.005, 1e-3
STORED = 2.0**-12  # maps of one channel are stored with 12 bits: the relative error of a number

NOISY = {"samples": 8, "noise": 0.2}
LINE = {"steps": 25, "baseline": "black"}

PIXELS = {  # the peer's array: method, dialect, parameters
    "saliency/Gradient": ("gradient", None, {}),
    "captum/Saliency_signed": ("gradient", None, {}),
    "tf-explain/VanillaGradients": ("gradient", None, {}),
    "tf-keras-vis/Saliency": ("gradient", None, {}),
    "tf-explain/GradientsInputs": ("gradient_x_input", None, {}),
    "saliency/SmoothGrad": ("smoothgrad", None, {"samples": 8}),
    "saliency/SmoothGradSquared": ("smoothgrad", "saliency", {"samples": 8}),
    "tf-keras-vis/SmoothGrad": ("smoothgrad", "tf-keras-vis", {"samples": 8}),
    "tf-explain/SmoothGrad": ("smoothgrad", "tf-explain", {}),
    "xplique/SmoothGrad": ("smoothgrad", "xplique", NOISY),
    "xplique/SquareGrad": ("squaregrad", "xplique", NOISY),
    "xplique/VarGrad": ("vargrad", "xplique", NOISY),
    "saliency/IG_black": ("integrated_gradients", "saliency", LINE),
    "saliency/IG_zero": ("integrated_gradients", "saliency", {"steps": 25}),
    "tf-explain/IntegratedGradients": ("integrated_gradients", "tf-explain", {"steps": 25}),
    "xplique/IntegratedGradients_zero": ("integrated_gradients", "xplique", {"steps": 25}),
    "xplique/IntegratedGradients_black": ("integrated_gradients", "xplique", LINE),
    "captum/IntegratedGradients_black_gausslegendre": ("integrated_gradients", "captum", LINE),
    "captum/IntegratedGradients_black_riemann_left": ("integrated_gradients", None, {**LINE, "rule": "left"}),
    "captum/IntegratedGradients_black_riemann_trapezoid": (
        *("integrated_gradients", None),
        {**LINE, "rule": "captum_trapezoid"},
    ),
    "innvestigate/integrated_gradients": ("integrated_gradients", "innvestigate", LINE),
    "captum/GradientShap": ("gradient_shap", "captum", {}),
    "saliency/BlurIG": ("blur_ig", "saliency", {"steps": 25}),
}

# Some points of these are smooth images, in which many activations are nearly equal: many gates lie within rounding at
# once. To round the points themselves another way, by a unit in the last place, eight times, moves that share of the
# pixels of our own map by more than a thousandth: it was measured on both TensorFlows, and the smaller stands here; of
# SmoothGrad that of 2.21, where one gate of one of its five samples is so, and on 1.15.5 none is.
AT_GATES = {
    ("captum/GradientShap", "cat"): 0.027,
    ("saliency/BlurIG", "laska"): 0.017,
    ("tf-explain/SmoothGrad", "laska"): 0.01,
}

SCORES = {
    "xplique/Occlusion": ("occlusion", "xplique", {"patch": 32, "stride": 16}),
    "captum/Occlusion": ("occlusion", "captum", {}),
    "tf-explain/OcclusionSensitivity": ("occlusion", "tf-explain", {"patch": 28, "fill": np.full((1, 1, 3), 127.5)}),
    "xplique/Rise": ("rise", "xplique", {"masks": 100, "shift": (5, 11)}),
}

LAYERS = {
    "pytorch-grad-cam/ScoreCAM": ("scorecam", "pytorch-grad-cam", {}),
    "tf-keras-vis/Scorecam": ("scorecam", "tf-keras-vis", {}),
    "tf-keras-vis/Scorecam_max10": ("scorecam", "tf-keras-vis", {"channels": 10}),
    "pytorch-grad-cam/AblationCAM": ("ablationcam", "pytorch-grad-cam", {}),
}


@pytest.fixture(scope="module")
def explained(mobilenet, peers):
    """Return a function that explains a photo by a row of a table above."""
    cams = {}

    def explain(row, photo):
        method, dialect, parameters = row
        key = method, dialect, repr(parameters)
        if key not in cams:
            layer = LAYER if slimcam.METHODS[method].needs != "pixels" else None
            cams[key] = slimcam.Explainer(mobilenet, method, layer, dialect=dialect, **parameters)
        image = peers[f"net/input/{photo}"].reshape(1, 224, 224, 3)
        return cams[key](image, target=CLASSES[photo])

    return explain


def array_of(maps, want):
    """Return the map of a kind that the peer's is: each channel, or one number a pixel."""
    if want.ndim == 3 and want.shape[-1] == 3:
        return maps.channels[0]
    return np.asarray(maps.raw[0]).reshape(want.shape)


def off(got, want):
    """Return where two maps part by more than a thousandth of the largest value."""
    return np.abs(got - want) > OFF * np.abs(want).max()


@pytest.mark.parametrize("photo", CLASSES)
@pytest.mark.parametrize("key", PIXELS)
def test_pixels_equal_the_peers(explained, peers, key, photo):
    want = peers[f"{key}/{photo}"]
    maps = explained(PIXELS[key], photo)
    got = np.abs(maps.channels[0]).max(-1) if key == "tf-keras-vis/Saliency" else array_of(maps, want)
    assert np.corrcoef(got.ravel(), want.ravel())[0, 1] >= CORRELATION
    assert off(got, want).mean() <= AT_GATES.get((key, photo), SHARE)


@pytest.mark.parametrize("photo", CLASSES)
def test_fullgrad_equals_the_peer(explained, peers, photo):
    want = peers[f"{TORCH}/FullGrad:api/{photo}"]  # from its least to its largest value
    got = explained(("fullgrad", TORCH, {}), photo).heat[0]
    assert np.corrcoef(got.ravel(), want.ravel())[0, 1] >= CORRELATION
    assert off(got, want).mean() <= SHARE


@pytest.mark.parametrize("photo", CLASSES)
def test_what_fullgrad_adds_up_is_the_score(explained, photo):
    maps = explained(("fullgrad", None, {}), photo)
    largest = sum(np.abs(maps.details[name][0]) for name in ("biases", "implicit"))
    assert abs(maps.details["gap"][0]) <= rounding_of_net(MOBILENET_V1, largest)
    assert abs(maps.details["implicit"][0]) > 1  # a Relu6 that is clipped


@pytest.mark.parametrize("photo", CLASSES)
def test_augmented_grad_cam_equals_the_peer(mobilenet, peers, photo):
    want = peers[f"{TORCH}/GradCAM_aug_smooth:api/{photo}"]  # stored with 9 bits
    cam = slimcam.augment(slimcam.GradCAM(mobilenet, LAYER, CLASSES[photo]), each="unit")
    got = cam(peers[f"net/input/{photo}"].reshape(1, 224, 224, 3)).raw[0]
    np.testing.assert_allclose(got, want, rtol=2.0**-10, atol=1e-4 * want.max())


@pytest.mark.parametrize("photo", CLASSES)
def test_smooth_integrated_gradients_equal_the_peer(mobilenet, peers, photo):
    want = peers[f"saliency/SmoothIG_black/{photo}"]
    cam = slimcam.Explainer(
        mobilenet, "integrated_gradients", target=CLASSES[photo], dialect="saliency", baseline="black", steps=10
    )
    got = slimcam.smooth(cam, 3)(peers[f"net/input/{photo}"].reshape(1, 224, 224, 3)).channels[0]
    assert np.corrcoef(got.ravel(), want.ravel())[0, 1] >= CORRELATION
    assert off(got, want).mean() <= SHARE


@pytest.mark.parametrize("photo", CLASSES)
@pytest.mark.parametrize("key", SCORES)
def test_maps_of_scores_equal_the_peers(explained, peers, key, photo):
    want = peers[f"{key}/{photo}"]
    got = array_of(explained(SCORES[key], photo), want)
    np.testing.assert_allclose(got, want, rtol=STORED, atol=1e-4 * np.abs(want).max())


@pytest.mark.parametrize("photo", CLASSES)
@pytest.mark.parametrize("key", LAYERS)
def test_maps_of_a_layer_equal_the_peers(explained, peers, key, photo):
    want = peers[f"{key}/{photo}"]
    got = explained(LAYERS[key], photo).raw[0]
    got = np.maximum(got, 0) if key.startswith("tf-keras-vis") else got
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-4 * np.abs(want).max())


def test_the_rows_name_the_peers(peers):
    meta = json.loads(str(peers["meta"]))
    for key, (method, dialect, _) in {**PIXELS, **SCORES, **LAYERS}.items():
        assert meta[f"{key}/cat"]["peer"] == key.split("/")[0]
        assert dialect is None or dialect in slimcam.METHODS[method].dialects
