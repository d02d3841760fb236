"""`.tflite` files that would do more than compute: by operators of TensorFlow's, or by tensors that fill memory."""

import os

import numpy as np
import pytest
from fixtures import harmful
from fixtures.tflite_models import NET, Op, T, borrowed, net_tensors, tflite_bytes

import slimcam
from slimcam._tf import tf, tf1
from slimcam.errors import ModelError, UntrustedModel
from slimcam.sources.verdicts import vet

KERNEL, HEAD = np.ones((2, 1, 1, 3), np.float32), np.ones((3, 2), np.float32)


def written(tmp_path, operators, tensors=()):
    path = tmp_path / "net.tflite"
    tensors = [*net_tensors(KERNEL, HEAD, 4), *tensors]
    path.write_bytes(tflite_bytes(tensors, operators, ("images",), ("probabilities",)))
    return str(path)


def asks(function):
    """Return the net, of which an operator of TensorFlow's gives the probabilities, by a function of the program."""
    node = tf1.NodeDef(name="x", op="PyFunc")
    node.attr["token"].s = function
    node.attr["Tin"].list.type.append(tf.float32.as_datatype_enum)
    node.attr["Tout"].list.type.append(tf.float32.as_datatype_enum)
    return [*NET[:3], borrowed(node, ("logits",), ("probabilities",))]


@pytest.mark.parametrize("name", [name for name in harmful.GRAPHS if "function" not in name])
def test_borrowed_operator_that_does_more_than_compute_is_refused_and_not_run(name, tmp_path):
    try:
        path = harmful.tflite(name, str(tmp_path))
    except AttributeError as error:
        pytest.skip(f"{error}")
    before = sorted(os.listdir(str(tmp_path)))
    with pytest.raises(UntrustedModel) as caught:
        slimcam.load(path)
    assert caught.value.findings == vet(path).refused
    assert sorted(os.listdir(str(tmp_path))) == before


def test_net_of_borrowed_operators_that_compute_is_pure(tmp_path):
    path = harmful.tflite("", str(tmp_path))
    assert vet(path).pure
    with slimcam.load(path, preprocess="none") as model:
        assert model.classes == 3


def test_the_error_names_the_tensor_and_the_word_that_allows_it(tmp_path):
    path = written(tmp_path, asks(b"pyfunc_0"))
    with pytest.raises(UntrustedModel) as caught:
        slimcam.load(path)
    assert str(caught.value) == (
        f"{path}: more than computing with tensors: 'probabilities' is PyFunc, which calls functions of the program "
        "that loads it: say allow=['PyFunc'] if that is meant, or trusted=True if you trust who made it"
    )
    with slimcam.load(path, allow=["PyFunc"]) as model:
        assert "'probabilities' is PyFunc, which calls functions of the program that loads it" in model.why


def test_borrowed_call_of_a_function_is_refused_as_the_file_holds_none(tmp_path):
    node = tf1.NodeDef(name="x", op="StatefulPartitionedCall")
    node.attr["f"].func.name = "of_the_program"
    for key in ("Tin", "Tout"):
        node.attr[key].list.type.append(tf.float32.as_datatype_enum)
    path = written(tmp_path, [*NET[:3], borrowed(node, ("logits",), ("probabilities",))])
    with pytest.raises(UntrustedModel, match="calls the function 'of_the_program', which the file does not hold"):
        slimcam.load(path)


def test_damaged_borrowed_constant_is_an_error_before_tensorflow_sees_it(tmp_path):
    node = tf1.NodeDef(name="x", op="Const")
    node.attr["dtype"].type = tf.float32.as_datatype_enum
    node.attr["value"].tensor.dtype = tf.int32.as_datatype_enum
    path = written(tmp_path, [*NET[:3], borrowed(node, (), ("probabilities",))])
    for read in (slimcam.load, vet):
        with pytest.raises(ModelError, match="'probabilities' is a constant of type 1, and its value of type 3"):
            read(path)


BEYOND = ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "HASHTABLE", "HASHTABLE_FIND", "WHILE", "IF")


@pytest.mark.parametrize("name", [*BEYOND, "RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL"])
def test_operators_beside_pure_computing_are_not_rebuilt(name, tmp_path):
    path = written(tmp_path, [*NET[:3], Op(name, ("logits",), ("probabilities",))])
    with pytest.raises(ModelError, match=f"it needs {name}, which slimcam does not rebuild"):
        slimcam.load(path)


@pytest.mark.parametrize("sizes", [(1 << 15, 1 << 15), (1 << 30, 1 << 30)])
def test_tensor_that_fills_memory_is_refused_as_the_graph_is_rebuilt(sizes, tmp_path):
    more = [T("sizes", np.array(sizes, np.int32)), T("one", np.float32(1)), T("filled", shape=(1,)), T("n", shape=(2,))]
    fill = [Op("FILL", ("sizes", "one"), ("filled",)), Op("SHAPE", ("filled",), ("n",))]
    path = written(tmp_path, [*fill, *NET], more)
    with pytest.raises(UntrustedModel, match=r"'filled' is Fill, which fills .* GiB of memory: say trusted=True"):
        slimcam.load(path)
    assert [one.where for one in vet(path).refused] == ["filled"]
