"""Gradients at the pixels, worked by hand: a score w x, whose gradient is w, and one x^2, whose gradient is 2 x."""

import numpy as np
import pytest
from fixtures.small_net import SmallNet, linear_net, power_net

from slimcam.methods import pixels

PHOTOS = np.array([[[[1.0], [2.0]]], [[[-1.0], [0.0]]]])  # two photos of 1 x 2 pixels
WEIGHTS = [[[3.0], [-4.0]]]
EXACT = 1e-6  # a few roundings of float32


def draws(seed, count, scale):
    """Return the noise of a photo."""
    return np.random.RandomState(seed).normal(0, scale, (count, 1, 2, 1))


def test_gradient_is_the_weights():
    np.testing.assert_array_equal(pixels.gradient(linear_net(PHOTOS, WEIGHTS)), [WEIGHTS, WEIGHTS])


def test_gradient_x_input_is_weight_times_pixel():
    got = pixels.gradient_x_input(linear_net(PHOTOS, WEIGHTS))
    np.testing.assert_array_equal(got, [[[[3], [-8]]], [[[-3], [0]]]])


def test_smoothgrad_of_a_linear_score_is_its_gradient():
    np.testing.assert_array_equal(pixels.smoothgrad(linear_net(PHOTOS, WEIGHTS), samples=4), [WEIGHTS, WEIGHTS])


def test_smoothgrad_takes_noise_of_the_photos_range_and_its_own_seed():
    got = pixels.smoothgrad(power_net(PHOTOS, 2), samples=4, noise=0.5, seed=7)
    # Both photos range over 1. The mean of 2 (x + z) is 2 x and twice the mean of z.
    for number, photo in enumerate(PHOTOS):
        want = 2 * photo + 2 * draws(7 + number, 4, 0.5).mean(0)
        np.testing.assert_allclose(got[number], want, rtol=EXACT, atol=EXACT)


def test_smoothgrad_takes_noise_as_it_is():
    got = pixels.smoothgrad(power_net(3 * PHOTOS, 2), samples=2, noise=0.5, spread="absolute")
    np.testing.assert_allclose(got[0], 6 * PHOTOS[0] + 2 * draws(0, 2, 0.5).mean(0), rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("of, change", [("abs", np.abs), ("squared", np.square)])
def test_smoothgrad_changes_gradients_before_the_mean(of, change):
    got = pixels.smoothgrad(power_net(PHOTOS, 2), samples=3, noise=2.0, of=of)
    want = change(2 * (PHOTOS[0] + draws(0, 3, 2.0))).mean(0)
    np.testing.assert_allclose(got[0], want, rtol=1e-5, atol=EXACT)


def test_smoothgrad_of_the_loss_of_a_probability():
    net = linear_net([[[[4.0]]]], [[[1.0]]])  # p = x = 4: the gradient of -log p is -1/4
    np.testing.assert_array_equal(pixels.smoothgrad(net, samples=2, noise=0.0, loss=True), [[[[-0.25]]]])


def test_squaregrad_is_the_mean_square():
    np.testing.assert_array_equal(pixels.squaregrad(linear_net(PHOTOS, WEIGHTS), samples=3)[0], [[[9], [16]]])


def test_vargrad_is_the_unbiased_variance():
    net = linear_net(PHOTOS, WEIGHTS)
    np.testing.assert_array_equal(pixels.vargrad(net, samples=3), np.zeros((2, 1, 2, 1)))
    got = pixels.vargrad(power_net(PHOTOS, 2), samples=3)
    np.testing.assert_allclose(got[0], 4 * draws(0, 3, 0.15).var(0, ddof=1), rtol=1e-4)


def test_a_photos_map_does_not_depend_on_its_part():
    whole, parts = (pixels.smoothgrad(power_net(PHOTOS, 2, size=size), samples=5) for size in (100, 2))
    np.testing.assert_array_equal(whole, parts)
    second = power_net(PHOTOS[1:], 2)
    second.numbers = np.array([1])
    np.testing.assert_array_equal(pixels.smoothgrad(second, samples=5), whole[1:])


def test_no_run_holds_more_than_fits():
    held = []
    net = SmallNet(PHOTOS, np.sum, np.ones_like, size=4)
    run = net.gradients
    net.gradients = lambda images, rows: held.append(len(images)) or run(images, rows)
    pixels.smoothgrad(net, samples=5)
    assert held == [4, 4, 2]
