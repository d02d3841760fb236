"""Scores to climb, on maps of a few values: each worked by hand, for both layouts."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam import Caricature, Channel, Class, Direction, Diversity, Mean, Neuron
from slimcam.errors import TargetError

# Two images of 2 x 2 with two channels; the net's maps are the images themselves.
X = np.zeros((2, 2, 2, 2), np.float32)
X[0, ..., 0], X[0, ..., 1] = [[1, 2], [3, 4]], [[0, 0], [0, 8]]
X[1, ..., 0], X[1, ..., 1] = [[2, 0], [0, 0]], [[0, 0], [0, 0]]


def net(layout):
    """The images as maps, and their means as scores."""
    images = tf1.placeholder(tf1.float32, [None, 2, 2, 2], name="images")
    maps = images if layout == "NHWC" else tf1.transpose(images, [0, 3, 1, 2])
    maps = tf1.nn.bias_add(maps, tf1.zeros(2), data_format=layout, name="maps")
    tf1.reduce_mean(maps, [1, 2] if layout == "NHWC" else [2, 3], name="logits")


@pytest.fixture(params=["NHWC", "NCHW"])
def scores(request, model_of):
    """Return `scores(target)`: the score of each image of X, in both layouts."""
    model = model_of(lambda: net(request.param), logits="logits", preprocess="none")
    return lambda target: slimcam.GradCAM(model, "maps", target).evidence(X).scores.tolist()


def test_neuron_is_one_value_the_centre_where_none_is_named(scores):
    assert scores(Neuron("maps", 0, at=(0, 1))) == [2, 0]
    assert scores(Neuron("maps", 1)) == [8, 0]  # of 2 x 2, the one at (1, 1)


def test_neuron_of_a_dense_layer_is_its_unit(scores):
    assert scores(Neuron("logits", 0)) == [2.5, 0.5]


def test_direction_is_the_mean_dot_product(scores):
    # image 0: (1, 2, 3, 4) - (0, 0, 0, 8) / 2 = 1, 2, 3, 0
    assert scores(Direction("maps", [1, -0.5])) == [1.5, 0.5]


def test_direction_by_the_cosine(scores):
    # along channel 0 the cosine is 1 where channel 1 is 0, and 4 / sqrt(16 + 64) at the last place
    found = scores(Direction("maps", [1, 0], power=1))
    assert found == pytest.approx([(1 + 2 + 3 + 4 * 4 / np.sqrt(80)) / 4, 0.5], rel=1e-3)  # 1e-4 is added to lengths
    # against the direction the cosine counts as 0.1
    assert scores(Direction("maps", [-1, 0], power=2))[1] == pytest.approx(-2 * 0.01 / 4, rel=1e-3)


def test_diversity_is_what_each_shares_with_the_others(scores):
    # Gram matrices: image 0 [[30, 32], [32, 64]], image 1 [[4, 0], [0, 0]]; cosine 30 / |(30, 32, 32, 64)|
    cosine = 30 / np.sqrt(30**2 + 2 * 32**2 + 64**2)
    assert scores(Diversity("maps")) == pytest.approx([cosine, cosine], rel=1e-6)


def test_sums_differences_and_multiples(scores):
    # a class is a logit, here the channel's mean
    assert scores(2 * Neuron("maps", 0, at=(0, 0)) - Neuron("maps", 1)) == [2 - 8, 4]
    assert scores(Class(0) + 0.5 * Neuron("maps", 1)) == [2.5 + 4, 0.5]
    assert scores(Neuron("maps", 1) - Class(1)) == [8 - 2, 0]
    assert scores(-(Mean("logits") + Mean("logits"))) == [-4.5, -0.5]


def test_caricature_is_the_dot_product_with_a_photos_activations(model_of):
    model = model_of(lambda: net("NHWC"), logits="logits", preprocess="none")
    found = slimcam.GradCAM(model, "maps", Caricature("maps", X[1])).evidence(X).scores
    assert found.tolist() == [2, 4]
    found = slimcam.GradCAM(model, "maps", Caricature("maps", X[0], power=1)).evidence(X).scores
    # dot 94 over its length sqrt(94), and 2 over 2
    np.testing.assert_allclose(found, [94 * 94 / np.sqrt(94), 2 * 2 / 2], rtol=1e-6)


@pytest.mark.parametrize(
    "target, message",
    [
        (Neuron("maps", 2), "channel 2 of 'maps:0': it has channels 0 to 1"),
        (Neuron("maps", 0, at=(2, 0)), r"position \(2, 0\) of 'maps': its maps are 2 x 2"),
        (Direction("maps", [1, 2, 3]), "the vector has 3 values for 2 channels"),
        (Caricature("maps", np.ones((3, 2, 2))), "the array is .3, 2, 2., the tensor"),
        (Class(0) + Neuron("maps", 5), "channel 5"),
        (Class(7) + Neuron("maps", 0), "class 7 is out of range"),
    ],
)
def test_what_does_not_fit_is_said(scores, target, message):
    with pytest.raises(TargetError, match=message):
        scores(target)


def test_sum_with_what_is_no_score_is_a_type_error():
    for wrong in (lambda: Neuron("maps", 0) + 1, lambda: Class(1) + 1, lambda: 1 - Class(1)):
        with pytest.raises(TypeError):
            wrong()


def test_a_score_says_what_it_is():
    assert repr(Neuron("maps", 3)) == "Neuron('maps', 3, None)"
    assert repr(Channel("a", 1) - 2 * Channel("b", 0)) == "1 * Channel('a', 1) + -2 * Channel('b', 0)"
    one, same, other = (repr(Direction("a", vector)) for vector in ([1, 2], [1, 2], [2, 1]))
    assert one == same != other
