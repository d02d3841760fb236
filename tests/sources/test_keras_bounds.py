"""Keras files that would take all time or memory, and files that are loaded in several threads."""

import concurrent.futures
import json
import os
import time

import h5py
import numpy as np
import pytest
from fixtures import keras_attacks, keras_nets, keras_texts
from fixtures.keras_nets import NEW

import slimcam
from slimcam._tf import TF_VERSION, bounded, kept_classes, keras2, keras3, registered_names


def vast(**entries):
    config = keras_texts.keras2_config()
    config["config"]["layers"][0]["config"].update(entries)
    return config


KINDS = ["h5", "h5 by a tape", "json", "net of weights"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("entries", [{"filters": 10**9}, {"kernel_size": [30_000, 30_000], "padding": "same"}])
def test_weights_that_no_file_of_its_size_holds_are_not_made(kind, entries, tmp_path):
    options = keras_attacks.FILES[kind](tmp_path, vast(**entries))
    with pytest.raises(slimcam.ModelError, match=r"the layer 'conv' makes weights of .* numbers, more than a file of"):
        slimcam.load(**options)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_without_numbers_are_an_error(kind, tmp_path):
    """Up to 2.2 TensorFlow divides by their number, which ends the process."""
    options = keras_attacks.FILES[kind](tmp_path, vast(filters=0))
    with pytest.raises(slimcam.ModelError, match=r"the layer 'conv' asks for a weight of no numbers|filters"):
        slimcam.load(**options)


def keras3_config(**entries):
    """Return what to_json() of Keras 3 gives of the net, with entries of its own for the convolution."""
    layers = keras3().layers
    net = keras3().Sequential([layers.Input((2, 2, 1)), layers.Conv2D(1, 1, name="conv"), layers.Flatten()])
    config = json.loads(net.to_json())
    next(one for one in config["config"]["layers"] if one["class_name"] == "Conv2D")["config"].update(entries)
    return config


@NEW
def test_weights_that_no_archive_of_its_size_holds_are_not_made(tmp_path):
    path = keras_attacks.write_archive(tmp_path / "a.keras", keras3_config(filters=10**9))
    with pytest.raises(slimcam.ModelError, match=r"the layer 'conv' makes weights of .* numbers, more than a file of"):
        slimcam.load(path)


@pytest.mark.parametrize("keras", [keras2, pytest.param(keras3, marks=NEW)])
def test_weights_are_counted_before_they_are_made_and_calls_as_they_are(keras):
    def build():
        layers = keras().layers
        keras().Sequential([layers.InputLayer((2, 2, 3)), layers.Conv2D(4, 3, padding="same"), layers.Dense(5)])

    with kept_classes(keras()):
        with bounded(keras(), 3 * 3 * 3 * 4 + 4 + 4 * 5 + 5, 100, ValueError):
            build()
        few = bounded(keras(), 3 * 3 * 3 * 4 + 4 + 4 * 5 + 4, 100, ValueError)
        with pytest.raises(ValueError, match="makes weights of 137 numbers"), few:
            build()
        once = bounded(keras(), 1000, 1, ValueError)
        with pytest.raises(ValueError, match="is one of more than 1 that are called"), once:
            build()
        build()  # as before


# By name, a layer that makes much of the four pixels of a photo, where its configuration says so.
LARGE = {
    "UpSampling2D": {"size": [30_000, 30_000]},
    "ZeroPadding2D": {"padding": [[0, 50_000], [0, 50_000]]},
    "Conv2DTranspose": {"filters": 1, "kernel_size": 1, "strides": [40_000, 40_000]},
}
LARGE_LATER = {**LARGE, "Resizing": {"height": 60_000, "width": 60_000}}  # in Keras 2 from TensorFlow 2.6 on


def with_large(name, keras3=False):
    """Return the net with such a layer in front of its convolution."""
    config = keras3_config() if keras3 else keras_texts.keras2_config()
    layers, own = config["config"]["layers"], {"name": "large", **LARGE_LATER[name]}
    position = next(i for i, one in enumerate(layers) if one["config"]["name"] == "conv")
    if position == 0:  # the first layer of a Sequential of Keras 2 says what the images are
        own["batch_input_shape"] = layers[0]["config"].pop("batch_input_shape")
    large = {"class_name": name, "config": own}
    layers.insert(position, {"module": "keras.layers", "registered_name": None, **large} if keras3 else large)
    return config


def check_large(options, name):
    with pytest.raises(slimcam.errors.UntrustedModel) as caught:
        slimcam.load(**options)
    (finding,) = caught.value.findings
    assert finding.where == "large" and finding.what == f"a {name}" and "GiB of memory" in finding.why
    assert os.path.getsize(options["path"]) < 50_000


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LARGE)
def test_what_a_layer_gives_for_one_image_has_a_bound(kind, name, tmp_path):
    check_large(keras_attacks.FILES[kind](tmp_path, with_large(name)), name)


