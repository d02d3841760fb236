"""Recordings of other types, of models that are fed in other ways, and of Keras models."""

import functools

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.keras_nets import KERASES, quiet, skip_unless_convolved, sow
from recorded_net import CLASSES, SIDE, X, net, verify_graph, weights

import slimcam
from slimcam._tf import TF_VERSION, keras_version
from slimcam.errors import GoldenError, ModelError, PhotoError
from slimcam.migration import golden

# --- types, and models that are fed in other ways


@pytest.fixture
def convolved(kind):
    skip_unless_convolved(kind)


@pytest.mark.usefixtures("convolved")
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float64"])
def test_other_floating_point(frozen, tmp_path, kind):
    build = functools.partial(net, dtype=getattr(tf1, kind), fed=tf1.float32)
    out = slimcam.record(frozen(build), X, tmp_path / "golden", "maps", 1)
    maps = golden.read(out).layers[0]
    assert maps.dtype == kind
    assert maps.gradients.dtype == (np.float32 if kind == "bfloat16" else kind)
    assert verify_graph(frozen, out, build).passed
    found = verify_graph(frozen, out, net)
    assert found.passed == (kind == "float64"), found.table()


@pytest.mark.usefixtures("convolved")
@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_other_floating_point_as_input(frozen, tmp_path, kind):
    build = functools.partial(net, dtype=getattr(tf1, kind))
    out = slimcam.record(frozen(build), X, tmp_path / "golden", "maps", 1)
    assert golden.read(out).model["dtype"] == kind
    assert verify_graph(frozen, out, build).passed
    with pytest.raises(GoldenError, match=f"feeds {kind}, and 'input:0' takes float32"):
        verify_graph(frozen, out, net)


def test_an_input_of_bytes(frozen, photo, tmp_path):
    build = functools.partial(net, fed=tf1.uint8)
    images = np.stack([photo(SIDE, SIDE, seed) for seed in range(3)])
    out = slimcam.record(frozen(build), images, tmp_path / "golden", "maps")
    np.testing.assert_array_equal(golden.read(out).inputs, images)
    assert golden.read(out).inputs.dtype == np.uint8
    assert verify_graph(frozen, out, build, images).passed


def test_grey_bytes(frozen, photo, tmp_path):
    def build():
        images = tf1.placeholder(tf1.uint8, [None, SIDE, SIDE, 1], name="input")
        maps = tf1.nn.relu(tf1.cast(images, tf1.float32) * np.array([1, -1, 2], np.float32), name="maps")
        tf1.reduce_mean(maps, [1, 2], name="logits")

    out = slimcam.record(frozen(build), [photo(SIDE, SIDE)], tmp_path / "golden", "maps")
    assert golden.read(out).inputs.shape == (1, SIDE, SIDE, 1)
    assert verify_graph(frozen, out, build).passed


def test_a_graph_that_takes_one_image_without_a_batch(frozen, photos, tmp_path):
    def single():
        image = tf1.placeholder(tf1.float32, [SIDE, SIDE, 3], name="input")
        maps = tf1.nn.conv2d(image[None], weights(1, 3, 3, 3, CLASSES), [1, 1, 1, 1], "SAME")
        tf1.reduce_mean(tf1.nn.relu(maps, name="maps"), [1, 2], name="logits")

    def many():
        images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input")
        maps = tf1.nn.conv2d(images, weights(1, 3, 3, 3, CLASSES), [1, 1, 1, 1], "SAME")
        tf1.reduce_mean(tf1.nn.relu(maps, name="maps"), [1, 2], name="logits")

    out = slimcam.record(frozen(single), photos, tmp_path / "golden", "maps", preprocess="unit")
    assert golden.read(out).inputs.shape == (2, SIDE, SIDE, 3)
    assert verify_graph(frozen, out, single, photos, preprocess="unit").passed
    assert verify_graph(frozen, out, many, photos, preprocess="unit").passed


def test_a_graph_that_decodes_photos_itself(frozen, photos, tmp_path):
    def build():
        data = tf1.placeholder(tf1.string, [], name="data")
        image = tf1.cast(tf1.image.decode_png(data, 3), tf1.float32)
        image = tf1.image.resize_bilinear(image[None], [SIDE, SIDE], name="resized")
        maps = tf1.nn.relu(tf1.nn.conv2d(image, weights(1, 3, 3, 3, 4), [1, 1, 1, 1], "SAME"), name="maps")
        tf1.reduce_mean(maps, [1, 2], name="logits")

    path = frozen(build)
    with pytest.raises(PhotoError, match=r"'data:0' takes photos as files, .*: load the model with input= the tensor"):
        slimcam.record(path, photos, tmp_path / "golden", "maps")
    assert slimcam.record(path, photos, tmp_path / "golden", "maps", input="resized", preprocess="none")


def test_a_score_of_a_model_of_two_images_is_recorded_without_logits(frozen, tmp_path):
    def siamese():
        one, two = (tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name=name) for name in ("left", "right"))
        kernel = weights(1, 3, 3, 3, 4)
        maps = [
            tf1.nn.relu(tf1.nn.conv2d(images, kernel, [1, 1, 1, 1], "SAME"), name=name)
            for images, name in ((one, "of_left"), (two, "of_right"))
        ]
        tf1.reduce_mean(maps[0] * maps[1], [1, 2], name="logits")

    path = frozen(siamese)
    out = slimcam.record(path, X, tmp_path / "golden", "of_right", slimcam.Mean("of_right"))
    held = golden.read(out)
    assert held.logits is None
    assert held.top_classes is None
    assert held.model["input"] == "right:0"
    found = slimcam.verify(out, path)
    assert found.passed
    assert [row.quantity for row in found.rows] == ["scores", "activations", "gradients", "maps"]


# --- Keras models and engines


@pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")
@pytest.mark.parametrize("keras", KERASES)
def test_a_keras_model_is_recorded_and_verified_by_both_engines(keras, tmp_path):
    with quiet():
        keras = keras()
        start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
        x = keras.layers.Conv2D(5, 3, activation="relu", name="conv")(start)
        x = keras.layers.GlobalAveragePooling2D(name="mean")(x)
        model = sow(keras.Model(start, keras.layers.Dense(4, activation="softmax", name="probs")(x), name="net"))
        for engine, other in (("graph", "tape"), ("tape", "graph")):
            out = slimcam.record(model, X, tmp_path / engine, "conv", engine=engine)
            held = golden.read(out)
            assert held.engine == engine
            assert held.made_by[keras.__name__.split(".")[0]] == keras_version(keras)
            found = slimcam.verify(out, model, engine=other)
            assert found.passed, found.table()
            assert found.verified["engine"] == other


def test_the_tape_needs_a_keras_model(recorded, old):
    with pytest.raises(
        ModelError, match="a frozen graph takes no engine=; a Keras model, a Keras file and a Keras architecture do"
    ):
        slimcam.verify(recorded, old, engine="tape")
    with slimcam.load(old) as model, pytest.raises(ModelError, match="engine='tape' runs eager Keras models"):
        slimcam.verify(recorded, model, engine="tape")
