"""What a score is made of: an image times its gradient, and each kind of bias times its own, worked by hand."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net, rounding_of_net

from slimcam.graphs.relevance.biases import bias_tensors


def parts(build, images, implicit=True, held=(), cut=()):
    """Return an (N,) score, image times gradient, the biases and the implicit ones times theirs."""
    images = np.asarray(images, np.float32)
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        x = tf1.placeholder(tf1.float32, [None, *images.shape[1:]], name="x")
        score = build(x)
        held = [graph.get_tensor_by_name(name) for name in held]
        made = bias_tensors(x, score, held, cut, implicit)
        fetches = [score, x * made.gradient, list(made.biases), list(made.implicit)]
        return session.run(fetches, {x: images})


def assert_complete(build, images, terms=1000):
    score, image, biases, implicit = parts(build, images)
    sums = [part.reshape(len(score), -1).sum(-1) for part in (image, *biases, *implicit)]
    largest = sum(np.abs(one).max() for one in sums)
    np.testing.assert_allclose(sum(sums), score, rtol=0, atol=rounding_of_net(terms, largest))


def random(*shape):
    return np.random.RandomState(0).normal(size=shape).astype(np.float32)


def test_a_convolution_a_relu_and_a_dense_layer_by_hand():
    def build(x):  # x = 1, -2: 3 x + 1 is 4 and -5, of which 4 is left; 2 * 4 + 7 = 15
        y = tf1.nn.relu(tf1.nn.bias_add(tf1.nn.conv2d(x, [[[[3.0]]]], 1, "SAME"), [1.0]))
        return tf1.add(tf1.matmul(tf1.reduce_sum(y, [1, 2]), [[2.0]]), [7.0])[:, 0]

    score, image, biases, implicit = parts(build, [[[[1], [-2]]]])
    np.testing.assert_array_equal(score, [15])
    np.testing.assert_array_equal(image.ravel(), [6, 0])
    assert [one.ravel().tolist() for one in biases] == [[2, 0], [7]] and implicit == []


@pytest.mark.parametrize("fused", [True, False])
def test_a_batch_norm_has_the_bias_that_it_folds_to(fused):
    gain, offset, mean, variance = (np.float32([one]) for one in (4, 5, 3, 3.999))

    def build(x):  # at x = 2: 4 (2 - 3) / 2 + 5 = 3 = 2 * 2 - 1
        y = tf1.nn.conv2d(x, [[[[1.0]]]], 1, "SAME")
        if fused:
            y = tf1.nn.fused_batch_norm(y, gain, offset, mean, variance, is_training=False, epsilon=0.001)[0]
        else:
            scale = gain * tf1.math.rsqrt(tf1.constant(variance) + 0.001)
            y = y * scale + (tf1.constant(offset) - mean * scale)
        return tf1.reduce_sum(y, [1, 2, 3])

    score, image, biases, _ = parts(build, [[[[2]]]])
    assert_net([score[0], image.sum(), biases[0].sum()], [3, 4, -1])
    assert len(biases) == 1


# What of 3 x, at x = 2, is not x times the slope: of a clipped value all, of x^2 the value with its sign turned
# round, of 1 / x twice the value.
IMPLICIT = {
    "relu6 above": (lambda x: tf1.nn.relu6(4 * x), 6),
    "relu6 below": (tf1.nn.relu6, 0),
    "square": (tf1.square, -4),
    "product": (lambda x: x * (x + 0), -4),
    "quotient": (lambda x: (x + 0) / (x * x), 1),
    "tanh": (tf1.tanh, np.tanh(2) - 2 * (1 - np.tanh(2) ** 2)),
    "sigmoid gate": (lambda x: x * tf1.sigmoid(x), None),
    "relu": (tf1.nn.relu, 0),
}


@pytest.mark.parametrize("name", IMPLICIT)
def test_an_activation_has_the_bias_of_its_tangent(name):
    function, want = IMPLICIT[name]

    def build(x):
        return tf1.reduce_sum(3 * function(x), [1, 2, 3])

    score, image, _, implicit = parts(build, [[[[2]]]])
    total = sum((one.sum() for one in implicit), 0.0)
    np.testing.assert_allclose(image.sum() + total, score[0], rtol=1e-5, atol=1e-5)
    if want is not None:
        np.testing.assert_allclose(total, 3 * want, rtol=1e-5, atol=1e-5)
    assert parts(build, [[[[2]]]], implicit=False)[3] == []


def test_the_parts_of_a_net_add_up_to_its_score():
    def build(x):
        y = tf1.nn.relu6(tf1.nn.bias_add(tf1.nn.conv2d(x, random(3, 3, 2, 4), 1, "SAME"), random(4)))
        y = tf1.nn.depthwise_conv2d(y, random(3, 3, 4, 2), [1, 2, 2, 1], "SAME") + random(8)
        y = tf1.nn.fused_batch_norm(y, random(8), random(8), random(8), random(8) ** 2, 0.001, is_training=False)[0]
        y = tf1.concat([tf1.nn.elu(y), y * tf1.sigmoid(y)], -1)
        y = tf1.nn.local_response_normalization(tf1.nn.max_pool2d(y, 2, 1, "SAME")) + y
        gate = tf1.sigmoid(tf1.matmul(tf1.reduce_mean(y, [1, 2]), random(16, 16)) + random(16))
        y = tf1.reduce_mean(y * tf1.reshape(gate, [-1, 1, 1, 16]), [1, 2])
        return tf1.nn.softmax(tf1.matmul(y, random(16, 3)) + random(3))[:, 1]

    assert_complete(build, random(2, 6, 5, 2))


def test_channels_first_are_given_with_channels_last():
    def build(x):
        y = tf1.nn.bias_add(x, np.float32([1, 2]), data_format="NCHW")
        return tf1.reduce_sum(y, [1, 2, 3])

    biases = parts(build, random(1, 2, 3, 5))[2]
    np.testing.assert_array_equal(biases[0], np.broadcast_to(np.float32([1, 2]), (1, 3, 5, 2)))


def test_what_is_held_counts_as_a_bias_and_what_is_cut_is_not_looked_behind():
    def build(x):
        other = tf1.multiply(x, 10.0, name="other")
        return tf1.reduce_sum(x + other, [1, 2, 3])

    score, image, biases, _ = parts(build, [[[[2]]]], held=["other:0"])
    assert (score[0], image.sum(), biases[0].sum()) == (22, 2, 20)


def test_an_image_that_gives_the_score_nothing_has_no_gradient():
    with tf1.Graph().as_default():
        x = tf1.placeholder(tf1.float32, [None, 2])
        assert bias_tensors(x, tf1.constant([1.0]), [], [], True).gradient is None
