"""Keras files: what is read of them, what is refused, and what the refusal says to do."""

import base64
import json
import marshal
import opcode
import shutil
import sys

import h5py
import numpy as np
import pytest
from fixtures import keras_nets as nets
from fixtures import keras_texts
from fixtures.keras_nets import NEW, SIDE, conv, head, quiet, sow
from fixtures.keras_values import photo_input
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import keras2, keras3, tf, tf1
from slimcam.sources.keras_code import check_python

X = nets.photos()
BOTH = ("h5", pytest.param("file3", marks=NEW))


def logits(model, x=X):
    return model.session.run(model.logits, {model.input: x})


def doubling(keras, x):
    return keras.layers.Lambda(lambda t: t * 2.0, output_shape=(SIDE, SIDE, 3), name="double")(x)


def with_lambda(keras):
    photo = photo_input(keras)
    return sow(keras.Model(photo, head(keras, conv(keras, "conv")(doubling(keras, photo)))))


def nested_lambda(keras):
    begin, photo = photo_input(keras), photo_input(keras)
    inner = keras.Model(begin, doubling(keras, begin), name="inner")
    return sow(keras.Model(photo, head(keras, conv(keras, "conv")(inner(photo)))))


def referring(keras):
    photo = photo_input(keras)
    x = keras.layers.Lambda(lambda t: tf.square(t), output_shape=(SIDE, SIDE, 3), name="squared")(photo)
    return sow(keras.Model(photo, head(keras, conv(keras, "conv")(x))))


def plain(scale):
    def build(keras):
        photo = photo_input(keras)
        return sow(keras.Model(photo, head(keras, conv(keras, "conv")(photo))))

    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        return build(keras2()).predict(scale(X))


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("build", [with_lambda, nested_lambda])
def test_a_lambda_layer_is_refused_unless_trusted_or_given(build, kind, tmp_path):
    message = r"double' is the layer Lambda, which is code that would run: give .*'double': function}: .*trusted=True"
    with pytest.raises(slimcam.ModelError, match=message):
        nets.load(kind, build, tmp_path)
    with nets.load(kind, build, tmp_path, trusted=True) as model:
        assert_net(logits(model), plain(lambda x: 2 * x))
    with nets.load(kind, build, tmp_path, custom_objects={"double": lambda t: t * 3.0}) as model:
        assert_net(logits(model), plain(lambda x: 3 * x))


@pytest.mark.parametrize("kind", BOTH)
def test_a_function_that_is_given_may_refer_to_anything(kind, tmp_path):
    with nets.load(kind, referring, tmp_path, custom_objects={"squared": lambda t: tf.square(t)}) as model:
        assert_net(logits(model), plain(np.square))


@NEW
def test_code_that_refers_to_what_no_file_holds_asks_for_the_function(tmp_path):
    message = r"its Lambda layer needs what a file does not hold \(name 'tf' is not defined\): give the function"
    with pytest.raises(slimcam.ModelError, match=message):
        nets.load("file3", referring, tmp_path, trusted=True)


def unknown_instruction():
    """Return the code of a function, in bytes, of which an instruction is one that this Python does not know."""
    code = (lambda x: x).__code__
    unknown = next(number for number, name in enumerate(opcode.opname[:256]) if name.startswith("<"))
    return marshal.dumps(code).replace(code.co_code, bytes([unknown, 0]) * (len(code.co_code) // 2))


# `def double(x): return x * 2.0` as Python 3.13 marshals it; 3.7 raises SystemError as it reads this.
OF_PYTHON_3_13 = base64.b64decode(
    "YwEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACVAFUAUwEtBQAAJACpAk7nAAAAAAAAAECpACkB2gF4cwEAAAAg2gZuZXQucHnaBmRvdWJsZXIG"
    "AAAAAwAAAPMKAAAAgACQYZgCkWSIe/MAAAAA"
)
ELSEWHERE = pytest.mark.skipif(sys.version_info[:2] == (3, 13), reason="needs another Python than 3.13")


@pytest.mark.parametrize(
    "inner",
    [
        {"function": {"class_name": "__lambda__", "config": 3}},
        {"function": {"class_name": "__lambda__"}},
        {"function": [], "function_type": "lambda"},
        {"function": 7, "function_type": "lambda"},
    ],
)
def test_what_is_in_the_place_of_code_is_none_of_this_python(inner):
    with pytest.raises(slimcam.ModelError, match="its Lambda layer 'a' was written by another Python"):
        check_python("a.h5", {"class_name": "Lambda", "config": {"name": "a", **inner}})


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xe3\x00", id="short"),
        pytest.param(b"\x00\x01\x02", id="bad"),
        pytest.param(unknown_instruction(), id="instruction"),
        pytest.param(OF_PYTHON_3_13, id="newer", marks=ELSEWHERE),
    ],
)
def test_code_of_another_python_asks_for_the_function(code, tmp_path):
    path = nets.written(with_lambda, tmp_path)
    with h5py.File(path, "r+") as file:
        config = file.attrs["model_config"]
        config = json.loads(config.decode() if isinstance(config, bytes) else config)
        lamb = next(one for one in config["config"]["layers"] if one["class_name"] == "Lambda")
        lamb["config"]["function"] = [base64.b64encode(code).decode(), None, None]
        lamb["config"]["function_type"] = "lambda"
        file.attrs["model_config"] = json.dumps(config).encode()
    message = (
        "its Lambda layer 'double' was written by another Python, whose code this one cannot run: give the function, "
        r"custom_objects=\{'double': function\}"
    )
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path, trusted=True)
    with slimcam.load(path, custom_objects={"double": lambda t: t * 2.0}) as model:
        assert_net(logits(model), plain(lambda x: 2 * x))


