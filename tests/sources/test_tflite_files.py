"""A .tflite file as a source: its maps, names, batches; and what is refused, in one line that says what to do."""

import os
import sys
import zipfile

import flatbuffers
import numpy as np
import pytest
from fixtures.tflite_metadata import metadata_bytes
from fixtures.tflite_models import NET, Op, T, borrowed, conv_options, net_tensors, tflite_bytes

import slimcam
from slimcam._tf import tf, tf1
from slimcam.errors import MissingPackage, ModelError
from slimcam.inputs.photos import as_batch
from slimcam.sources.tflite_metadata import NAME, read_metadata
from slimcam.sources.tflite_reader import check_numbers, read_file

KERNEL = np.array([[1, 0, 0], [0, 2, 0]], np.float32).reshape(2, 1, 1, 3)  # channel 0 is red, channel 1 twice green
HEAD = np.array([[1, 1], [3, -1], [0, 2]], np.float32)  # (classes, channels)
X = np.random.RandomState(0).randint(0, 8, (2, 4, 4, 3)).astype(np.float32)


def _tensors(*without):
    return net_tensors(KERNEL, HEAD, 4, without)


def _write(tmp_path, tensors=None, operators=None, inputs=("images",), outputs=("probabilities",), **more):
    path = tmp_path / "net.tflite"
    path.write_bytes(tflite_bytes(tensors or _tensors(), operators or NET, inputs, outputs, **more))
    return str(path)


def _worked_by_hand(images, target):
    """Return the map: the mean's gradient is the head's weight over 16 places, and the activations are colours."""
    activations = images[..., :2] * [1, 2]
    return (activations * HEAD[target] / 16).sum(-1)


def test_map_is_the_one_worked_by_hand(tmp_path):
    model = slimcam.load(_write(tmp_path), preprocess="none")
    maps = slimcam.explain(model, X, "features", 1)
    np.testing.assert_allclose(maps.raw, _worked_by_hand(X, 1))
    np.testing.assert_allclose(maps.scores, X.mean((1, 2))[:, :2] @ (np.array([1, 2]) * HEAD[1]))
    assert [layer.name for layer in model.layers()] == ["features"]
    assert model.logits.name == "logits:0"
    assert "4 operators of TensorFlow Lite, rebuilt in TensorFlow's own" in model.why
    assert any("any batch size" in line for line in model.why)


def test_photos_are_assumed_to_be_fed_as_they_are_and_it_is_said(tmp_path):
    model = slimcam.load(_write(tmp_path))
    (note,) = model.notes
    assert note.startswith("photos are fed as 0 to 255")


def test_weights_of_half_precision_are_exact(tmp_path):
    tensors = [*_tensors("kernel"), T("half", KERNEL.astype(np.float16)), T("kernel", shape=KERNEL.shape)]
    widen = Op("DEQUANTIZE", ("half",), ("kernel",), version=3)
    model = slimcam.load(_write(tmp_path, tensors, [widen, *NET]))
    np.testing.assert_allclose(slimcam.explain(model, X, "features", 1).raw, _worked_by_hand(X, 1))
    assert "1 weights of float16: as the file itself turns them into float32" in model.why


@pytest.mark.parametrize("scale, zero", [((0.5,), (3,)), ((0.5, 0.25), (3, -1)), ((0.5, 0.25), (0,))])
def test_whole_weights_that_the_file_makes_real_are_exact(tmp_path, scale, zero):
    whole = KERNEL / np.reshape(scale, (-1, 1, 1, 1)) + np.reshape(zero, (-1, 1, 1, 1))
    quantised = T("whole", whole.astype(np.int8), scale=scale, zero=zero)
    tensors = [*_tensors("kernel"), quantised, T("kernel", shape=KERNEL.shape)]
    widen = Op("DEQUANTIZE", ("whole",), ("kernel",), version=2)
    model = slimcam.load(_write(tmp_path, tensors, [widen, *NET]))
    np.testing.assert_allclose(slimcam.explain(model, X, "features", 1).raw, _worked_by_hand(X, 1))


def test_whole_weights_that_the_runtime_multiplies_as_such_are_refused(tmp_path):
    tensors = [*_tensors("kernel"), T("kernel", KERNEL.astype(np.int8), scale=(1.0,))]
    with pytest.raises(ModelError, match=r"quantised: 'kernel' holds int8 weights, .*without converter\.optimizations"):
        slimcam.load(_write(tmp_path, tensors))


