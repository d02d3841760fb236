"""The gradient of a batch norm that does not train: TensorFlow's own numbers, by one multiplication."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net

from slimcam._tf import tf
from slimcam.graphs import norm_gradient, walk
from slimcam.graphs.graph_defs import gradient_of

RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=(2, 3, 4, 5)).astype(np.float32)
NUMBERS = {name: RANDOM.uniform(0.5, 2, 5).astype(np.float32) for name in ("scale", "offset", "mean", "variance")}
BELOW = RANDOM.normal(size=X.shape).astype(np.float32)  # what comes back to the norm
TYPES = ["FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"]


def norm(kind, trains=False):
    """Build a norm in a graph, and return the graph's definition."""
    with tf1.Graph().as_default() as graph:
        feeds = {name: tf1.placeholder(tf1.float32, [None], name=name) for name in NUMBERS}
        x = tf1.placeholder(tf1.float32, [None, *X.shape[1:]], name="x")
        getattr(tf.raw_ops, kind)(x=x, epsilon=1e-3, is_training=trains, name="norm", **feeds)
    return graph.as_graph_def()


def gradients(graph_def, numbers=NUMBERS):
    """Return the gradients of the norm's output times BELOW by x, scale and offset; and the first one's operations."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        y, *places = tf1.import_graph_def(graph_def, name="", return_elements=["norm:0", "x:0", "scale:0", "offset:0"])
        tensors = tf1.gradients(y, places, grad_ys=tf1.constant(BELOW))
        feeds = {f"{name}:0": array for name, array in numbers.items()}
        return session.run(tensors, {"x:0": X, **feeds}), {op.type for op in walk.ancestors([tensors[0]])}


@pytest.mark.parametrize("kind", TYPES)
def test_gradients_are_those_of_tensorflow_and_no_kernel_of_norms_runs_for_images(kind):
    graph_def = norm(kind)
    expected, _ = gradients(graph_def)
    for node in graph_def.node:
        norm_gradient.mark(node)
    got, types = gradients(graph_def)
    for one, want in zip(got, expected):
        assert_net(one, want)
    factor = NUMBERS["scale"] / np.sqrt(NUMBERS["variance"] + 1e-3)
    assert_net(got[0], BELOW * factor)
    assert not [one for one in types if "BatchNorm" in one]


@pytest.mark.parametrize("kind", TYPES)
def test_a_copy_that_trains_takes_the_gradient_of_training(kind):
    graph_def = norm(kind)
    for node in graph_def.node:
        norm_gradient.mark(node)
        if node.name == "norm":
            node.attr["is_training"].b = True
    none = np.zeros(0, np.float32)  # TensorFlow 1.15 takes no means where it is to work them out
    numbers = dict(NUMBERS, mean=none, variance=none)
    for one, want in zip(*(gradients(each, numbers)[0] for each in (graph_def, norm(kind, trains=True)))):
        assert_net(one, want)


def test_only_norms_that_do_not_train_with_channels_last_are_marked():
    first = norm("FusedBatchNormV3")
    next(node for node in first.node if node.name == "norm").attr["data_format"].s = b"NCHW"
    for graph_def in (first, norm("FusedBatchNorm", trains=True)):
        for node in graph_def.node:
            norm_gradient.mark(node)
            assert not gradient_of(node)