def write_old_file(path, lamb):
    """Write a file as Keras 2.0 did, by hand: a Lambda layer on a photo of 2 x 2, the mean, and two scores."""
    config = keras_texts.keras2_config()
    layers = config["config"]["layers"]
    first = {**layers[0]["config"], **lamb}
    gone = ("filters", "kernel_size", "activation")
    layers[0] = {"class_name": "Lambda", "config": {key: first[key] for key in first if key not in gone}}
    weights = {"scores": keras_texts.WEIGHTS["scores"]}
    with h5py.File(keras_texts.write_weights(path, weights, group="model_weights"), "r+") as file:
        file.attrs["model_config"] = json.dumps({**config, "config": layers}).encode()
    return str(path)


OLD_LAMBDA = {"name": "lambda_1", "output_shape": None, "output_shape_type": "raw", "arguments": {}}
FUNCTIONS = [
    {"function": ["\xe3\x01", None, None], "function_type": "lambda"},
    {"function": "normalise", "function_type": "function"},
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=["code", "name"])
@pytest.mark.parametrize("engine", ["graph", "tape"])
def test_an_old_files_lambda_takes_the_function_of_its_layers_name(function, engine, tmp_path):
    path = write_old_file(tmp_path / "old.h5", {**OLD_LAMBDA, **function})
    with slimcam.load(path, custom_objects={"lambda_1": lambda x: 2 * x + 0.5}, engine=engine) as model:
        found = logits(model, keras_texts.PHOTOS)
    np.testing.assert_array_equal(found, keras_texts.SCORES)


def test_an_old_files_function_is_taken_by_its_own_name_as_well(tmp_path):
    path = write_old_file(tmp_path / "old.h5", {**OLD_LAMBDA, **FUNCTIONS[1]})
    with slimcam.load(path, custom_objects={"normalise": lambda x: 2 * x + 0.5}) as model:
        np.testing.assert_array_equal(logits(model, keras_texts.PHOTOS), keras_texts.SCORES)
    with pytest.raises(slimcam.ModelError, match=r"needs the function 'normalise', .* custom_objects=\{'lambda_1': "):
        slimcam.load(path)


def test_a_whole_file_of_keras_1_is_read(tmp_path):
    path = keras_texts.write_weights(tmp_path / "one.h5", version="", group="model_weights")
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps(keras_texts.keras1_config()).encode()
        file.attrs["keras_version"] = b"1.2.2"
    with slimcam.load(path) as model:
        np.testing.assert_array_equal(logits(model, keras_texts.PHOTOS), keras_texts.SCORES)


def test_what_later_versions_write_and_is_at_its_default_is_left_out(tmp_path):
    """Keras 2.4 says "Functional" for what was a Model, and how many groups a convolution has."""
    conv, pooled, scores = keras_texts.keras2_config()["config"]["layers"]
    shape = conv["config"].pop("batch_input_shape")
    conv["config"]["groups"] = 1
    layers = [{"class_name": "InputLayer", "config": {"batch_input_shape": shape, "dtype": "float32", "name": "photo"}}]
    layers += [conv, pooled, scores]
    names = ["photo", "conv", "pooled", "scores"]
    for i, layer in enumerate(layers):
        layer.update(name=names[i], inbound_nodes=[[[names[i - 1], 0, 0, {}]]] if i else [])
    config = {"name": "net", "layers": layers, "input_layers": [["photo", 0, 0]], "output_layers": [["scores", 0, 0]]}
    text = {"class_name": "Functional", "config": config, "keras_version": "2.4.0", "backend": "tensorflow"}
    path = keras_texts.write_text(tmp_path / "model.json", text)
    with slimcam.load(path, weights=keras_texts.write_weights(tmp_path / "weights.h5")) as model:
        np.testing.assert_array_equal(logits(model, keras_texts.PHOTOS), keras_texts.SCORES)


