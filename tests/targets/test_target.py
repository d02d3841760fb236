"""What can be explained, on a net whose maps are worked out by hand.

A convolution 1 x 1 with weights (1, -1) and ReLU, the layer `a`; its means over 2 x 2 places, `features`; three classes
with logits 4 f0, 8 f1 and f0 + f1. A place's share in a mean is 1/4, so the maps of the classes are a0, 2 a1 and
(a0 + a1) / 4. On the images x and y:

    x = 1  2    a = 1 2 and 0 0    f = 3/4, 3/4    logits = 3, 6, 3/2
       -1 -2        0 0     1 2

    y = 4  4    a = 4 4 and 0 0    f = 2, 1/2      logits = 8, 4, 5/2
       -2  0        0 0     2 0
"""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam import Channel, Class, Dot, Mean, Norm, Top

X = np.array([[[[1], [2]], [[-1], [-2]]]], np.float32)
Y = np.array([[[[4], [4]], [[-2], [0]]]], np.float32)
BOTH = np.concatenate([X, Y])
A0, A1 = np.array([[1, 2], [0, 0]]), np.array([[0, 0], [1, 2]])  # of x
B0, B1 = np.array([[4, 4], [0, 0]]), np.array([[0, 0], [2, 0]])  # of y
LABELS = ["cat", "dog", "ox, bull"]


def three_classes(side=2):
    x = tf1.placeholder(tf1.float32, [None, side, side, 1], name="x")
    a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME"), name="a")
    features = tf1.reduce_mean(a, [1, 2], name="features")
    tf1.matmul(features, tf1.constant([[4.0, 0, 1], [0, 8, 1]]), name="logits")
    tf1.reduce_sum(features, 1, name="sum")
    tf1.reduce_sum(features, 1, keepdims=True, name="column")


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
    np.testing.assert_allclose(maps.raw, [raw], rtol=1e-6)
    np.testing.assert_allclose(maps.scores, [score], rtol=1e-6)
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


# --- errors


@pytest.mark.parametrize("target", [3, -1, Class(3), Class(0) - Class(-1)])
def test_class_out_of_range_is_known_when_built(net, target):
    with pytest.raises(slimcam.TargetError, match=r"class (3|-1) is out of range: the logits have classes 0 to 2"):
        slimcam.GradCAM(net, "a", target)


@pytest.mark.parametrize("target", [3, [0, -1]])
def test_class_out_of_range_in_a_call(net, target):
    cam = slimcam.GradCAM(net, "a")
    with pytest.raises(slimcam.TargetError, match=r"class (3|-1) is out of range: the logits have classes 0 to 2"):
        cam(BOTH, target=target)


@pytest.mark.parametrize("target", ["dot", Class("dot")])
def test_unknown_label_suggests(net, target):
    with pytest.raises(slimcam.UnknownName, match="no label 'dot'; near: 'dog'"):
        slimcam.GradCAM(net, "a", target)


def test_label_of_a_model_without_labels(model_of):
    model = model_of(three_classes, logits="logits")
    with pytest.raises(
        slimcam.UnknownName, match="no label 'dog': the model has no labels; give labels= or a class number"
    ):
        slimcam.GradCAM(model, "a", "dog")


def test_as_many_targets_as_images(net):
    cam = slimcam.GradCAM(net, "a", target=[0, 1])
    with pytest.raises(slimcam.TargetError, match="2 targets for 1 photos; give one for each, or a single one"):
        cam(X)
    with pytest.raises(slimcam.TargetError, match="3 targets for 2 photos; give one for each, or a single one"):
        cam(BOTH, target=[0, 1, 2])


@pytest.mark.parametrize("k", [0, -1, 1.5, "2"])
def test_top_takes_a_count(k):
    with pytest.raises(slimcam.TargetError, match=r"Top\(.*\): give a whole number from 1 on"):
        Top(k)


def test_top_of_more_than_there_are(net):
    with pytest.raises(slimcam.TargetError, match=r"Top\(4\): the logits have 3 classes"):
        slimcam.GradCAM(net, "a", Top(4))


@pytest.mark.parametrize("first, then", [(None, Top(2)), (0, Mean("a")), (Mean("a"), 0), (Top(2), 1)])
def test_call_cannot_change_the_kind_of_target(net, first, then):
    cam = slimcam.GradCAM(net, "a", first)
    with pytest.raises(slimcam.TargetError, match="a call can change the class, not the kind of target: build another"):
        cam(X, target=then)


@pytest.mark.parametrize("target", [True, 1.0, {0}, b"cat"])
def test_what_is_no_target(net, target):
    with pytest.raises(slimcam.TargetError, match=r"no target is .*: give a class number or label, a list"):
        slimcam.GradCAM(net, "a", target)


@pytest.mark.parametrize("target", [[True], [1.7], [None], [Top(1)], [Mean("a")], Class(1.7)])
def test_what_is_no_class_in_a_list(net, target):
    with pytest.raises(slimcam.TargetError):
        slimcam.GradCAM(net, "a", target)(X)


@pytest.mark.parametrize("k", [2, -1])
def test_channel_out_of_range(net, k):
    with pytest.raises(slimcam.TargetError, match=f"channel {k} of 'a:0': it has channels 0 to 1"):
        slimcam.GradCAM(net, "a", Channel("a", k))


def test_dot_with_an_array_of_another_size(net):
    with pytest.raises(slimcam.TargetError, match=r"Dot\('features'\): the array has 3 values, the tensor 2 an image"):
        slimcam.GradCAM(net, "a", Dot("features", [1, 2, 3]))


@pytest.mark.parametrize("score", [Mean, Norm, lambda name: Channel(name, 0), lambda name: Dot(name, [1, 1])])
def test_score_of_an_unknown_tensor_suggests(net, score):
    with pytest.raises(slimcam.UnknownName, match="no tensor 'feature'; near: 'features'"):
        slimcam.GradCAM(net, "a", score("feature"))


def test_tensor_of_several_numbers_an_image(net):
    with pytest.raises(slimcam.TargetError, match=r"'features:0' is \(.*, 2\): a score is one number an image, \(N,\)"):
        slimcam.GradCAM(net, "a", net.tensor("features"))


def test_tensor_of_another_graph(net):
    with tf1.Graph().as_default():
        stranger = tf1.placeholder(tf1.float32, [None], name="stranger")
    with pytest.raises(
        slimcam.UnknownName, match=r"'stranger:0' is of another graph; give its name, or a tensor of model\.graph"
    ):
        slimcam.GradCAM(net, "a", stranger)
    with pytest.raises(slimcam.TargetError, match="function must return a tensor of the model's graph"):
        slimcam.GradCAM(net, "a", lambda model: stranger)


def test_function_that_returns_no_tensor(net):
    with pytest.raises(slimcam.TargetError, match="function must return a tensor of the model's graph"):
        slimcam.GradCAM(net, "a", lambda model: 1.0)
