"""Sparseness and the pointing game by hand, on maps of a few pixels."""

import numpy as np
import pytest
from fixtures.small_net import linear_net

from slimcam.faithfulness.shapes import pointing, sparseness

NET = linear_net([[[[1.0]]]], [[[1.0]]])  # which neither asks


@pytest.mark.parametrize(
    "heat, gini",
    [
        ([5, 5, 5, 5], 0),
        ([0, 0, 0, 4], 3 / 4),  # one of d alone: (d - 1) / d
        ([1, 3], (-1 * 1 + 1 * 3) / (2 * 4)),
        ([-3, 1], 1 / 4),
    ],
)
def test_gini_index(heat, gini):
    np.testing.assert_allclose(sparseness(NET, np.array([[heat]], float)), [gini], atol=1e-12)


def test_a_map_of_zeros_has_no_gini_index():
    assert np.isnan(sparseness(NET, np.zeros((1, 2, 2)))).all()


HEAT = np.array([[[0.0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]])


def mask(*place):
    array = np.zeros((1, 3, 4), bool)
    array[(0, *place)] = True
    return array


def test_a_peak_on_the_object_hits():
    assert pointing(NET, HEAT, mask(0, 1)).tolist() == [1]
    assert pointing(NET, HEAT, mask(0, 2)).tolist() == [0]


def test_a_tolerance_is_a_disc():
    assert pointing(NET, HEAT, mask(0, 2), tolerance=1).tolist() == [1]
    assert pointing(NET, HEAT, mask(1, 2), tolerance=1).tolist() == [0]  # 1.4 pixels off
    assert pointing(NET, HEAT, mask(2, 1), tolerance=2).tolist() == [1]


def test_one_of_several_peaks_is_enough_and_a_flat_map_points_at_nothing():
    two = HEAT.copy()
    two[0, 2, 3] = 1
    assert pointing(NET, two, mask(2, 3)).tolist() == [1]
    assert pointing(NET, np.ones((1, 3, 4)), mask(2, 3)).tolist() == [0]


def test_no_object_no_number():
    assert np.isnan(pointing(NET, HEAT, np.zeros((1, 3, 4), bool))).all()
