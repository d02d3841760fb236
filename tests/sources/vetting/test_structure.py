"""Graphs at which TensorFlow aborts, hangs or raises out of its depth: found first, and one line each."""

import time

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from graph_files import FLOAT, INT32, calling, constant, function, net, node, problem, write

import slimcam
from slimcam import ModelError
from slimcam.errors import UntrustedModel
from slimcam.sources.vetting.graphs import judge_graph
from slimcam.sources.vetting.structure import check_structure

IMAGES = np.ones((1, 4, 4, 1), np.float32)


def weights(change):
    graph_def = net()
    change(node(graph_def, "w").attr["value"].tensor)
    return graph_def


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda t: setattr(t, "dtype", INT32), "is a constant of type 1, and its value of type 3"),
        (lambda t: setattr(t, "tensor_content", b"abc"), "is a constant of 9 values in 3 bytes"),
        (lambda t: setattr(t, "tensor_content", bytes(40)), "is a constant of 9 values in 40 bytes"),
        (lambda t: setattr(t.tensor_shape.dim[0], "size", -3), "is a constant of a negative size"),
        (lambda t: setattr(t.tensor_shape.dim[0], "size", 2**62), "is a constant of a shape that no memory holds"),
        (lambda t: setattr(t.tensor_shape, "unknown_rank", True), "is a constant of no shape"),
        (lambda t: [t.tensor_shape.dim.add(size=1) for _ in range(300)], "is a constant of no shape"),
    ],
)
def test_a_constant_that_lies_is_a_damaged_graph(change, words):
    assert problem(weights(change)) == f"model.pb: a damaged graph: 'w' {words}"


def test_a_constant_of_both_bytes_and_values_is_of_the_bytes():
    graph_def = net()
    constant(graph_def, "both", FLOAT, [2], float_val=[1, 2]).attr["value"].tensor.tensor_content = b"abc"
    assert "'both' is a constant of 2 values in 3 bytes" in problem(graph_def)
    node(graph_def, "both").attr["value"].tensor.tensor_content = bytes(8)
    check_structure("model.pb", graph_def)


def test_a_constant_of_more_values_than_its_shape_has_is_a_damaged_graph():
    graph_def = net()
    constant(graph_def, "many", FLOAT, [2], float_val=[1, 2, 3])
    assert "'many' is a constant of 2 values, and holds 3" in problem(graph_def)


@pytest.mark.parametrize("dtype", [0, 101, 999])
def test_a_constant_of_no_type_is_a_damaged_graph(dtype):
    graph_def = net()
    constant(graph_def, "none", dtype, [2])
    assert f"'none' is a constant of type {dtype}, which is none" in problem(graph_def)


def test_a_constant_in_a_function_that_lies_is_a_damaged_graph():
    def library(graph_def):
        inner = function(graph_def, "inner")
        one = inner.node_def.add(name="liar", op="Const")
        one.attr["dtype"].type = FLOAT
        one.attr["value"].tensor.CopyFrom(tf1.make_tensor_proto([1]))

    assert "in the function 'inner', 'liar' is a constant of type 1" in problem(calling("inner", library))


@pytest.mark.parametrize("fields", [{"float_val": [2]}, {"float_val": [1, 2]}, {}])
def test_constants_that_hold_few_values_for_many_are_sound(fields):
    graph_def = net()
    constant(graph_def, "few", FLOAT, [3], **fields)
    check_structure("model.pb", graph_def)
    assert judge_graph(graph_def).refused == {}


def test_a_node_that_is_there_twice_is_a_damaged_graph():
    graph_def = net()
    graph_def.node.add(name="relu", op="NoOp")
    assert "'relu' is there twice" in problem(graph_def)


@pytest.mark.parametrize("op, key", [("Merge", "N"), ("Unpack", "num"), ("Split", "num_split"), ("own", "count")])
def test_nodes_that_say_that_they_have_more_tensors_than_any_are_damaged(op, key):
    graph_def = net()
    argument = graph_def.library.function.add(signature={"name": "own"}).signature.input_arg.add(name="a", type=FLOAT)
    argument.number_attr = "count"
    node = graph_def.node.add(name="many", op=op, input=["relu", "relu"])
    node.attr[key].i = 2**19 + 2
    check_structure("model.pb", graph_def)
    more = graph_def.node.add(name="more", op=op, input=["relu", "relu"])
    more.attr[key].i = 2**19 + 2
    check_structure("model.pb", graph_def)
    more.attr[key].i += 1
    assert "'more' says that it has more tensors than any: 1048577" in problem(graph_def)


# --- functions


@pytest.mark.parametrize("calls", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "b"}])
def test_functions_that_call_themselves_are_found_before_the_stack_ends(tmp_path, calls):
    graph_def = calling("a", lambda graph_def: [function(graph_def, name, one) for name, one in calls.items()])
    with pytest.raises(ModelError, match="functions of it call themselves, which never ends"):
        slimcam.load(write(graph_def, tmp_path / "model.pb"), trusted=True)