def doubled(x):
    return x * 2


def block(keras):
    class Block(keras.layers.Layer):
        def call(self, x):
            return x + 1

        def compute_output_shape(self, shape):
            return shape

    return Block


def with_block(keras):
    photo = photo_input(keras)
    return sow(keras.Model(photo, head(keras, block(keras)(name="block")(conv(keras, "conv")(photo)))))


def with_function(keras):
    photo = photo_input(keras)
    return sow(keras.Model(photo, head(keras, keras.layers.Conv2D(4, 3, activation=doubled, name="conv")(photo))))


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("build, name", [(with_block, "Block"), (with_function, "doubled")])
def test_what_keras_lacks_is_named_and_taken(build, name, kind, tmp_path):
    message = (
        rf"it needs the \w+.* '{name}'( of '.*')?, which Keras does not have: load it with "
        rf"custom_objects={{'{name}': {name}}}"
    )
    with pytest.raises(slimcam.ModelError, match=message):
        nets.load(kind, build, tmp_path)
    keras = keras2() if kind == "h5" else keras3()
    given = {"Block": block(keras), "doubled": doubled}
    with nets.load(kind, build, tmp_path, custom_objects=given) as model:
        assert model.tensor("conv").shape.rank == 4


@pytest.mark.parametrize("build", [with_block, with_function])
def test_a_model_in_a_graph_brings_its_own_classes_and_functions(build):
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        net = build(keras2())
        expected = net.predict(X)
        with slimcam.load(net) as model:
            assert_net(logits(model), expected)


def test_the_content_says_what_a_file_is_and_not_its_name(tmp_path):
    path = nets.written(nets.nested_net, tmp_path)
    shutil.copy(path, str(tmp_path / "net.model"))
    with slimcam.load(path) as named, slimcam.load(str(tmp_path / "net.model")) as other:
        np.testing.assert_array_equal(logits(named), logits(other))


def test_a_damaged_file_is_refused(tmp_path):
    path = nets.written(nets.nested_net, tmp_path)
    with open(path, "r+b") as file:
        file.truncate(2000)
    with pytest.raises(slimcam.ModelError, match="not an HDF5 file that h5py can read, or a damaged one"):
        slimcam.load(path)


def test_weights_of_another_shape_are_refused(tmp_path):
    path = nets.written(nets.nested_net, tmp_path)
    with h5py.File(path, "r+") as file:
        names = []
        file["model_weights"].visit(lambda name: names.append(name) if "last/" in name and "bias" in name else None)
        del file["model_weights"][names[-1]]
        file["model_weights"][names[-1]] = np.zeros(7, np.float32)
    with pytest.raises(slimcam.ModelError, match="its weights do not fit its architecture"):
        slimcam.load(path)


def test_a_file_has_no_newer_weights_to_read(tmp_path):
    message = r"holds the weights that were loaded: load\(\) it again"
    with nets.load("h5", nets.nested_net, tmp_path) as model, pytest.raises(slimcam.ModelError, match=message):
        model.refresh()


@NEW
def test_an_h5_file_of_keras_3_is_read_by_keras_3(tmp_path):
    path = str(tmp_path / "three.h5")
    with quiet():
        net = nets.nested_net(keras3())
        net.save(path)
        expected = net.predict(X, verbose=0)
    with slimcam.load(path) as model:
        assert_net(logits(model), expected)


class Scaled:
    """Mixed into a layer: a weight whose name no operation may have."""

    def build(self, shape):
        self.scale = self.add_weight(name="of all channels", shape=(1,), initializer="ones")

    def call(self, x):
        return x * self.scale


@NEW
@pytest.mark.parametrize("as_file", [True, False])
def test_layers_and_weights_of_keras_3_may_have_names_that_no_operation_may(as_file, tmp_path):
    keras, path = keras3(), str(tmp_path / "net.keras")
    scaled = type("Scaled", (Scaled, keras.layers.Layer), {})
    with quiet():
        photo = photo_input(keras)
        x = scaled(name="_scaled")(keras.layers.Conv2D(4, 3, activation="relu", name="_features")(photo))
        net = sow(keras.Model(photo, head(keras, x)))
        net.save(path)
        expected = net.predict(X, verbose=0)
    with slimcam.load(*([path] if as_file else [net]), custom_objects={"Scaled": scaled} if as_file else None) as model:
        assert_net(logits(model), expected)
        assert slimcam.GradCAM(model, "_features")(X).raw.any()


def test_the_photo_is_said_to_be_fed_as_it_is(tmp_path):
    with nets.load("h5", nets.nested_net, tmp_path) as model:
        assert "photos are fed as 0 to 255: nothing says how they were prepared" in model.why
