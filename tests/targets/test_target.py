"""What can be explained, on the net of fixtures/three_classes.py."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.three_classes import A0, A1, B0, B1, BOTH, LABELS, X, three_classes
from fixtures.tolerance import rounding

import slimcam
from slimcam import Channel, Class, Dot, Mean, Norm, Top


@pytest.fixture
def net(model_of):
    return model_of(three_classes, labels=LABELS, logits="logits")


@pytest.fixture
def explained(net):
    """Return `explained(target, images=X)`, the maps of the layer `a`."""
    return lambda target, images=X: slimcam.GradCAM(net, "a", target)(images)


# --- classes


@pytest.mark.parametrize(
    "target", [2, np.int64(2), "ox, bull", "ox", "bull", Class(2), Class("ox"), [2], ["ox"], [Class(2)]]
)
def test_one_class_by_its_number_or_label(explained, target):
    maps = explained(target)
    np.testing.assert_allclose(maps.raw, [(A0 + A1) / 4])
    assert maps.scores.tolist() == [1.5]
    assert maps.classes.tolist() == [2]
    assert maps.label(0) == "ox, bull"


def test_class_may_be_an_array_of_one_number(explained):
    assert explained(np.array(2)).classes.tolist() == [2]


def test_without_a_target_each_image_is_explained_by_its_winner(explained):
    maps = explained(None, BOTH)
    np.testing.assert_allclose(maps.raw, [2 * A1, B0])
    assert maps.classes.tolist() == [1, 0]
    assert maps.scores.tolist() == [6, 8]


@pytest.mark.parametrize("targets", [[0, 1], ("cat", "dog"), np.array([0, 1]), ["cat", 1], [Class(0), "dog"]])
def test_list_names_the_class_of_each_image(explained, targets):
    maps = explained(targets, BOTH)
    np.testing.assert_allclose(maps.raw, [A0, 2 * B1])
    assert maps.classes.tolist() == [0, 1]
    assert maps.scores.tolist() == [3, 4]


def test_call_may_name_other_classes(net):
    cam = slimcam.GradCAM(net, "a", target=0)
    assert cam(BOTH).classes.tolist() == [0, 0]
    assert cam(BOTH, target="ox").classes.tolist() == [2, 2]
    assert cam(BOTH, target=[1, "ox"]).classes.tolist() == [1, 2]
    np.testing.assert_allclose(cam(X, target=Class(1) - Class(0)).raw, [2 * A1 - A0])
    assert cam(BOTH).classes.tolist() == [0, 0]


def test_top_explains_the_best_classes_best_first(explained):
    maps = explained(Top(2), BOTH)
    np.testing.assert_allclose(maps.raw, [2 * A1, A0, B0, 2 * B1])
    assert maps.classes.tolist() == [1, 0, 0, 1]
    assert maps.scores.tolist() == [6, 3, 8, 4]
    assert maps.photo.tolist() == [0, 0, 1, 1]


def test_top_one_is_the_winner(explained):
    maps = explained(Top(1), BOTH)
    np.testing.assert_allclose(maps.raw, [2 * A1, B0])
    assert maps.photo.tolist() == [0, 1]


def test_top_of_a_net_that_reads_the_image_beside_the_layer(model_of):
    def build():
        three_classes()
        x, logits = map(tf1.get_default_graph().get_tensor_by_name, ("x:0", "logits:0"))
        tf1.add(logits, tf1.reduce_mean(x, [1, 2]), name="all")

    maps = slimcam.GradCAM(model_of(build, logits="all"), "a", Top(2))(BOTH)
    np.testing.assert_allclose(maps.raw, [2 * A1, A0, B0, 2 * B1])
    assert maps.scores.tolist() == [6, 3, 9.5, 5.5]  # the mean of x is 0, that of y is 3/2


@pytest.mark.parametrize(
    "target, raw, score",
    [
        (Class(1) - Class(0), 2 * A1 - A0, 6 - 3),
        (Class("dog") - Class("cat"), 2 * A1 - A0, 6 - 3),
        (0.5 * Class(0) + Class(1) * 2, 0.5 * A0 + 4 * A1, 0.5 * 3 + 2 * 6),
        (Class(0) + Class(1) - 2 * Class(2), A0 + 2 * A1 - (A0 + A1) / 2, 3 + 6 - 2 * 1.5),
        (-Class(0), -A0, -3),
        (Class(0) + Class(0), 2 * A0, 2 * 3),
    ],
)
def test_sum_of_classes_has_the_sum_of_their_maps_and_no_class(explained, target, raw, score):
    maps = explained(target)
    np.testing.assert_allclose(maps.raw, [raw])
    assert maps.scores.tolist() == [score]
    assert maps.classes.tolist() == [-1]
    assert maps.label(0) == ""


def test_sum_of_classes_reads_as_one():
    assert repr(0.5 * Class(1) - Class("dog")) == "0.5 * Class(1) + -1 * Class('dog')"


# --- scores of tensors


def assert_score(maps, raw, score):
    np.testing.assert_allclose(maps.raw, [raw], rtol=rounding(8))
    np.testing.assert_allclose(maps.scores, [score], rtol=rounding(8))
    assert maps.classes.tolist() == [-1]


def test_mean(explained):
    assert_score(explained(Mean("a")), (A0 + A1) / 8, 6 / 8)  # eight numbers an image
    assert_score(explained(Mean("features")), (A0 + A1) / 8, 3 / 4)  # two means of four
    assert_score(explained(Mean("sum")), (A0 + A1) / 4, 3 / 2)


def test_norm(explained):
    # z = 12 0 over -16 0: a0 = 12 0 over 0 0, a1 = 0 0 over 16 0, f = 3, 4, of length 5 and with gradient 0.6, 0.8
    z = np.array([[[[12], [0]], [[-16], [0]]]], np.float32)
    assert_score(explained(Norm("features"), z), [[0.6 / 4 * 12, 0], [0.8 / 4 * 16, 0]], 5)


def test_norm_of_nothing_is_blank(explained):
    maps = explained(Norm("features"), np.zeros((1, 2, 2, 1), np.float32))
    np.testing.assert_array_equal(maps.heat, np.zeros((1, 2, 2)))
    assert maps.blank.tolist() == [True]


def test_dot(explained):
    assert_score(explained(Dot("features", [2, -1])), 2 / 4 * A0 - 1 / 4 * A1, 2 * 0.75 - 0.75)


def test_dot_takes_an_array_of_the_tensors_shape(explained):
    # 1 at the second place of the upper row, in the first channel: gradient 1 there, its mean 1/4
    array = np.zeros((2, 2, 2))
    array[0, 1, 0] = 1
    assert_score(explained(Dot("a", array)), A0 / 4, 2)


def test_two_dots_with_one_tensor_stay_apart(explained):
    assert_score(explained(Dot("features", [4, 0])), A0, 3)
    assert_score(explained(Dot("features", [0, 4])), A1, 3)


def test_dot_with_a_tensor_of_any_size(model_of):
    model = model_of(lambda: three_classes(None), logits="logits")
    array = np.zeros((2, 2, 2))
    array[0, 1, 0] = 1
    assert_score(slimcam.GradCAM(model, "a", Dot("a", array))(X), A0 / 4, 2)


def test_channel(explained):
    assert_score(explained(Channel("a", 1)), A1 / 4, 3 / 4)
    assert_score(explained(Channel("features", 0)), A0 / 4, 3 / 4)


@pytest.mark.parametrize("name", ["sum:0", "column:0"])
def test_tensor_of_a_number_an_image(net, explained, name):
    assert_score(explained(net.graph.get_tensor_by_name(name)), (A0 + A1) / 4, 3 / 2)


def test_function_of_the_model(explained):
    def first_squared(model):
        return tf1.square(model.tensor("features")[:, 0])

    assert_score(explained(first_squared), 2 * 3 / 4 * A0 / 4, (3 / 4) ** 2)  # the derivative of f0² is 2 f0


def test_score_is_of_each_image_alone(explained):
    maps = explained(Mean("features"), BOTH)
    np.testing.assert_allclose(maps.raw, [(A0 + A1) / 8, (B0 + B1) / 8])
    np.testing.assert_allclose(maps.scores, [0.75, 1.25])


def test_model_without_logits_explains_a_score(model_of):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
        tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME"), name="a")

    model = model_of(build, logits="a")
    assert_score(slimcam.GradCAM(model, "a", Mean("a"))(X), (A0 + A1) / 8, 6 / 8)
    with pytest.raises(
        slimcam.TargetError, match=r"the logits 'a:0' are \(.*, 2, 2, 2\), not \(N, classes\): load with logits="
    ):
        slimcam.GradCAM(model, "a")
