"""Weights in files of their own: with a model.json or .yaml, with net=, by names, by order, by folders."""

import json
import sys
import zipfile

import h5py
import numpy as np
import pytest
from fixtures import keras_nets, keras_texts
from fixtures.keras_nets import NEW
from fixtures.keras_texts import BIAS, DENSE, KERNEL, OFFSET, PHOTOS, SCORES, SIDE, WEIGHTS, write_text, write_weights

import slimcam
from slimcam._tf import keras2, keras3, tf1
from slimcam.sources.keras_text import read_text

FOLDERS = {"conv2d": [KERNEL, BIAS], "dense": [DENSE, OFFSET]}


def scores(*arguments, **options):
    with slimcam.load(*arguments, **options) as model:
        return model.session.run(model.logits, {model.input: PHOTOS})


def own(keras=keras2):
    """The net, as a program of its own builds it; its names are not those of the file."""
    layers = keras().layers
    start = layers.Input((SIDE, SIDE, 1))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(1, 1, activation="relu", name="first")(start))
    return keras().Model(start, layers.Dense(2, name="last")(x))


# --- architectures


@pytest.mark.parametrize("config", [keras_texts.keras2_config, keras_texts.keras1_config])
def test_a_json_with_its_weights_is_a_model(tmp_path, config):
    text, weights = write_text(tmp_path / "model.json", config()), write_weights(tmp_path / "weights.h5")
    np.testing.assert_array_equal(scores(text, weights=weights), SCORES)
    np.testing.assert_array_equal(scores(weights, net=text), SCORES)


def test_what_keras_2_has_no_more_is_said_with_the_file(tmp_path):
    config = keras_texts.keras1_config()
    config["config"].insert(1, {"class_name": "BatchNormalization", "config": {"name": "norm", "mode": 2}})
    text, weights = write_text(tmp_path / "model.json", config), write_weights(tmp_path / "weights.h5")
    with pytest.raises(slimcam.ModelError, match=r"model\.json: .*BatchNormalization takes mode=0 only"):
        slimcam.load(text, weights=weights)


def test_a_json_text_within_a_json_is_read(tmp_path):
    text = write_text(tmp_path / "model.json", json.dumps(keras_texts.keras2_config()))
    np.testing.assert_array_equal(scores(text, weights=write_weights(tmp_path / "weights.h5")), SCORES)


def test_a_yaml_with_its_weights_is_a_model(tmp_path):
    yaml = pytest.importorskip("yaml")
    config = keras_texts.keras2_config()
    first = config["config"]["layers"][0]["config"]
    first.update(kernel_size=(1, 1), batch_input_shape=tuple(first["batch_input_shape"]))
    (tmp_path / "model.yaml").write_text(yaml.dump(config))
    assert "!!python/tuple" in (tmp_path / "model.yaml").read_text()
    weights = write_weights(tmp_path / "weights.h5")
    np.testing.assert_array_equal(scores(str(tmp_path / "model.yaml"), weights=weights), SCORES)


