"""Paths from a baseline to the photo, by hand: mostly of one pixel x, with a score x^3 whose gradient is 3 x^2."""

import math

import numpy as np
import pytest
from fixtures.small_net import linear_net, power_net

from slimcam.errors import ParameterError
from slimcam.methods import paths
from slimcam.methods.baselines import baseline_of, several

ONE = [[[[2.0]]]]  # from 0 to 2 the score rises from 0 to 8
PHOTOS = np.array([[[[1.0], [2.0]]], [[[-1.0], [0.0]]]])
WEIGHTS = [[[3.0], [-4.0]]]

# With three points: the gradient is 0, 4/3, 16/3, 12 at 0, 2/3, 4/3, 2, and 3 at 1; the way is 2.
BY_HAND = {
    "left": 2 * (0 + 4 / 3 + 16 / 3) / 3,
    "right": 2 * (4 / 3 + 16 / 3 + 12) / 3,
    "middle": 2 * (1 / 3 + 3 + 25 / 3) / 3,  # at 1/3, 1, 5/3
    "trapezoid": 2 * (0 / 2 + 3 + 12 / 2) / 2,
    "gauss": 8.0,  # exact for polynomials to the fifth degree
    "ends": 2 * (0 + 3 + 12) / 3,
    "captum_trapezoid": 2 * (0 / 2 + 3 + 12 / 2) / 3,
}


@pytest.mark.parametrize("rule", sorted(paths.RULES))
def test_every_rule_by_hand(rule):
    got = paths.integrated_gradients(power_net(ONE, 3), 3, rule, "zero")
    np.testing.assert_allclose(got.array, [[[[BY_HAND[rule]]]]], rtol=1e-6)
    np.testing.assert_allclose(got.details["gap"], [BY_HAND[rule] - 8], rtol=1e-5, atol=1e-5)


def test_without_the_way_it_is_the_mean_gradient():
    got = paths.integrated_gradients(power_net(ONE, 3), 3, "ends", "zero", multiply=False)
    np.testing.assert_allclose(got.array, [[[[5]]]], rtol=1e-6)


@pytest.mark.parametrize("baseline", ["black", "grey", "white", "zero", "mean", "noise", "blur"])
@pytest.mark.parametrize("rule", sorted(set(paths.RULES) - {"captum_trapezoid"}))
def test_it_is_complete_where_the_score_is_linear(rule, baseline):
    net = linear_net(PHOTOS, WEIGHTS)
    got = paths.integrated_gradients(net, 4, rule, baseline)
    np.testing.assert_allclose(got.details["gap"], [0, 0], atol=1e-5)
    want = (PHOTOS - baseline_of(net, baseline)) * WEIGHTS
    np.testing.assert_allclose(got.array, want, rtol=1e-6, atol=1e-6)


def test_a_photo_that_is_its_baseline_has_no_map():
    got = paths.integrated_gradients(power_net(ONE, 3), 5, baseline=np.array([[[2.0]]]))
    np.testing.assert_array_equal(got.array, np.zeros((1, 1, 1, 1)))


def test_maps_add_up_as_scores_do():
    both = np.array(WEIGHTS) + 2 * np.ones((1, 2, 1))
    one, two, sum_ = (
        paths.integrated_gradients(linear_net(PHOTOS, weights), 3).array
        for weights in (WEIGHTS, 2 * np.ones((1, 2, 1)), both)
    )
    np.testing.assert_allclose(one + two, sum_, rtol=1e-6)


def test_baselines_by_name():
    net = linear_net(PHOTOS, WEIGHTS)
    net.black, net.white = np.array([-3.0], np.float32), np.array([7.0], np.float32)
    for name, value in {"black": -3, "white": 7, "grey": 2, "zero": 0}.items():
        np.testing.assert_array_equal(baseline_of(net, name), np.full(PHOTOS.shape, value))
    np.testing.assert_array_equal(baseline_of(net, "mean")[:, 0, :, 0], [[1.5, 1.5], [-0.5, -0.5]])
    noise = baseline_of(net, "noise", seed=3)
    want = -3 + 10 * np.random.RandomState(4).uniform(0, 1, (1, 2, 1))
    np.testing.assert_allclose(noise[1], want, rtol=1e-6)


