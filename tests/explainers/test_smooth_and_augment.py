"""smooth() and augment() of any row and of a GradCAM, and several layers: what they are means of, and mistakes."""

import pickle

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import small_convnet
from fixtures.detector_nets import picture, ssd
from fixtures.tolerance import assert_net

import slimcam
from slimcam.methods import METHODS

SIDE, LAYER, LOGITS = small_convnet.SIDE, "conv2", "logits"
X = np.random.RandomState(0).uniform(-1, 1, (3, SIDE, SIDE, 3)).astype(np.float32)
FEW = {"samples": 3, "steps": 4, "masks": 6, "patch": 8, "stride": 8, "cells": 2, "weight": 1.0, "start": 0.5}
FACTORS = (0.5, 1.0)


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    path = tmp_path_factory.mktemp("averages") / "model.pb"
    small_convnet.write(path)
    with slimcam.load(path, logits=LOGITS, preprocess="squash") as model:
        yield model


def explainer(model, method, target=None, **options):
    few = {name: value for name, value in FEW.items() if name in METHODS[method].parameters}
    layer = None if METHODS[method].needs == "pixels" else LAYER
    return slimcam.Explainer(model, method, layer, target, **{**few, **options})


def signed(maps):
    """Return maps as the method gives them: of pixels, their channels."""
    return maps.raw if maps.channels is None else maps.channels


@pytest.mark.parametrize("method", METHODS)
def test_each_row_is_the_mean_of_its_maps_of_the_changed_photos(net, method):
    one = explainer(net, method, 1)
    got = slimcam.augment(one, factors=FACTORS)(X)
    each = [signed(one(factor * X)) for factor in FACTORS]
    each += [signed(one(np.ascontiguousarray(factor * X[:, :, ::-1])))[:, :, ::-1] for factor in FACTORS]
    assert_net(signed(got), np.mean(each, 0))
    assert_net(got.scores, one(X).scores)
    assert got.layer == one.layer and got.classes.tolist() == [1, 1, 1]


def test_smooth_of_the_gradient_is_smoothgrad(net):
    want = explainer(net, "smoothgrad", samples=5, seed=2)(X)
    got = slimcam.smooth(explainer(net, "gradient"), 5, seed=2)(X)
    assert_net(got.channels, want.channels)


def test_a_grad_cam_in_any_dialect_is_averaged(net):
    for dialect in ("paper", "hiveml", "gates"):
        cam = slimcam.GradCAM(net, LAYER, 0, dialect=dialect)
        got = slimcam.augment(cam, flip=False, factors=[2, 3])(X)
        assert_net(got.raw, (cam(2 * X).raw + cam(3 * X).raw) / 2)
        assert got.dialect == cam.dialect


def bright_or_dark():
    """Build a net of two classes: what is above zero, and what is below."""
    x = tf1.placeholder(tf1.float32, [None, 4, 4, 1], name="x")
    layer = tf1.nn.relu(tf1.nn.conv2d(x, np.float32([[[[1, -1]]]]), 1, "SAME"), name="layer")
    tf1.identity(tf1.reduce_mean(layer, [1, 2]), name="logits")


@pytest.mark.parametrize("method", ["gradcam", "gradient", "scorecam"])
def test_the_winner_of_the_photo_itself_is_explained(model_of, method):
    model = model_of(bright_or_dark, logits="logits", preprocess="none")
    layer = None if method == "gradient" else "layer"
    photos = np.stack([np.full((4, 4, 1), 1), np.full((4, 4, 1), -1)]).astype(np.float32)
    got = slimcam.augment(slimcam.Explainer(model, method, layer), factors=[-1.0, 0.5], flip=False)(photos)
    assert got.classes.tolist() == [0, 1]
    one = slimcam.Explainer(model, method, layer, 0)
    want = [signed(one(factor * photos, target=[0, 1])) for factor in (-1, 0.5)]
    assert_net(signed(got), np.mean(want, 0))


def test_the_best_two_a_hold_and_a_channel(net):
    top = slimcam.smooth(slimcam.GradCAM(net, LAYER, slimcam.Top(2)), 2)(X)
    single = slimcam.smooth(slimcam.GradCAM(net, LAYER, 0), 2)
    for i, (class_id, photo) in enumerate(zip(top.classes, top.photo)):
        assert_net(top.raw[i], single(X, target=[int(class_id)] * 3).raw[photo])
    zeros = {"conv1": np.zeros((SIDE, SIDE, 4), np.float32)}
    assert not slimcam.smooth(explainer(net, "gradcam", 0, hold=zeros), 2)(X).raw.any()
    assert slimcam.smooth(explainer(net, "layercam", slimcam.Channel("conv2", 3)), 2)(X).classes.tolist() == [-1] * 3


