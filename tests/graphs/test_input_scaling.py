"""What a graph does to the values of its images first, however it is written."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

from slimcam.graphs.graph_defs import wiring_of
from slimcam.graphs.input_scaling import scaling

MEAN = np.array([104.0, 117.0, 124.0], np.float32)


def scaling_of(build, shape=(None, 6, 6, 3), dtype=tf1.float32, weights=()):
    """Return the scaling of a graph of one placeholder, `build` being what is done to it before a convolution."""
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(dtype, shape, name="input")
        tf1.nn.conv2d(build(x), np.ones((1, 1, 3, 2), np.float32), [1, 1, 1, 1], "SAME", name="conv")
        graph_def = graph.as_graph_def()
    kept = tf1.GraphDef(versions=graph_def.versions)
    kept.node.extend(node for node in graph_def.node if node.name not in dict(weights))
    return scaling(kept, "input", list(shape), dtype, dict(weights), wiring_of(kept))


def assert_scaling(seen, scale, offset):
    """Both are differences of values as large as the offset or the scale, of at most four roundings each."""
    bound = 8 * 2.0**-24 * max(abs(scale), abs(offset))
    np.testing.assert_allclose([seen.scale, seen.offset], [scale, offset], rtol=0, atol=bound)


@pytest.mark.parametrize(
    "build, scale, offset, names",
    [
        (lambda x: x / 255.0, 1 / 255, 0, ["truediv"]),
        (lambda x: x * (1 / 127.5) - 1.0, 1 / 127.5, -1, ["mul", "sub"]),
        (lambda x: 2.0 * (x - 0.5), 2, -1, ["sub", "mul"]),
        (lambda x: 1.0 - tf1.identity(x), -1, 1, ["sub"]),
        (lambda x: tf1.image.resize_bilinear(x, [4, 4]) * 0.5, 0.5, 0, ["mul"]),
        (lambda x: x - MEAN, 1, -115, ["sub"]),
        (lambda x: (x - MEAN) / np.sqrt(MEAN), 0.09343688, -10.716740, ["sub", "truediv"]),
    ],
)
def test_scale_and_offset_are_measured(build, scale, offset, names):
    seen = scaling_of(build)
    assert_scaling(seen, scale, offset)
    assert seen.names == names


def test_a_scale_is_read_from_weights_that_the_graph_lacks():
    def build(x):
        return x * tf1.identity(tf1.constant(0.25, name="factor"), name="factor/read")

    assert scaling_of(build, weights={"factor": lambda: np.float32(0.25)}.items()).scale == 0.25


def test_a_denominator_may_be_worked_out_from_constants():
    seen = scaling_of(lambda x: (x - 3.0) / tf1.maximum(tf1.sqrt(tf1.constant(16.0)), 1e-7))
    assert_scaling(seen, 0.25, -0.75)


@pytest.mark.parametrize(
    "build",
    [
        tf1.identity,
        tf1.nn.relu,
        lambda x: x - tf1.reduce_mean(x),  # of each image its own
        lambda x: x + tf1.concat([x, x], 0)[:1],
        lambda x: tf1.multiply(x, 0.0),
    ],
)
def test_what_is_no_scaling_of_every_value_alike_is_none(build):
    assert scaling_of(build) is None


def test_an_image_that_two_branches_read_is_not_scaled():
    assert scaling_of(lambda x: tf1.nn.avg_pool(x / 255.0, 1, 1, "SAME") + tf1.nn.relu(x)) is None
