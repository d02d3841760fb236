"""What the door answers about Keras' versions and models."""

import pytest

from slimcam import _tf
from slimcam._tf import TF_VERSION, keras2, tf1
from slimcam._tf.keras import brings_keras2


def test_what_a_version_can_is_asked_by_what_it_is():
    assert brings_keras2() == (TF_VERSION < (2, 16))
    assert _tf.keras_runs_eagerly() == _tf.inlines_functions() == (TF_VERSION >= (2, 1))


@pytest.fixture
def model():
    """Return a Keras 2 model of one dense layer, in a graph."""
    keras = keras2()
    with tf1.Graph().as_default(), tf1.Session().as_default():
        inputs = keras.layers.Input([3], name="x")
        yield keras.models.Model(inputs, keras.layers.Dense(2, name="scores")(inputs))


def test_a_functional_model_says_its_input_and_the_layer_of_its_output(model):
    assert _tf.tf.TensorShape(_tf.input_shape(model)).as_list() == [None, 3]
    assert _tf.output_layer(model) == "scores"


class Subclassed:
    inputs = outputs = None
    _build_input_shape = (None, 5)


def test_a_model_without_symbols_says_what_it_was_built_for_and_no_layer():
    assert _tf.input_shape(Subclassed()) == (None, 5)
    assert _tf.output_layer(Subclassed()) is None


def test_a_shape_is_noted_only_by_keras_of_its_own(model):
    assert _tf.noted_shape(model.inputs[0]) is None
    tensor = type("Tensor", (), {"_keras_shape": (None, 7)})
    assert _tf.noted_shape(tensor) == (None, 7)


def test_a_scratch_graph_is_known_by_its_name():
    assert not _tf.is_scratch_graph(tf1.Graph())
    assert _tf.is_scratch_graph(type("FuncGraph", (), {"name": "keras_scratch_graph"}))


def test_companions_read_what_tensorflow_writes(tmp_path):
    graph_def = _tf.parse_text('node { name: "x" op: "Placeholder" }', tf1.GraphDef())
    assert [(node.name, node.op) for node in graph_def.node] == [("x", "Placeholder")]
    path = str(tmp_path / "file.h5")
    with _tf.h5_file(path, "w") as file:
        file.attrs["key"] = "value"
    with _tf.h5_file(path) as file:
        assert file.attrs["key"] in ("value", b"value")
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(OSError):
        _tf.h5_file(str(tmp_path / "text.h5"))
