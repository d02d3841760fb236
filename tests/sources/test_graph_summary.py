"""What a graph says where no model can be made of it."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

from slimcam.errors import ModelError
from slimcam.sources.graph_summary import summary_of


def net():
    images = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
    tf1.placeholder(tf1.float32, name="left")
    means = tf1.reduce_mean(tf1.nn.relu(images), [1, 2], name="means")
    tf1.nn.softmax(means, name="probs")
    tf1.identity(tf1.placeholder(tf1.float32, [None, 3], name="features"), name="out")


def with_unknown(path):
    """Let an operation that nobody has read the means."""
    with open(path, "rb") as file:
        graph_def = tf1.GraphDef.FromString(file.read())
    graph_def.node.add(op="ContribCrf", name="crf", input=["means"])
    graph_def.node.add(op="Identity", name="after", input=["crf"]).attr["T"].type = 1
    with open(path, "wb") as file:
        file.write(graph_def.SerializeToString())
    return path


def test_placeholders_images_scores_and_ends_are_known(frozen):
    summary = summary_of(with_unknown(frozen(net)))
    assert [(one.name, one.dtype, one.shape) for one in summary.placeholders] == [
        ("x:0", "float32", (None, 2, 2, 1)),
        ("left:0", "float32", None),
        ("features:0", "float32", (None, 3)),
    ]
    assert [(one.name, one.shape) for one in summary.images] == [("x:0", (None, 2, 2, 1))]
    assert [(one.name, one.shape, one.why) for one in summary.scores] == [
        ("means:0", (None, 1), "what probs (Softmax) reads")
    ]
    assert sorted(one.name for one in summary.ends) == ["out:0", "probs:0"]
    assert summary.lacking == "'crf', a ContribCrf"


def test_a_meta_graph_is_known_without_its_checkpoint_and_its_gradients(tmp_path):
    with tf1.Graph().as_default(), tf1.Session() as session:
        images = tf1.placeholder(tf1.float32, [None, 4], name="x")
        weights = tf1.get_variable("w", initializer=np.ones((4, 2), np.float32))
        logits = tf1.matmul(images, weights, name="logits")
        tf1.train.GradientDescentOptimizer(0.1).minimize(tf1.reduce_mean(tf1.square(logits), name="loss"))
        session.run(tf1.global_variables_initializer())
        tf1.train.export_meta_graph(str(tmp_path / "model.meta"), saver_def=tf1.train.Saver().as_saver_def())
    summary = summary_of(str(tmp_path / "model.meta"))
    assert [one.name for one in summary.ends] == ["loss:0"]
    assert summary.images == []


def test_a_graph_that_would_abort_tensorflow_is_not_imported_to_be_known(frozen):
    path = with_unknown(frozen(net))
    with open(path, "rb") as file:
        graph_def = tf1.GraphDef.FromString(file.read())
    next(node for node in graph_def.node if node.op == "Const").attr["value"].tensor.dtype = 9
    with open(path, "wb") as file:
        file.write(graph_def.SerializeToString())
    with pytest.raises(ModelError, match="is a constant of type 3, and its value of type 9"):
        summary_of(path)


def test_what_holds_no_graph_is_not_known(tmp_path):
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n")  # what makes a file one of Keras'
    assert summary_of(str(tmp_path / "model.h5")) is None


def test_inspect_prints_what_is_known_where_nothing_can_be_loaded(run, frozen):
    path = frozen(lambda: tf1.nn.softmax(tf1.placeholder(tf1.float32, [None, 4], name="x"), name="p"))
    result = run("inspect", path)
    assert result.status == 0
    lines = result.stdout.splitlines()
    assert lines[1:3] == ["placeholders:", "  x:0 float32 (None, 4)"]
    assert lines[3:5] == ["scores may be:", "  x:0 float32 (None, 4): what p (Softmax) reads"]
    assert lines[-1].startswith("not loaded: no placeholder takes images")