BOMB = ["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10))]


@pytest.mark.parametrize(
    "text, problem",
    [
        ("a: &a {x: *a}", "nested too deep"),
        ("a: &a [*a]", "nested too deep"),
        ("\n".join(BOMB), "aliases"),
        ("a: &a {x: 1}\nb: {<<: [*a, *a]}", "could not determine a constructor"),
        ("a: 2020-99-99", "month must be in 1..12"),
        ("a: " + "[" * 5000, "recursion"),
    ],
    ids=["a map of itself", "a list of itself", "387 million", "merged", "no date", "deep"],
)
def test_yaml_that_holds_itself_or_far_more_than_its_text_is_an_error(text, problem, tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "model.yaml").write_text(f"{text}\nclass_name: Model\nconfig: {{}}\n")
    with pytest.raises(slimcam.errors.ModelError, match=f"not YAML of plain data: .*{problem}"):
        read_text(str(tmp_path / "model.yaml"))


def test_lists_as_tensorflow_1_writes_them_in_yaml_are_lists(tmp_path):
    pytest.importorskip("yaml")
    config = keras_texts.keras2_config()
    config["config"]["layers"][0]["config"]["kernel_size"] = "HERE"
    tag = "!!python/object/apply:tensorflow.python.training.tracking.data_structures.ListWrapper [[1, 1]]"
    (tmp_path / "model.yaml").write_text(json.dumps(config).replace('"HERE"', tag))
    weights = write_weights(tmp_path / "weights.h5")
    np.testing.assert_array_equal(scores(str(tmp_path / "model.yaml"), weights=weights), SCORES)


def test_yaml_that_makes_other_objects_is_refused_and_makes_none(tmp_path):
    pytest.importorskip("yaml")
    path = tmp_path / "model.yaml"
    path.write_text(f"class_name: Sequential\nconfig: !!python/object/apply:os.mkdir [{str(tmp_path / 'made')!r}]\n")
    with pytest.raises(slimcam.ModelError, match="not YAML of plain data: could not determine a constructor"):
        slimcam.load(str(path), weights="w.h5")
    assert not (tmp_path / "made").exists()


def test_yaml_without_pyyaml_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "model.yaml").write_text("class_name: Sequential\n")
    with pytest.raises(slimcam.errors.MissingPackage, match=r'YAML is read by PyYAML.*pip install "slimcam\[yaml\]"'):
        slimcam.load(str(tmp_path / "model.yaml"), weights="w.h5")


