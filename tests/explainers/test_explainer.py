"""Explainer: every row of METHODS by one call; what a map may not depend on, and what is refused, and when."""

import os
import pathlib
import pickle

import numpy as np
import pytest
from fixtures import small_convnet
from fixtures.tolerance import assert_net

import slimcam
from slimcam.inputs.photos import as_batch
from slimcam.methods import METHODS

SIDE, LAYER, LOGITS = small_convnet.SIDE, "conv2", "logits"
X = np.random.RandomState(0).uniform(-1, 1, (3, SIDE, SIDE, 3)).astype(np.float32)
# So that methods of many passes take few; each row takes those that it knows.
FEW = {"samples": 3, "steps": 4, "masks": 6, "patch": 8, "stride": 8, "cells": 2, "weight": 1.0, "start": 0.5}


def few(method):
    return {name: value for name, value in FEW.items() if name in METHODS[method].parameters}


def explainer(model, method, target=None, **options):
    layer = None if METHODS[method].needs == "pixels" else LAYER
    return slimcam.Explainer(model, method, layer, target, **{**few(method), **options})


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("explainer") / "model.pb"
    small_convnet.write(path)
    return path


@pytest.fixture(scope="module")
def net(path):
    with slimcam.load(path, logits=LOGITS, preprocess="squash") as model:
        yield model


def test_score_and_steps_to_the_heat_are_those_of_the_row(net):
    assert explainer(net, "gradient").dialect.before == ("relu", "cap", "unit")
    assert explainer(net, "layercam").dialect.before == ("relu", "unit")
    rise = explainer(net, "rise")  # of probabilities, which are all above zero, by its paper
    assert (rise.dialect.score, rise.dialect.before) == ("output", ("minmax",))
    assert explainer(net, "rise", dialect="xplique").dialect.score == "logit"


@pytest.fixture(params=list(METHODS))
def method(request):
    return request.param


def test_every_row_makes_maps_and_adds_nothing_to_the_graph(net, method):
    explain = explainer(net, method)
    before = len(net.graph.get_operations())
    maps = explain(X)
    explain(X[:1], target=2)
    assert len(net.graph.get_operations()) == before
    assert maps.raw.dtype == np.float32 and maps.raw.ndim == 3 and len(maps.raw) == 3 and maps.finite.all()
    assert (maps.classes == net.session.run("logits:0", {net.input: X}).argmax(-1)).all()
    assert_net(maps.scores, net.session.run("logits:0", {net.input: X}).max(-1))
    if maps.channels is not None:
        assert maps.channels.shape == (*maps.raw.shape, 6 if METHODS[method].needs == "layer" else 3)


def test_a_map_is_the_same_in_every_batch(net, method):
    explain = explainer(net, method)
    whole, alone = explain(X), explain(X[2:])
    assert_net(alone.raw[0], whole.raw[2])


def test_a_map_is_the_same_where_a_run_holds_one_row(net, method):
    assert_net(explainer(net, method, memory=1)(X[:2]).raw, explainer(net, method)(X[:2]).raw)


def test_top_two_are_the_maps_of_the_two_classes(net, method):
    top = explainer(net, method, slimcam.Top(2))(X[:2])
    assert top.photo.tolist() == [0, 0, 1, 1]
    single = explainer(net, method, 0)
    for raw, class_id, photo in zip(top.raw, top.classes, top.photo):
        assert_net(raw, single(X[photo][None], target=int(class_id)).raw[0])


def test_a_class_for_each_photo_is_that_of_each(net, method):
    each = explainer(net, method)(X[:2], target=[1, 2])
    for i, class_id in enumerate((1, 2)):
        assert_net(each.raw[i], explainer(net, method, class_id)(X[i : i + 1]).raw[0])


LINEAR = "gradcam", "hirescam", "gradient", "integrated_gradients"


@pytest.mark.parametrize("method", LINEAR)
def test_of_a_difference_of_classes_it_is_the_difference(net, method):
    whole, one, two = (
        explainer(net, method, target)(X[:1])
        for target in (slimcam.Class(0) - slimcam.Class(1), slimcam.Class(0), slimcam.Class(1))
    )
    own = [maps.raw if maps.channels is None else maps.channels for maps in (whole, one, two)]
    largest = max(np.abs(own[1]).max(), np.abs(own[2]).max())
    np.testing.assert_allclose(own[0], own[1] - own[2], rtol=0, atol=1e-5 * largest)


