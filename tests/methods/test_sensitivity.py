"""Sobol' indices and the Hilbert-Schmidt criterion by hand, of scores that are sums of the pixels of one row."""

import numpy as np
import pytest
from fixtures.small_net import SmallNet, linear_net
from fixtures.tolerance import assert_net

from slimcam.errors import ParameterError
from slimcam.methods import METHODS, sensitivity
from slimcam.methods.method import Size

# Four pixels, of which two by two cells are one each; the score is 3 and 4 times those of the first row.
PHOTO = [[[[1.0], [1.0]], [[1.0], [1.0]]]]
WEIGHTS = [[[3.0], [4.0]], [[0.0], [0.0]]]
CELLS = {"cells": 2, "fill": "zero", "enlarge": "cells"}
A = np.array([[0.0, 1.0, 0.5, 0.5], [1.0, 0.0, 0.5, 0.5]])
B = np.array([[1.0, 1.0, 0.0, 0.0], [1.0, 0.5, 0.0, 0.0]])


@pytest.fixture
def net():
    return linear_net(PHOTO, WEIGHTS)


def test_sobol_by_hand(net):
    # y(a) = 4 and 3, of variance 1/2. With the first cell of b: 7 and 3, (3^2 + 0) / 2 / (2 / 2) = 4.5; with the second
    # 4 and 5: (0 + 2^2) / 2 = 2; the others change nothing.
    got = sensitivity.sobol(net, 2, design=np.concatenate([A, B], 1), **CELLS)
    assert_net(got, [[[4.5, 2], [0, 0]]])


def test_the_indices_of_a_sum_are_the_shares_of_its_variance(net):
    # 9 and 16 twelfths of 25: nothing is shared, so that the total indices add up to 1; of 4,000 points to 5 %
    got = sensitivity.sobol(net, 4000, **CELLS)
    np.testing.assert_allclose(got[0], [[9 / 25, 16 / 25], [0, 0]], atol=0.05)


@pytest.mark.parametrize("method", [sensitivity.sobol, sensitivity.hsic])
def test_a_score_that_never_changes_has_zeros(method):
    np.testing.assert_array_equal(method(linear_net(PHOTO, np.zeros((2, 2, 1))), 4, **CELLS), np.zeros((1, 2, 2)))


def centred_trace(x, y, width):
    """Return tr(K H L H) as it is printed, for each column of x."""
    n = len(y)
    middle = np.eye(n) - 1 / n
    kernel = np.exp(-((y[:, None] - y) ** 2) / (2 * width**2))
    return [np.trace((0.5 - (one[:, None] - one) ** 2) @ middle @ kernel @ middle) for one in x.T]


def test_hsic_by_hand(net):
    # shown or not, with scores 0 3 4 7: the distances are 3 4 7 1 4 3, their median 3.5, the median score 3.5 too
    design = np.array([[0, 0, 0, 1], [1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]], float)
    want = np.array(centred_trace(design, np.array([0, 3, 4, 7.0]), 3.5))
    got = sensitivity.hsic(net, 4, design=0.6 * design, **CELLS)  # which is rounded
    assert_net(got[0].ravel(), want / 9)
    got = sensitivity.hsic(net, 4, design=design, formula="xplique", **CELLS)
    assert_net(got[0].ravel(), want / 4)


def test_a_cell_that_nothing_depends_on_has_none(net):
    # each half shown, once with each other: independent of the score, which is 4 times the second cell
    design = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1], [0, 1, 1, 0]], float)
    got = sensitivity.hsic(net, 4, design=design, **CELLS)[0]
    assert got[0, 1] > 0.05
    np.testing.assert_allclose([got[0, 0], got[1, 0], got[1, 1]], 0, atol=1e-9)


def test_a_latin_hypercube_has_a_point_in_each_part_of_each_number():
    points = sensitivity.latin(5, 3, np.random.RandomState(0))
    np.testing.assert_array_equal(np.sort(np.floor(5 * points), 0), np.repeat(np.arange(5)[:, None], 3, 1))


def test_cells_are_blocks_of_pixels_and_are_enlarged():
    # three columns in two cells: two pixels and one; the right cell is hidden in one of two points
    net = SmallNet(np.ones((1, 2, 3, 1)), lambda x: 10 * x[0, 1, 0] + x[0, 2, 0])
    design = np.array([[1, 1, 1, 1], [1, 0, 1, 1.0]])
    seen = []
    net._score = lambda x: seen.append(x[0, :, 0].tolist()) or 0.0
    sensitivity.hsic(net, 2, cells=2, fill="white", design=design)
    assert seen == [[1, 1, 1], [1, 1, 1]]  # white is 1 too
    sensitivity.hsic(net, 2, cells=2, fill="zero", design=design)
    assert seen[2:] == [[1, 1, 1], [1, 1, 0]]
    got = sensitivity.sobol(linear_net(PHOTO, WEIGHTS), 2, cells=1, fill="zero", design=np.array([[0, 1], [1, 0.5]]))
    # 0 and 7, of variance 24.5; with the other number 7 and 3.5: (49 + 12.25) / 2 / 49
    assert_net(got, np.full((1, 2, 2), 0.625))


def test_a_photo_has_its_own_points_and_a_seed_others():
    two = linear_net(np.concatenate([PHOTO, PHOTO]), WEIGHTS)
    got = sensitivity.sobol(two, 4, **CELLS)
    assert (got[0] != got[1]).any()  # `numbers` are 0 and 1 here
    np.testing.assert_array_equal(sensitivity.sobol(two, 4, **CELLS), got)
    assert (sensitivity.sobol(two, 4, seed=5, **CELLS) != got).any()


@pytest.mark.parametrize("method", [sensitivity.sobol, sensitivity.hsic])
def test_a_design_of_another_shape_is_an_error(net, method):
    with pytest.raises(ParameterError, match=r"a design of shape \(2, 3\): give \(samples, numbers\), here \(2, "):
        method(net, 2, design=np.zeros((2, 3)), **CELLS)


@pytest.mark.parametrize("method, parameters", [("sobol", {"cells": 2, "samples": 3}), ("hsic", {"samples": 5})])
def test_passes_are_those_that_are_run(net, method, parameters):
    row = METHODS[method]
    values = {**{key: one.default for key, one in row.parameters.items()}, **parameters}
    row(net, **values)
    assert net.rows == row.passes(values, Size(2, 2, 1))