def test_functions_that_double_are_counted_and_not_expanded(tmp_path):
    def library(graph_def):
        function(graph_def, "f0")
        for i in range(1, 29):
            function(graph_def, f"f{i}", f"f{i - 1}", f"f{i - 1}")

    # n(i) = 2 + 2 n(i - 1) and n(0) = 1, so n(28) = 3 * 2^28 - 2; and 10 nodes of the graph
    started = time.monotonic()
    with pytest.raises(ModelError, match=f"which come to {3 * 2**28 - 2 + 10} nodes"):
        slimcam.load(write(calling("f28", library), tmp_path / "model.pb"))
    assert time.monotonic() - started < 5


def test_a_chain_of_functions_is_no_recursion_and_takes_no_stack():
    def library(graph_def):
        function(graph_def, "f0", op="ReadFile")
        for i in range(1, 3000):
            function(graph_def, f"f{i}", f"f{i - 1}")

    graph_def = calling("f2999", library)
    check_structure("model.pb", graph_def)
    assert [one.where for one in judge_graph(graph_def).refused["called"]] == ["f0/inner"]


@pytest.mark.parametrize("key, types", [("Tout", [FLOAT, FLOAT]), ("Tout", []), ("Tin", [INT32]), ("Tin", [])])
def test_a_call_that_a_function_does_not_fit_is_a_damaged_graph(key, types):
    graph_def = calling("f", lambda graph_def: function(graph_def, "f"))
    check_structure("model.pb", graph_def)
    del node(graph_def, "called").attr[key].list.type[:]
    node(graph_def, "called").attr[key].list.type.extend(types)
    assert "'called' calls 'f', whose arguments or results are of other numbers or types" in problem(graph_def)


# --- loops


def loop(*ways):
    graph_def = net()
    graph_def.node.add(name="again", op="NextIteration", input=["begin"])
    graph_def.node.add(name="first", op="Enter", input=["relu"])
    graph_def.node.add(name="begin", op="Merge", input=ways)
    return graph_def


@pytest.mark.parametrize(
    "ways", [["first", "again", "first"], ["again", "again"], ["again"], ["first", "again:0", "x"]]
)
def test_a_loop_that_begins_in_other_than_two_ways_is_a_damaged_graph(ways):
    assert f"the loop of 'begin' begins in {len(ways)} ways, not 2" in problem(loop(*ways))
    check_structure("model.pb", loop("first", "again", "^first"))


@pytest.mark.parametrize(
    "ops", [["Exit"], ["NextIteration"], ["RefExit"], ["Enter", "Exit", "Exit"], ["Enter", "Exit", "NextIteration"]]
)
def test_what_ends_a_loop_where_there_is_none_is_a_damaged_graph(ops):
    graph_def, last = net(), "relu"
    for number, op in enumerate(ops):
        graph_def.node.add(name=f"loop{number}", op=op, input=[last])
        last = f"loop{number}"
    assert f"{last!r} ends a round of a loop, and is in none" in problem(graph_def)


def test_loops_in_loops_end_as_often_as_they_begin():
    graph_def, last = net(), "relu"
    for number, op in enumerate(["Enter", "Enter", "Relu", "Exit", "NextIteration", "Exit"]):
        graph_def.node.add(name=f"loop{number}", op=op, input=[last])
        last = f"loop{number}"
    check_structure("model.pb", graph_def)


@pytest.mark.parametrize("op, key", [("Enter", "parallel_iterations"), ("While", "_parallel_iterations")])
@pytest.mark.parametrize("rounds", [-5, 0, 2**31 - 1])
def test_a_loop_of_no_rounds_at_once_or_too_many_is_a_damaged_graph(op, key, rounds):
    """TensorFlow makes room for so many as a run comes to the loop: it ended the process over each of these."""
    graph_def = net()
    loop = graph_def.node.add(name="loop", op=op, input=["relu"])
    loop.attr[key].i = rounds
    assert f"'loop' runs {rounds} rounds of a loop at once, not 1 to 4096" in problem(graph_def)
    loop.attr[key].i = 4096
    check_structure("model.pb", graph_def)


# --- sizes


def filling(**sizes):
    """Return the net, whose logits wait for an operation that makes much of little."""

    def end(x, mean, logits):
        with tf1.control_dependencies([SIZES[sizes["kind"]](x)]):
            return logits * 1.0

    return net(end)