def test_a_blurred_photo_keeps_its_constant():
    net = linear_net(np.full((1, 5, 7, 2), 4.0), np.ones((5, 7, 2)))
    np.testing.assert_allclose(baseline_of(net, "blur"), net.images, rtol=1e-6)


def test_baselines_that_do_not_fit_say_so():
    net = linear_net(PHOTOS, WEIGHTS)
    with pytest.raises(ParameterError, match=r"a baseline of shape \(3, 3, 1\): the net is fed \(1, 2, 1\)"):
        baseline_of(net, np.zeros((3, 3, 1)))
    with pytest.raises(ParameterError, match="no baseline 'dark'"):
        baseline_of(net, "dark")
    with pytest.raises(ParameterError, match=r"baselines of shape \(1, 3, 3, 1\): the net is fed \(1, 2, 1\)"):
        several(net, np.zeros((3, 3, 1)))


def test_expected_gradients_are_complete_where_the_score_is_linear():
    got = paths.expected_gradients(linear_net(PHOTOS, WEIGHTS), samples=6)
    which = np.random.RandomState(0).choice(3, 6)
    mean = np.array([-1, 0, 1])[which].mean()
    np.testing.assert_allclose(got.array[0], (PHOTOS[0] - mean) * WEIGHTS, rtol=1e-5)
    np.testing.assert_allclose(got.details["gap"], [0, 0], atol=1e-5)


def test_gradient_shap_draws_baselines_then_places():
    got = paths.gradient_shap(power_net(ONE, 3), samples=2, baselines=np.array([[[[0.0]]], [[[1.0]]]]))
    random = np.random.RandomState(0)
    starts, places = random.choice(2, 2), random.uniform(0, 1, 2)
    want = np.mean([(2 - b) * 3 * (u * 2 + (1 - u) * b) ** 2 for b, u in zip(starts, places)])
    np.testing.assert_allclose(got.array, [[[[want]]]], rtol=1e-5)
    np.testing.assert_allclose(got.details["gap"], [want - (8 - np.mean(starts))], rtol=1e-4)


def test_gradient_shap_adds_noise_to_the_photo():
    got = paths.gradient_shap(linear_net(ONE, [[[5.0]]]), samples=2, baselines="zero", noise=0.5)
    random = np.random.RandomState(0)
    random.choice(1, 2), random.uniform(0, 1, 2)
    np.testing.assert_allclose(got.array, [[[[5 * (2 + random.normal(0, 0.5, 2).mean())]]]], rtol=1e-5)


def test_blur_ig_of_one_pixel():
    # Blurred, a pixel among zeros keeps the middle weight of the Gaussian. One step, to sigma 1, is the whole way.
    middle = 1 / (1 + 2 * sum(math.exp(-n * n / 2) for n in range(1, 5)))
    got = paths.blur_ig(linear_net(ONE, [[[5.0]]]), steps=1, sigma=1.0, step=1.0)
    np.testing.assert_allclose(got.array, [[[[5 * 2 * (1 - middle**2)]]]], rtol=1e-5)
    np.testing.assert_allclose(got.details["gap"], [0], atol=1e-5)


def test_blur_ig_in_equal_steps_of_the_square():
    net = linear_net(ONE, [[[5.0]]])
    fed = []
    run = net.gradients
    net.gradients = lambda images, rows: fed.extend(images.ravel()) or run(images, rows)
    paths.blur_ig(net, steps=2, sigma=2.0, root=True)  # sigmas 0, 1, and at the end sqrt(2)
    middle = 1 / (1 + 2 * sum(math.exp(-n * n / 2) for n in range(1, 5)))
    np.testing.assert_allclose(fed, [2, 2 * middle**2], rtol=1e-6)
