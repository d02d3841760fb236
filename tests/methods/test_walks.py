"""Guided integrated gradients, step by step by hand: a score 3 a + b^2 of two pixels, from (0, 0) to (1, 1)."""

import numpy as np
from fixtures.small_net import SmallNet, linear_net

from slimcam.methods import walks


def two_pixels():
    """Return the net: its gradient is (3, 2 b)."""
    return SmallNet(
        [[[[1.0], [1.0]]]],
        lambda x: 3 * x[0, 0, 0] + x[0, 1, 0] ** 2,
        lambda x: np.array([[[3.0], [2 * x[0, 1, 0]]]]),
    )


def test_the_smallest_gradient_goes_first():
    # At (0, 0) the gradient is (3, 0): b goes all the way, for 0. Then a does, for 3.
    got = walks.guided_ig(two_pixels(), steps=2, fraction=0.5, width=1.0, baseline="zero")
    np.testing.assert_allclose(got.array[0, 0, :, 0], [3, 0])
    np.testing.assert_allclose(got.details["gap"], [3 - 4])


def test_none_goes_far_from_the_straight_line():
    # Step 1, where 1/4 to 3/4 is allowed: both come to 1/4 at the gradient (3, 0), then b goes to 3/4, which is enough.
    # Step 2, where 3/4 to 1 is allowed, the gradient is (3, 3/2): a comes to 3/4, b goes to 1, and then a goes to 1.
    got = walks.guided_ig(two_pixels(), steps=2, fraction=0.5, width=0.25, baseline="zero")
    np.testing.assert_allclose(got.array[0, 0, :, 0], [3 * 0.25 + 3 * 0.5 + 3 * 0.25, 0 + 1.5 * 0.25])


def test_a_part_of_the_way_is_enough():
    # Four steps of 1/2: b goes by 1/2 at gradient 0 and by 1/2 at gradient 1, then a in two halves.
    got = walks.guided_ig(two_pixels(), steps=4, fraction=0.5, width=1.0, baseline="zero")
    np.testing.assert_allclose(got.array[0, 0, :, 0], [3, 0.5])


def test_it_is_complete_where_the_score_is_linear():
    random = np.random.RandomState(0)
    photos, weights = random.uniform(-1, 1, (2, 4, 5, 3)), random.normal(size=(4, 5, 3))
    got = walks.guided_ig(linear_net(photos, weights), steps=7)
    np.testing.assert_allclose(got.details["gap"], [0, 0], atol=1e-5)
    np.testing.assert_allclose(got.array, (photos + 1) * weights, rtol=1e-4, atol=1e-6)


def test_a_photo_that_is_its_baseline_has_no_map():
    got = walks.guided_ig(linear_net(np.full((1, 2, 2, 1), -1.0), np.ones((2, 2, 1))), steps=3)
    np.testing.assert_array_equal(got.array, np.zeros((1, 2, 2, 1)))
