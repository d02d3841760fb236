"""Assignments on the way to the scores: nothing waits for them once the weights are constants."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.control_flow import of_operations

import slimcam
from slimcam.graphs.graph_defs import cut_to, needed_nodes

X = np.array([[[[1], [2]], [[3], [-4]]]], np.float32)


def program(path, name):
    """Save a net that, while it trains, updates the mean that it takes off its features; return the .meta.

    Features a are the photo times one; the logits are the mean over places of relu(a - m), and twice that.
    """
    with tf1.Graph().as_default(), tf1.Session() as session, of_operations():
        with tf1.variable_scope("", use_resource=False):
            training, stored = tf1.placeholder(tf1.bool, name=name), tf1.get_variable("m", initializer=[1.0])
        a = tf1.nn.conv2d(tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x"), [[[[1.0]]]], 1, "SAME", name="a")
        mean = tf1.reduce_mean(a, [0, 1, 2])

        def of_batch():
            with tf1.control_dependencies([tf1.assign_sub(stored, 0.5 * (stored - mean))]):
                return tf1.identity(mean)

        taken = tf1.cond(training, of_batch, lambda: tf1.identity(stored))
        features = tf1.nn.relu(a - taken, name="features")
        tf1.identity(tf1.reduce_mean(features, [1, 2]) * [[1.0, 2.0]], name="logits")
        session.run(tf1.global_variables_initializer())
        return tf1.train.Saver().save(session, str(path / "model")) + ".meta"


def frozen_by_hand(path):
    """Put constants in the places of the variables of a .meta, and leave all else, as freezing does; return a .pb."""
    with open(path, "rb") as file:
        meta = tf1.MetaGraphDef.FromString(file.read())
    for node in meta.graph_def.node:
        if node.op == "VariableV2":
            dtype = node.attr["dtype"].type
            node.op = "Const"
            node.attr.clear()
            node.attr["dtype"].type = dtype
            node.attr["value"].tensor.CopyFrom(tf1.make_tensor_proto([1.0]))
    kept = cut_to(meta.graph_def, needed_nodes(meta.graph_def, ["logits"]))
    with open(path + ".pb", "wb") as file:
        file.write(kept.SerializeToString())
    return path + ".pb"


@pytest.mark.parametrize("read", [str, frozen_by_hand], ids=["meta", "frozen"])
def test_what_training_writes_is_not_waited_for(tmp_path, read):
    with slimcam.load(read(program(tmp_path, "is_training")), logits="logits") as model:
        maps = slimcam.GradCAM(model, "features", target=1)(X)
        assert not [op.name for op in model.graph.get_operations() if op.type.startswith("Assign")]
    # relu(a - 1) is 0 1 over 2 0, its weight 2/4
    np.testing.assert_array_equal(maps.raw, [[[0, 0.5], [1, 0]]])
    np.testing.assert_array_equal(maps.scores, [1.5])
    assert maps.fed == ["is_training:0 = False (not training)"]
