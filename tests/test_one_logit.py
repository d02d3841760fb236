"""One logit that a sigmoid reads: two classes, told apart by its sign; and dialects on the model's own output.

The layer a = relu(x, -x); its means over 2 x 2 places, f; the logit z = 4 f0 - 4 f1. On X, a is 1 2 / 0 0 and
0 0 / 0 1; a place's share in a mean is 1/4, so the map of z is a0 - a1 and that of -z is a1 - a0.
"""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import rounding

import slimcam
from slimcam import Class, Top

X = np.array([[[[1], [2]], [[0], [-1]]]], np.float32)  # f = 3/4 and 1/4, z = 2
BOTH = np.concatenate([X, -X])  # and z = -2
MAP = np.array([[1, 2], [0, -1]], np.float32)  # of z on X: a0 - a1
MAP_OF_MINUS = np.array([[1, 2], [0, -1]], np.float32)  # of -z on -X, where a0 and a1 change places
SIGMA = 1 / (1 + np.exp(-2))
ROUNDING = rounding(64)


def net(end=tf1.sigmoid):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME"), name="a")
        z = tf1.matmul(tf1.reduce_mean(a, [1, 2]), tf1.constant([[4.0], [-4.0]]), name="z")
        end(z, name="end")

    return build


@pytest.fixture
def model(model_of):
    return model_of(net(), labels=["cat", "dog"], preprocess="none")


def test_the_output_is_found_in_the_graph(model, model_of):
    assert (model.output_kind, model.logits.name, model.classes, model.one_logit) == ("sigmoid", "z:0", 2, True)
    linear = model_of(net(tf1.identity), logits="z", preprocess="none")
    assert (linear.output_kind, linear.one_logit, linear.classes) == ("linear", False, 1)


def test_the_winning_class_is_told_by_the_sign(model):
    maps = slimcam.GradCAM(model, "a")(BOTH)
    assert (maps.classes.tolist(), maps.scores.tolist()) == ([1, 0], [2, 2])
    assert [maps.label(i) for i in range(2)] == ["dog", "cat"]
    np.testing.assert_array_equal(maps.raw, [MAP, MAP_OF_MINUS])


@pytest.mark.parametrize("target, sign", [(1, 1), ("dog", 1), (0, -1), ("cat", -1)])
def test_class_0_is_the_negative_side(model, target, sign):
    maps = slimcam.GradCAM(model, "a", target=target)(BOTH)
    np.testing.assert_array_equal(maps.raw, [sign * MAP, -sign * MAP_OF_MINUS])
    assert maps.scores.tolist() == [2 * sign, -2 * sign]
    assert maps.classes.tolist() == [int(sign > 0)] * 2


def test_one_of_each_for_each_photo(model):
    maps = slimcam.GradCAM(model, "a")(np.concatenate([X, X]), target=[0, "dog"])
    np.testing.assert_array_equal(maps.raw, [-MAP, MAP])
    assert maps.classes.tolist() == [0, 1]


def test_a_difference_of_both_sides_is_twice_the_logit(model):
    maps = slimcam.explain(model, X, "a", Class(1) - Class(0))
    np.testing.assert_array_equal(maps.raw, [2 * MAP])
    assert (maps.scores.tolist(), maps.classes.tolist()) == ([4], [-1])


def test_the_best_two_are_both_sides_best_first(model):
    maps = slimcam.explain(model, BOTH, "a", Top(2))
    assert (maps.classes.tolist(), maps.scores.tolist()) == ([1, 0, 0, 1], [2, -2, 2, -2])
    np.testing.assert_array_equal(maps.raw[:2], [MAP, -MAP])
    assert slimcam.explain(model, BOTH, "a", Top(1)).classes.tolist() == [1, 0]
    with pytest.raises(slimcam.TargetError, match=r"Top\(3\)"):
        slimcam.explain(model, X, "a", Top(3))


def test_a_third_class_is_out_of_range(model):
    with pytest.raises(slimcam.TargetError, match="class 2 is out of range"):
        slimcam.GradCAM(model, "a", target=2)


@pytest.mark.parametrize("dialect", ["book", "csdn"])
def test_dialects_of_the_output_take_the_sigmoid(model, dialect):
    maps = slimcam.explain(model, X, "a", 1, dialect=dialect)
    # the slope of the sigmoid times that of z, the mean over two channels
    np.testing.assert_allclose(maps.raw, [MAP * SIGMA * (1 - SIGMA) / 2], rtol=ROUNDING)
    np.testing.assert_allclose(maps.scores, [SIGMA], rtol=ROUNDING)
    assert maps.blank.tolist() == [False]
    np.testing.assert_allclose(slimcam.explain(model, X, "a", 0, dialect=dialect).scores, [1 - SIGMA], rtol=ROUNDING)


def test_dialects_of_the_output_take_a_linear_one_as_it_is(model_of):
    model = model_of(net(tf1.identity), logits="z", preprocess="none")
    maps = slimcam.explain(model, X, "a", 0, dialect="book")
    np.testing.assert_array_equal(maps.raw, [MAP / 2])
    assert maps.scores.tolist() == [2]


def test_hiveml_takes_the_mean_over_one_logit(model):
    assert slimcam.explain(model, X, "a", 1, dialect="hiveml").scores.tolist() == [2]


def test_a_session_that_is_cut_at_its_logits_knows_what_reads_them():
    with tf1.Graph().as_default(), tf1.Session() as session:
        net()()
        with slimcam.load(session, logits="z", preprocess="none") as model:
            assert model.one_logit