def test_it_pickles(net, method):
    explain = explainer(net, method, 1)
    again = pickle.loads(pickle.dumps(explain))
    np.testing.assert_array_equal(again(X[:1]).raw, explain(X[:1]).raw)
    assert repr(again) == repr(explain)
    again.model.close()


def test_photos_of_any_sizes_are_read_and_painted(net, photo, method):
    maps = explainer(net, method)([photo(20, 30), photo(9, 12, 1)])
    assert [picture.shape for picture in maps.overlay()] == [(20, 30, 3), (9, 12, 3)]


@pytest.mark.parametrize("method", ["gradient", "hirescam", "ablationcam", "scorecam", "smoothgrad"])
def test_a_net_of_any_size_gives_each_photo_a_map_of_its_own(model_of, photo, method):
    net = model_of(small_convnet.build_any_size, logits=LOGITS, preprocess="squash")
    photos = [photo(16, 20), photo(24, 16, 1), photo(16, 20, 2)]
    explain = explainer(net, method)
    maps = explain(photos)
    assert isinstance(maps.raw, list)
    for i, one in enumerate(photos):
        assert_net(maps.raw[i], explain(one).raw[0])
        assert (maps.raw[i].shape == one.shape[:2]) == (METHODS[method].needs == "pixels")


@pytest.mark.parametrize("method", ["scorecam", "ablationcam", "gradcampp"])
def test_a_hold_holds(net, method):
    zeros = np.zeros((SIDE, SIDE, 4), np.float32)
    assert not explainer(net, method, 0, hold={"conv1": zeros})(X[:1]).raw.any()


def test_a_hold_that_leaves_no_way_to_the_pixels_is_an_error(net):
    with pytest.raises(slimcam.LayerError, match=r"no gradient of 'logits:0' reaches 'images:0'|does not lead"):
        explainer(net, "gradient", 0, hold={"conv1": "zeros"})


@pytest.mark.parametrize("method", ["ablationcam", "smoothgrad", "layercam", "scorecam"])
def test_a_score_of_a_tensor_is_explained(net, method):
    target = slimcam.Channel("conv2", 3)
    maps = explainer(net, method, target)(X[:2])
    assert maps.classes.tolist() == [-1, -1]
    if METHODS[method].needs == "pixels":
        return
    # of one channel's mean, the others have no part
    activations = net.session.run("conv2:0", {net.input: X[:2]})[..., 3]
    assert (maps.raw != 0).sum() <= (activations != 0).sum() or method == "scorecam"


def test_a_seed_makes_other_numbers_and_the_same_again(net):
    one, two, again = (explainer(net, "smoothgrad", 0, seed=seed)(X[:1]).channels for seed in (0, 1, 0))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - two).max() > 0


ONCE = "integrated_gradients", "blur_ig", "guided_ig", "occlusion", "lrp_epsilon", "deeplift"


@pytest.mark.parametrize("method", ONCE)
def test_the_photos_own_scores_are_run_once(net, method):
    explain, rows = explainer(net, method), []
    explain.watch(rows.append)
    explain(X[:2])  # the winning class: nobody chose it before
    assert sum(rows) == 2 * explain.passes(SIDE, SIDE)


def test_progress_is_told_in_rows(net):
    explain, rows = explainer(net, "smoothgrad", 0), []
    explain.watch(rows.append)
    explain(X[:2])
    assert sum(rows) == 2 * explain.passes(SIDE, SIDE)


def test_saved_maps_have_channels_and_details(net, tmp_path):
    maps = explainer(net, "integrated_gradients", 0)(X[:2])
    maps.save(tmp_path / "maps.npz")
    with np.load(str(tmp_path / "maps.npz")) as saved:
        np.testing.assert_array_equal(saved["channels"], maps.channels)
        assert sorted(name for name in saved.files if name.startswith("details_")) == sorted(
            f"details_{name}" for name in maps.details
        )
        for name, values in maps.details.items():
            np.testing.assert_array_equal(saved[f"details_{name}"], values)
    np.testing.assert_array_equal(maps[1:].channels, maps.channels[1:])
    assert {name: len(values) for name, values in maps[1].details.items()} == dict.fromkeys(maps.details, 1)


# --- photos as baselines