@NEW
def test_a_json_of_keras_3_with_its_weights_is_a_model(tmp_path):
    with keras_nets.quiet():
        net = own(keras3)
    net.set_weights([KERNEL, BIAS, DENSE, OFFSET])
    (tmp_path / "model.json").write_text(net.to_json())
    net.save_weights(str(tmp_path / "model.weights.h5"))
    weights = str(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(scores(str(tmp_path / "model.json"), weights=weights), SCORES)


def test_an_architecture_without_weights_says_so_and_what_lies_beside_it(tmp_path):
    text = write_text(tmp_path / "model.json", keras_texts.keras2_config())
    write_weights(tmp_path / "best.h5")
    message = r"model.json: an architecture without weights: say weights= \(beside it: best.h5\)"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(text)


def test_a_lambda_in_a_json_is_code(tmp_path):
    config = keras_texts.keras2_config()
    code = {"name": "twice", "function": ["AAAA\n", None, None], "function_type": "lambda", "output_shape": None}
    code.update(output_shape_type="raw", arguments={})
    config["config"]["layers"].insert(1, {"class_name": "Lambda", "config": code})
    text, weights = write_text(tmp_path / "model.json", config), write_weights(tmp_path / "weights.h5")
    with pytest.raises(slimcam.ModelError, match="twice' is the layer Lambda, which is code that would run"):
        slimcam.load(text, weights=weights)
    doubled = scores(text, weights=weights, custom_objects={"twice": lambda x: x * 2})
    np.testing.assert_array_equal(doubled, [[11, -10]])


@pytest.mark.parametrize(
    "text, message",
    [
        ('{"class_name": 1', "not JSON, or damaged"),
        ('{"class_name": "Sequential"}', "not a Keras model: no class_name and config"),
    ],
)
def test_a_text_that_is_no_model_is_refused(tmp_path, text, message):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(str(tmp_path / "model.json"), weights="w.h5")


# --- weights alone


def test_weights_alone_ask_for_their_net(tmp_path):
    message = r"weights.h5: weights only, without an architecture: say net= \(the model's .json"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(write_weights(tmp_path / "weights.h5"))


def test_weights_whose_names_the_model_lacks_are_read_in_order(tmp_path):
    path = write_weights(tmp_path / "weights.h5")
    np.testing.assert_array_equal(scores(path, net=own), SCORES)
    with slimcam.load(path, net=own) as model:
        words = "4 weights of 2 layers, by their order: 'conv' of the file is 'first' of the model"
        assert f"{path}: {words}" in model.why


def test_weights_whose_names_the_model_has_are_read_by_name_in_any_order(tmp_path):
    def swapped():
        layers = keras2().layers
        start = layers.Input((SIDE, SIDE, 1))
        x = layers.Conv2D(1, 1, name="b")(layers.Conv2D(1, 1, name="a")(start))
        return keras2().Model(start, layers.GlobalAveragePooling2D()(x))

    minus = [-KERNEL, BIAS]
    path = write_weights(tmp_path / "weights.h5", {"b": minus, "a": [KERNEL, BIAS]})
    # in order it would be 2 (0.5 - 2 m) + 0.5
    np.testing.assert_array_equal(scores(path, net=swapped), [[0.5 - 2 * 5.5]])


def test_a_net_is_imported_and_given_its_arguments(tmp_path, monkeypatch):
    (tmp_path / "my_nets.py").write_text(
        "from slimcam._tf import keras2\n"
        "def build(num_classes, side):\n"
        "    layers = keras2().layers\n"
        "    start = layers.Input((side, side, 1))\n"
        "    x = layers.Conv2D(1, 1, activation='relu')(start)\n"
        "    return keras2().Model(start, layers.Dense(num_classes)(layers.GlobalAveragePooling2D()(x)))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    path = write_weights(tmp_path / "weights.h5")
    options = {"net": "my_nets:build", "num_classes": 2, "arguments": {"side": SIDE}}
    np.testing.assert_array_equal(scores(path, **options), SCORES)


def test_a_function_that_returns_no_model_is_refused(tmp_path):
    with pytest.raises(slimcam.ModelError, match=r"net '<lambda>' must return a Keras model; it returned 3"):
        slimcam.load(write_weights(tmp_path / "weights.h5"), net=lambda: 3)


def test_what_goes_to_a_net_is_refused_where_the_file_has_its_own(tmp_path):
    path = keras_nets.written(keras_nets.nested_net, tmp_path)
    with pytest.raises(slimcam.ModelError, match="num_classes= goes to a net=, and this file has an architecture"):
        slimcam.load(path, num_classes=3)


def test_the_weights_of_a_whole_file_are_read_with_a_net(tmp_path):
    path = keras_nets.written(keras_nets.nested_net, tmp_path)
    x = keras_nets.photos()
    with slimcam.load(path) as whole, slimcam.load(path, net=lambda: keras_nets.nested_net(keras2())) as other:
        a, b = (model.session.run(model.logits, {model.input: x}) for model in (whole, other))
    keras_nets.assert_net(a, b)


def corner():
    """A convolution of 2 x 2 that picks a pixel of a photo of 2 x 2."""
    layers = keras2().layers
    start = layers.Input((SIDE, SIDE, 1))
    return keras2().Model(start, layers.Flatten()(layers.Conv2D(1, 2, name="conv")(start)))


@pytest.mark.parametrize("backend, pixel", [("tensorflow", 1), ("theano", 4)])
def test_kernels_that_were_saved_on_theano_are_turned_round(tmp_path, backend, pixel):
    kernel = np.zeros((2, 2, 1, 1), np.float32)
    kernel[0, 0] = 1
    weights = {"conv": [kernel, np.zeros(1, np.float32)]}
    path = write_weights(tmp_path / "weights.h5", weights, backend=backend)
    np.testing.assert_array_equal(scores(path, net=corner), [[pixel]])


def test_a_whole_file_that_was_saved_on_theano_says_that_its_kernels_are_turned(tmp_path):
    path, kernel = str(tmp_path / "whole.h5"), np.zeros((2, 2, 1, 1), np.float32)
    kernel[0, 0] = 1
    with tf1.Graph().as_default(), tf1.Session().as_default(), keras_nets.quiet():
        net = corner()
        net.set_weights([kernel, np.zeros(1, np.float32)])
        net.save(path)
    with slimcam.load(path) as model:
        assert not any("Theano" in line for line in model.why)
    with h5py.File(path, "r+") as file:
        file["model_weights"].attrs["backend"] = np.bytes_(b"theano")
    with slimcam.load(path) as model:
        assert "saved on Theano: its kernels are turned by 180 degrees" in model.why
        np.testing.assert_array_equal(model.session.run(model.logits, {model.input: PHOTOS}), [[4]])


# --- what does not fit


OTHER = np.zeros((3, 3, 1, 1), np.float32)


@pytest.mark.parametrize(
    "weights, message",
    [
        (
            {"conv": [OTHER, BIAS], "scores": [DENSE, OFFSET]},
            r"layer 1 is 'conv' of \(3, 3, 1, 1\), \(1,\) in the file and 'first' of \(1, 1, 1, 1\), \(1,\) in",
        ),
        (
            {**WEIGHTS, "more": [BIAS]},
            r"3 layers with weights in the file and 2 in the model; layer 3 is 'more' of \(1,\) in the file and none",
        ),
        ({"conv": [KERNEL, BIAS]}, r"layer 2 is none in the file and 'last' of \(1, 2\), \(2,\) in the model"),
    ],
)
@pytest.mark.parametrize("version", ["2.2.4", ""])
def test_the_first_layer_that_differs_is_named_with_both_shapes(tmp_path, weights, message, version):
    path = write_weights(tmp_path / "weights.h5", weights, version)
    with pytest.raises(slimcam.ModelError, match=f"its weights do not fit own: .*{message}"):
        slimcam.load(path, net=own)


def test_of_a_layer_of_many_weights_the_first_that_differs_is_named(tmp_path):
    path = str(tmp_path / "weights.h5")
    graph = slimcam._tf.tf1.Graph()
    with graph.as_default(), slimcam._tf.tf1.Session(graph=graph).as_default(), keras_nets.quiet():
        keras_nets.nested_net(keras2()).save_weights(path)

    def wider():
        start = keras2().layers.Input((12, 12, 3), name="photo")
        x = keras_nets.conv(keras2(), "last", 7)(keras_nets.tower(keras2())(start))
        return keras2().Model(start, keras_nets.head(keras2(), x))

    message = (
        r"layer 2 is 'last' of \(3, 3, 4, 4\), \(4,\) in the file and 'last' of \(3, 3, 4, 7\), \(7,\) in the model"
    )
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path, net=wider)


# --- folders


@pytest.mark.parametrize("keras", [keras2, pytest.param(keras3, marks=NEW)])
def test_a_file_of_folders_is_read_by_classes_and_order(tmp_path, keras):
    path = keras_texts.write_folders(tmp_path / "model.weights.h5", FOLDERS)
    np.testing.assert_array_equal(scores(path, net=lambda: own(keras)), SCORES)


def test_a_file_of_folders_and_a_json_of_keras_2_are_a_model(tmp_path):
    text = write_text(tmp_path / "model.json", keras_texts.keras2_config())
    weights = keras_texts.write_folders(tmp_path / "any.h5", FOLDERS)
    np.testing.assert_array_equal(scores(text, weights=weights), SCORES)


@pytest.mark.parametrize("keras", [keras2, pytest.param(keras3, marks=NEW)])
def test_the_weights_of_a_keras_archive_are_read_with_a_net(tmp_path, keras):
    inner = keras_texts.write_folders(tmp_path / "model.weights.h5", FOLDERS)
    with zipfile.ZipFile(str(tmp_path / "model.keras"), "w") as archive:
        archive.write(inner, "model.weights.h5")
        archive.writestr("config.json", "{}")
    np.testing.assert_array_equal(scores(str(tmp_path / "model.keras"), net=lambda: own(keras)), SCORES)


@pytest.mark.parametrize("keras", [keras2, pytest.param(keras3, marks=NEW)])
@pytest.mark.parametrize("more", [{"dense_1": [OFFSET]}, {"dense": [OFFSET]}])
def test_folders_that_do_not_fit_are_refused(tmp_path, keras, more):
    path = keras_texts.write_folders(tmp_path / "model.weights.h5", {**FOLDERS, **more})
    with pytest.raises(
        slimcam.ModelError, match=r"its weights do not fit <lambda>: .*layer . is '?(none|layers/dense)"
    ):
        slimcam.load(path, net=lambda: own(keras))
