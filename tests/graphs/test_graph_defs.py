"""GraphDefs of a few nodes: what is needed, what is cut away, and what copies keep.

`graph_def` is x -> split -> a (of its second output), a waits for late, and b, which nobody needs, reads x and a.
"""

import pytest
import tensorflow.compat.v1 as tf1

from slimcam.errors import ModelError
from slimcam.graphs import graph_defs
from slimcam.graphs.graph_defs import cut_to, needed_nodes, op_name, without_variables
from slimcam.graphs.importing import import_graph

NODES = (
    ("x", "Placeholder", []),
    ("split", "Unpack", ["x"]),
    ("a", "Neg", ["split:1", "^late"]),
    ("late", "NoOp", []),
    ("b", "Add", ["x", "a"]),
)


@pytest.fixture
def graph_def():
    made = tf1.GraphDef()
    made.versions.producer = 27
    made.library.function.add().signature.name = "f"
    for name, op, inputs in NODES:
        made.node.add(name=name, op=op, input=inputs, device="/gpu:0").attr["_class"].list.s.append(b"loc:@x")
    return made


def names(graph_def):
    return [node.name for node in graph_def.node]


@pytest.mark.parametrize("name", ["a/b", "a/b:0", "a/b:12", "^a/b"])
def test_op_name(name):
    assert op_name(name) == "a/b"


def test_needed_goes_by_ports_and_control(graph_def):
    assert needed_nodes(graph_def, ["a:0"]) == {"a", "split", "x", "late"}
    assert needed_nodes(graph_def, ["split:1", "late"]) == {"split", "x", "late"}
    assert needed_nodes(graph_def, ["nowhere:0"]) == set()


def test_needed_ends_where_a_node_is_not_there(graph_def):
    graph_def.node[1].input[0] = "nowhere"
    assert needed_nodes(graph_def, ["a"]) == {"a", "split", "late"}


def test_readers_are_by_operation_each_time_it_is_read(graph_def):
    assert graph_defs.readers(graph_def) == {"x": ["split", "b"], "split": ["a"], "late": ["a"], "a": ["b"]}


def test_a_cut_keeps_order_versions_and_library_and_leaves_the_original(graph_def):
    cut = cut_to(graph_def, {"late", "a", "x"})
    assert names(cut) == ["x", "a", "late"]
    assert cut.versions.producer == 27
    assert [function.signature.name for function in cut.library.function] == ["f"]
    assert list(cut.node[1].input) == ["split:1", "^late"]
    cut.node[0].name = "other"
    assert names(graph_def) == ["x", "split", "a", "late", "b"]


def test_an_unplaced_copy_leaves_the_original_where_it_is(graph_def):
    kept = graph_defs.empty_like(graph_def)
    copy = graph_defs.add_copy(kept, graph_def.node[2])
    graph_defs.unplace(copy)
    assert (copy.device, list(copy.attr)) == ("", [])
    assert names(kept) == ["a"]
    assert graph_def.node[2].device == "/gpu:0"
    assert list(graph_def.node[2].attr) == ["_class"]
    graph_defs.unplace(copy)  # of what is not there, nothing goes


def test_inputs_are_renamed_by_operation_and_still_waited_for(graph_def):
    node = graph_def.node[2]
    graph_defs.rename_inputs(node, {"late": "later", "x": "y"})
    assert list(node.input) == ["split:1", "^later"]
    graph_defs.rename_inputs(node, {"split": "parted"})
    assert list(node.input) == ["parted", "^later"]


def test_a_gradient_is_asked_for_by_name(graph_def):
    node = graph_def.node[2]
    assert graph_defs.gradient_of(node) == ""
    assert list(node.attr) == ["_class"]  # asking adds nothing
    graph_defs.set_gradient(node, "Mine")
    assert graph_defs.gradient_of(node) == "Mine"
    assert node.attr["_gradient_op_type"].s == b"Mine"


def of_variables():
    """Return a GraphDef of a variable v that is read as r, and of w that is read and given to a function, too."""
    made = tf1.GraphDef()
    for name, op, inputs in (
        ("v", "VarHandleOp", []),
        ("r", "ReadVariableOp", ["v"]),
        ("w", "VarHandleOp", []),
        ("s", "ReadVariableOp", ["w"]),
        ("call", "PartitionedCall", ["w", "r"]),
        ("old", "VariableV2", []),
        ("read", "Identity", ["old"]),
        ("end", "AddN", ["call", "s", "read"]),
        ("assign", "AssignVariableOp", ["v", "r"]),
    ):
        made.node.add(name=name, op=op, input=inputs)
    made.node[1].attr["dtype"].type = 1
    return made


def test_without_variables_reads_become_identities_and_handles_that_are_passed_on_stay():
    kept = without_variables(of_variables(), ["end:0"])
    assert {node.name: node.op for node in kept.node} == {
        "r": "Identity",
        "w": "VarHandleOp",
        "s": "ReadVariableOp",
        "call": "PartitionedCall",
        "read": "Identity",
        "end": "AddN",
    }
    r = kept.node[0]
    assert (list(r.input), list(r.attr), r.attr["T"].type) == (["v"], ["T"], 1)


def test_shapes_and_types_are_those_declared():
    with tf1.Graph().as_default() as graph:
        tf1.placeholder(tf1.float32, [None, 3], name="some")
        tf1.placeholder(tf1.uint8, name="any")
        tf1.constant([[1, 2]], tf1.int32, name="constant")
    some, other, constant = graph.as_graph_def().node
    assert graph_defs.shape_and_dtype(some) == ([None, 3], tf1.float32)
    assert graph_defs.shape_and_dtype(other) == (None, tf1.uint8)
    assert graph_defs.shape_and_dtype(constant) == ([1, 2], tf1.int32)


def test_types_and_sizes_that_are_none_are_errors_or_not_known():
    assert graph_defs.dtype_of(1, "'x'").name == "float32"
    for number in (0, 99, 999):
        with pytest.raises(ModelError, match=f"'x' is of type {number}, which is none: a damaged graph"):
            graph_defs.dtype_of(number, "'x'")
    shape = tf1.TensorShape([2, None]).as_proto()
    shape.dim.add().size = -(2**31)
    assert graph_defs.dims_of(shape) == [2, None, None]
    shape.unknown_rank = True
    assert graph_defs.dims_of(shape) is None


def test_what_tensorflow_does_not_import_is_one_kind_of_error():
    damaged = tf1.GraphDef()
    damaged.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    with tf1.Graph().as_default() as graph:
        import_graph(damaged)
        assert [op.name for op in graph.get_operations()] == ["x"]
    damaged.node[0].attr["_class"].list.type.append(1)  # a TypeError of TensorFlow's Python
    with tf1.Graph().as_default(), pytest.raises(ValueError, match="Expected"):
        import_graph(damaged)
