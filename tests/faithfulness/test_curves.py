"""Insertion and deletion by hand: the score is 1, 10, 100 and 1000 times the pixels 1, 2, 3 and 4."""

import numpy as np
import pytest
from fixtures.small_net import linear_net

from slimcam.faithfulness import METRICS
from slimcam.faithfulness.curves import deletion, insertion
from slimcam.methods.method import Size

HEAT = np.array([[[0.4, 0.1, 0.3, 0.2]]])  # the pixels' order is 0, 2, 3, 1


@pytest.fixture
def net():
    return linear_net([[[[1.0], [2.0], [3.0], [4.0]]]], [[[1.0], [10.0], [100.0], [1000.0]]])


def test_insertion(net):
    # The scores are 0, 1, 301, 4301 and 4321.
    got = insertion(net, HEAT, steps=4, baseline="zero")
    np.testing.assert_allclose(got, [(1 + 301 + 4301 + 4321 / 2) / 4], rtol=1e-12)


def test_deletion(net):
    # The scores are 4321, 4320, 4020, 20 and 0.
    got = deletion(net, HEAT, steps=4, baseline="zero")
    np.testing.assert_allclose(got, [(4321 / 2 + 4320 + 4020 + 20) / 4], rtol=1e-12)


def test_from_the_least_pixel(net):
    # 1, 3, 2, 0 come in: the scores are 0, 20, 4020, 4320 and 4321.
    got = insertion(net, HEAT, steps=4, baseline="zero", order="rising")
    np.testing.assert_allclose(got, [(20 + 4020 + 4320 + 4321 / 2) / 4], rtol=1e-12)


def test_steps_that_do_not_divide_the_pixels(net):
    # 0, 1, 2 and 4 pixels: the scores are 0, 1, 301 and 4321.
    got = insertion(net, HEAT, steps=3, baseline="zero")
    np.testing.assert_allclose(got, [0.5 * 0.25 + 151 * 0.25 + 2311 * 0.5], rtol=1e-12)
    got = insertion(net, HEAT, steps=3, baseline="zero", area="steps")
    np.testing.assert_allclose(got, [(0.5 + 151 + 2311) / 3], rtol=1e-12)


def test_what_hides_pixels(net):
    got = deletion(net, HEAT, steps=1, baseline="white")  # 1 in the place of all: 1111
    np.testing.assert_allclose(got, [(4321 + 1111) / 2], rtol=1e-12)


def test_of_equal_pixels_the_first_is_first():
    # 32 of them, for a sort that is not stable leaves a few in their order: pixel 4 alone counts, and is the third.
    net = linear_net(np.ones((1, 1, 64, 1)), np.eye(64)[4].reshape(1, 64, 1))
    got = deletion(net, np.tile([[[1.0, 0.0]]], 32), steps=64, baseline="zero")
    np.testing.assert_allclose(got, [2.5 / 64], rtol=1e-12)


def test_a_random_order_goes_by_the_seed_and_not_by_the_map(net):
    first = insertion(net, HEAT, steps=4, order="random", seed=3)
    np.testing.assert_array_equal(insertion(net, -HEAT, steps=4, order="random", seed=3), first)
    assert len({float(insertion(net, HEAT, steps=4, order="random", seed=seed)[0]) for seed in range(9)}) > 1


def test_a_run_holds_no_more_rows_than_it_may_and_the_passes_are_those_said(net):
    net.size, rows = 2, []
    scores = net.scores
    net.scores = lambda images, numbers: rows.append(len(images)) or scores(images, numbers)
    insertion(net, HEAT, steps=4)
    assert max(rows) == 2
    assert sum(rows) == METRICS["insertion"].passes({"steps": 4}, Size(1, 4, 1))