SIZES = {
    "fill": lambda x: tf1.fill([2**17, 2**17], 1.0),
    "packed": lambda x: tf1.fill(tf1.stack([tf1.shape(x)[1], 2**17, 2**17]), 1.0),
    "computed": lambda x: tf1.fill(tf1.constant([2**10, 2**10]) * 128, 1.0),
    "range": lambda x: tf1.range(tf1.constant(0, tf1.int64), 2**40, 1),
    "outer": lambda x: tf1.zeros([2**17, 1]) * tf1.zeros([1, 2**17]),
    "random": lambda x: tf1.random_uniform([2**34]),
    "tile": lambda x: tf1.tile(tf1.zeros([2]), [2**30]),
    "pad": lambda x: tf1.pad(tf1.reshape(x, tf1.shape(x) * 1), [[0, 0], [2**17, 0], [0, 2**17], [0, 0]]),
    "resize": lambda x: tf1.image.resize_bilinear(x, [2**17, 2**17]),
}


@pytest.mark.parametrize("kind", SIZES)
def test_what_fills_memory_is_refused_before_it_runs(tmp_path, kind):
    with pytest.raises(UntrustedModel, match=r"fills [\d.e+]+ GiB of memory: say trusted=True if you trust"):
        slimcam.load(write(filling(kind=kind), tmp_path / "model.pb"), preprocess="none")


def test_sizes_that_are_packed_of_themselves_or_have_no_end_are_dealt_with():
    graph_def = net()
    graph_def.node.add(name="a", op="Pack", input=["b"] * 64)
    graph_def.node.add(name="b", op="Pack", input=["a"] * 64)
    graph_def.node.add(name="fill", op="Fill", input=["a", "a"]).attr["T"].type = FLOAT
    assert judge_graph(graph_def).refused == {}
    for name, number in (("zero", 0.0), ("one", 1.0), ("end", float("inf"))):
        constant(graph_def, name, FLOAT, [], float_val=[number])
    graph_def.node.add(name="range", op="Range", input=["zero", "end", "one"]).attr["Tidx"].type = FLOAT
    assert list(judge_graph(graph_def).refused) == ["range"]


def test_a_constant_of_one_number_for_many_is_refused_where_it_fills_memory(tmp_path):
    graph_def = net()
    constant(graph_def, "big", FLOAT, [2**34], float_val=[1])
    node(graph_def, "logits").input.append("^big")
    with pytest.raises(UntrustedModel, match="'big' is Const, which fills 64 GiB of memory"):
        slimcam.load(write(graph_def, tmp_path / "model.pb"))


def test_constants_of_one_number_are_counted_together():
    graph_def = net()
    for i in range(5):
        constant(graph_def, f"big{i}", FLOAT, [2**26], float_val=[1])  # a quarter of a GiB each
    assert list(judge_graph(graph_def).refused) == ["big4"]


def test_an_image_larger_than_any_is_refused_before_noise_is_made_of_it(tmp_path):
    graph_def = net(batch=1)
    for dim in node(graph_def, "x").attr["shape"].shape.dim[1:3]:
        dim.size = 65536
    with pytest.raises(ModelError, match=r"'x:0' takes images of \(1, 65536, 65536, 1\), 16 GiB each"):
        slimcam.load(write(graph_def, tmp_path / "model.pb"))


def test_a_large_image_is_not_tried_in_batches(tmp_path):
    graph_def = net(batch=1)
    for dim in node(graph_def, "x").attr["shape"].shape.dim[1:3]:
        dim.size = 8200  # 67 million values; two as float64 would take a GiB
    with slimcam.load(write(graph_def, tmp_path / "model.pb"), preprocess="none") as model:
        assert "made for a batch of 1, and not tried with another: its images are too large" in model.why


@pytest.mark.parametrize("change", [lambda n: setattr(n.attr["dtype"], "type", 999), lambda n: n.attr.clear()])
def test_a_placeholder_of_no_type_is_a_damaged_graph(tmp_path, change):
    graph_def = net()
    change(node(graph_def, "x"))
    with pytest.raises(ModelError, match=r"'x', a Placeholder, is of type \d+, which is none: a damaged graph"):
        slimcam.load(write(graph_def, tmp_path / "model.pb"))


def test_200_000_nodes_are_judged_in_seconds():
    graph_def = tf1.GraphDef()
    for i in range(200_000):
        one = graph_def.node.add(name=f"n{i}", op="Identity")
        one.attr["T"].type = FLOAT
        if i:
            one.input.append(f"n{i - 1}")
    started = time.process_time()
    check_structure("model.pb", graph_def)
    assert judge_graph(graph_def).refused == {}
    assert time.process_time() - started < 10  # about a second on an idle machine


@pytest.mark.parametrize("name", ["dilations", "strides"])
@pytest.mark.parametrize("number", [0, -1, 2**62])
def test_a_convolution_of_a_stride_or_dilation_that_is_none_is_said(tmp_path, name, number):
    graph_def = net()
    node(graph_def, "conv").attr["dilations"].list.i[2] = 2
    node(graph_def, "conv").attr[name].list.i[1] = number
    with pytest.raises(ModelError, match="a damaged graph: 'conv' has"):
        slimcam.load(write(graph_def, tmp_path / "model.pb"))
