"""Every kind of method of a region and of a peak, worked out by hand: logits are the picture's own colours."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam import Peak, Region
from slimcam.methods import METHODS

# Two classes on 2 x 3 places: class 1 wins at three of them, with 3, 5 and 1, and has 2 where it loses.
ZERO = np.float32([[4, 0, 0], [0, 9, 0]])
ONE = np.float32([[2, 3, 0], [5, 0, 1]])
X = np.stack([ZERO, ONE, np.zeros_like(ONE)], -1)[None]
OF_REGION = np.float32([[0, 3, 0], [5, 0, 1]])
OF_PEAK = np.float32([[0, 0, 0], [5, 0, 0]])
FEW = {"samples": 8, "steps": 2, "masks": 4, "patch": 1, "stride": 1, "cells": 2}
# Of a sum of some of the picture's numbers each of these says what the sum is made of, and all that it says.
PARTS = {
    "gradient_x_input": {},
    "integrated_gradients": {"baseline": "zero", "steps": 4},
    "guided_backprop": None,  # the slope: 1 where the score looks
    "deconvnet": None,
    "gradient": None,
    "hirescam": {},
    "layercam": {},
    "occlusion": {"patch": 1, "stride": 1, "fill": "zero"},
    "lrp_z": {},
    "lrp_epsilon": {"epsilon": 1e-9},
    "lrp_gamma": {},
    "deep_taylor": {},
    "deeplift": {"baseline": "zero"},
    "fullgrad": None,
}


def segmenter():
    """A map, `maps`, and by a convolution of 1 x 1 the logits of two classes: its first two channels."""
    images = tf1.placeholder(tf1.float32, [None, 2, 3, 3], name="images")
    maps = tf1.nn.relu(images, name="maps")
    kernel = tf1.constant(np.eye(3, 2, dtype=np.float32)[None, None])
    tf1.nn.bias_add(tf1.nn.conv2d(maps, kernel, 1, "SAME"), tf1.zeros(2), name="classes")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("segmenter") / "model.pb"
    with tf1.Graph().as_default() as graph:
        segmenter()
    path.write_bytes(graph.as_graph_def().SerializeToString())
    with slimcam.load(path, preprocess="none") as loaded:
        yield loaded


@pytest.mark.parametrize("method", PARTS)
@pytest.mark.parametrize("target, expected", [(Region(1), OF_REGION), (Peak(1), OF_PEAK)], ids=["region", "peak"])
def test_what_a_score_is_made_of(model, method, target, expected):
    given = PARTS[method] or {}
    maps = slimcam.Explainer(model, method, target=target, **given)(X)
    assert maps.scores.tolist() == [expected.sum()]
    raw = maps.raw[0]
    if PARTS[method] is None:  # of slopes, which a map may stretch, only where and where not
        raw, expected = raw > 0, expected > 0
    if method == "occlusion" and isinstance(target, Peak):
        expected = np.float32([[0, 0, 0], [2, 0, 0]])  # without the peak the next is 3
    np.testing.assert_allclose(raw, expected, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_each_row_makes_a_map_of_a_sum_of_both_or_says_why_not(model, method):
    target = Region(1) - 2 * Peak(0)
    given = {name: value for name, value in FEW.items() if name in METHODS[method].parameters}
    of_classes = {"cam": slimcam.LayerError, "finercam": slimcam.TargetError}
    if method in of_classes:
        with pytest.raises(of_classes[method]):
            slimcam.Explainer(model, method, target=target)
        return
    if METHODS[method].parameters and method in ("lime", "kernel_shap", "xrai"):
        pytest.importorskip("skimage")
    assert np.isfinite(slimcam.Explainer(model, method, target=target, **given)(X).raw).all()
