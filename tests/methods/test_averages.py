"""Means of maps by hand: of a photo with noise, and mirrored and scaled."""

import numpy as np
import pytest
from fixtures.small_net import SmallNet, power_net
from fixtures.tolerance import assert_net

from slimcam.methods import averages, pixels
from slimcam.methods.net import Attribution

PHOTO = np.float32([[[[1.0], [2.0], [4.0]]]])
FACTORS = {"flip": True, "factors": (1.0, 2.0), "each": "raw"}
NOISE = {"samples": 4, "noise": 0.1, "spread": "absolute", "seed": 3, "each": "raw"}


def reduce(result):
    return result.array[..., 0] if result.array.ndim == 4 else result.array


def left(net):
    """Return a map that is the photo at its left pixel alone, its double as the channel, and its sum as a detail."""
    array = net.images[..., 0].copy()
    array[:, :, 1:] = 0
    return Attribution(array, {"sum": net.images.sum((1, 2, 3))}, 2 * array[..., None])


def test_mirrored_photos_are_mirrored_back():
    # the left pixel is 1 and 2, of the mirrored photo 4 and 8, which lie on the right
    got = averages.averaged(left, reduce, "augment", FACTORS)(SmallNet(PHOTO, np.sum))
    np.testing.assert_array_equal(got.array, [[[3 / 4, 0, 12 / 4]]])
    np.testing.assert_array_equal(got.channels[..., 0], [[[6 / 4, 0, 24 / 4]]])
    np.testing.assert_array_equal(got.details["sum"], [(7 + 14) * 2 / 4])
    got = averages.averaged(left, reduce, "augment", {**FACTORS, "flip": False})(SmallNet(PHOTO, np.sum))
    np.testing.assert_array_equal(got.array, [[[1.5, 0, 0]]])


def test_units_are_as_large_as_the_photo():
    # 2 -1 becomes 1 0, on three pixels 1 1/2 0; of the mirrored one the same on the other side
    got = averages.averaged(
        lambda net: Attribution(np.float32([[[2, -1]]])), reduce, "augment", {**FACTORS, "each": "unit"}
    )(SmallNet(PHOTO, np.sum))
    np.testing.assert_allclose(got.array, [[[0.5, 0.5, 0.5]]], atol=1e-6)
    np.testing.assert_allclose(averages.units(np.float32([[[2, -1]]]), (1, 3)), [[[1, 0.5, 0]]], atol=1e-6)


@pytest.mark.parametrize("spread", ["range", "absolute"])
def test_the_mean_gradient_of_photos_with_noise_is_smoothgrad(spread):
    parameters = {**NOISE, "spread": spread}
    net = power_net(np.concatenate([PHOTO, -PHOTO]), 3)
    got = averages.averaged(lambda one: Attribution(pixels.gradient(one)), reduce, "smooth", parameters)(net)
    del parameters["each"]
    assert_net(got.array, pixels.smoothgrad(net, **parameters))


def test_a_mean_may_be_of_means():
    inner = averages.averaged(left, reduce, "augment", FACTORS)
    got = averages.averaged(inner, reduce, "smooth", {**NOISE, "noise": 0.0})(SmallNet(PHOTO, np.sum))
    assert_net(got.array, [[[3 / 4, 0, 12 / 4]]])
