"""How far arrays are apart, worked by hand; and what becomes of what is no number."""

import math

import numpy as np
import pytest

from slimcam.maps.differences import (
    absolute_differences,
    cosine,
    largest,
    largest_difference,
    max_relative_difference,
    relative_l2,
    share,
)

NAN, INF = np.nan, np.inf
A, B = np.array([[3.0, 0.0], [0.0, -4.0]]), np.array([[4.0, 0.0], [1.0, -2.0]])


def test_figures_of_numbers():
    np.testing.assert_array_equal(absolute_differences(A, B), [[1, 0], [1, 2]])
    assert largest_difference(A, B) == 2
    assert (largest(A), largest(B)) == (4, 4)
    assert max_relative_difference(A, B) == 2 / 4
    assert max_relative_difference(2 * B, B) == 4 / 8  # of the first
    assert relative_l2(A, B) == pytest.approx(math.sqrt(1 + 1 + 4) / 5)
    assert cosine(A, B) == pytest.approx((12 + 8) / (5 * math.sqrt(16 + 1 + 4)))


# What is no number beside what: the difference by default, and where the same is no difference.
PAIRS = [
    (1.0, 1.5, 0.5, 0.5),
    (NAN, NAN, INF, 0),
    (NAN, 0.0, INF, INF),
    (2.0, NAN, INF, INF),
    (INF, INF, INF, 0),
    (-INF, -INF, INF, 0),
    (INF, -INF, INF, INF),
    (INF, 1.0, INF, INF),
]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("a, b, strict, equal", PAIRS)
def test_no_difference_is_nan(a, b, strict, equal, dtype):
    a, b = (np.array([1, one], dtype) for one in (a, b))
    for first, second in ((a, b), (b, a)):
        np.testing.assert_array_equal(absolute_differences(first, second), [0, strict])
        np.testing.assert_array_equal(absolute_differences(first, second, equal_nan=True), [0, equal])
        assert largest_difference(first, second) == strict
        assert largest_difference(first, second, equal_nan=True) == equal


def test_the_largest_is_of_the_finite_values_where_the_same_is_no_difference():
    values = np.array([1.0, NAN, -2.0, INF])
    assert largest(values, equal_nan=True) == 2
    assert largest(np.array([NAN]), equal_nan=True) == 0
    assert not np.isfinite(largest(values))
    assert largest(np.zeros((0, 3))) == 0


def test_shares_of_what_is_no_number_are_infinite_or_of_the_finite_values():
    a, b = np.array([4.0, NAN, INF]), np.array([3.0, NAN, INF])
    assert max_relative_difference(a, b) == INF
    assert max_relative_difference(a, b, equal_nan=True) == 1 / 4
    assert max_relative_difference(np.array([INF, 1.0]), np.array([0.0, 1.0])) == INF
    assert relative_l2(a, b) == INF
    assert relative_l2(np.array([1.0]), np.array([INF])) == INF
    assert cosine(a, b) is None


@pytest.mark.parametrize(
    "difference, whole, expected",
    [
        (1.0, 4.0, 0.25),
        (0.0, 0.0, 0),
        (0.0, NAN, 0),
        (1.0, 0.0, INF),
        (INF, 4.0, INF),
        (NAN, 4.0, INF),
        (1.0, NAN, INF),
    ],
)
def test_a_share_of_nothing_or_of_no_number(difference, whole, expected):
    assert share(difference, whole) == expected


def test_zeros():
    zeros = np.zeros((2, 2))
    assert max_relative_difference(zeros, zeros) == relative_l2(zeros, zeros) == 0
    assert max_relative_difference(zeros, A) == relative_l2(zeros, A) == INF
    assert cosine(zeros, A) is cosine(zeros, zeros) is None


def test_other_shapes_are_infinitely_far_apart():
    flat = A.reshape(-1)
    assert largest_difference(A, flat) == max_relative_difference(A, flat) == relative_l2(A, flat) == INF
    assert cosine(A, flat) is None


def test_half_precision_and_whole_numbers_are_subtracted_as_float32():
    a, b = np.array([0, 200], np.uint8), np.array([255, 100], np.uint8)
    np.testing.assert_array_equal(absolute_differences(a, b), [255, 100])
    halves = np.array([60000, -60000], np.float16)
    assert largest_difference(halves, -halves) == 120000  # the largest half is 65504


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_an_array_has_the_direction_of_itself_and_of_its_multiples(size):
    a = (size * np.random.RandomState(0).normal(size=100)).astype(np.float32)
    assert cosine(a, a) == pytest.approx(1, abs=1e-15)
    assert cosine(a, -a / 4) == pytest.approx(-1, abs=1e-15)
