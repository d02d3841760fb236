"""Maps of a layer against the arrays that published tools made of the real MobileNet: see the README of shared data."""

import json

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam.methods import METHODS

LAYER = "MobilenetV1/MobilenetV1/Conv2d_13_pointwise/Relu6:0"
PHOTOS = {"cat": 288, "laska": 357}
TORCH = "pytorch-grad-cam"
# Two programs on two TensorFlows: values and gradients of a layer part by 2e-5 of the largest, a map is one sum more.
BOUND = 1e-4

# What a peer's array is called, the row that equals it, its parameters, and whether the tool has cut it off at 0.
PEERS = {
    "saliency/GradCAM": ("gradcam", {}, True),
    "tf-keras-vis/Gradcam": ("gradcam", {}, True),
    "tf-keras-vis/Gradcam:signed": ("gradcam", {}, False),
    "tf-explain/GradCAM": ("gradcam", {}, False),
    "xplique/GradCAM": ("gradcam", {}, True),
    f"{TORCH}/GradCAM": ("gradcam", {}, False),
    "captum/LayerGradCam": ("gradcam", {}, False),
    "tf-explain/GradCAM_guided": ("gated", {}, False),
    "tf-keras-vis/GradcamPlusPlus": ("gradcampp", {"dialect": "tf-keras-vis"}, True),
    "xplique/GradCAMPP": ("gradcampp", {"dialect": "xplique"}, True),
    f"{TORCH}/GradCAMPlusPlus": ("gradcampp", {"dialect": TORCH}, False),
    f"{TORCH}/XGradCAM": ("xgradcam", {"dialect": TORCH}, False),
    f"{TORCH}/HiResCAM": ("hirescam", {}, False),
    f"{TORCH}/LayerCAM": ("layercam", {}, False),
    "tf-keras-vis/Layercam": ("layercam", {}, True),
    f"{TORCH}/GradCAMElementWise": ("elementwise", {}, False),
    f"{TORCH}/EigenCAM": ("eigencam", {"dialect": TORCH}, None),  # None: up to its sign, which is LAPACK's
    f"{TORCH}/EigenGradCAM": ("eigengradcam", {"dialect": TORCH}, None),
    f"{TORCH}/FEM": ("fem", {"dialect": TORCH}, False),
    f"{TORCH}/FinerCAM": ("finercam", {}, False),
    f"{TORCH}/FinerCAM_ofclass": ("finercam", {}, False),
    f"{TORCH}/ShapleyCAM": ("shapleycam", {}, False),
}


def difference(raw, wanted, cut):
    """Return how far a map is from a peer's, as a share of its largest value."""
    if cut is None:
        raw = raw * np.sign(np.vdot(raw, wanted))
    raw = np.maximum(raw, 0) if cut else raw
    return np.abs(raw - wanted).max() / np.abs(wanted).max()


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("key", PEERS)
def test_a_row_gives_the_array_of_its_peer(mobilenet, peers, key, photo):
    method, options, cut = PEERS[key]
    explainer = slimcam.Explainer(mobilenet, method, LAYER, target=PHOTOS[photo], **options)
    raw = explainer(peers[f"net/input/{photo}"][None]).raw[0]
    assert difference(raw, peers[f"{key}/{photo}"], cut) <= BOUND


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("key", ["softmax", "ReST"])
def test_shapleycam_of_a_curved_score_gives_the_array_of_its_peer(mobilenet, peers, key, photo):
    class_id = PHOTOS[photo]

    def score(model):  # the probability, and the logit less the cross entropy
        probability = tf1.nn.softmax(model.logits)[:, class_id]
        return probability if key == "softmax" else model.logits[:, class_id] + tf1.log(probability)

    raw = slimcam.Explainer(mobilenet, "shapleycam", LAYER, target=score)(peers[f"net/input/{photo}"][None]).raw[0]
    assert difference(raw, peers[f"{TORCH}/ShapleyCAM_{key}/{photo}"], False) <= BOUND


def test_cam_is_grad_cam_times_its_places(mobilenet, peers):
    # the gradient of a mean over 7 x 7 places is 1 / 49 of the weight behind it, at each place
    x = peers["net/input/cat"][None]
    cam, gradcam = (slimcam.Explainer(mobilenet, name, LAYER, target=288)(x).raw[0] for name in ("cam", "gradcam"))
    assert difference(cam / 49, gradcam, False) <= BOUND


def test_cam_refuses_a_layer_that_has_more_behind_it(mobilenet):
    with pytest.raises(slimcam.LayerError, match=r"cam needs a global average and a dense layer behind .*Relu6"):
        slimcam.Explainer(mobilenet, "cam", "MobilenetV1/MobilenetV1/Conv2d_11_pointwise/Relu6:0")


def test_each_peer_that_a_row_of_a_layer_names_is_compared():
    own = {method for method, _, _ in PEERS.values()}
    rows = {name: row for name, row in METHODS.items() if row.takes == "evidence" or name in own}
    named = {(name, peer.split("/")[0]) for name, row in rows.items() for peer in row.peers}
    compared = {(method, key.split("/")[0]) for key, (method, _, _) in PEERS.items()}
    assert named == compared


def test_the_arrays_are_of_one_layer(peers):
    about = json.loads(str(peers["meta"]))
    assert {about[f"{key}/cat"]["layer"] for key in PEERS} == {"Conv2d_13_pointwise"}
