"""Maps by other backward rules against the arrays that the peers themselves made on a real MobileNet.

A gate that lies within rounding of 0 or 6 is open in one program and closed in the other, so maps are compared by
correlation and by the share of the pixels that are off. Some peers were given the net with Relu in the place of Relu6:
so it is here. Left out is alpha-beta with alpha=2 on that one: a bias on both sides lets sums pass through zero.
"""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam

LAYER = "MobilenetV1/MobilenetV1/Conv2d_13_pointwise/Relu6:0"
CLASSES = {"cat": 288, "laska": 357}
CORRELATION, SHARE, OFF = 0.9999, 0.005, 1e-3
FIRST = {"alpha": 1.0}

RULES = {  # the peer's array: method, dialect, parameters
    "xplique/GuidedBackprop": ("guided_backprop", "xplique", {}),
    "innvestigate/guided_backprop": ("guided_backprop", "innvestigate", {}),
    "captum/GuidedBackprop:relu": ("guided_backprop", None, {}),
    "xplique/DeconvNet": ("deconvnet", "xplique", {}),
    "captum/Deconvolution:relu": ("deconvnet", None, {}),
    "captum/GuidedGradCam:relu": ("guided_gradcam", "captum", {"layer": LAYER}),
    "innvestigate/lrp.z:relu6layer_folded": ("lrp_z", "innvestigate", {}),
    "innvestigate/lrp.epsilon:relu6layer_folded": ("lrp_epsilon", "innvestigate", {}),
    "innvestigate/lrp.epsilon:relu_folded": ("lrp_epsilon", None, {}),
    "innvestigate/lrp.alpha_1_beta_0:relu6layer_folded": ("lrp_alpha_beta", "innvestigate", FIRST),
    "innvestigate/lrp.alpha_2_beta_1:relu6layer_folded": ("lrp_alpha_beta", "innvestigate", {}),
    "innvestigate/deep_taylor:relu6layer_folded": ("deep_taylor", "innvestigate", {}),
    "innvestigate/deep_taylor:relu_folded": ("deep_taylor", "innvestigate", {}),
    "innvestigate/deep_taylor": ("deep_taylor", "innvestigate", {"fold": False}),
    "captum/DeepLift_black:relu": ("deeplift", None, {"baseline": "black"}),
}


@pytest.fixture(scope="module")
def models(shared, tmp_path_factory):
    """Return the net, and the same with Relu in the place of Relu6."""
    path = shared / "real" / "mobilenet_v1_0.25_224_frozen.pb"
    other = tmp_path_factory.mktemp("relu") / "relu.pb"
    graph = tf1.GraphDef.FromString(path.read_bytes())
    for node in graph.node:
        node.op = "Relu" if node.op == "Relu6" else node.op
    other.write_bytes(graph.SerializeToString())
    with slimcam.load(path, preprocess="squash") as net, slimcam.load(other, preprocess="squash") as relu:
        yield {False: net, True: relu}


@pytest.mark.parametrize("key", RULES)
def test_a_map_is_the_peers(models, peers, key):
    method, dialect, parameters = RULES[key]
    cam = slimcam.Explainer(models[":relu" in key and ":relu6" not in key], method, dialect=dialect, **parameters)
    for photo, target in CLASSES.items():
        maps = cam(peers[f"net/input/{photo}"].reshape(1, 224, 224, 3), target=target)
        got, want = maps.channels[0].astype(np.float64), peers[f"{key}/{photo}"].astype(np.float64)
        off = np.abs(got - want) > OFF * np.abs(want).max()
        correlation = np.corrcoef(got.ravel(), want.ravel())[0, 1]
        assert correlation >= CORRELATION and off.mean() <= SHARE, f"{photo}: {correlation}, {off.mean()} are off"
        if "gap" in maps.details:
            assert abs(maps.details["gap"][0]) <= 1e-5 * np.abs(got).sum()