@NEW
@pytest.mark.parametrize("name", LARGE_LATER)
def test_what_a_layer_of_keras_3_gives_for_one_image_has_a_bound(name, tmp_path):
    check_large({"path": keras_attacks.write_archive(tmp_path / "a.keras", with_large(name, keras3=True))}, name)


def repeated(count):
    """Return a net that repeats a row, and takes one number of what comes of it."""
    layers = [
        {"class_name": "InputLayer", "config": {"name": "photo", "batch_input_shape": [None, 2, 2, 1]}},
        {"class_name": "Flatten", "config": {"name": "flat"}},
        {"class_name": "RepeatVector", "config": {"name": "large", "n": count}},
        {"class_name": "GlobalMaxPooling1D", "config": {"name": "pooled"}},
        {"class_name": "Dense", "config": {"name": "scores", "units": 2}},
    ]
    return {"class_name": "Sequential", "config": {"name": "net", "layers": layers}, "keras_version": "2.2.4"}


def test_a_row_that_is_repeated_without_end_is_not_built(tmp_path):
    check_large(keras_attacks.FILES["json"](tmp_path, repeated(1 << 30)), "RepeatVector")


@pytest.mark.parametrize("keras", [keras2, pytest.param(keras3, marks=NEW)])
def test_values_are_counted_for_one_image(keras):
    counts = []

    def count(layer, values):
        counts.append((layer.name, values))

    with kept_classes(keras()), bounded(keras(), 1000, 100, ValueError, count):
        layers = keras().layers
        x = layers.Input((2, 3, 4), name="x")
        layers.ZeroPadding2D(1, name="wide")(x)
    assert ("wide", 4 * 5 * 4) in counts


def written_functional(folder, layers, last):
    """Write an .h5 of a functional model from the layer `photo` to the layer named `last`; return its path."""
    config = {"name": "net", "layers": layers, "input_layers": [["photo", 0, 0]], "output_layers": [[last, 0, 0]]}
    path = str(folder / "a.h5")
    keras_texts.write_weights(path, group="model_weights")
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config}).encode()
    return path


@pytest.mark.skipif(TF_VERSION < (2, 4), reason="symbols are layers from TensorFlow 2.4 on")
def test_a_large_tensor_within_a_layer_is_found_in_the_graph_that_keras_builds(tmp_path):
    """Attention of 65,536 places on each other has 2^32 weights, and gives no more than it takes."""
    shape = {"batch_input_shape": [None, 2, 2, 1], "dtype": "float32"}
    row = [
        ("InputLayer", "photo", shape),
        ("ZeroPadding2D", "wide", {"padding": [[0, 254], [0, 254]]}),
        ("Conv2D", "conv", {"filters": 1, "kernel_size": [1, 1]}),
        ("Reshape", "places", {"target_shape": [65_536, 1]}),
        ("Attention", "attention", {}),
        ("GlobalMaxPooling1D", "pooled", {}),
        ("Dense", "scores", {"units": 2}),
    ]
    layers = []
    for kind, name, own in row:
        read = [[[layers[-1]["name"], 0, 0, {}]] * (2 if kind == "Attention" else 1)] if layers else []
        layers.append({"class_name": kind, "name": name, "config": {"name": name, **own}, "inbound_nodes": read})
    path = written_functional(tmp_path, layers, "scores")
    with pytest.raises(slimcam.errors.UntrustedModel, match=r"attention/.* fills 16 GiB of memory"):
        slimcam.load(path)


def unrolled(steps):
    """Return a net that calls a cell once for each of its steps, however small it is."""
    layers = [
        {"class_name": "InputLayer", "config": {"name": "photo", "batch_input_shape": [None, 2, 2, 1]}},
        {"class_name": "ZeroPadding2D", "config": {"name": "wide", "padding": [[0, steps], [0, 0]]}},
        {"class_name": "Reshape", "config": {"name": "rows", "target_shape": [steps + 2, 2]}},
        {"class_name": "SimpleRNN", "config": {"name": "unrolled", "units": 1, "unroll": True}},
    ]
    return {"class_name": "Sequential", "config": {"name": "net", "layers": layers}, "keras_version": "2.2.4"}


def test_steps_that_are_unrolled_without_end_are_not_built(tmp_path, monkeypatch):
    monkeypatch.setattr("slimcam.sources.keras_trust.MOST_CALLS", 60)  # of 20,000, to which it takes a while
    options = keras_attacks.FILES["json"](tmp_path, unrolled(1_000_000))
    with pytest.raises(slimcam.ModelError, match="'unrolled' is one of more than 60 that are called"):
        slimcam.load(**options)