def test_whole_numbers_all_through_are_refused(tmp_path):
    tensors = [*_tensors(), T("pixels", shape=(1, 4, 4, 3), dtype="uint8", scale=(1.0,))]
    operators = list(NET)
    operators[0] = operators[0]._replace(inputs=("pixels", "kernel", "bias"))
    with pytest.raises(ModelError, match=r"quantised: 'pixels' and what comes of it are whole numbers \(uint8\)"):
        slimcam.load(_write(tmp_path, tensors, operators, ("pixels",)))


def test_rounding_to_whole_numbers_is_refused_by_what_comes_of_it(tmp_path):
    rounded = T("rounded", shape=(1, 3), dtype="int8", scale=(0.5,))
    operators = [*NET[:3], Op("QUANTIZE", ("logits",), ("rounded",))]
    with pytest.raises(ModelError, match=r"quantised: 'rounded' and what comes of it are whole numbers \(int8\)"):
        slimcam.load(_write(tmp_path, [*_tensors(), rounded], operators, outputs=("rounded",)))


def test_scaled_pixels_are_made_real(tmp_path):
    tensors = [*_tensors(), T("pixels", shape=(1, 4, 4, 3), dtype="uint8", scale=(0.5,), zero=(2,))]
    model = slimcam.load(_write(tmp_path, tensors, [Op("DEQUANTIZE", ("pixels",), ("images",)), *NET], ("pixels",)))
    maps = slimcam.explain(model, [(2 * image + 2).astype(np.uint8) for image in X], "features", 1)
    np.testing.assert_allclose(maps.raw, _worked_by_hand(X, 1))
    assert not model.notes


def test_custom_operator_is_refused_by_its_name_but_what_comes_before_it_is_read(tmp_path):
    operators = [*NET[:3], Op("Odd_PostProcess", ("logits",), ("probabilities",), custom=b"\x01")]
    path = _write(tmp_path, None, operators)
    with pytest.raises(ModelError, match="the custom operator 'Odd_PostProcess' is not TensorFlow Lite's own"):
        slimcam.load(path)
    model = slimcam.load(path, logits="logits")
    np.testing.assert_allclose(slimcam.explain(model, X, "features", 1).raw, _worked_by_hand(X, 1))


def test_operator_without_a_row_is_refused_by_its_name(tmp_path):
    operators = [*NET[:3], Op("LSTM", ("logits",), ("probabilities",))]
    with pytest.raises(ModelError, match="it needs LSTM, which slimcam does not rebuild"):
        slimcam.load(_write(tmp_path, None, operators))


def test_activation_that_the_runtime_leaves_out_is_refused(tmp_path):
    operators = list(NET)
    operators[0] = operators[0]._replace(options=conv_options(activation=4))
    with pytest.raises(ModelError, match="CONV_2D, which gives 'features', cannot be rebuilt: the activation"):
        slimcam.load(_write(tmp_path, None, operators))


def test_borrowed_operator_is_TensorFlows_own(tmp_path):
    node = tf1.NodeDef(name="old/name", op="Softsign", input=["old"])
    node.attr["T"].type = tf.float32.as_datatype_enum
    model = slimcam.load(_write(tmp_path, None, [*NET[:3], borrowed(node, ("logits",), ("probabilities",))]))
    logits, ended = model.session.run([model.tensor("logits"), model.tensor("probabilities")], {model.input: X})
    np.testing.assert_allclose(ended, logits / (1 + abs(logits)), rtol=1e-6)


def test_names_of_the_file_and_the_one_that_a_fused_operation_came_to_find_a_tensor(tmp_path):
    fused = "net/conv/Relu;net/conv/BiasAdd;net/conv/Conv2D;net/bias"
    tensors = [tensor._replace(name=fused) if tensor.name == "features" else tensor for tensor in _tensors()]
    tensors = [t._replace(name="net/MatMul;net/BiasAdd") if t.name == "logits" else t for t in tensors]
    operators = [
        op._replace(
            inputs=tuple({"features": fused, "logits": "net/MatMul;net/BiasAdd"}.get(name, name) for name in op.inputs),
            outputs=tuple(
                {"features": fused, "logits": "net/MatMul;net/BiasAdd"}.get(name, name) for name in op.outputs
            ),
        )
        for op in NET
    ]
    model = slimcam.load(_write(tmp_path, tensors, operators))
    assert model.layers()[0].name == "net/conv/Relu"
    assert model.tensor(fused) is model.tensor("net/conv/Relu")
    assert model.logits.op.name == "net/BiasAdd"  # the sum, not the product that has the first name
    np.testing.assert_allclose(slimcam.explain(model, X, fused, 1).raw, _worked_by_hand(X, 1))


