"""Steps from a raw map to a heat, of pixels by hand."""

import numpy as np

from slimcam.maps.steps import STEPS, in_order


def test_a_few_pixels_far_above_the_others_are_cut_off():
    heat = np.append(np.arange(100.0), 1e6).reshape(1, 101)  # the 99th percentile of 101 values is the 100th of them
    assert STEPS["cap"](heat).max() == 99
    np.testing.assert_array_equal(STEPS["cap"](heat)[:, :100], heat[:, :100])


def test_a_map_of_few_pixels_is_not_cut_off():
    heat = np.zeros((10, 20))
    heat[0, 0] = 3
    np.testing.assert_array_equal(in_order(("relu", "cap", "unit"), heat), heat / 3)
