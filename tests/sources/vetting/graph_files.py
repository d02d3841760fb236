"""A net as a GraphDef, small enough to be damaged field by field, and functions for its library."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

from slimcam import ModelError
from slimcam.sources.vetting.structure import check_structure

FLOAT, INT32, STRING, RESOURCE = 1, 3, 7, 20


def net(end=lambda photos, features, scores: scores, batch=None):
    """Return (N, 4, 4, 1) "x", convolution "conv", "relu", mean "mean", `end` of dense "logits", softmax "probs"."""
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [batch, 4, 4, 1], name="x")
        conv = tf1.nn.conv2d(x, tf1.constant(np.ones((1, 1, 1, 3), np.float32)), [1] * 4, "SAME", name="conv")
        mean = tf1.reduce_mean(tf1.nn.relu(conv, name="relu"), [1, 2], name="mean")
        logits = tf1.matmul(mean, tf1.constant(np.eye(3, dtype=np.float32), name="w"), name="logits")
        tf1.nn.softmax(end(x, mean, logits), name="probs")
    return graph.as_graph_def()


def after(scores, *operations):
    """Return scores times 1, once these operations have run."""
    with tf1.control_dependencies(operations):
        return tf1.multiply(scores, 1.0, name="waited")


def problem(graph_def):
    """Return what check_structure says of a graph that it refuses."""
    with pytest.raises(ModelError) as raised:
        check_structure("model.pb", graph_def)
    return str(raised.value)


def node(graph_def, name):
    return next(one for one in graph_def.node if one.name == name)


def constant(graph_def, name, dtype, shape=(), **values):
    """Add a constant to a graph by its proto, sound or not."""
    one = graph_def.node.add(name=name, op="Const")
    one.attr["dtype"].type = dtype
    tensor = one.attr["value"].tensor
    tensor.dtype = dtype
    tensor.tensor_shape.SetInParent()
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    for field, value in values.items():
        getattr(tensor, field).extend(value)
    return one


def function(graph_def, name, *calls, op="Neg"):
    """Add a function of one float tensor: `op`, or calls of the functions named, one after another."""
    one = graph_def.library.function.add()
    one.signature.name = name
    one.signature.input_arg.add(name="a", type=FLOAT)
    one.signature.output_arg.add(name="b", type=FLOAT)
    last = "a"
    for index, called in enumerate(calls):
        call(one.node_def.add(name=f"call{index}"), called, last)
        last = f"call{index}:output:0"
    if not calls:
        inner = one.node_def.add(name="inner", op=op)
        inner.input.append("a")
        inner.attr["T"].type = FLOAT
        last = "inner:y:0"
    one.ret["b"] = last
    return one


def call(one, called, source):
    """Make a node call a function of one float tensor."""
    one.op = "PartitionedCall"
    one.input.append(source)
    one.attr["f"].func.name = called
    one.attr["Tin"].list.type.append(FLOAT)
    one.attr["Tout"].list.type.append(FLOAT)


def calling(called, library):
    """Return the net with a call between "relu" and "mean", and the functions that `library` adds."""
    graph_def = net()
    library(graph_def)
    call(graph_def.node.add(name="called"), called, "relu")
    node(graph_def, "mean").input[0] = "called"
    return graph_def


def write(graph_def, path):
    path.write_bytes(graph_def.SerializeToString())
    return path
