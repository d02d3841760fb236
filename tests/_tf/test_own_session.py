"""The sessions of models, and those that are there for a few runs."""

import numpy as np
import tensorflow.compat.v1 as tf1

from slimcam import _tf


def sum_of_constants():
    """Return a graph of x + (1 + 2), the placeholder and the sum."""
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [2])
        return graph, x, tf1.raw_ops.Add(x=x, y=tf1.raw_ops.Add(x=tf1.constant([1.0, 1.0]), y=tf1.constant([2.0, 2.0])))


def is_optimised(session):
    """Whether TensorFlow optimises the graph before a session's first run."""
    return not session._config.graph_options.rewrite_options.disable_meta_optimizer


def test_a_graph_is_optimised_for_many_runs_and_not_for_few():
    graph, x, total = sum_of_constants()
    with _tf.OwnSession(graph, None) as session:
        with _tf.for_few_runs(session) as other:
            assert not is_optimised(other)
            assert other.run(total, {x: np.float32([4, 5])}).tolist() == [7, 8]
        assert _tf.is_closed(other) and not _tf.is_closed(session)
        assert is_optimised(session)
        assert session.run(total, {x: np.float32([4, 5])}).tolist() == [7, 8]


def test_a_session_that_holds_a_state_makes_the_few_runs_itself():
    graph, x, _ = sum_of_constants()
    with graph.as_default():
        variable = tf1.Variable([1.0, 2.0])
    with _tf.OwnSession(graph, None) as session:
        session.run(variable.initializer)
        with _tf.for_few_runs(session) as other:
            assert other is session
            assert other.run(x + variable, {x: np.float32([1, 1])}).tolist() == [2, 3]
        assert not _tf.is_closed(session)
