"""Attributes of a newer TensorFlow: dropped where they are at their defaults, and left where they say something."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam._tf import attributes_of, is_default
from slimcam.graphs.newer_attributes import without_newer_attributes

X = np.array([[[[4], [-1]], [[2], [0]]]], np.float32)


def build():
    images = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
    a = tf1.nn.relu(tf1.nn.conv2d(images, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME"), name="a")
    scale, shift = tf1.ones([2]), tf1.zeros([2])
    normed = tf1.nn.fused_batch_norm(a, scale, shift, shift, scale, epsilon=2.0**-13, is_training=False)[0]
    pooled = tf1.nn.max_pool2d(normed, 2, 2, "SAME")
    tf1.nn.softmax(tf1.matmul(tf1.reshape(pooled, [-1, 2]), tf1.eye(2)), name="probs")


NEW = {
    "MaxPool": {"explicit_paddings": tf1.AttrValue(list=tf1.AttrValue.ListValue())},
    "MatMul": {"grad_a": tf1.AttrValue(b=False), "grad_b": tf1.AttrValue(b=False)},
    "FusedBatchNormV3": {"exponential_avg_factor": tf1.AttrValue(f=1.0)},
}


def written_by_a_newer_one(path, attributes):
    with open(path, "rb") as file:
        graph_def = tf1.GraphDef.FromString(file.read())
    for node in graph_def.node:
        for name, value in attributes.get(node.op, {}).items():
            node.attr[name].CopyFrom(value)
    with open(path, "wb") as file:
        file.write(graph_def.SerializeToString())
    return graph_def


def test_a_frozen_graph_with_the_attributes_of_2_21_loads_on_every_tensorflow(frozen):
    path = frozen(build)
    graph_def = written_by_a_newer_one(path, NEW)
    lacking = [(op, name) for op, attributes in NEW.items() for name in attributes if name not in attributes_of(op)]
    assert {node.op for node in graph_def.node} >= set(NEW)
    with slimcam.load(path) as model:
        said = [line for line in model.why if "lacks, at their defaults" in line]
        assert [line.split()[0] for line in said] == ([str(len(lacking))] if lacking else [])
        np.testing.assert_allclose(slimcam.GradCAM(model, "a")(X).scores, [4], rtol=2.0**-12)


def graph_of(value):
    graph_def = tf1.GraphDef()
    graph_def.node.add(name="a", op="Relu").attr["future"].b = value
    function = graph_def.library.function.add()
    function.signature.name = "f"
    function.node_def.add(name="a", op="Relu").attr["future"].b = value
    return graph_def


def ops():
    """Return the operations as a writer noted them beside its graph: one has an attribute that nobody here knows."""
    op = tf1.MetaGraphDef().meta_info_def.stripped_op_list.op.add(name="Relu")
    op.attr.add(name="future", type="bool").default_value.b = False
    return [op]


def test_a_default_that_came_with_the_graph_is_dropped_in_functions_too():
    graph_def = graph_of(False)
    (why,) = without_newer_attributes(graph_def, ops())
    assert why.startswith("2 attributes that TensorFlow ")
    assert why.endswith(" lacks, at their defaults: 'future' of Relu, say")
    assert not graph_def.node[0].attr
    assert not graph_def.library.function[0].node_def[0].attr


@pytest.mark.parametrize("value, given", [(True, ops()), (False, [])], ids=["another value", "an unknown default"])
def test_an_attribute_that_may_say_something_stays(value, given):
    graph_def = graph_of(value)
    assert without_newer_attributes(graph_def, given) == []
    assert graph_def == graph_of(value)


def test_defaults_are_those_of_the_operation():
    assert is_default("MatMul", "grad_a", tf1.AttrValue(b=False))
    assert not is_default("MatMul", "grad_a", tf1.AttrValue(b=True))
    assert not is_default("Relu", "grad_a", tf1.AttrValue(b=False))
    assert is_default("VarHandleOp", "debug_name", tf1.AttrValue(s=b"any"))
