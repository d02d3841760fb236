"""Relevance through each kind of operation: norms, pools, sums, gates, moves; and errors for what has no rule."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import rounding_of_net

from slimcam.errors import RuleError
from slimcam.graphs.relevance import relevance
from slimcam.graphs.relevance.linear import Linear
from slimcam.graphs.relevance.steps import read_steps
from slimcam.methods.relevance_rules import Rule, check_rule

CLOSE = rounding_of_net(100)


Z = Rule("z")


def both(build, images, rule=Z):
    """Return relevance and x times the gradient of the sum of what `build` makes of images."""
    images = np.asarray(images, np.float32)
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf1.float32, [None, *images.shape[1:]])
        end = build(x)
        shared = relevance(x, end, end, (), check_rule(rule))
        gradient = tf1.gradients(end, x)[0]
        return session.run([shared, x * gradient], {x: images})


def random(*shape):
    return np.random.RandomState(0).normal(size=shape).astype(np.float32)


def convnet(x):
    """Every kind of step without a bias: for such nets the rule z is the gradient times the input."""
    y = tf1.nn.relu(tf1.nn.conv2d(x, random(3, 3, 2, 4), 1, "SAME"))
    y = tf1.nn.relu(tf1.nn.depthwise_conv2d(y, random(3, 3, 4, 2), [1, 2, 2, 1], "SAME"))
    y = tf1.concat([y, tf1.nn.leaky_relu(tf1.nn.conv2d(y, random(1, 1, 8, 8), 1, "SAME"))], -1)
    y = tf1.nn.max_pool2d(tf1.pad(y, [[0, 0], [1, 1], [0, 0], [0, 0]]), 2, 1, "SAME")
    y = y + tf1.nn.relu(tf1.nn.atrous_conv2d(y, random(3, 3, 16, 16) / 8, 2, "SAME"))
    y = tf1.add_n([y, tf1.transpose(tf1.transpose(y, [0, 3, 1, 2]), [0, 2, 3, 1])])
    y = tf1.nn.avg_pool2d(y, 2, 1, "SAME")
    left, right = tf1.split(y, 2, -1)
    y = tf1.reduce_mean(tf1.identity(left - right), [1, 2], keepdims=True)
    y = tf1.reshape(tf1.squeeze(y, [1, 2]), [-1, 8])
    return tf1.matmul(y, random(8, 1))


def test_the_rule_z_without_biases_is_gradient_times_input():
    shared, product = both(convnet, random(2, 6, 5, 2))
    np.testing.assert_allclose(shared, product, rtol=0, atol=1000 * CLOSE * np.abs(product).max())


def unfused(x, mean, variance, gain, offset):
    """Return a batch norm as TensorFlow 1 freezes it."""
    scale = gain * tf1.math.rsqrt(tf1.constant(variance) + 0.001)
    return x * scale + (tf1.constant(offset) - mean * scale)


def fused(x, mean, variance, gain, offset):
    """Return a batch norm as one operation."""
    return tf1.nn.fused_batch_norm(x, gain, offset, mean, variance, is_training=False, epsilon=0.001)[0]


@pytest.mark.parametrize("norm", [unfused, fused])
@pytest.mark.parametrize("rule", [Rule("alpha_beta"), Rule("gamma"), Rule("z"), Rule("w_square")], ids=str)
def test_a_batch_norm_is_part_of_the_convolution_before_it(norm, rule):
    mean, variance, gain, offset = (np.float32(one) for one in ([1, -2], [4, 0.25], [2, -1], [0.5, 1]))
    kernel, scale = random(3, 3, 2, 2), gain / np.sqrt(variance + np.float32(0.001))

    def folded(x):
        y = tf1.nn.conv2d(x, kernel * scale, 1, "SAME") + (offset - mean * scale)
        return tf1.reduce_sum(tf1.nn.relu(y), [1, 2, 3])

    def as_it_is(x):
        y = norm(tf1.nn.conv2d(x, kernel, 1, "SAME"), mean, variance, gain, offset)
        return tf1.reduce_sum(tf1.nn.relu(y), [1, 2, 3])

    images = random(1, 4, 5, 2)
    want = both(folded, images, rule)[0]
    np.testing.assert_allclose(both(as_it_is, images, rule)[0], want, rtol=0, atol=100 * CLOSE * np.abs(want).max())


def test_a_norm_that_is_not_folded_is_a_layer_of_its_own():
    def build(x):
        y = tf1.nn.bias_add(tf1.matmul(x, np.float32([[1], [1]])), np.float32([1]))
        return unfused(y, np.float32([0]), np.float32([0.249]), np.float32([1]), np.float32([3]))

    # z = 1 + 2 + 1 = 4, and 2 * 4 + 3 = 11, of which 8 comes back; 2 and 4 of the 8 is for x, the rest the bias'
    got = both(build, [[1, 2]], Rule("z", fold=False))[0]
    np.testing.assert_allclose(got, [[2, 4]], rtol=1e-5)
    got = both(build, [[1, 2]], Rule("z", fold=False, innvestigate=True))[0]
    np.testing.assert_allclose(got, [[2, 4]], rtol=1e-5)


def test_channels_first_are_scaled_along_their_dimension():
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf1.float32, [None, 2, 3, 3])
        y = tf1.nn.conv2d(x, np.ones([1, 1, 2, 2], np.float32), 1, "VALID", data_format="NCHW")
        y = tf1.nn.bias_add(y * np.float32([[[2]], [[3]]]), np.float32([5, 7]), data_format="NCHW")
        y = tf1.nn.fused_batch_norm(y, [2.0, 1.0], [0.0, 1.0], [0.0, 0.0], [0.999] * 2, 0.001, "NCHW", False)[0]
        steps = read_steps(x, y, (), True)
        assert [one.kind for one in steps.each] == ["convolution"]
        kernel, bias = session.run([steps.each[0].weights[0], steps.each[0].bias])
    np.testing.assert_allclose(kernel[0, 0], [[4, 3], [4, 3]], rtol=1e-6)
    np.testing.assert_allclose(bias[0, :, 0, 0], [10, 8], rtol=1e-6)


def test_channels_first_without_a_convolution_run():
    def build(x):
        y = tf1.nn.relu(tf1.nn.bias_add(x, np.float32([1, -1]), data_format="NCHW"))
        return tf1.matmul(tf1.reduce_mean(y, [2, 3]), np.float32([[1], [2]]))

    # means of [2, 4] and [2]: 3 and 2, the score 7; channel 0 gives 1 and 2 with its bias, channel 1 has 3 and gives 6
    images = np.float32([[[[1, 3]], [[3, 3]]]])
    got = both(build, images)[0]
    np.testing.assert_allclose(got, [[[[0.5, 1.5]], [[3, 3]]]], rtol=1e-6)


def test_a_gate_gets_nothing_and_what_it_lets_through_all():
    def swish(x):
        return tf1.matmul(x * tf1.sigmoid(x), np.float32([[1], [2]]))

    one, two = 1 / (1 + np.exp(-1)), 2 * 2 / (1 + np.exp(-2))
    np.testing.assert_allclose(both(swish, [[1, 2]])[0], [[one, two]], rtol=1e-6)

    def hard(x):
        return tf1.reduce_sum(tf1.nn.relu6(x + 3) * (1 / 6) * x, -1)

    np.testing.assert_allclose(both(hard, [[1, -1]])[0], [[4 / 6, -2 / 6]], rtol=1e-6)

    def excited(x):
        gate = tf1.sigmoid(tf1.matmul(tf1.reduce_mean(x, [1, 2]), np.float32([[0]])))
        return tf1.reduce_sum(x * gate[:, None, None], [1, 2, 3])

    np.testing.assert_allclose(both(excited, [[[[1], [3]]]])[0], [[[[0.5], [1.5]]]], rtol=1e-6)


def test_a_normalisation_by_neighbours_lets_all_through():
    def build(x):
        return tf1.reduce_sum(tf1.nn.lrn(x, 1, 1.0, 1.0, 0.5), [1, 2, 3])

    want = np.float32([1, 2]) / np.sqrt(1 + 5)
    np.testing.assert_allclose(both(build, [[[[1, 2]]]])[0][0, 0, 0], want, rtol=1e-6)


RULES = [Rule("z"), Rule("alpha_beta", alpha=1), Rule("gamma"), Rule("flat"), Rule("w_square"), Rule("deep_taylor")]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_without_biases_relevance_is_kept(rule):
    def build(x):
        y = tf1.nn.relu6(tf1.nn.conv2d(x, np.abs(random(3, 3, 2, 4)), 1, "SAME"))
        y = tf1.nn.max_pool2d(y, 2, 2, "SAME")
        y = y + tf1.nn.elu(tf1.nn.conv2d(y, np.abs(random(1, 1, 4, 4)), 1, "SAME"))
        y = tf1.nn.avg_pool2d(tf1.concat([y, y * tf1.sigmoid(y)], -1), 2, 1, "VALID")
        return tf1.matmul(tf1.reduce_mean(y, [1, 2]), np.abs(random(8, 1)))

    images = np.abs(random(2, 6, 6, 2))
    shared = both(build, images, rule)[0]
    with tf1.Graph().as_default(), tf1.Session() as session:
        scores = session.run(build(tf1.constant(images)))[:, 0]
    np.testing.assert_allclose(shared.sum((1, 2, 3)), scores, rtol=100 * CLOSE)


def test_an_operation_without_a_rule_is_named():
    with pytest.raises(RuleError, match="'p' is an operation of type Softmax: relevance propagation has no rule"):
        both(lambda x: tf1.nn.softmax(tf1.matmul(x, FIRST), name="p"), [[1, 2]])
    with pytest.raises(RuleError, match="'pair' is a product of two numbers of the image's own"):
        both(lambda x: tf1.multiply(x, tf1.matmul(x, FIRST), name="pair"), [[1, 2]])
    with pytest.raises(RuleError, match="'norm' is an operation of type FusedBatchNorm"):
        both(lambda x: tf1.nn.fused_batch_norm(x, [1.0], [0.0], is_training=True, name="norm")[0], [[[[1]]]])


FIRST = np.float32([[1, -1], [2, 1]])


def test_layers_are_counted_on_the_longest_way():
    with tf1.Graph().as_default():
        x = tf1.placeholder(tf1.float32, [None, 4, 4, 2])
        one = tf1.nn.conv2d(x, random(1, 1, 2, 2), 1, "SAME")
        two = tf1.nn.conv2d(tf1.nn.relu(one), random(1, 1, 2, 2), 1, "SAME")
        end = tf1.nn.conv2d(one + two, random(1, 1, 2, 2), 1, "SAME")
        steps = read_steps(x, end, (), True)
    assert [one.depth for one in steps.each if isinstance(one, Linear) and one.weighted] == [0, 1, 2]
