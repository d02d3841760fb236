"""What is seen in a GraphDef before it is imported: unknown operations, norms that train, gradients that are lost."""

import pytest
import tensorflow.compat.v1 as tf1

from slimcam.errors import ModelError
from slimcam.graphs.import_checks import check_inputs, check_operations, restate_swish, training_norms, unknown_node


def graph(*nodes):
    """Return a GraphDef of nodes: name, op and inputs each."""
    made = tf1.GraphDef()
    for name, op, *inputs in nodes:
        made.node.add(name=name, op=op, input=inputs)
    return made


def test_only_a_needed_unknown_operation_is_an_error():
    graph_def = graph(("x", "Placeholder"), ("strange", "NoSuchOp", "x"), ("y", "Neg", "x"))
    assert unknown_node(graph_def, {"x", "y"}) is None
    assert unknown_node(graph_def, {"x", "strange"}).name == "strange"
    with pytest.raises(ModelError, match=r"file: 'y:0' needs 'strange', a NoSuchOp, which TensorFlow .* does not have"):
        check_operations("file", graph_def, {"x", "strange"}, "y:0")


CIRCLES = {
    "itself": [("a", "Identity", "a")],
    "two": [("x", "Placeholder"), ("pad", "Pad", "x", "back"), ("back", "Identity", "pad:0"), ("z", "Neg", "pad")],
    "by the second of a name": [("x", "Placeholder"), ("a", "Neg", "x"), ("b", "Neg", "a"), ("a", "Neg", "b")],
    "by control": [("a", "Neg", "b"), ("b", "NoOp", "^a")],
}


@pytest.mark.parametrize("circle", CIRCLES)
def test_a_node_that_is_made_from_itself_is_found_before_anything_follows_it(circle):
    graph_def = graph(*CIRCLES[circle])
    with pytest.raises(ModelError, match=r"'(a|b|pad|back)' waits for what waits for it"):
        check_inputs("file", graph_def)
    function = tf1.GraphDef()
    function.library.function.add(node_def=graph_def.node).signature.name = "own"
    with pytest.raises(ModelError, match=r"'(a|b|pad|back)' waits for what waits for it"):
        check_inputs("file", function)


def test_the_loops_of_tensorflow_1_are_no_such_circles():
    loop = [("enter", "Enter", "x"), ("merge", "Merge", "enter", "next"), ("next", "NextIteration", "merge")]
    check_inputs("file", graph(("x", "Placeholder"), *loop, ("out", "Exit", "merge")))


def test_a_function_of_the_graphs_own_is_known():
    graph_def = graph(("call", "NoSuchOp"))
    graph_def.library.function.add().signature.name = "NoSuchOp"
    assert unknown_node(graph_def, {"call"}) is None


def test_quantised_operations_have_no_gradients():
    graph_def = graph(("q", "QuantizedRelu"))
    check_operations("file", graph_def, set(), "y:0")
    with pytest.raises(ModelError, match="needs 'q', a QuantizedRelu: a quantised graph has no gradients"):
        check_operations("file", graph_def, {"q"}, "y:0")


def test_norms_train_unless_they_say_otherwise_or_a_switch_chooses_them():
    graph_def = graph(
        ("scale", "Const"),
        ("training", "FusedBatchNormV3", "x", "scale"),
        ("silent", "FusedBatchNorm", "x", "scale"),
        ("inference", "FusedBatchNormV3", "x", "scale"),
        ("switch", "Switch", "scale", "is_training"),
        ("passed", "Identity", "switch:1"),
        ("chosen", "FusedBatchNormV3", "x", "passed"),
        ("spare", "FusedBatchNormV3", "x", "scale"),
    )
    for node in graph_def.node:
        if node.name in ("training", "inference", "chosen", "spare"):
            node.attr["is_training"].b = node.name != "inference"
    needed = {node.name for node in graph_def.node} - {"spare"}
    assert training_norms(graph_def, needed) == ["training", "silent"]


def swish(beta, asked):
    """Return x * sigmoid(x), or of beta * x, as tf.nn.swish leaves it, with custom gradients on the nodes `asked`."""
    graph_def = graph(
        ("x", "Placeholder"),
        ("scaled", "Mul", "beta", "x"),
        ("gate", "Sigmoid", "scaled" if beta else "x"),
        ("product", "Mul", "x", "gate"),
        ("end", "IdentityN", "product", "x"),
        ("other", "IdentityN", "gate", "x"),
    )
    for node in graph_def.node:
        if node.name in asked:
            node.attr["_gradient_op_type"].s = b"CustomGradient-12"
    return graph_def


@pytest.mark.parametrize("beta", [False, True])
def test_swish_is_differentiated_as_it_is_computed(beta):
    graph_def = swish(beta, ["end"])
    assert restate_swish(graph_def, stale=True) == []
    assert not graph_def.node[4].attr


@pytest.mark.parametrize("stale, name", [(True, b"CustomGradientOfAnotherProgram"), (False, b"CustomGradient-12")])
def test_other_custom_gradients_stay_or_are_made_to_raise(stale, name):
    graph_def = swish(False, ["end", "other"])
    why = "1 custom gradients such as that of 'other': layers before them may not be explained"
    assert restate_swish(graph_def, stale) == [why]
    assert graph_def.node[5].attr["_gradient_op_type"].s == name