def test_keys_of_the_signature_are_names(tmp_path):
    tensors = [*_tensors(), T("more", shape=(1, 3))]
    operators = [*NET, Op("NEG", ("logits",), ("more",))]
    keys = {"photo": "images"}, {"scores": "probabilities", "other": "more"}
    path = _write(tmp_path, tensors, operators, outputs=("probabilities", "more"), keys=keys)
    assert "say logits=" in slimcam.load(path).no_logits
    model = slimcam.load(path, input="photo", logits="scores")
    assert model.logits.name == "logits:0"
    assert model.tensor("other").name == "more:0"


def test_graph_that_writes_its_one_image_down_takes_several(tmp_path):
    tensors = [*_tensors(), T("one", np.array([1, 2], np.int32)), T("flat", shape=(1, 2))]
    operators = list(NET)
    operators[2] = operators[2]._replace(inputs=("flat", "head", ""))
    operators.insert(2, Op("RESHAPE", ("pooled", "one"), ("flat",)))
    model = slimcam.load(_write(tmp_path, tensors, operators))
    assert any("any batch size: made for 1" in line for line in model.why)
    assert not model.single_image


def test_graph_of_one_image_for_good_is_run_one_at_a_time(tmp_path):
    tensors = [*_tensors(), T("beside", np.full((1, 4, 4, 1), 5, np.float32)), T("joined", shape=(1, 4, 4, 3))]
    tensors = [tensor for tensor in tensors if tensor.name != "head"] + [
        T("head", np.c_[HEAD, np.zeros(3, np.float32)])
    ]
    operators = list(NET)
    operators[1] = operators[1]._replace(inputs=("joined", "axes"))
    operators.insert(1, Op("CONCATENATION", ("features", "beside"), ("joined",), "ConcatenationOptions", {"Axis": 3}))
    model = slimcam.load(_write(tmp_path, tensors, operators))
    assert model.single_image
    np.testing.assert_allclose(slimcam.explain(model, X, "features", 1).raw, _worked_by_hand(X, 1))


@pytest.mark.parametrize("at", [4, 8, 20, 100, 300, 700, -400, -100, -40, -8, -1])
def test_truncated_file_is_said_to_be_one(tmp_path, at):
    path = _write(tmp_path)
    with open(path, "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(data[:at])
    try:
        model = slimcam.load(path)
    except ModelError as error:
        assert "\n" not in str(error)
    else:  # what was cut off is padding
        np.testing.assert_allclose(slimcam.explain(model, X, "features", 1).raw, _worked_by_hand(X, 1))
        assert at == -1


def test_file_of_another_kind_is_said_to_be_none(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(b"")
    with pytest.raises(ModelError, match="the file is empty"):
        slimcam.load(str(path))
    path.write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"not a \.tflite model"):
        slimcam.load(str(path))


def test_without_the_package_the_line_to_install_it_is_said(tmp_path, monkeypatch):
    path = _write(tmp_path)
    monkeypatch.setitem(sys.modules, "tflite", None)
    with pytest.raises(MissingPackage, match=r'need the package tflite: pip install "slimcam\[tflite\]"'):
        slimcam.load(path)


# --- metadata


def _said(tmp_path, names=(), **fields):
    """Write the net with metadata, and a file of labels behind it."""
    path = _write(tmp_path, metadata={"TFLITE_METADATA": metadata_bytes(labels="labels.txt", **fields)})
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("labels.txt", "\n".join(names) + "\n")
    return path


@pytest.mark.parametrize(
    "mean, deviation, name",
    [
        ([127.5], [127.5], "squash"),
        ([0, 0, 0], [255, 255, 255], "unit"),
        ([0.0], [1.0], "none"),
        ([128.0], [128.0], "retrained"),
        ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375], "torch"),
    ],
)
def test_preprocessing_is_the_one_that_the_metadata_declares(tmp_path, mean, deviation, name):
    model = slimcam.load(_said(tmp_path, mean=mean, deviation=deviation))
    assert model.notes == []
    assert any(line.startswith(f"preprocess {name!r}: its metadata says (x - ") for line in model.why)
    photo = np.full((4, 4, 3), 200, np.uint8)
    fed = model.session.run(model.input, model.inputs[0].feeds(as_batch([photo]), [0]))
    np.testing.assert_allclose(fed[0], (photo - np.float32(mean)) / np.float32(deviation), rtol=1e-5)


