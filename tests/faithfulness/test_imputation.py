"""ROAD by hand: what pixels are filled in with, and a score that is a weighted sum of pixels."""

import sys

import numpy as np
import pytest
from fixtures.small_net import linear_net

from slimcam.errors import MissingPackage
from slimcam.faithfulness import METRICS, read_metrics
from slimcam.faithfulness.imputation import imputed, road
from slimcam.methods.method import Size

# Of two equations in float64: 64 roundings of what is at most 100, by a matrix that makes them at most tenfold.
ROUNDING = 64 * 100 * 10 * 2**-53
SCORE = 4096 * 2**-23  # of a score, which is a float32 below 4096, and of another that it is compared with


def filled(rows, gone):
    return imputed(np.array(rows, np.float32)[..., None], np.array(gone, bool))[..., 0]


def test_a_pixel_is_the_mean_of_its_neighbours():
    np.testing.assert_allclose(filled([[1, 9, 3]], [[0, 1, 0]]), [[1, 2, 3]], rtol=0, atol=ROUNDING)
    # sides of 1/6 and corners of 1/12: (2 + 4 + 6 + 8) / 6 + (1 + 3 + 7 + 90) / 12
    middle = filled([[1, 2, 3], [4, 0, 6], [7, 8, 90]], [[0, 0, 0], [0, 1, 0], [0, 0, 0]])[1, 1]
    np.testing.assert_allclose(middle, 20 / 6 + 101 / 12, rtol=0, atol=ROUNDING)


def test_a_corner_counts_only_what_is_there():
    # right and below 1/6 each, the diagonal 1/12: (2 x 1 + 2 x 3 + 8) / 5
    np.testing.assert_allclose(filled([[0, 1], [3, 8]], [[1, 0], [0, 0]])[0, 0], 16 / 5, rtol=0, atol=ROUNDING)


def test_neighbours_that_are_gone_are_solved_for_together():
    np.testing.assert_allclose(filled([[0, 50, -7, 3]], [[0, 1, 1, 0]]), [[0, 1, 2, 3]], rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(filled([[5, 1, 2]], [[0, 1, 1]]), [[5, 5, 5]], rtol=0, atol=ROUNDING)


def test_channels_are_filled_in_each_by_itself_and_the_rest_stays():
    photo = np.random.RandomState(0).uniform(-1, 1, (6, 7, 3)).astype(np.float32)
    gone = np.random.RandomState(1).uniform(size=(6, 7)) < 0.5
    whole = imputed(photo, gone)
    np.testing.assert_array_equal(whole[~gone], photo[~gone])
    for channel in range(3):
        alone = imputed(photo[..., channel : channel + 1], gone)
        np.testing.assert_allclose(whole[..., channel], alone[..., 0], rtol=0, atol=ROUNDING)
    assert photo.min() <= whole.min() and whole.max() <= photo.max()  # means of what is there


@pytest.fixture
def net():
    return linear_net([[[[0.0], [6.0], [0.0], [2.0]]]], [[[1.0], [10.0], [100.0], [1000.0]]])


HEAT = np.array([[[0.1, 0.9, 0.2, 0.5]]])  # the pixels' order is 1, 3, 2, 0


def test_of_one_side(net):
    # one step takes two pixels out. The best, 1 and 3: 0 _ 0 _ becomes zeros, and the score falls from 2060 to 0.
    np.testing.assert_allclose(road(net, HEAT, steps=1, order="falling", noise=0), [-2060], rtol=0, atol=SCORE)
    # The least, 0 and 2: _ 6 _ 2 becomes 6 6 4 2, and the score is 6 + 60 + 400 + 2000.
    np.testing.assert_allclose(road(net, HEAT, steps=1, order="rising", noise=0), [2466 - 2060], rtol=0, atol=SCORE)


def test_of_both_sides(net):
    np.testing.assert_allclose(road(net, HEAT, steps=1, noise=0), [(406 + 2060) / 2], rtol=0, atol=SCORE)


def test_steps_are_averaged(net):
    # one, two and three pixels, the best first: 0 0 0 2 is 2000; zeros; and zeros, of the pixel 0 alone
    np.testing.assert_allclose(
        road(net, HEAT, steps=3, order="falling", noise=0), [np.mean([2000, 0, 0]) - 2060], rtol=0, atol=SCORE
    )


def test_noise_goes_by_the_seed_and_by_white_less_black(net):
    first, again, other = (road(net, HEAT, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert first != other
    plain = road(net, HEAT, noise=0)
    # As linear as the score is: ten times the noise moves the number ten times as far. What is fed, below 8 and times
    # 1111 in all, and the score are float32, and so are the two that are multiplied by ten.
    rounding = 22 * (8 * 1111 * 2**-24 + SCORE)
    assert abs(10 * (first - plain)) > 100 * rounding
    np.testing.assert_allclose(road(net, HEAT, noise=0.1) - plain, 10 * (first - plain), rtol=0, atol=rounding)


def test_rows_that_are_run_are_those_of_the_table(net):
    for parameters in ({}, {"steps": 2, "order": "rising"}):
        given = {name: one.default for name, one in METRICS["road"].parameters.items()}
        before = net.rows
        road(net, HEAT, **parameters)
        assert net.rows - before == METRICS["road"].passes({**given, **parameters}, Size(1, 4, 1))


def test_without_scipy_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(MissingPackage, match=r"road needs scipy: pip install \"scipy\""):
        read_metrics("road")
