"""Layers that came to Keras 2 later: files that name them load on every Keras 2, and give what was worked out by hand.

The net is that of keras_texts: of pixels x it scores a = mean(relu(2 x + 0.5)) and 1 - a; its photo is 1, 2, 3, 4.
"""

import json
import zipfile

import h5py
import numpy as np
import pytest
from fixtures import keras_texts
from fixtures.keras_nets import written
from fixtures.keras_texts import PHOTOS, WEIGHTS
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import eager, keras2, keras_later_layers, keras_runs_eagerly, reads_archives

ONE, FOUR = np.array([1], np.float32), np.array([4], np.float32)
ADAPTED = [ONE, FOUR, np.array(9, np.int64)]
FLAT = [ONE.reshape(()), FOUR.reshape(()), np.array(9, np.int64)]
GIVEN = {"mean": [1.0], "variance": [4.0]}
NORMAL = 2.0  # (x - 1) / 2 is 0, 0.5, 1, 1.5, and a the mean of 0.5, 1.5, 2.5, 3.5

LAYERS = {
    "Rescaling": ("Rescaling", {"scale": 0.5, "offset": 1.0}, [], 5.0),  # 1.5, 2, 2.5, 3
    "Rescaling by channel": ("Rescaling", {"scale": [0.5], "offset": [1.0]}, [], 5.0),
    "Normalization, adapted": ("Normalization", {"axis": [-1]}, ADAPTED, NORMAL),
    "Normalization of TensorFlow 2.3": ("Normalization", {"axis": -1}, ADAPTED, NORMAL),
    "Normalization of all alike": ("Normalization", {"axis": None}, FLAT, NORMAL),
    "Normalization, given": ("Normalization", {"axis": [3], **GIVEN}, [], NORMAL),
    "Normalization, inverted": ("Normalization", {"axis": [3], "invert": True, **GIVEN}, [], 12.5),  # 3, 5, 7, 9
    "RandomFlip": ("RandomFlip", {"mode": "horizontal", "seed": None}, [], 5.5),
    "RandomZoom": ("RandomZoom", {"height_factor": 0.5, "width_factor": None, "fill_mode": "reflect"}, [], 5.5),
}


def net_of(kind, config):
    """Return the configuration of the net with a layer before it, and the name of that layer."""
    net = keras_texts.keras2_config()
    shape = net["config"]["layers"][0]["config"].pop("batch_input_shape")
    entry = {"name": "first", "trainable": True, "dtype": "float32", "batch_input_shape": shape, **config}
    net["config"]["layers"].insert(0, {"class_name": kind, "config": entry})
    return net


def write_h5(folder, net, arrays):
    path = keras_texts.write_weights(folder / "model.h5", {"first": arrays, **WEIGHTS}, group="model_weights")
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps(net).encode()
        file.attrs["keras_version"] = b"2.12.0"
    return path


def scores(model):
    return model.features(model.logits, PHOTOS)


@pytest.mark.parametrize("kind, config, arrays, a", LAYERS.values(), ids=list(LAYERS))
def test_a_file_with_such_a_layer_gives_what_it_was_trained_to(kind, config, arrays, a, tmp_path):
    if kind == "Normalization" and config["axis"] in (None, -1) and hasattr(keras2().layers, "Normalization"):
        pytest.skip("these forms are read by Keras' own layer here")
    with slimcam.load(write_h5(tmp_path, net_of(kind, config), arrays)) as model:
        assert_net(scores(model), np.array([[a, 1 - a]]))
        assert not any("random" in note for note in model.notes)


def test_an_architecture_with_such_a_layer_takes_its_weights(tmp_path):
    path = keras_texts.write_text(tmp_path / "model.json", net_of("Normalization", {"axis": [-1]}))
    weights = keras_texts.write_weights(tmp_path / "weights.h5", {"first": ADAPTED, **WEIGHTS})
    with slimcam.load(path, weights=weights) as model:
        assert_net(scores(model), np.array([[NORMAL, 1 - NORMAL]]))


def test_an_archive_of_keras_2_is_read_by_kerases_that_have_no_archives(tmp_path):
    if reads_archives():
        pytest.skip("Keras reads its archives itself here")
    folders = {"normalization": ADAPTED, "conv2d": WEIGHTS["conv"], "dense": WEIGHTS["scores"]}
    keras_texts.write_folders(tmp_path / "model.weights.h5", folders)
    with zipfile.ZipFile(str(tmp_path / "net.keras"), "w") as archive:
        archive.writestr("config.json", json.dumps(net_of("Normalization", {"axis": [-1]})))
        archive.writestr("metadata.json", json.dumps({"keras_version": "2.15.0"}))
        archive.write(str(tmp_path / "model.weights.h5"), "model.weights.h5")
    with slimcam.load(tmp_path / "net.keras") as model:
        assert_net(scores(model), np.array([[NORMAL, 1 - NORMAL]]))


@pytest.mark.parametrize("axis", [-1, (1, 3), None])
@pytest.mark.parametrize("invert", [False, True])
def test_normalization_is_that_of_keras(axis, invert):
    """Where Keras has the layer: ours of the same moments gives the same numbers."""
    own = getattr(keras2().layers, "Normalization", None)
    if own is None or not keras_runs_eagerly():
        pytest.skip("needs the layer Normalization")
    random = np.random.RandomState(0)
    images = random.uniform(0, 255, (2, 4, 3, 2)).astype(np.float32)
    sizes = {-1: (2,), (1, 3): (4, 2), None: ()}[axis]
    how = {"mean": random.normal(100, 9, sizes).tolist(), "variance": random.uniform(9, 99, sizes).tolist()}
    ours = keras_later_layers._normalization(keras2())
    with eager():
        layers = [kind(axis=axis, invert=invert, **how) for kind in (own, ours)]
        theirs, found = (layer(images).numpy() for layer in layers)
    np.testing.assert_allclose(found, theirs, rtol=1e-6, atol=1e-4)


class Louder(keras2().layers.Layer):
    """A layer of somebody's own that trains where nobody says otherwise."""

    def call(self, inputs, training=True):
        return inputs + 10.0 if training else inputs + 0.0


def test_a_layer_whose_default_is_to_train_is_told_not_to(tmp_path):
    def build(keras):
        start = keras.layers.Input((2, 2, 1))
        means = keras.layers.GlobalAveragePooling2D(name="means")(Louder(name="louder")(start))
        return keras.Model(start, keras.layers.Dense(2, name="scores")(means))

    with slimcam.load(written(build, tmp_path), custom_objects={"Louder": Louder}) as model:
        np.testing.assert_allclose(model.features("means", PHOTOS), [[2.5]])
