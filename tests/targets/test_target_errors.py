"""Targets that do not fit the model or the photos."""

import pytest
import tensorflow.compat.v1 as tf1
from fixtures.three_classes import BOTH, LABELS, X, three_classes

import slimcam
from slimcam import Channel, Class, Dot, Mean, Norm, Top


@pytest.fixture
def net(model_of):
    return model_of(three_classes, labels=LABELS, logits="logits")


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
