"""MuFidelity, sensitivity-n and infidelity by hand: of a weighted sum, whose own parts are a perfect map."""

import numpy as np
import pytest
from fixtures.small_net import linear_net
from fixtures.tolerance import rounding

from slimcam.faithfulness import ranks, subsets
from slimcam.faithfulness.subsets import infidelity, mufidelity, sensitivity_n

PHOTO = np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]])
WEIGHTS = np.array([[[1.0], [-1.0]], [[2.0], [0.5]]])
PARTS = (PHOTO * WEIGHTS)[..., 0]  # 1, -2, 6 and 2: the score is 7


@pytest.fixture
def net():
    """Return the net; `shown` are the photos that it was asked about."""
    net = linear_net(PHOTO, WEIGHTS)
    scores, net.shown = net.scores, []
    net.scores = lambda images, rows: net.shown.extend(images) or scores(images, rows)
    return net


MU = {"samples": 20, "cells": 2, "share": 0.5, "baseline": "zero"}


def test_the_parts_of_a_sum_are_perfect_and_their_negatives_the_contrary(net):
    np.testing.assert_allclose(mufidelity(net, PARTS, **MU), [1], rtol=1e-12)
    np.testing.assert_allclose(mufidelity(net, -PARTS, **MU), [-1], rtol=1e-12)
    np.testing.assert_allclose(sensitivity_n(net, PARTS, samples=20, n=2), [1], rtol=1e-12)


def test_ranks_alone_count_for_spearman(net):
    one = {**MU, "share": 0.25}  # one pixel at a time: falls of 1, -2, 6 and 2
    assert mufidelity(net, PARTS**3, **one)[0] < 0.99
    np.testing.assert_allclose(mufidelity(net, PARTS**3, correlation="spearman", **one), [1], rtol=1e-12)


def test_as_many_are_hidden_each_time_or_each_by_itself(net):
    def hidden():
        counts = [int((image == 0).sum()) for image in net.shown[1:]]
        del net.shown[:]
        return counts

    mufidelity(net, PARTS, **MU)
    assert hidden() == [2] * 20
    mufidelity(net, PARTS, **{**MU, "draw": "each"})
    assert {0, 1, 3} & set(hidden())
    sensitivity_n(net, PARTS, samples=5, n=3)
    assert hidden() == [3] * 5
    infidelity(net, PARTS, samples=5, patch=1, baseline="zero")
    assert hidden() == [1] * 5


def test_a_flat_map_goes_with_nothing(net):
    assert np.isnan(sensitivity_n(net, np.full((1, 2, 2), 0.1), samples=20, n=3)).all()


def test_what_is_random_goes_by_the_seed(net):
    heat = PARTS**3
    first = sensitivity_n(net, heat, samples=5, n=2, seed=1)
    np.testing.assert_array_equal(sensitivity_n(net, heat, samples=5, n=2, seed=1), first)
    assert any(sensitivity_n(net, heat, samples=5, n=2, seed=seed) != first for seed in range(2, 9))


def test_infidelity_of_the_whole_photo(net):
    # All is hidden each time: the score falls by 7, and a map of ones says 4.
    ones = np.ones((1, 2, 2))
    np.testing.assert_allclose(
        infidelity(net, ones, samples=3, patch=2, scale=False, baseline="zero"), [(4 - 7) ** 2], rtol=1e-12
    )
    # times 7 / 4 it says all
    np.testing.assert_allclose(infidelity(net, ones, samples=3, patch=2, baseline="zero"), [0], atol=1e-12)


def test_infidelity_of_a_map_of_zeros_is_the_mean_square_of_the_falls(net):
    got = infidelity(net, np.zeros((1, 2, 2)), samples=3, patch=2, baseline="zero")
    np.testing.assert_allclose(got, [49], rtol=1e-12)


def test_correlation_and_ranks():
    a, b = np.array([[1.0, 2, 3]]), np.array([[1.0, 2, 4]])
    # less their means: -1, 0, 1 and -4/3, -1/3, 5/3
    np.testing.assert_allclose(
        ranks.pearson(a, b), [3 / np.sqrt(2 * 42 / 9)], rtol=0, atol=rounding(10, dtype=np.float64)
    )
    np.testing.assert_array_equal(ranks.ranks(np.array([[10.0, 10, 5]])), [[2.5, 2.5, 1]])


def test_a_pixel_is_of_the_cell_that_its_middle_lies_in():
    grid = np.array([[1, 2, 3]])
    assert subsets._enlarged(grid, 1, 5).tolist() == [[1, 1, 2, 3, 3]]  # middles at .3, .9, 1.5, 2.1, 2.7
