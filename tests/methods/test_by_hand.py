"""Maps worked out by hand, of a net with a handful of numbers.

The net: a convolution 1 x 1 with weights (1, -1) and ReLU, the layer `a`; another with weights (3, -4) and ReLU; the
mean over places; a dense layer with weights (4, -2) and biases (0, 13.5 - ln 3). On the image x:

    x = 1  2    a = 1 2 and 0 0    3 a0 - 4 a1 =  3  6    its ReLU = 3 6    its mean = 9 / 4
       -1 -2        0 0     1 2                  -4 -8               0 0

    logits = 9 and 9 - ln 3, so the softmax, in which the net ends, is 3/4 and 1/4.

The mean hands 1/4 of a gradient to each place, and the second ReLU lets it through in the upper row alone. With d the
derivative of a score by the mean, the gradient at `a` is 3 d / 4 and -4 d / 4 in the upper row, 0 in the lower.
"""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_sums, rounding

import slimcam
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.maps import Maps

X = np.array([[[[1], [2]], [[-1], [-2]]]], np.float32)

# The maps of logits are of small multiples of powers of two, and exact. What is not:
ROUNDING = rounding(8)  # a root mean square of eight gradients, or a division
SOFTMAX = rounding(8, 4.5 + 13.5)  # a change of the logits changes a probability by at most that share of it


def two_convolutions():
    """Build the net above."""
    x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
    a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME"), name="a")
    b = tf1.nn.relu(tf1.nn.conv2d(a, tf1.constant([[[[3.0], [-4.0]]]]), 1, "SAME"), name="b")
    dense = tf1.matmul(tf1.reduce_mean(b, [1, 2]), tf1.constant([[4.0, -2.0]]))
    logits = tf1.nn.bias_add(dense, tf1.constant([0.0, 13.5 - np.log(3)], tf1.float32), name="logits")
    tf1.nn.softmax(logits, name="probabilities")


@pytest.fixture
def net(model_of):
    return model_of(two_convolutions)


def of(raw, dialect="paper"):
    """Return Maps of raw maps alone."""
    raw = np.asarray(raw, np.float32)
    photos = [np.zeros((*one.shape, 3), np.uint8) for one in raw]
    windows = [(0, 0, *one.shape) for one in raw]
    many = np.arange(len(raw))
    return Maps(raw, many, many, "a", [], DIALECTS[dialect], photos, windows, many)


def test_paper_map_is_the_mean_gradient_times_the_activations(net):
    maps = slimcam.GradCAM(net, "a")(X)
    # d = 4: gradients 3 and -4 in the upper row, weights 6/4 and -8/4, map 1.5 a0 - 2 a1
    np.testing.assert_allclose(maps.raw, [[[1.5, 3], [-2, -4]]])
    np.testing.assert_allclose(maps.heat, [[[0.5, 1], [0, 0]]], rtol=ROUNDING)
    np.testing.assert_allclose(maps.scores, [9])
    assert maps.classes.tolist() == [0]


def test_raw_map_of_the_other_class_keeps_its_signs(net):
    maps = slimcam.GradCAM(net, "a", target=1)(X)
    # d = -2: gradients -1.5 and 2, weights -0.75 and 1
    np.testing.assert_allclose(maps.raw, [[[-0.75, -1.5], [1, 2]]])
    np.testing.assert_allclose(maps.heat, [[[0, 0], [0.5, 1]]])
    assert_sums(maps.scores, [9 - np.log(3)], 3, 4.5 + 13.5)


def test_hiveml_map_is_of_normalised_gradients_from_one_on(net):
    maps = slimcam.GradCAM(net, "a", dialect="hiveml")(X)
    # half the logit, for there are two classes: gradients 1.5 and -2 in the upper row; their root mean square is
    # sqrt(2 (2.25 + 4) / 8) = 1.25; weights (3/4, -4/4) / 1.25001 = 0.5999952, -0.7999936; map 1 + …
    np.testing.assert_allclose(maps.raw, [[[1.5999952, 2.1999904], [0.2000064, -0.5999872]]], rtol=0, atol=ROUNDING)
    # the heat of the map that nothing is added to, which differs by 1e-5 / 1.25
    np.testing.assert_allclose(maps.heat, [[[8 / 11, 1], [1 / 11, 0]]], rtol=0, atol=1e-5)
    np.testing.assert_allclose(maps.scores, [4.5])


