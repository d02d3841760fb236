"""Occlusion and RISE by hand, of a score that is a weighted sum of the pixels of one row."""

import numpy as np
import pytest
from fixtures.small_net import SmallNet, linear_net

from slimcam.methods import METHODS, occlusions
from slimcam.methods.method import Size

PHOTO = [[[[1.0], [2.0], [3.0], [4.0], [5.0]]]]
WEIGHTS = [[[1.0], [10.0], [100.0], [1000.0], [10000.0]]]  # the score is 54321


@pytest.fixture
def net():
    return linear_net(PHOTO, WEIGHTS)


def test_windows_whole_and_cut():
    assert occlusions.windows(2, 5, 2, 2, cut=False) == [(0, 0, 2, 2), (0, 2, 2, 4)]
    assert occlusions.windows(2, 5, 2, 2, cut=True) == [(0, 0, 2, 2), (0, 2, 2, 4), (0, 4, 2, 5)]
    assert occlusions.windows(1, 4, 2, 2, cut=True) == [(0, 0, 1, 2), (0, 2, 1, 4)]
    assert occlusions.windows(1, 4, 9, 2, cut=True) == [(0, 0, 1, 4)]


def occluded(net, **parameters):
    return occlusions.occlusion(net, 2, 1, "zero", **parameters)[0, 0]


def test_sum_of_the_falls_under_whole_patches():
    # Hidden in turn: 21, 320, 4300, 54000. One row has no whole patch of two, so there are two here.
    two = linear_net(np.concatenate([PHOTO, PHOTO], 1), np.concatenate([WEIGHTS, np.zeros((1, 5, 1))]))
    got = occlusions.occlusion(two, 2, 1, "zero", "sum", cut=False)
    np.testing.assert_array_equal(got[0, 0], [21, 21 + 320, 320 + 4300, 4300 + 54000, 54000])


def test_mean_of_the_falls_under_patches_that_may_be_cut(net):
    np.testing.assert_array_equal(occluded(net), [21, 170.5, 2310, 29150, 54000])
    got = occlusions.occlusion(net, 2, 2, "zero")
    np.testing.assert_array_equal(got[0, 0], [21, 21, 4300, 4300, 50000])


def test_what_the_patch_shows(net):
    got = occlusions.occlusion(net, 2, 2, "black")  # -1 in the place of 1 and 2: the score falls by 2 + 30
    np.testing.assert_array_equal(got[0, 0, :2], [32, 32])


def test_a_grid_is_one_less_the_probability():
    net = SmallNet(
        np.ones((1, 2, 4, 1)),
        lambda x: (x[:, :2].sum() + 1) / (x[:, :2].sum() + 2),  # (s + 1) / (s + 2), s of the left half
    )
    got = occlusions.occlusion(net, 2, fill="zero", combine="grid")
    # The left half hidden, s = 0; the right one, s = 4. Enlarged twice: the middle of a patch is between its columns.
    left, right = 1 - 1 / 2, 1 - 5 / 6
    middle = [left, 0.75 * left + 0.25 * right, 0.25 * left + 0.75 * right, right]
    np.testing.assert_allclose(got[0], [middle, middle], rtol=1e-6)


def test_rise_of_masks_that_hide_nothing_is_the_score(net):
    np.testing.assert_allclose(occlusions.rise(net, masks=3, keep=1.0), np.full((1, 1, 5), 54321.0), rtol=1e-6)


def test_rise_by_hand():
    # One cell a mask, so that a mask is all or nothing: those of all give the score, the others nothing.
    net = linear_net(np.full((1, 2, 2, 1), 3.0), np.ones((2, 2, 1)))
    kept = (np.random.RandomState(0).uniform(0, 1, 5) < 0.5).sum()
    got = occlusions.rise(net, masks=5, cells=1, fill="zero")
    np.testing.assert_allclose(got, np.full((1, 2, 2), 12 * kept / (5 * 0.5)), rtol=1e-6)
    got = occlusions.rise(net, masks=5, cells=1, fill="zero", divide="shown")
    np.testing.assert_allclose(got, np.full((1, 2, 2), 12 * kept / (kept + 1e-4)), rtol=1e-6)


def test_masks_are_linear_and_cut_out_where_they_are_asked_to_be():
    # Two cells on a photo of two columns: a cell is one pixel, and the mask is enlarged to three.
    random = np.random.RandomState(1)  # 0.417 0.720 0.000 0.302: below one half but for the second
    (mask,) = occlusions.random_masks((2, 2), 1, 2, 0.5, (0, 1), random)
    np.testing.assert_allclose(mask, [[0.5, 0], [0.75, 0.5]], atol=1e-6)


def test_passes_are_those_that_are_run(net):
    size = Size(1, 5, 2)
    for name, parameters in {"occlusion": {"patch": 2, "stride": 2}, "rise": {"masks": 7}}.items():
        row = METHODS[name]
        values = {**{key: one.default for key, one in row.parameters.items()}, **parameters}
        net.rows = 0
        row(net, **values)
        assert net.rows == row.passes(values, size)
