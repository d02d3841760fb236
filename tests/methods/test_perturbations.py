"""Learnt masks by hand: a step or two of linear scores; their gradients against differences."""

import numpy as np
import pytest
from fixtures.small_net import SmallNet, linear_net
from fixtures.tolerance import assert_net

from slimcam.methods import METHODS, perturbations
from slimcam.methods.method import Size
from slimcam.methods.resampling import linear

ONES = np.ones((1, 4, 4, 1))
WEIGHTS = np.zeros((4, 4, 1))
WEIGHTS[0, 0], WEIGHTS[3, 3] = 5.0, -2.0
PLAIN = {"cells": 4, "fill": "zero", "jitter": 0}


@pytest.fixture
def sharp(monkeypatch):
    """Leave out the blur of a mask."""
    monkeypatch.setattr(perturbations, "SMOOTH", 1e-3)


def test_the_first_step_hides_what_speaks_for_the_score(sharp):
    # Adam's first step is the rate, by the sign: 5 is more than `size`, -2 and 0 are not
    got = perturbations.meaningful_perturbation(linear_net(ONES, WEIGHTS), 1, size=1.0, start=0.5, **PLAIN)
    want = np.full((1, 4, 4), 0.4)
    want[0, 0, 0] = 0.6
    np.testing.assert_allclose(got.array, want, atol=1e-6)
    assert_net(got.details["left"], [5 * 0.4 - 2 * 0.6])
    assert_net(got.details["area"], [(15 * 0.4 + 0.6) / 16])


def test_in_the_end_only_that_is_hidden(sharp):
    got = perturbations.meaningful_perturbation(linear_net(ONES, WEIGHTS), 40, variation=0.0, size=0.1, **PLAIN)
    np.testing.assert_allclose(got.array[0, 0, 0], 1, atol=1e-5)
    assert got.array.sum() < 1.001
    # what costs more than it is worth is not
    got = perturbations.meaningful_perturbation(linear_net(ONES, WEIGHTS), 40, size=6.0, **PLAIN)
    np.testing.assert_allclose(got.array, 0, atol=1e-6)


def by_differences(function, at, step=1e-5):
    slopes = np.zeros_like(at)
    for place in np.ndindex(*at.shape):
        high, low = at.copy(), at.copy()
        high[place] += step
        low[place] -= step
        slopes[place] = (function(high) - function(low)) / (2 * step)
    return slopes


MASKS = np.random.RandomState(0).uniform(0.1, 0.9, (1, 3, 4))


def test_the_gradient_of_the_variation():
    def variation(masks):
        return sum((np.abs(np.diff(masks, axis=axis)) ** 3).sum() for axis in (1, 2))

    got = perturbations.variation_slopes(MASKS, 3.0)
    np.testing.assert_allclose(got, by_differences(variation, MASKS), atol=1e-8)


def test_the_gradient_of_the_bumps():
    bumps = perturbations.Bumps(1.5)
    given = np.random.RandomState(1).normal(size=(1, 3 + 2 * 3, 4 + 2 * 3))
    got = bumps.slopes(MASKS, given)
    np.testing.assert_allclose(got, by_differences(lambda at: (given * bumps.masks(at)).sum(), MASKS), atol=1e-7)


def test_the_gradient_of_the_area(monkeypatch):
    monkeypatch.setattr(perturbations, "TIE", 1e-9)

    def distance(masks):  # of twelve values the largest three
        flat = np.sort(masks.ravel())
        return (np.square(flat[:9]).sum() + np.square(flat[9:] - 1).sum()) / 12

    got = 2 * perturbations.area_slopes(MASKS, 3)
    np.testing.assert_allclose(got, by_differences(distance, MASKS), atol=1e-8)


def test_equal_values_are_drawn_to_one_half_and_others_by_their_place():
    np.testing.assert_array_equal(perturbations.area_slopes(np.ones((1, 2, 2)), 1), np.full((1, 2, 2), 0.5 / 4))
    np.testing.assert_array_equal(perturbations.area_slopes(np.zeros((1, 2, 2)), 4), np.full((1, 2, 2), -1 / 4))
    got = perturbations.area_slopes(np.array([[[0.9, 0.5], [0.2, 0.1]]]), 1)
    np.testing.assert_allclose(got * 4, [[[-0.1, 0.5], [0.2, 0.1]]], atol=1e-6)