def test_means_of_means_pickle_and_say_their_passes(net):
    cam = slimcam.smooth(slimcam.augment(explainer(net, "gradient", 1), factors=FACTORS), 3, seed=1)
    assert cam.passes() == 12
    rows = []
    cam.watch(rows.append)
    maps = cam(X[:1])
    assert sum(rows) == 12 + 1  # and the score
    again = pickle.loads(pickle.dumps(cam))
    np.testing.assert_array_equal(again(X[:1]).raw, maps.raw)
    again.model.close()


def test_units_are_as_large_as_the_photo_and_mean_heats(net):
    maps = slimcam.augment(slimcam.GradCAM(net, "conv2", 1), each="unit")(X)
    assert maps.raw.shape == X.shape[:3] and maps.raw.min() >= 0 and maps.raw.max() <= 1


@pytest.mark.parametrize("method", ["gradcam", "scorecam"])
def test_several_layers_are_the_mean_of_their_heats(net, photo, method):
    each = [slimcam.Explainer(net, method, layer, 1)(X) for layer in ("conv1", "conv2")]
    cam = slimcam.Explainer(net, method, ["conv1", "conv2"], 1)
    maps = cam(X)
    large = [np.stack([slimcam.maps.paint.resize(heat, (SIDE, SIDE)) for heat in one.heat]) for one in each]
    assert_net(maps.raw, (large[0] + large[1]) / 2)
    assert (maps.layer, cam.layer) == ("conv1, conv2", ["conv1", "conv2"])
    assert [picture.shape for picture in cam([photo(20, 30), photo(9, 12, 1)]).overlay()] == [(20, 30, 3), (9, 12, 3)]
    again = pickle.loads(pickle.dumps(cam))
    np.testing.assert_array_equal(again(X).raw, maps.raw)
    again.model.close()
    alone = slimcam.Explainer(net, method, ["conv2"], 1)(X)
    np.testing.assert_array_equal(alone.raw, each[1].heat)


def test_several_layers_may_be_averaged_over_changed_photos(net):
    cam = slimcam.smooth(slimcam.Explainer(net, "gradcam", ["conv1", "conv2"], 1), 2)
    each = [slimcam.smooth(slimcam.GradCAM(net, layer, 1), 2)(X).heat for layer in ("conv1", "conv2")]
    large = np.stack([slimcam.maps.paint.resize(heat, (SIDE, SIDE)) for heat in each[1]])
    assert_net(cam(X).raw, (each[0] + large) / 2)
    assert cam.passes() == 4


GRID = {"samples": 16, "cells": 2, "enlarge": "cells", "fill": "zero"}
OF_BOXES = {"fullgrad": {}, "sobol": GRID, "hsic": GRID, "gradient": {}, "gradcam": {}}


@pytest.mark.parametrize("method", OF_BOXES)
def test_a_box_is_explained_by_where_it_is_alone(model_of, method):
    model = model_of(ssd, labels=["red", "green"])
    blobs = picture((1, 0, 2.0), (2, 1, 1.0))  # the best is red at the top right, the next green at the bottom left
    cam = slimcam.Explainer(model, method, target=slimcam.Box(0), **OF_BOXES[method])
    for one in (cam, slimcam.augment(cam, flip=False, factors=[1.0, 1.1])):
        maps = one(np.concatenate([blobs, blobs]), target=[slimcam.Box(0), slimcam.Box(1)])
        assert maps.boxes.tolist() == [[0, 2, 2, 4], [2, 0, 4, 2]] and maps.scores.tolist() == [6, 2]
        top_right, bottom_left = maps.raw[:, :2, 2:], maps.raw[:, 2:, :2]
        assert (
            top_right[0].min() > np.abs(maps.raw[0, 2:]).max() and bottom_left[1].min() > np.abs(maps.raw[1, :2]).max()
        )


@pytest.mark.parametrize(
    "message, call",
    [
        ("smooth: 3 makes no maps: give an Explainer or a GradCAM", lambda cam: slimcam.smooth(3)),
        ("smooth: samples=0: give 1 or more", lambda cam: slimcam.smooth(cam, 0)),
        ("smooth: spread='wide': give range, absolute", lambda cam: slimcam.smooth(cam, spread="wide")),
        (r"augment: factors=\[\]: give numbers", lambda cam: slimcam.augment(cam, factors=[])),
        ("augment: each='heat': give raw, unit", lambda cam: slimcam.augment(cam, each="heat")),
        (r"layer=\[\]: give a layer", lambda cam: slimcam.Explainer(cam.model, "gradcam", [])),
    ],
)
def test_a_mistake_is_an_error_at_the_start(net, message, call):
    with pytest.raises(slimcam.ParameterError, match=message):
        call(slimcam.GradCAM(net, LAYER))


def test_a_box_has_its_place(net):
    cam = slimcam.GradCAM(net, LAYER, 0)
    cam.target = slimcam.Box(0)
    with pytest.raises(slimcam.ParameterError, match="picks is elsewhere in a mirrored photo: give flip=False"):
        slimcam.augment(cam)
