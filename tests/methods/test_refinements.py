"""Finer-CAM, Shapley-CAM, conductance and internal influence by hand, on a layer of one row of pixels."""

import numpy as np
import pytest
from fixtures.tolerance import rounding

import slimcam
from slimcam.methods import flows, refinements
from slimcam.methods.evidence import Evidence


def test_the_weights_of_the_logits_by_hand():
    # nearest to 3 are 2 and 1: shares e / (e + 1) = 0.731 and 0.269, whose mean logit is 1.731
    weights = refinements._slope_at_logits(np.array([3.0, 2.0, -9.0, 1.0]), 0, 1.0, 2)
    near = 1 / (1 + np.exp(-1))
    mean = 2 * near + (1 - near)
    expected = [1, -near * (1 + 2 - mean), 0, -(1 - near) * (1 + 1 - mean)]
    np.testing.assert_allclose(weights, expected, rtol=rounding(20), atol=1e-7)


def test_without_alpha_only_the_class_counts():
    weights = refinements._slope_at_logits(np.array([3.0, 2.0, 1.0]), 1, 0.0, 2)
    np.testing.assert_array_equal(weights, [0, 1, 0])


class Squares:
    """A Net whose layer is A = (1, 2), one channel, and whose score is the sum of its cubes over 3."""

    images = np.zeros((1, 1, 2, 1), np.float32)
    activations = np.array([[[[1], [2]]]], np.float32)

    def evidence(self, images, rows):
        return Evidence(self.activations, self.activations**2, np.array([3], np.float32), np.array([-1]))

    def head_curvature(self, activations, rows):
        return 2 * activations**2  # 2 A times A


def test_shapleycam_takes_half_of_the_curvature_away():
    # G = 1, 4 and H A = 2, 8: G - H A / 2 = 0, so nothing is left of a cube's gradient
    np.testing.assert_array_equal(refinements.shapleycam(Squares()), [[[0, 0]]])


def test_finercam_of_no_class_is_an_error():
    with pytest.raises(slimcam.TargetError, match="finercam compares a class with others"):
        refinements.finercam(Squares())


class Line:
    """A Net whose layer is the image's pixels, squared, and whose score is 3 times the first plus the second."""

    images = np.array([[[[2], [1]]]], np.float32)
    numbers = np.zeros(1, int)
    black, white, size = np.zeros(1), np.ones(1), 3

    def evidence(self, images, rows):
        activations = images**2
        gradients = np.broadcast_to(np.array([[3], [1]], np.float32), images.shape)
        return Evidence(activations, gradients, (activations * gradients).sum((1, 2, 3)), np.full(len(images), -1))


@pytest.mark.parametrize("steps", [1, 4, 7])
def test_conductance_is_what_each_unit_hands_on(steps):
    # of a linear head exactly: 3 * 4 and 1 * 1, together the whole score of 13
    made = flows.conductance(Line(), steps=steps)
    np.testing.assert_allclose(made.array, [[[12, 1]]], rtol=rounding(20))
    np.testing.assert_allclose(made.details["gap"], [0], atol=rounding(20, 13))
    assert made.channels.shape == (1, 1, 2, 1)


def test_internal_influence_is_the_mean_gradient():
    np.testing.assert_allclose(flows.internal_influence(Line(), steps=5).array, [[[3, 1]]], rtol=rounding(10))


def test_a_baseline_that_is_the_photo_hands_nothing_on():
    assert not flows.conductance(Line(), steps=2, baseline=Line.images[0]).array.any()
