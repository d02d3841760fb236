"""Average drop and increase by hand: two pixels of 2, weighed by 1 and 3, so that the score is 8."""

import numpy as np
from fixtures.small_net import linear_net

from slimcam.faithfulness.drops import average_drop, increase

PHOTO = [[[[2.0], [2.0]]]]


def net(*weights):
    return linear_net(PHOTO, [[[weight] for weight in weights]])


def dropped(heat, weights=(1.0, 3.0), **parameters):
    return average_drop(net(*weights), np.array([[heat]], float), **parameters)


def test_the_photo_times_the_map():
    # A map of 4 and 2 is 1 and 1/2: what is seen is 2 and 1, or, on black, which is -1, 2 and 1/2.
    np.testing.assert_allclose(dropped([4, 2], baseline="zero"), [(8 - 5) / 8])
    np.testing.assert_allclose(dropped([4, 2]), [(8 - 3.5) / 8])


def test_what_speaks_against_the_score_is_not_shown():
    np.testing.assert_allclose(dropped([-1, 1], baseline="zero"), [(8 - 6) / 8])


def test_the_fall_itself():
    np.testing.assert_allclose(dropped([4, 2], baseline="zero", divide=False), [3])


def test_xpliques_map_is_stretched_absolute_values():
    # -4 and 2 are 4 and 2, stretched 1 and 0: 2 is left of 8.
    got = dropped([-4, 2], mask="minmax_abs", baseline="zero", epsilon=1e-8)
    np.testing.assert_allclose(got, [6 / (8 + 1e-8)], rtol=1e-12)


def test_a_stretched_map_has_no_negative_values():
    # -4, 2 become 0, 2, stretched 0 and 1: 6 is left of 8.
    np.testing.assert_allclose(dropped([-4, 2], mask="minmax", baseline="zero"), [2 / 8])


def test_a_rise_is_no_drop_but_an_increase():
    # Of weights 3 and -1 the score is 4, and that of the first pixel alone is 6.
    heat = np.array([[[1.0, 0.0]]])
    assert average_drop(net(3, -1), heat, baseline="zero").tolist() == [0]
    assert increase(net(3, -1), heat, baseline="zero").tolist() == [1]
    assert increase(net(1, 3), heat, baseline="zero").tolist() == [0]
    assert increase(net(1, 3), np.ones((1, 1, 2)), baseline="zero").tolist() == [0]  # as large is no increase


def test_a_score_below_zero_has_no_share():
    assert np.isnan(dropped([1, 1], weights=(-1.0, -3.0))).all()


def test_a_blank_map_shows_nothing():
    np.testing.assert_allclose(dropped([0, 0], baseline="zero"), [1])
