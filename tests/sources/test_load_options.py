"""The options of load(): one row each, which source takes which, and what is said of those that do not apply."""

import dataclasses
import inspect

import pytest
import tensorflow.compat.v1 as tf1
from fixtures.siamese_net import siamese

import slimcam
from slimcam import ModelError
from slimcam._tf import keras2
from slimcam.engines import ENGINES
from slimcam.inputs.preprocess import PREPROCESSING
from slimcam.sources.loading import SOURCES
from slimcam.sources.options import EVERYWHERE, OF_FILES, ON_COMMAND_LINE, LoadOptions

TAKERS = {  # who takes what not everyone takes
    "net": "a checkpoint with a manifest, a Keras file and a TF-Slim checkpoint do",
    "num_classes": "a checkpoint with a manifest, a Keras file and a TF-Slim checkpoint do",
    "arguments": "a checkpoint with a manifest, a Keras file and a TF-Slim checkpoint do",
    "moving_averages": "a checkpoint with a manifest and a TF-Slim checkpoint do",
    "custom_objects": "a Keras model, a Keras file and a Keras architecture do",
    "engine": "a Keras model, a Keras file and a Keras architecture do",
    "trusted": "a file or a folder does",
    "allow": "a file or a folder does",
    "isolated": "a file or a folder does",
    "memory": "a file or a folder does",
    "weights": "a Keras architecture does",
    "tags": "a TF Hub module and a SavedModel do",
    "signature": "a TF Hub module and a SavedModel do",
    "checkpoint": "a .meta graph with its checkpoint does",
}
OTHER = {
    "num_classes": 5, "arguments": {"depth": 1}, "moving_averages": False, "custom_objects": {"f": len},
    "engine": "tape", "tags": ["serve"],
}  # fmt: skip


def place(folder, kind):
    """Return a path that is recognised as a kind of source, though nothing in it can be read."""
    empty = dict.fromkeys(("a.pb", "a.tflite", "a.meta", "a.index"), b"")
    for name, data in {**empty, "a.h5": b"\x89HDF\r\n\x1a\n", "a.json": b'{"class_name": 1}'}.items():
        (folder / name).write_bytes(data)
    for name, file in {"saved": "saved_model.pb", "hub": "saved_model.pb"}.items():
        (folder / name).mkdir()
        (folder / name / file).write_bytes(b"")
    (folder / "hub" / "tfhub_module.pb").write_bytes(b"")
    paths = {"a frozen graph": "a.pb", "a Keras file": "a.h5", "a .meta graph with its checkpoint": "a.meta"}
    paths.update({"a Keras architecture": "a.json", "a TensorFlow Lite model": "a.tflite", "a TF Hub module": "hub"})
    return str(folder / {**paths, "a SavedModel": "saved", "a TF-Slim checkpoint": "a"}[kind])


PATHS = (
    *("a frozen graph", "a Keras file", "a Keras architecture", "a .meta graph with its checkpoint", "a SavedModel"),
    *("a TF-Slim checkpoint", "a TF Hub module", "a TensorFlow Lite model"),
)
# with a net, a .meta stands for its checkpoint
REFUSED = [
    (kind, name)
    for kind in PATHS
    for name, takers in TAKERS.items()
    if kind not in takers and name not in OF_FILES and (kind, name) != ("a .meta graph with its checkpoint", "net")
]


@pytest.mark.parametrize("kind, name", REFUSED)
def test_an_option_that_does_not_apply_is_refused_before_anything_is_read(tmp_path, kind, name):
    path = place(tmp_path, kind)
    with pytest.raises(ModelError) as raised:
        slimcam.load(path, **{name: OTHER.get(name, "other")})
    assert str(raised.value) == f"{path}: {kind} takes no {name}=; {TAKERS[name]}"


@pytest.mark.parametrize("kind", PATHS)
def test_options_at_their_defaults_are_none(tmp_path, kind):
    defaults = {one.name: one.default for one in dataclasses.fields(LoadOptions)}
    with pytest.raises(ModelError) as raised:
        slimcam.load(place(tmp_path, kind), **defaults)
    assert "takes no" not in str(raised.value)


@pytest.mark.parametrize("options", [{"net": "vgg_16"}, {"trusted": True}, {"allow": ["A"]}, {"signature": "s"}])
def test_a_session_and_a_keras_model_refuse_options_by_their_kinds(options):
    (name,) = options
    keras = keras2()
    with tf1.Graph().as_default(), tf1.Session() as session:
        session.graph.finalize()
        with pytest.raises(ModelError, match=f"^a session takes no {name}=; {TAKERS[name]}$"):
            slimcam.load(session, **options)
    with pytest.raises(ModelError, match=f"^a Keras model takes no {name}=; {TAKERS[name]}$"):
        slimcam.load(siamese(keras), **options)


def test_options_that_are_tensors_are_not_compared():
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf1.float32, [None, 4, 4, 3])
        logits = tf1.reduce_mean(x, [1, 2])
        with slimcam.load(session, input=x, logits=logits, layer=x.name) as model:
            assert (model.input.name, model.logits.name, model.layer.name) == (x.name, logits.name, x.name)


def test_gradcam_passes_its_engine_on_and_a_file_that_is_no_keras_model_refuses_it(tmp_path):
    with pytest.raises(
        ModelError, match="a frozen graph takes no engine=; a Keras model, a Keras file and a Keras architecture do"
    ):
        slimcam.GradCAM(place(tmp_path, "a frozen graph"), engine="tape")


# --- the rows


def test_load_has_a_parameter_for_each_option():
    path, *parameters = inspect.signature(slimcam.load).parameters.values()
    assert path.name == "path"
    rows = {one.name: one.default for one in dataclasses.fields(LoadOptions)}
    assert {one.name: one.default for one in parameters} == rows


def test_the_order_of_loads_parameters_is_kept_for_those_who_call_it_by_position():
    assert list(inspect.signature(slimcam.load).parameters) == [
        *("path", "net", "num_classes", "input", "logits", "preprocess", "labels", "layer", "size", "arguments"),
        *("moving_averages", "custom_objects", "trusted", "tags", "signature", "checkpoint", "engine"),
        *("weights", "keep_dropout", "allow", "timeout", "isolated", "memory"),
    ]


def test_each_option_is_taken_by_some_source_and_no_source_names_another():
    names = [one.name for one in dataclasses.fields(LoadOptions)]
    assert set(TAKERS) | set(EVERYWHERE) == set(names)
    assert {name for source in SOURCES for name in source.options} == set(TAKERS) - set(OF_FILES)


def test_options_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        LoadOptions().net = "vgg_16"


def test_choices_are_those_of_the_tables():
    assert tuple(ON_COMMAND_LINE["preprocess"].choices) == tuple(PREPROCESSING)
    assert tuple(ON_COMMAND_LINE["engine"].choices) == tuple(ENGINES)
