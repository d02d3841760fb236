"""Sessions of TensorFlow and of Keras, and what the door answers about them."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

from slimcam import _tf


def test_a_session_is_closed_when_it_was_closed():
    session = tf1.Session(graph=tf1.Graph())
    assert not _tf.is_closed(session)
    session.close()
    assert _tf.is_closed(session)
    assert not _tf.is_closed(object())  # what runs like a session may not say it


class Fused:
    """A session that misses a tensor which was fused with another one, as long as both are asked for together."""

    def __init__(self):
        self.runs = []

    def run(self, fetches, feeds):
        self.runs.append(fetches)
        if isinstance(fetches, list) and len(fetches) > 1:
            raise _tf.MISSED(None, None, "missed")
        if fetches == "broken":
            raise _tf.MISSED(None, None, "broken")
        return [feeds["x"]] if isinstance(fetches, list) else feeds["x"]


def test_tensors_are_run_one_by_one_where_one_run_misses_one():
    session = Fused()
    assert _tf.run_each(session, ("a", "b"), {"x": 1}) == [1, 1]
    assert session.runs == [["a", "b"], "a", "b"]
    assert _tf.run_each(session, ["a"], {"x": 2}) == [2]
    with pytest.raises(_tf.MISSED, match="broken"):
        _tf.run_each(session, ["a", "broken"], {"x": 1})


def test_an_unfused_session_misses_nothing():
    """A convolution and x * sigmoid(x), of which TensorFlow 2.21 makes one operation on a CPU."""
    image = np.ones((1, 4, 4, 1), np.float32)
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [None, 4, 4, 1])
        maps = tf1.nn.conv2d(x, tf1.ones([2, 2, 1, 1]), 1, "VALID")
        gate = tf1.sigmoid(maps)
        swish = maps * gate
    with tf1.Session(graph=graph, config=_tf.without_fusion()) as session:
        found = session.run([maps, gate, swish], {x: image})
    np.testing.assert_array_equal(found[0], np.full((1, 3, 3, 1), 4))
    np.testing.assert_array_equal(found[2], found[0] * found[1])


def test_a_prepared_run_takes_arrays_in_order_and_returns_a_list():
    with tf1.Graph().as_default(), tf1.Session() as session:
        a, b = tf1.placeholder(tf1.float32, []), tf1.placeholder(tf1.float32, [])
        run = _tf.prepared_run(session, [a, b], [a - b], [])
        assert run(np.float32(5), np.float32(3)) == [2]
