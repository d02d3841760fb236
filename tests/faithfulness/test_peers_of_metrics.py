"""Metrics against the numbers that published tools had for their own maps of the real MobileNet."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam._tf import tf

LAYER = "MobilenetV1/MobilenetV1/Conv2d_13_pointwise/Relu6:0"
PHOTOS = {"cat": 288, "laska": 357}
TORCH = "pytorch-grad-cam"
# Logits of two programs part by 2e-5 of the largest (METHODS.md, gates aside), and a metric is a mean of such; where
# a gradient decides the order, one gate of ReLU6 moves it, by at most this share of laska's numbers (cat's has none).
BOUND, GATES = 2e-5, 5e-3


@pytest.fixture(scope="module")
def made(mobilenet, peers):
    """Return `made(what, photo)`: Maps of a photo whose map is as the tool had it, post-processing and all."""
    kept = {}

    def make(what, photo):
        if (what, photo) not in kept:
            images, how = peers[f"net/input/{photo}"][None], {"target": PHOTOS[photo]}
            cam = slimcam.GradCAM(mobilenet, LAYER, **how)(images)
            if what == "Saliency":  # the mean over channels of absolute values
                raw = np.abs(slimcam.Explainer(mobilenet, "gradient", **how)(images).channels[0]).mean(-1)
            elif what == "xplique":  # ReLU, bicubic to 224
                with tf1.Graph().as_default(), tf1.Session() as session:
                    large = tf.compat.v2.image.resize(np.maximum(cam.raw, 0)[..., None], (224, 224), "bicubic")
                    raw = session.run(large)[0, ..., 0]
            else:
                score = slimcam.Explainer(mobilenet, "scorecam", LAYER, dialect=TORCH, **how)
                raw = stretched(
                    cv2.resize(stretched(np.maximum((cam if what == TORCH else score(images)).raw[0], 0)), (224, 224))
                )
            kept[what, photo] = images, replace(cam, raw=raw[None].astype(np.float32))
        return kept[what, photo]

    return make


def stretched(heat):
    """Return a map from 0 to 1, as pytorch-grad-cam does it."""
    heat = heat - heat.min()
    return heat / (1e-7 + heat.max())


def numbers(mobilenet, made, what, photo, metrics):
    images, maps = made(what, photo)
    return slimcam.evaluate(maps, mobilenet, images, metrics, target=PHOTOS[photo]).values[0, :, 0]


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("score", ["logit", "softmax"])
@pytest.mark.parametrize("what, name", [("xplique", "GradCAM:api"), ("Saliency", "Saliency")])
def test_insertion_and_deletion_are_xpliques(mobilenet, peers, made, what, name, score, photo):
    metrics = {name: {"dialect": "xplique", "score": score} for name in ("deletion", "insertion")}
    ending = "" if score == "logit" else "_softmax"
    curves = [peers[f"xplique/{one}{ending}({name})/{photo}"] for one in ("Deletion", "Insertion")]
    gates = what == "Saliency" and photo == "laska"
    # a probability's slope at its logits is at most a quarter of its own
    bound = (GATES if gates else BOUND) * max(np.abs(curve).max() for curve in curves)
    np.testing.assert_allclose(
        numbers(mobilenet, made, what, photo, metrics), [curve[0] for curve in curves], atol=bound
    )


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("what, name", [("xplique", "GradCAM:api"), ("Saliency", "Saliency")])
def test_mufidelity_is_xpliques(mobilenet, peers, made, what, name, photo):
    (own,) = numbers(mobilenet, made, what, photo, {"mufidelity": {"dialect": "xplique", "samples": 50}})
    # ranks: the same to float32's last digit, or one pair of 50 the other way round
    assert own == pytest.approx(peers[f"xplique/MuFidelity({name})/{photo}"][0], abs=12 / (50 * (50**2 - 1)))


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("score", ["logit", "softmax"])
@pytest.mark.parametrize("what, name", [(TORCH, "GradCAM:api"), ("scorecam", "ScoreCAM:api")])
def test_drop_and_increase_are_pytorch_grad_cams(mobilenet, peers, made, what, name, score, photo):
    metrics = {name: {"dialect": TORCH, "score": score} for name in ("average_drop", "increase")}
    ending = "" if score == "logit" else "_softmax"
    wanted = [
        peers[f"{TORCH}/{one}{ending}({name})/{photo}"][0] for one in ("DropInConfidence", "IncreaseInConfidence")
    ]
    bound = BOUND * (18 if score == "logit" else 1)  # the largest logit of both photos
    np.testing.assert_allclose(numbers(mobilenet, made, what, photo, metrics), wanted, atol=bound)


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("score", ["logit", "softmax"])
@pytest.mark.parametrize("what, name", [(TORCH, "GradCAM:api"), ("scorecam", "ScoreCAM:api")])
def test_road_is_pytorch_grad_cams(mobilenet, peers, made, what, name, score, photo):
    pytest.importorskip("scipy")
    road = {"dialect": TORCH, "steps": 1, "order": "falling", "noise": 0, "score": score}
    (own,) = numbers(mobilenet, made, what, photo, {"road": road})
    wanted = peers[f"{TORCH}/ROADMostRelevantFirst50{'' if score == 'logit' else '_softmax'}({name})/{photo}"][0]
    # a Score-CAM's own rounding (1e-3 of its largest, see the table) decides which pixels are the upper half
    bound = {TORCH: BOUND, "scorecam": 1e-3}[what] * (18 if score == "logit" else 1)
    assert own == pytest.approx(wanted, abs=bound)