def test_a_baseline_may_be_a_photo_by_its_path_and_is_fed_as_photos_are(net, make_photo):
    path = str(make_photo("other.png", 20, 30, seed=5))
    pixels = as_batch(path).photos[0]
    fed = net.session.run(net.input, net.inputs[0].feeds(as_batch([pixels]), [0]))
    want = explainer(net, "integrated_gradients", 0, baseline=fed[0])(X).channels
    for baseline in (path, pathlib.Path(path), pixels):
        explain = explainer(net, "integrated_gradients", 0, baseline=baseline)
        np.testing.assert_array_equal(explain(X).channels, want)
    os.remove(path)  # which was read at the start
    again = pickle.loads(pickle.dumps(explain))
    np.testing.assert_array_equal(again(X).channels, want)
    again.model.close()


def test_several_baselines_may_be_photos(net, make_photo):
    paths = [str(make_photo(f"{i}.png", 20 + i, 30, seed=i)) for i in range(2)]
    explain = explainer(net, "expected_gradients", 0, baselines=paths)
    rows = []
    explain.watch(rows.append)
    maps = explain(X[:2])
    assert sum(rows) == 2 * explain.passes()
    batch = as_batch(paths)
    fed = [net.session.run(net.input, net.inputs[0].feeds(batch, [i]))[0] for i in range(2)]
    want = explainer(net, "expected_gradients", 0, baselines=np.stack(fed))(X[:2])
    np.testing.assert_array_equal(maps.channels, want.channels)


def test_a_baseline_is_as_large_as_each_photo_that_a_net_of_any_size_takes(model_of, photo):
    net = model_of(small_convnet.build_any_size, logits=LOGITS, preprocess="squash")
    photos = [photo(16, 20), photo(24, 16, 1)]
    maps = explainer(net, "deeplift", 0, baseline=photo(16, 20, 2))(photos)
    assert [raw.shape for raw in maps.raw] == [(16, 20), (24, 16)]
    np.testing.assert_allclose(maps.details["gap"], 0, atol=1e-4)


@pytest.mark.parametrize(
    "error, message, baseline",
    [
        (slimcam.ParameterError, "baseline='blak': give black, .*an array, a path of a photo.*near: 'black'", "blak"),
        (slimcam.PhotoError, "conftest.py", str(pathlib.Path(__file__).parents[1] / "conftest.py")),
        (slimcam.ParameterError, "baseline is one photo, and .* are 2", ["a", "b"]),
    ],
)
def test_what_is_no_photo_is_an_error_at_the_start(net, make_photo, error, message, baseline):
    if isinstance(baseline, list):
        baseline = [str(make_photo(f"{name}.png", 9, 9)) for name in baseline]
    with pytest.raises(error, match=message):
        explainer(net, "integrated_gradients", baseline=baseline)


# --- what is refused, before any image is seen


@pytest.mark.parametrize(
    "error, message, given",
    [
        (slimcam.UnknownName, "no method 'gradcan'.*near: 'gradcam'", {"method": "gradcan"}),
        (slimcam.UnknownName, "gradcam has no dialect 'bok'.*near: 'book'", {"dialect": "bok"}),
        (slimcam.UnknownName, "scorecam has no dialect 'book'", {"method": "scorecam", "dialect": "book"}),
        (slimcam.ParameterError, "gradcam has no parameter 'steps': it has none", {"steps": 3}),
        (slimcam.ParameterError, "smoothgrad: samples=0: give 1 or more", {"method": "smoothgrad", "samples": 0}),
        (slimcam.ParameterError, "gradient is of pixels and takes no layer", {"method": "gradient", "layer": "conv2"}),
        (slimcam.ParameterError, "memory=0: give bytes", {"memory": 0}),
        (slimcam.LayerError, "cam needs a global average", {"method": "cam", "layer": "conv1"}),
        (slimcam.TargetError, "class 7 is out of range", {"target": 7}),
    ],
)
def test_a_mistake_is_an_error_at_the_start(net, error, message, given):
    with pytest.raises(error, match=message):
        slimcam.Explainer(net, **given)


def test_a_grad_cam_is_of_one_pass(net):
    with pytest.raises(slimcam.ParameterError, match=r"scorecam asks the model many times: slimcam.Explainer\(model"):
        slimcam.GradCAM(net, LAYER, method="scorecam")


@pytest.mark.parametrize("dialect", ["paper", "book", "hiveml"])
def test_a_pipeline_is_that_of_grad_cam(net, dialect):
    maps = slimcam.Explainer(net, "gradcam", LAYER, dialect=dialect)(X)
    np.testing.assert_array_equal(maps.raw, slimcam.GradCAM(net, LAYER, dialect=dialect, method="gradcam")(X).raw)