def test_the_gradient_of_a_moved_photo():
    random = np.random.RandomState(2)
    photo, fill, weights = random.normal(size=(3, 6, 8, 2))
    net = linear_net(photo[None], weights)
    ways = [linear(3, 6), linear(4, 8)]
    rows, columns = np.clip(np.arange(6) + 2, 0, 5), np.clip(np.arange(8) - 3, 0, 7)
    move = np.ix_(rows, columns)

    def score(masks):
        shown = (ways[0] @ masks[0] @ ways[1].T)[..., None]
        return ((photo * shown + fill * (1 - shown))[move] * weights).sum()

    got = perturbations.slopes_of(net, MASKS, ways, fill[None].astype(np.float32), [move])
    np.testing.assert_allclose(got, by_differences(score, MASKS), rtol=1e-4, atol=1e-5)


def test_a_bump_is_flat_for_half_its_width_and_one_is_as_high_as_its_point():
    bumps = perturbations.Bumps(2.0)
    middle = bumps.radius * (2 * bumps.radius + 1) + bumps.radius
    assert bumps.radius == 3 and bumps.kernel[middle] == bumps.kernel[middle + 1] == 1
    np.testing.assert_allclose(bumps.kernel[middle + 2], np.exp(-0.5))
    points = np.zeros((1, 9, 9))
    points[0, 4, 4] = 1
    masks = bumps.inside(bumps.masks(points))
    np.testing.assert_allclose(masks[0, 4, 4], 1, atol=1e-6)  # 48 others of 0 count exp(-20) each
    assert masks.max() <= 1 and masks[0, 4, 6] > 0.6 and masks[0, 0, 0] == 0


def test_a_point_at_the_border_has_as_many_places_as_another():
    bumps, points = perturbations.Bumps(1.0), np.ones((1, 9, 9))
    slopes = bumps.slopes(np.zeros((1, 9, 9)), np.ones((1, 13, 13)))
    np.testing.assert_allclose(slopes, np.full((1, 9, 9), slopes[0, 4, 4]))
    assert bumps.masks(points).shape == (1, 13, 13) and bumps.inside(bumps.masks(points)).shape == points.shape


def test_levels_are_between_the_fill_and_the_photo():
    levels = np.stack([np.full((1, 1, 2, 1), value, np.float32) for value in (0, 10, 16)])
    images, slopes = perturbations.at_levels(levels, np.array([[[0.25, 1.0]]]))
    np.testing.assert_allclose(images.ravel(), [5, 16])
    np.testing.assert_allclose(slopes.ravel(), [20, 12])


@pytest.mark.parametrize("variant", ["preserve", "delete", "dual"])
def test_the_area_goes_where_the_score_is(variant):
    # eight by eight, of which the four at the left top speak for the score
    weights = np.zeros((8, 8, 1))
    weights[:2, :2] = 5.0
    got = perturbations.extremal_perturbation(
        linear_net(np.ones((1, 8, 8, 1)), weights), 0.1, 300, 8, 1.0, "zero", variant, 30.0, 0.05
    )
    assert got.array[0, :2, :2].min() > 0.7 and got.array[0, 4:, 4:].max() < 0.1
    left = got.details["left"][0]
    assert left < 8 if variant == "delete" else left > 14
    assert abs(got.details["area"][0] - 0.1) < 0.06


def test_every_other_step_looks_at_the_mirrored_photo():
    seen = []
    net = linear_net(np.arange(4.0).reshape(1, 2, 2, 1), np.ones((2, 2, 1)))
    net._slope = lambda x: seen.append(x[..., 0].tolist()) or np.ones((2, 2, 1))
    perturbations.extremal_perturbation(net, steps=2, cells=2, fill="zero", rate=0.0, flip=True)
    np.testing.assert_allclose(seen, [[[1, 0], [3, 2]], [[0, 1], [2, 3]]], atol=1e-5)


PASSES = [
    ("meaningful_perturbation", {"steps": 3}),
    ("extremal_perturbation", {"steps": 3}),
    ("extremal_perturbation", {"steps": 2, "variant": "dual"}),
]


@pytest.mark.parametrize("method, parameters", PASSES)
def test_passes_are_those_that_are_run(method, parameters):
    net, row = SmallNet(np.ones((1, 4, 6, 1)), np.sum, np.ones_like), METHODS[method]
    values = {**{key: one.default for key, one in row.parameters.items()}, **parameters}
    row(net, **values)
    assert net.rows == row.passes(values, Size(4, 6, 1))
