"""Activations of layers: by hand, from every kind of model and engine, and what is said of them."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import keras_nets as nets
from fixtures.colours import colours
from fixtures.keras_nets import KINDS, NEW, nested_net
from fixtures.three_classes import A0, A1, BOTH, three_classes
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import TF_VERSION

EAGER = pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")
X = nets.photos()


def two_layers():
    """`a`, which is red and green, and `b`: its maxima over 2 x 2 places, those of green times -1, and zeros."""
    colours()
    a = tf1.get_default_graph().get_tensor_by_name("a:0")
    top = tf1.nn.max_pool(a, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    tf1.nn.conv2d(top, tf1.constant([[[[1.0, 0, 0], [0, -1, 0]]]]), 1, "SAME", name="b")


PHOTO = np.zeros((1, 4, 6, 3), np.float32)
PHOTO[0, 0, 1] = 3, 1, 9
PHOTO[0, 3, 5] = 0, 8, 9


# Values


def test_values_by_hand(model_of):
    acts = slimcam.activations(model_of(two_layers), PHOTO, ["a", "b"])
    assert acts.layers == ["a", "b"]
    np.testing.assert_array_equal(acts["a"], PHOTO[..., :2])
    np.testing.assert_array_equal(acts["b"][0, ..., 0], [[3, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(acts["b"][0, ..., 1], [[-1, 0, 0], [0, 0, -8]])
    assert acts["b"].dtype == np.float32


def test_several_photos(model_of):
    acts = slimcam.activations(model_of(three_classes, logits="logits"), BOTH, "a")
    np.testing.assert_array_equal(acts["a"][0], np.stack([A0, A1], -1))
    assert acts["a"].shape == (2, 2, 2, 2)


def test_one_run_serves_all_layers(model_of, monkeypatch):
    model = model_of(two_layers)
    runs, run = [], model.session.run
    monkeypatch.setattr(model.session, "run", lambda *arguments: runs.append(1) or run(*arguments))
    slimcam.activations(model, np.repeat(PHOTO, 5, 0), ["a", "b"])
    assert len(runs) == 1


def test_photos_of_a_net_for_any_size(model_of, photo):
    model = model_of(lambda: colours((None, None, None, 3)), preprocess="none")
    small, large = photo(4, 6), photo(7, 5, seed=1)
    acts = slimcam.activations(model, [small, large, small], "a")
    assert [array.shape for array in acts["a"]] == [(4, 6, 2), (7, 5, 2), (4, 6, 2)]
    np.testing.assert_array_equal(acts["a"][1], large[..., :2])
    assert acts.sheet("a", photo=1, colormap="grey").shape == (7, 10)


def test_channels_first_become_last(model_of):
    """Convolution does not run so on a CPU; a bias does."""

    def net():
        x = tf1.placeholder(tf1.float32, [None, 4, 6, 3], name="x")
        y = tf1.nn.bias_add(tf1.transpose(x, [0, 3, 1, 2]), tf1.constant([0.0, 1, 2]), "NCHW", name="y")
        tf1.reduce_mean(tf1.nn.relu(y, name="z"), [2, 3], name="logits")

    acts = slimcam.activations(model_of(net), PHOTO, ["y", "z"])
    for layer in acts.layers:
        np.testing.assert_array_equal(acts[layer], PHOTO + np.float32([0, 1, 2]))


def test_bfloat16_becomes_float32(model_of):
    def net():
        x = tf1.placeholder(tf1.float32, [None, 4, 6, 3], name="x")
        y = tf1.cast(tf1.nn.relu(tf1.cast(x, tf1.bfloat16), name="y"), tf1.float32)
        tf1.reduce_mean(y, [1, 2], name="logits")

    acts = slimcam.activations(model_of(net), PHOTO, "y")
    assert acts["y"].dtype == np.float32
    np.testing.assert_array_equal(acts["y"], PHOTO)  # small whole numbers, which bfloat16 has


@pytest.mark.parametrize("kind", KINDS)
def test_keras_models_of_every_kind(kind, tmp_path):
    layers = ["tower/conv_a", "tower/pool", "last"]
    with nets.load(kind, nested_net, tmp_path) as model:
        acts = slimcam.activations(model, X, layers)
        for layer in layers:
            np.testing.assert_array_equal(acts[layer], model.features(layer, X))
        assert slimcam.activations(model, X).layers[:3] == ["tower/conv_a", "tower/norm", "tower/pool"]


@EAGER
@pytest.mark.parametrize("kind", ["object", pytest.param("keras3", marks=NEW)])
def test_the_tape_gives_the_same(kind, tmp_path):
    with nets.load(kind, nested_net, tmp_path) as model:
        graph, tape = (slimcam.activations(model, X, engine=engine) for engine in ("graph", "tape"))
    assert tape.layers == graph.layers == ["tower/conv_a", "tower/norm", "tower/pool", "tower", "last"]
    for layer in graph.layers:
        assert_net(tape[layer], graph[layer])


def test_a_keras_model_and_a_path_are_loaded(tmp_path):
    path = nets.written(nested_net, tmp_path)
    acts = slimcam.activations(path, X, "last")
    with acts.model, slimcam.load(path) as model:
        np.testing.assert_array_equal(acts["last"], model.features("last", X))


# Layers


def chain(count):
    def net():
        x = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="x")
        for i in range(count):
            x = tf1.nn.relu(tf1.nn.conv2d(x, tf1.ones([3, 3, 3, 3]), 1, "SAME"), name=f"layer_{i}")
        tf1.reduce_mean(x, [1, 2], name="logits")

    return net


@pytest.mark.parametrize("layers, count", [(None, 8), (3, 3), (20, 10)])
def test_left_out_they_are_the_first_that_an_image_passes(model_of, layers, count):
    acts = slimcam.activations(model_of(chain(10)), np.ones((1, 8, 8, 3), np.float32), layers)
    assert acts.layers == [f"layer_{i}" for i in range(count)]


def test_a_layer_by_its_tensor_or_another_of_its_names(model_of):
    model = model_of(two_layers)
    acts = slimcam.activations(model, PHOTO, [model.tensor("a"), "b:0"])
    assert acts.layers == ["a", "b:0"]
    assert acts["b"] is acts["b:0"] is acts[model.tensor("b")]


def test_a_siamese_net_shows_what_one_image_passes(tmp_path):
    with nets.load("h5", nets.pair_net, tmp_path) as model:
        acts = slimcam.activations(model, X)
        assert acts.layers[0] == "tower/conv_a@input_1"
        assert all(name.endswith("@input_1") for name in acts.layers)
        with pytest.raises(slimcam.MissingFeed, match="needs 'input_2:0'"):
            slimcam.activations(model, X, "joined")


def test_layers_without_channels_are_refused_with_those_that_fit(model_of):
    with pytest.raises(
        slimcam.LayerError, match=r"'logits:0' is .*: a layer to explain has four dimensions; layers that do: 'a'"
    ):
        slimcam.activations(model_of(colours), PHOTO, "logits")


def test_names_that_are_not_there(model_of):
    model = model_of(two_layers)
    with pytest.raises(slimcam.UnknownName, match="no tensor 'aa'"):
        slimcam.activations(model, PHOTO, "aa")
    acts = slimcam.activations(model, PHOTO, "a")
    with pytest.raises(slimcam.UnknownName, match="no activations of 'b:0': there are those of 'a'"):
        acts["b"]
    with pytest.raises(slimcam.UnknownName, match="no engine 'tapes'"):
        slimcam.activations(model, PHOTO, "a", engine="tapes")
    with pytest.raises(slimcam.PhotoError, match="no photo 1: there are activations of 1, counted from 0"):
        acts.sheet("a", photo=1)


def test_a_tensor_whose_rows_are_not_one_image_s(model_of):
    def net():
        x = tf1.placeholder(tf1.float32, [None, 4, 6, 3], name="x")
        apart = tf1.reshape(x, [-1, 2, 3, 3], name="apart")
        tf1.reduce_mean(tf1.reshape(apart, [-1, 24, 3]), 1, name="logits")

    with pytest.raises(slimcam.LayerError, match=r"'apart:0' is \(4, 2, 3, 3\) for 1 images, so its rows are not one"):
        slimcam.activations(model_of(net), PHOTO, "apart")


def test_a_closed_model(model_of):
    model = model_of(two_layers)
    acts = slimcam.activations(model, PHOTO, "a")
    model.close()
    assert acts.sheet("a").shape == (4, 12, 3)
    with pytest.raises(slimcam.ModelError, match="the model is closed"):
        slimcam.activations(model, PHOTO, "a")


# What is said of them


def test_top_by_hand(model_of):
    """Red is 3 in all of 24 places, green 9: a quarter and three quarters."""
    acts = slimcam.activations(model_of(two_layers), PHOTO, ["a", "b"])
    assert acts.top("a") == [(1, 0.75, 9 / 24), (0, 0.25, 3 / 24)]
    assert acts.top("a", k=1)[0].channel == 1
    assert acts.top("b") == [(0, 1.0, 3 / 6)]  # green is negative, and so does not fire
    assert acts.silent("b") == [1, 2]
    assert acts.silent("a") == []


def test_silent_in_one_photo_and_in_all(model_of):
    red = PHOTO * np.float32([1, 0, 0])
    acts = slimcam.activations(model_of(two_layers), np.concatenate([red, PHOTO]), "a")
    assert acts.silent("a", photo=0) == [1]
    assert acts.silent("a", photo=1) == acts.silent("a") == []
    assert acts.top("a", photo=-1)[0].share == 0.75


def test_a_layer_where_nothing_fires(model_of):
    acts = slimcam.activations(model_of(two_layers), 0 * PHOTO, "a")
    assert acts.top("a") == []
    assert acts.silent("a") == [0, 1]
    assert not acts.sheet("a", colormap="grey").any()


def test_what_is_no_number_does_not_fire(model_of):
    """NaN in green: red is still what it is."""
    photo = PHOTO.copy()
    photo[0, 2, 2, 1] = np.nan
    acts = slimcam.activations(model_of(lambda: colours()), photo, "x")
    assert [one.channel for one in acts.top("x")] == [2, 1, 0]
    assert sum(one.share for one in acts.top("x")) == pytest.approx(1)


# Sheets


def test_a_sheet_and_its_pages(model_of):
    acts = slimcam.activations(model_of(two_layers), PHOTO, "a")
    grey = acts.sheet("a", colormap="grey")
    red = PHOTO[0, ..., 0]
    expected = np.clip((red - red.mean()) / red.std() * 64 + 128, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(grey[:, :6], expected)
    assert (grey.shape, acts.sheet("a").shape) == ((4, 12), (4, 12, 3))
    assert acts.sheet("a", colormap="grey", columns=1, margin=2).shape == (10, 6)
    (page,) = acts.pages("a", colormap="grey")
    assert page.channels == range(2)
    left = (page.picture.shape[1] - 2 * 48 - 1) // 2  # the caption is wider
    np.testing.assert_array_equal(page.picture[-32:, left : left + 48, 0], expected.repeat(8, 0).repeat(8, 1))


def test_a_dense_layer_s_maps_of_one_place(model_of):
    def net():
        x = tf1.placeholder(tf1.float32, [None, 4, 6, 3], name="x")
        means = tf1.nn.relu(tf1.reduce_mean(x, [1, 2], keepdims=True), name="means")
        tf1.squeeze(means, [1, 2], name="logits")

    acts = slimcam.activations(model_of(net), PHOTO, "means")
    assert acts.sheet("means", colormap="grey").shape == (1, 3)
    assert acts.sheet("means", colormap="grey").argmax() == 2