@pytest.mark.parametrize("kind", [*KINDS, "keras", "keras of Keras 2", "json of Keras 3"])
def test_layers_that_wait_for_each_other_are_no_hang(kind, tmp_path):
    """Keras 2 goes round for ever."""
    layers = keras_texts.keras2_config()["config"]["layers"]
    names = [one["config"]["name"] for one in layers]
    for one, before in zip(layers, [names[-1], *names]):
        one.update(name=one["config"]["name"], inbound_nodes=[[[before, 0, 0, {}]]])
    config = {"name": "net", "layers": layers, "input_layers": [["conv", 0, 0]], "output_layers": [["scores", 0, 0]]}
    options = keras_attacks.FILES[kind](tmp_path, {"class_name": "Model", "config": config})
    start = time.monotonic()
    with pytest.raises(slimcam.errors.UntrustedModel, match="waits for an output that never comes"):
        slimcam.load(**options)
    assert time.monotonic() - start < 60


def test_a_wait_that_only_keras_sees_ends_too(tmp_path):
    """A Sequential without a shape has its first call as number 0; one that says 1 waits for ever."""
    inner = {"class_name": "Sequential", "name": "s", "inbound_nodes": [[["photo", 0, 0, {}]]]}
    inner["config"] = {"name": "s", "layers": [{"class_name": "Flatten", "config": {"name": "f"}}]}
    last = {"class_name": "Dense", "name": "scores", "config": {"name": "scores", "units": 2}}
    last["inbound_nodes"] = [[["s", 1, 0, {}]]]
    photo = {"class_name": "InputLayer", "name": "photo", "inbound_nodes": []}
    photo["config"] = {"name": "photo", "batch_input_shape": [None, 2, 2, 1], "dtype": "float32", "sparse": False}
    config = {"name": "net", "layers": [photo, inner, last]}
    config.update(input_layers=[["photo", 0, 0]], output_layers=[["scores", 0, 0]])
    model = {"class_name": "Model", "config": config, "keras_version": "2.2.4", "backend": "tensorflow"}
    options = keras_attacks.FILES["json"](tmp_path, model)
    with pytest.raises(slimcam.ModelError, match=r"some of its layers wait for outputs that never come|do not fit"):
        slimcam.load(**options)


@pytest.mark.parametrize("engine", ["graph", "tape"])
def test_files_are_loaded_in_six_threads_at_once(engine, tmp_path):
    """Keras' classes are changed for the whole process while a model is built."""
    path = keras_nets.written(keras_nets.nested_net, tmp_path)
    photos = keras_nets.photos()

    def load(_):
        with slimcam.load(path, engine=engine) as model:
            return model.session.run(model.logits, {model.input: photos})

    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        first, *others = threads.map(load, range(6))
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_a_class_that_the_program_registered_is_the_programs_own(tmp_path):
    class Block(keras2().layers.Layer):
        def call(self, x):
            return x + 1

    before = set(registered_names())
    registered = keras2().utils.get_custom_objects()
    config = keras_attacks.config_with({"class_name": "own>Block", "config": {"name": "block"}})
    options = keras_attacks.FILES["json"](tmp_path, config)
    with pytest.raises(
        slimcam.errors.UntrustedModel, match="it needs the layer 'own>Block', which Keras does not have"
    ):
        slimcam.load(**options)
    registered["own>Block"] = Block
    try:
        assert set(registered_names()) - before == {"own>Block"}
        with slimcam.load(**options) as model:
            found = model.session.run(model.logits, {model.input: keras_texts.PHOTOS})
    finally:
        del registered["own>Block"]
    np.testing.assert_array_equal(found, np.add(keras_texts.SCORES, [[1, -1]]))


def test_allow_lets_a_lambda_run_and_nothing_else(tmp_path):
    """A Lambda that is allowed is still only that."""
    config = keras_attacks.config_with(keras_attacks.LAYERS["a symbol that deletes"](""))
    config["config"]["layers"].insert(1, keras_attacks.LAMBDA)
    options = keras_attacks.FILES["json"](tmp_path, config)
    with pytest.raises(slimcam.ModelError, match=r"was written by another Python|io.gfile.rmtree"):
        slimcam.load(**options, allow=["Lambda"])
    with pytest.raises(slimcam.errors.UntrustedModel, match="is the layer Lambda"):
        slimcam.load(**options, allow=["io.gfile.rmtree"])


@pytest.mark.skipif(TF_VERSION < (2, 4), reason="symbols are layers from TensorFlow 2.4 on")
def test_allow_runs_just_what_it_names(tmp_path):
    layer = {"class_name": "TFOpLambda", "config": {"name": "a", "function": "strings.as_string"}}
    layer["inbound_nodes"] = [["photo", 0, 0, {}]]
    layer["name"] = "a"
    photo = {"class_name": "InputLayer", "name": "photo", "inbound_nodes": []}
    photo["config"] = {"name": "photo", "batch_input_shape": [None, 2, 2, 1], "dtype": "float32"}
    path = written_functional(tmp_path, [photo, layer], "a")
    with pytest.raises(slimcam.errors.UntrustedModel, match=r"say allow=\['strings.as_string'\] if that is meant"):
        slimcam.load(path)
    with pytest.raises(slimcam.ModelError) as caught:
        slimcam.load(path, allow=["strings.as_string"])
    assert not isinstance(caught.value, slimcam.errors.UntrustedModel)  # it has no weights for those of the file
