"""Keras files that cannot be loaded just so: with code in them, with what Keras lacks, without a model, damaged."""

import json
import os
import warnings

import numpy as np
import pytest
from keras_nets import NEW, conv, head, photos, quiet, sow, written

import slimcam
from slimcam._tf import keras2, keras3

X = photos()
SIDE = X.shape[1]
GAIN = 3.0


def scaled(x):
    return x * GAIN


def with_lambda(keras, function=lambda x: x * 3.0):
    """A net with a Lambda layer that triples the activations."""
    start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
    x = keras.layers.Lambda(function, name="gain", output_shape=lambda shape: shape)(conv(keras, "conv")(start))
    return sow(keras.Model(start, head(keras, x), name="net"))


def plain(keras):
    start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
    return sow(keras.Model(start, head(keras, conv(keras, "conv")(start)), name="net"))


@pytest.fixture
def lambda_file(tmp_path):
    return written(with_lambda, tmp_path)


def map_of(path, **options):
    with slimcam.load(path, **options) as model:
        return slimcam.explain(model, X, "conv", 1).raw


def test_a_lambda_layer_is_refused_since_it_is_code(lambda_file):
    message = (
        r"model\.h5: its Lambda layer 'gain' is code that would run: give the function, "
        r"custom_objects=\{'gain': function\}, or say trusted=True if you trust the file"
    )
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(lambda_file)


def test_a_trusted_lambda_layer_runs(lambda_file, tmp_path):
    # the score is three times that of the net without it, and so is the gradient
    expected = 3 * map_of(written(plain, tmp_path, "plain.h5"))
    np.testing.assert_allclose(map_of(lambda_file, trusted=True), expected, rtol=1e-4, atol=1e-7)


def test_a_function_given_for_a_lambda_layer_takes_the_place_of_its_code(lambda_file, tmp_path):
    expected = 5 * map_of(written(plain, tmp_path, "plain.h5"))
    found = map_of(lambda_file, custom_objects={"gain": lambda x: x * 5.0})
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_code_of_another_python_is_told_from_a_broken_file(lambda_file):
    import h5py

    with h5py.File(lambda_file, "r+") as file:
        config = file.attrs["model_config"]
        config = json.loads(config.decode() if isinstance(config, bytes) else config)
        (layer,) = [one for one in config["config"]["layers"] if one["class_name"] == "Lambda"]
        layer["config"]["function"] = ["AAAA", None, None]
        file.attrs["model_config"] = json.dumps(config).encode()
    with pytest.raises(
        slimcam.ModelError, match=r"its Lambda layer was written by another Python .*: give the function"
    ):
        slimcam.load(lambda_file, trusted=True)


def test_a_live_lambda_layer_is_the_callers_own_and_runs():
    with quiet():
        model = with_lambda(keras2(), scaled)
        without = plain(keras2())
        found, expected = map_of(model), 3 * map_of(without)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


@NEW
def test_a_lambda_layer_in_a_zip_is_refused_as_well(tmp_path):
    path = str(tmp_path / "model.keras")
    with_lambda(keras3()).save(path)
    with pytest.raises(slimcam.ModelError, match="its Lambda layer 'gain' is code that would run"):
        slimcam.load(path)
    expected = 3 * map_of(plain(keras3()))
    np.testing.assert_allclose(map_of(path, trusted=True), expected, rtol=1e-4, atol=1e-7)


def custom_layer(keras):
    class Gain(keras.layers.Layer):
        def call(self, x):
            return x * 3.0

        def compute_output_shape(self, shape):
            return shape

    return Gain


def test_a_layer_that_keras_lacks_is_named_and_can_be_given(tmp_path):
    def build(keras):
        start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
        x = custom_layer(keras)(name="gain")(conv(keras, "conv")(start))
        return sow(keras.Model(start, head(keras, x), name="net"))

    path = written(build, tmp_path)
    message = r"needs the layer 'Gain', which Keras does not have: load it with custom_objects=\{'Gain': Gain\}"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path)
    expected = 3 * map_of(written(plain, tmp_path, "plain.h5"))
    found = map_of(path, custom_objects={"Gain": custom_layer(keras2())})
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_weights_without_an_architecture_say_what_to_do(tmp_path):
    path = str(tmp_path / "weights.h5")
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain(keras2()).save_weights(path)
    with pytest.raises(slimcam.ModelError, match="weights only, without an architecture: build the model in Keras"):
        slimcam.load(path)


def test_a_truncated_file_is_said(tmp_path):
    path = written(plain, tmp_path)
    with open(path, "rb") as file:
        data = file.read(os.path.getsize(path) // 2)
    with open(path, "wb") as file:
        file.write(data)
    with pytest.raises(slimcam.ModelError, match="not an HDF5 file that h5py can read, or a damaged one"):
        slimcam.load(path)


def test_the_name_of_an_h5_file_does_not_matter(tmp_path):
    path = written(plain, tmp_path)
    other = str(tmp_path / "weights.best.hdf5")
    os.rename(path, other)
    assert map_of(other).shape == (2, SIDE, SIDE)


def test_a_layer_that_is_no_model_is_refused():
    with pytest.raises(slimcam.ModelError, match="Dense 'scores' is a layer: give a model"):
        slimcam.load(keras2().layers.Dense(3, name="scores"))


@pytest.mark.parametrize("keras", [keras2, pytest.param(keras3, marks=NEW)])
def test_an_unbuilt_sequential_says_how_to_build_it(keras):
    layers = keras().layers
    model = keras().Sequential([layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)], name="net")
    with pytest.raises(slimcam.ModelError, match=r"'net' has no input shape yet: build it, model\.build\(\(None, 224"):
        slimcam.load(model)


def test_a_model_without_a_4d_layer_is_said_when_a_map_is_asked_for():
    layers = keras2().layers
    with quiet():
        start = layers.Input((SIDE, SIDE, 3), name="photo")
        model = keras2().Model(start, layers.Dense(2, name="scores")(layers.Flatten()(start)), name="net")
        with slimcam.load(model) as loaded:
            assert loaded.layers() == []
            with pytest.raises(
                slimcam.UnknownName, match=r"'net' has no 4-D layer that all ways to '.*' pass: name one"
            ):
                slimcam.GradCAM(loaded)