def test_preprocessing_that_none_does_is_said(tmp_path):
    (note,) = slimcam.load(_said(tmp_path, mean=[100.0], deviation=[50.0])).notes
    assert note.startswith("photos are fed as 0 to 255, though its metadata says (x - 100.0) / 50.0, which no")
    assert slimcam.load(_said(tmp_path, mean=[100.0], deviation=[50.0]), preprocess="unit").notes == []


def test_labels_are_those_that_the_metadata_names(tmp_path):
    path = _said(tmp_path, ["ant", "bee", "cat"])
    model = slimcam.load(path)
    assert model.labels == ["ant", "bee", "cat"]
    assert "labels: 'labels.txt' in the file, as its metadata says" in model.why
    assert slimcam.load(path, labels=["a", "b", "c"]).labels == ["a", "b", "c"]


def test_labels_of_another_number_are_left_out(tmp_path):
    assert slimcam.load(_said(tmp_path, ["ant", "bee"])).labels is None


def test_damaged_metadata_says_nothing(tmp_path):
    data = metadata_bytes([127.5], [127.5], "labels.txt")
    lite = read_file(_write(tmp_path))
    whole = read_metadata("", lite._replace(metadata={NAME: data}), None)
    assert whole.normalisation == ([127.5], [127.5])
    for end in range(len(data)):
        said = read_metadata("", lite._replace(metadata={NAME: data[:end]}), None)
        assert said.normalisation in (None, whole.normalisation)  # the last bytes may be padding, or another field's


# --- what no converter writes


def test_tables_that_share_one_long_name_do_not_fill_the_memory(tmp_path, monkeypatch):
    """3,000 tensors of one name of 100 KB, which the file has once: 300 MB as strings."""
    original, shared = flatbuffers.Builder.CreateString, []

    def create(builder, name, *how):
        if not name.startswith("pad"):
            return original(builder, name, *how)
        if not shared:
            shared.append(original(builder, "n" * 100_000))
        return shared[0]

    monkeypatch.setattr(flatbuffers.Builder, "CreateString", create)
    path = _write(tmp_path, [*_tensors(), *(T(f"pad{i}", shape=(1,)) for i in range(3000))])
    assert os.path.getsize(path) < 1_000_000
    with pytest.raises(ModelError, match=r"net\.tflite: a damaged or truncated \.tflite model \(ValueError\)"):
        slimcam.load(path)


@pytest.mark.parametrize("changes", [{"inputs": [99]}, {"outputs": [-1]}, {"output_keys": {"a": 99}}])
def test_numbers_of_no_tensor_are_refused(tmp_path, changes):
    lite = read_file(_write(tmp_path))
    check_numbers(lite)
    with pytest.raises(ValueError, match="no tensor"):
        check_numbers(lite._replace(**changes))
    for numbers in ([99], [-2]):
        with pytest.raises(ValueError, match="no tensor"):
            check_numbers(lite._replace(operators=[lite.operators[0]._replace(inputs=numbers)]))


PARTS = [("SPLIT", "SplitOptions", "NumSplits"), ("UNPACK", "UnpackOptions", "Num")]


@pytest.mark.parametrize("op, table, field", PARTS)
def test_as_many_parts_as_there_are_outputs(tmp_path, op, table, field):
    inputs = ("axis", "probabilities") if op == "SPLIT" else ("probabilities",)
    tensors = [*_tensors(), T("axis", np.int32(1)), T("part", shape=(1, 3))]
    operators = [*NET, Op(op, inputs, ("part",), table, {field: 1 << 30})]
    with pytest.raises(ModelError, match="cannot be rebuilt: 1073741824 parts for 1 outputs"):
        slimcam.load(_write(tmp_path, tensors, operators, outputs=("part",)))


@pytest.mark.parametrize(("shape", "groups"), [((1, 4, 4, 9), 3), ((1, 2**31 - 1), 715827882)])
def test_groups_of_channels_that_filters_cannot_be_shared_among_are_refused(tmp_path, shape, groups):
    tensors = [one._replace(shape=shape) if one.name == "images" else one for one in _tensors()]
    with pytest.raises(ModelError, match=f"{groups} groups of channels for 2 filters"):
        slimcam.load(_write(tmp_path, tensors))


@pytest.mark.parametrize(
    "changes", [{"shape": (1, 4, 4, 3), "dtype": "string"}, {"shape": ()}, {"shape": (1, 2**31 - 1)}]
)
def test_inputs_that_no_converter_writes_are_one_error(tmp_path, changes):
    tensors = [one._replace(**changes) if one.name == "images" else one for one in _tensors()]
    with pytest.raises(ModelError) as caught:
        slimcam.load(_write(tmp_path, tensors))
    assert len(str(caught.value).splitlines()) == 1