@pytest.mark.parametrize("dialect", ["book", "csdn"])
def test_softmax_dialects_average_over_channels(net, dialect):
    maps = slimcam.GradCAM(net, "a", dialect=dialect)(X)
    # d = 3/4 · 1/4 · (4 - -2) = 9/8: gradients 27/32 and -36/32, weights 27/64 and -36/64,
    # half of that for two channels
    np.testing.assert_allclose(maps.raw, [[[27 / 128, 54 / 128], [-36 / 128, -72 / 128]]], rtol=SOFTMAX)
    np.testing.assert_allclose(maps.heat, [[[0.5, 1], [0, 0]]], rtol=ROUNDING)
    np.testing.assert_allclose(maps.scores, [0.75], rtol=SOFTMAX)


def test_gates_map_takes_positive_gradients_at_positive_activations(net):
    maps = slimcam.GradCAM(net, "a", dialect="gates")(X)
    # d = 9/8 as above; only the gradients of a0 are positive: weights 27/64 and 0, map 1 + 27/64 a0
    np.testing.assert_allclose(maps.raw, [[[1 + 27 / 64, 1 + 54 / 64], [1, 1]]], rtol=SOFTMAX)
    # stretched from its smallest value, 1, to its largest, and the roundings with it
    np.testing.assert_allclose(maps.heat, [[[0.5, 1], [0, 0]]], rtol=0, atol=8 * SOFTMAX)


def test_every_dialect_is_worked_out_here():
    assert set(DIALECTS) == {"paper", "hiveml", "book", "csdn", "gates"}


def test_map_without_positive_values_is_blank(net):
    positive = np.array([[[[1], [2]], [[3], [4]]]], np.float32)
    # a0 = x, a1 = 0, every place open, d = -2: the weight of a0 is 3 · -2 / 4
    maps = slimcam.GradCAM(net, "a", target=1)(np.concatenate([positive, X]))
    np.testing.assert_allclose(maps.raw[0], [[-1.5, -3], [-4.5, -6]])
    assert not maps.heat[0].any()
    assert maps.blank.tolist() == [True, False]


def test_map_of_a_closed_gate_is_blank(net):
    maps = slimcam.GradCAM(net, "a")(-np.ones((1, 2, 2, 1), np.float32))  # a0 = 0, and 3 a0 - 4 a1 = -4 everywhere
    assert not maps.raw.any() and not maps.heat.any()
    assert maps.blank.tolist() == [True]


def test_hiveml_map_without_gradients_is_its_start_and_flat(net):
    maps = slimcam.GradCAM(net, "a", dialect="hiveml")(-np.ones((1, 2, 2, 1), np.float32))
    np.testing.assert_array_equal(maps.raw, np.ones((1, 2, 2)))  # 0 / (0 + 1e-5) is 0, so 1 is left
    assert maps.flat.tolist() == maps.blank.tolist() == [True]
    np.testing.assert_array_equal(maps.heat, np.ones((1, 2, 2)))  # as published, but painted as blank:
    np.testing.assert_array_equal(maps.shade(), np.zeros((1, 2, 2, 3), np.uint8))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_heat_of_an_image_that_is_no_number_is_a_number(net, dialect, value):
    image = X.copy()
    image[0, 0, 0, 0] = value
    maps = slimcam.GradCAM(net, "a", target=0, dialect=dialect)(image)
    assert np.isfinite(maps.heat).all()
    assert maps.heat.min() >= 0 and maps.heat.max() <= 1
    assert maps.overlay().shape == (1, 2, 2, 3)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_heat_of_a_raw_map_with_every_infinity_is_a_number(dialect):
    heat = of([[[np.nan, np.inf], [-np.inf, 1]]], dialect).heat
    np.testing.assert_allclose(heat, [[[0, 1], [0, 0]]], rtol=0, atol=ROUNDING)


def test_nan_counts_as_nothing_beside_numbers():
    np.testing.assert_array_equal(of([[[np.nan, 2], [4, -1]]]).heat, [[[0, 0.5], [1, 0]]])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_all_negative_map_is_zeros_and_blank(dialect):
    maps = of([[[-3, -2], [-1, -4]]], dialect)
    np.testing.assert_array_equal(maps.heat, np.zeros((1, 2, 2)))
    assert maps.blank.tolist() == [True]


def test_flat_positive_map_is_full_by_the_maximum_and_blank_by_the_range():
    flat = [[[3, 3], [3, 3]]]
    np.testing.assert_array_equal(of(flat, "paper").heat, np.ones((1, 2, 2)))
    np.testing.assert_array_equal(of(flat, "gates").heat, np.zeros((1, 2, 2)))


def test_methods_and_maps_need_no_tensorflow():
    code = (
        "import sys, slimcam.methods.cams, slimcam.maps.maps, slimcam.maps.comparison; "
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0
