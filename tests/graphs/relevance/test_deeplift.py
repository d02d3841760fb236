"""DeepLIFT, worked by hand, and complete: contributions add up to the difference of the scores."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import rounding_of_net

from slimcam.errors import RuleError
from slimcam.graphs.copying import copy_tensors, ops_between
from slimcam.graphs.relevance import Baseline, contributions
from slimcam.methods.relevance_rules import Rule


def contributions_of(build, images, baseline, reveal=False):
    """Return what images contribute, and the differences of their scores to the baseline's."""
    images, baseline = np.asarray(images, np.float32), np.asarray(baseline, np.float32)
    with tf1.Graph().as_default(), tf1.Session() as session:
        x, start = (tf1.placeholder(tf1.float32, [None, *images.shape[1:]]) for _ in range(2))
        end = build(x)
        inside, outside = ops_between(x, end)
        tensors = [out for op in inside for out in op.outputs]
        copies = copy_tensors(inside, tensors, {**outside, x.name: start})
        both = Baseline({x.name: start, **{one.name: two for one, two in zip(tensors, copies)}})
        shared = contributions(x, end, tf1.ones_like(end), (), Rule("deeplift", reveal=reveal), both)
        feeds = {x: images, start: np.broadcast_to(baseline, images.shape)}
        return session.run([shared, both.difference(end)], feeds)


def least(x):
    """Return x0 - relu(x0 - x1), the smaller one of two positive numbers: the paper's example."""
    h = tf1.nn.relu(tf1.matmul(x, np.float32([[1], [-1]])))
    return tf1.matmul(x, np.float32([[1], [0]])) - h


def test_rescale_sees_one_of_the_two_only():
    np.testing.assert_allclose(contributions_of(least, [[3, 1]], 0)[0], [[0, 1]], atol=1e-6)


def test_reveal_cancel_sees_both():
    # of h: 3 and -1 give 2; 3 first: 3, then -1; -1 first: 0, then 2: so 2.5 and -0.5, and 3 - 2.5 of x0
    np.testing.assert_allclose(contributions_of(least, [[3, 1]], 0, reveal=True)[0], [[0.5, 0.5]], atol=1e-6)


def test_rescale_lets_through_what_a_relu_was_shut_to():
    # relu(2 x - 1) from 0 to 1: 0 to 1, though the slope at the baseline is 0
    got, difference = contributions_of(lambda x: tf1.nn.relu(2 * x - 1), [[1]], 0)
    np.testing.assert_allclose([got, difference], 1)


def test_the_largest_gives_to_where_it_is_and_takes_from_where_it_was():
    def build(x):
        return tf1.nn.max_pool2d(x, [1, 2], 1, "VALID")

    got = contributions_of(build, [[[[5], [1]]]], [[[2], [3]]])[0]  # 3 to 5, at the other place
    np.testing.assert_allclose(got[0, 0, :, 0], [2, 0])
    got = contributions_of(build, [[[[1], [2]]]], [[[3], [0]]])[0]  # 3 to 2
    np.testing.assert_allclose(got[0, 0, :, 0], [-1, 0])


def random(*shape):
    return np.random.RandomState(0).normal(size=shape).astype(np.float32)


def mixed(x):
    """Every kind of step, with biases."""
    y = tf1.nn.relu6(tf1.nn.conv2d(x, random(3, 3, 2, 4), 1, "SAME") * random(4) + random(4))
    y = y + tf1.nn.lrn(tf1.nn.conv2d(y, random(1, 1, 4, 4), 1, "SAME"), 1)
    y = tf1.nn.max_pool2d(tf1.nn.elu(tf1.nn.conv2d(y, random(3, 3, 4, 4), 2, "SAME")), 2, 1, "SAME")
    y = tf1.concat([y, tf1.nn.depthwise_conv2d(y, random(1, 1, 4, 1), [1, 1, 1, 1], "SAME")], -1)
    y = tf1.nn.bias_add(y, random(8)) * tf1.sigmoid(y)
    y = tf1.nn.selu(y * tf1.sigmoid(tf1.reduce_mean(y, [1, 2], keepdims=True)))
    y = tf1.nn.leaky_relu(tf1.minimum(tf1.pad(y, [[0, 0], [0, 0], [1, 0], [0, 0]]), 1.5))
    y = tf1.reduce_max(tf1.nn.avg_pool2d(y, 2, 1, "SAME"), [1, 2])
    return tf1.tanh(tf1.matmul(tf1.nn.softplus(tf1.matmul(y, random(8, 3)) / 9 + random(3)), random(3, 1) / 9))


@pytest.mark.parametrize("reveal", [False, True])
def test_contributions_are_complete(reveal):
    images = random(2, 6, 5, 2)
    got, differences = contributions_of(mixed, images, images[::-1] / 2 - 1, reveal)
    sizes = np.abs(got).sum((1, 2, 3))
    assert (np.abs(got.sum((1, 2, 3)) - differences[:, 0]) <= rounding_of_net(1000, sizes)).all()
    assert np.abs(differences).min() > 0.001


def test_a_photo_that_is_the_baseline_contributes_nothing():
    got, differences = contributions_of(mixed, random(1, 6, 5, 2), random(1, 6, 5, 2)[0])
    assert not got.any()
    assert not differences.any()


def test_an_operation_without_a_rule_is_named():
    with pytest.raises(RuleError, match="'p' is an operation of type Softmax: DeepLIFT has no rule for it"):
        contributions_of(lambda x: tf1.nn.softmax(x, name="p"), [[1, 2]], 0)
