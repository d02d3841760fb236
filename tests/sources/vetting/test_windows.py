"""Sizes and steps of windows: what TensorFlow divides by is a number of places, whatever it knows of the images."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam._tf import registered_ops
from slimcam.sources.vetting.operators_computing import COMPUTING
from slimcam.sources.vetting.windows import LISTS, WINDOWS, problem_of_windows


def node_of(op, **attributes):
    node = tf1.NodeDef(name="n", op=op)
    for name, value in attributes.items():
        if isinstance(value, int):
            node.attr[name].i = value
        else:
            node.attr[name].list.i.extend(value)
    return node


def problem(op, **attributes):
    return problem_of_windows(node_of(op, **attributes), list(attributes))


@pytest.mark.parametrize(
    "op, attributes, words",
    [
        ("Conv2DBackpropInput", {"strides": [0, 0, 0, 0]}, "has strides of 0, 0, 0, 0, not of 1 to 1048576"),
        ("MaxPoolGrad", {"ksize": [1, -1, 1, 1]}, "has ksize of 1, -1, 1, 1, not"),
        ("Conv2DBackpropFilter", {"strides": []}, "has strides of 0 axes, not of 4 or 5"),
        ("Dilation2D", {"strides": [1, 1, 1, 1], "rates": [1, 2**31 - 1, 1, 1]}, "has rates of"),
        ("DepthToSpace", {"block_size": 2**31 - 1}, "has block_size of 2147483647, not"),
        ("AudioSpectrogram", {"window_size": -1, "stride": 1}, "has window_size of -1, not"),
    ],
)
def test_windows_that_tensorflow_would_end_over(op, attributes, words):
    assert problem(op, **attributes).startswith(words)


def test_windows_of_nets_and_of_a_users_own_operation_are_as_they_are():
    assert problem("Conv2D", strides=[1, 2, 2, 1], dilations=[1, 1, 12, 12]) == ""
    assert problem("MaxPool3D", strides=[1, 2, 2, 2, 1], ksize=[1, 3, 3, 3, 1]) == ""
    assert problem("SpaceToDepth", block_size=2) == ""
    assert problem("Conv", strides=[2], dilations=[]) == ""
    assert problem("OfTheUser", strides=[0, 1]) == ""


def test_what_operations_have_by_default_is_a_window():
    for op, row in registered_ops().items():
        given = [one for one in row.attr if one.name in LISTS and one.HasField("default_value") and op in COMPUTING]
        assert [problem(op, **{one.name: list(one.default_value.list.i)}) for one in given] == [""] * len(given), op


def test_windows_of_this_tensorflow_are_all_looked_at():
    words = ("stride", "ksize", "dilation", "block", "window", "rates")
    there = {
        one.name
        for op, row in registered_ops().items()
        for one in row.attr
        if op in COMPUTING and "int" in one.type and any(word in one.name for word in words)
    }
    assert there <= WINDOWS | CHECKED_AS_THEY_RUN


# Of operations that say so in an error: quantised convolutions of any number of axes, and sparse or ragged ones.
CHECKED_AS_THEY_RUN = {"window_strides", "lhs_dilation", "rhs_dilation"}


def test_a_deconvolution_by_steps_of_0_of_images_of_any_shape_is_a_damaged_graph(tmp_path):
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="x")
        sizes = tf1.placeholder_with_default(np.int32([1, 8, 8, 3]), None)
        given = {"input_sizes": sizes, "filter": np.ones((1, 1, 3, 3), np.float32), "out_backprop": x}
        larger = tf1.raw_ops.Conv2DBackpropInput(strides=[1, 1, 1, 1], padding="SAME", name="larger", **given)
        tf1.reduce_mean(tf1.reshape(larger, [-1, 8, 8, 3]), [1, 2], name="logits")
    graph_def = graph.as_graph_def()
    (node,) = (node for node in graph_def.node if node.name == "larger")
    node.attr["strides"].list.i[:] = [0, 0, 0, 0]
    path = tmp_path / "model.pb"
    path.write_bytes(graph_def.SerializeToString())
    with pytest.raises(slimcam.ModelError, match="a damaged graph: 'larger' has strides of 0, 0, 0, 0"):
        slimcam.load(str(path), trusted=True)
