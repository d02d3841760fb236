"""Score-CAM and Ablation-CAM by hand. The layer: relu(x) and relu(-x) of one row of pixels; the score: a sum of it."""

import math

import numpy as np
import pytest
from fixtures.small_net import SmallNet

from slimcam.errors import TargetError
from slimcam.methods import masks

PHOTO = [[[[2.0], [-1.0]]]]
LAYER = np.array([[2.0, 0.0], [0.0, 1.0]])  # places by channels


def layer(x):
    return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], -1)


def rest(a):
    return 3 * a[..., 0].sum() + a[..., 1].sum() * 4


@pytest.fixture
def net():
    """Return the net: the score of the photo is 3 x 2 + 4 x 1 = 10."""
    return SmallNet(PHOTO, lambda x: rest(layer(x)), layer=layer, rest=rest, outputs=lambda x: [rest(layer(x)), 0.0])


def test_scorecam_by_hand(net):
    # Channel 0 shows the first pixel alone, score 6; channel 1 the second, score 4. Softmax: 1/(1 + e^-2).
    first = 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(masks.scorecam(net), [[[2 * first, 1 - first]]], rtol=1e-6)


def test_scorecam_by_the_scores_themselves(net):
    np.testing.assert_allclose(masks.scorecam(net, weights="scores"), [[[12, 4]]], rtol=1e-6)


def test_scorecam_by_the_probability_of_the_class(net):
    want = 2 / (1 + math.exp(-6)), 1 / (1 + math.exp(-4))  # the other logit is 0
    np.testing.assert_allclose(masks.scorecam(net, weights="probability"), [[want]], rtol=1e-6)


def test_scorecam_of_the_channel_that_differs_most(net):
    np.testing.assert_allclose(masks.scorecam(net, channels=1, weights="scores"), [[[12, 0]]], rtol=1e-6)
    assert net.rows == 1 + 1  # the layer, and one masked photo


def test_scorecam_of_a_blank_layer_is_blank():
    net = SmallNet(np.zeros((1, 1, 2, 1)), lambda x: rest(layer(x)), layer=layer)
    np.testing.assert_array_equal(masks.scorecam(net), [[[0, 0]]])


def test_a_probability_needs_a_class(net):
    with pytest.raises(TargetError, match="explain a class"):
        masks.probabilities(net, np.array([-1]))


def test_masks_are_enlarged_with_corners_on_corners():
    # The layer of one row of two places lies on three pixels: 0, 1/2, 1 of the photo are left.
    net = SmallNet([[[[4.0], [4.0], [4.0]]]], lambda x: (x[0, :, 0] * [1, 10, 100]).sum(), layer=lambda x: x[:, [0, 0]])
    net._layer = lambda x: np.array([[[0.0], [1.0]]])
    np.testing.assert_allclose(masks.scorecam(net, weights="scores"), [[[0, 4 * (5 + 100)]]], rtol=1e-6)


def test_ablationcam_by_hand(net):
    # Without channel 0 the score is 4, without channel 1 it is 6: weights 0.6 and 0.4.
    np.testing.assert_allclose(masks.ablationcam(net), [[[1.2, 0.4]]], rtol=1e-6)
    assert net.rows == 1 + 2  # the layer with its score, and its rest once a channel


def test_ablationcam_far_below_the_least():
    # The least activation is 1, so a channel is set to 1 - 1e7 at both places.
    net = SmallNet([[[[2.0], [1.0]]]], lambda x: 3 * x.sum(), layer=lambda x: x, rest=lambda a: 3 * a.sum())
    weight = (9 - 3 * 2 * (1 - 1e7)) / 9
    np.testing.assert_allclose(masks.ablationcam(net, "minimum"), [[[2 * weight, weight]]], rtol=1e-6)
    np.testing.assert_allclose(masks.ablationcam(net), [[[2, 1]]], rtol=1e-6)


def test_ablationcam_of_a_score_of_nothing_is_finite():
    net = SmallNet(np.zeros((1, 1, 2, 1)), lambda x: 0.0, layer=layer, rest=lambda a: 0.0)
    np.testing.assert_array_equal(masks.ablationcam(net), [[[0, 0]]])
