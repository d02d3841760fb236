"""Branches of TensorFlow 2, If operations of functions, in a frozen graph: laid open, with gradients by hand."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.control_flow import of_functions

import slimcam
from slimcam._tf import dilates, tf
from slimcam.errors import LayerError

IMAGES = np.array([[[[4], [-1]], [[2], [0]]], [[[1], [3]], [[-2], [5]]]], np.float32)
FEATURES = np.array([[1.5, 0.25], [2.25, 0.5]], np.float32)  # the means of what is positive, and of what is negative


@pytest.fixture(autouse=True)
def functions():
    """Let tf.cond and its kin make functions, as from TensorFlow 2 on."""
    with of_functions():
        yield


def net(branch):
    """Build a layer "a" of x and -x where they are positive, its means, a branch of these, and logits 4 f0, 8 f1."""
    x = tf1.placeholder(tf.float32, [None, 2, 2, 1], name="x")
    a = tf1.nn.relu(tf1.nn.conv2d(x, tf.constant([[[[1.0, -1.0]]]]), 1, "SAME"), name="a")
    features = branch(x, tf.reduce_mean(a, [1, 2]))
    tf1.matmul(features, tf.constant([[4.0, 0], [0, 8]]), name="logits")


def either(condition):
    """Return a branch that squares features where a condition of images holds, and else takes them three times."""
    return lambda x, features: tf1.cond(condition(x), lambda: features * features, lambda: 3 * features, name="cond")


def nested(x, features):
    inner = either(lambda x: tf.reduce_max(x) > 9)
    return tf1.cond(tf.reduce_sum(x) > 0, lambda: inner(x, features), lambda: features)


# by name: the branch, and what it makes of the gradient of features by their square, by three times them
CONDITIONS = {
    "of images": (lambda x: tf.reduce_sum(x) > 0, True),
    "constant": (lambda x: tf.constant(False), False),
    "fed by name": (lambda x: tf1.placeholder(tf.bool, [], name="is_training"), False),
    "with a default": (lambda x: tf1.placeholder_with_default(True, [], name="mode"), True),
}


def expected(squared):
    """Return the maps of logit 0 at "a": 4 times the slope of its branch, by a quarter, by what is positive."""
    slope = 2 * FEATURES[:, 0] if squared else np.full(2, 3, np.float32)
    return slope[:, None, None] * np.maximum(IMAGES[..., 0], 0)


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_branch_of_functions_is_laid_open(model_of, name):
    condition, squared = CONDITIONS[name]
    model = model_of(lambda: net(either(condition)), logits="logits", preprocess="none")
    for _ in range(2):  # a session has run the graph before the second
        np.testing.assert_array_equal(slimcam.GradCAM(model, "a", 0)(IMAGES).raw, expected(squared))
        np.testing.assert_array_equal(slimcam.explain(model, IMAGES, "a", 1).raw.shape, (2, 2, 2))
    assert any(line.startswith("branches (1, such as 'cond') are made of operations") for line in model.why)
    np.testing.assert_array_equal(
        model.features("cond", IMAGES), FEATURES * FEATURES if squared else 3 * FEATURES, "what it gives keeps its name"
    )


def test_two_models_of_the_same_names_do_not_meet(model_of):
    for squared in (True, False):
        model = model_of(
            lambda chosen=squared: net(either(lambda x: tf.constant(chosen))), logits="logits", preprocess="none"
        )
        np.testing.assert_array_equal(slimcam.explain(model, IMAGES, "a", 0).raw, expected(squared))


def test_a_branch_in_a_branch_is_laid_open(model_of):
    model = model_of(lambda: net(nested), logits="logits", preprocess="none")
    np.testing.assert_array_equal(slimcam.explain(model, IMAGES, "a", 0).raw, expected(False))
    assert not {op.type for op in model.graph.get_operations()} & {"If", "StatelessIf"}


def test_branches_of_several_outputs_keep_their_order(model_of):
    def swapped(x, features):
        pair = features[:, :1], features[:, 1:]
        one, other = tf1.cond(tf.reduce_sum(x) > 99, lambda: pair, lambda: pair[::-1])
        return tf.concat([one, other], 1)

    model = model_of(lambda: net(swapped), logits="logits", preprocess="none")
    np.testing.assert_array_equal(model.features("logits", IMAGES), FEATURES[:, ::-1] * [4, 8])


@pytest.mark.skipif(dilates("DepthwiseConv2dNative"), reason="this TensorFlow has right gradients of it")
def test_a_dilated_convolution_in_a_branch_is_rewritten(model_of):
    def build():
        x = tf1.placeholder(tf.float32, [None, 1, 5, 1], name="x")
        a = tf1.nn.relu(x, name="a")
        kernel = tf.constant([1.0, 2, 4], shape=[1, 3, 1, 1])
        how = {"strides": [1] * 4, "padding": "SAME", "dilations": [1, 1, 2, 1]}
        convolve = lambda: tf.raw_ops.DepthwiseConv2dNative(input=a, filter=kernel, **how)  # noqa: E731
        tf.reshape(tf1.cond(tf.reduce_sum(x) > 0, convolve, lambda: 2 * a), [-1, 5], name="logits")

    model = model_of(build, logits="logits", preprocess="none")
    image = np.reshape([1.0, 2, 3, 4, 5], [1, 1, 5, 1]).astype(np.float32)
    # logit 2 is 1 * 1 + 2 * 3 + 4 * 5, whose gradients 1, 0, 2, 0, 4 have the mean 7 / 5
    maps = slimcam.explain(model, image, "a", 2)
    assert maps.scores == [27]
    np.testing.assert_allclose(maps.raw.ravel(), 1.4 * np.arange(1, 6), rtol=2.0**-22)


OTHERS = {
    "loop": (
        lambda x, features: tf1.while_loop(lambda i, f: i < 3, lambda i, f: (i + 1, f * f), [0, features])[1],
        8 * FEATURES[:, 0] ** 7,
    ),
    "choice": (
        lambda x, features: tf.switch_case(
            tf.cast(tf.reduce_sum(x), tf.int32) * 0, [lambda: tf.exp(features), lambda: tf.sin(features) * features]
        ),
        np.exp(FEATURES[:, 0]),
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_loops_and_choices_of_functions_have_a_right_gradient_or_say_that_they_have_none(model_of, kind):
    branch, slope = OTHERS[kind]
    model = model_of(lambda: net(branch), logits="logits", preprocess="none")
    for _ in range(2):
        try:
            raw = slimcam.explain(model, IMAGES, "a", 0).raw
        except LayerError as error:
            assert "a loop or a choice of functions (tf.while_loop, tf.switch_case), whose gradient does" in str(error)
        else:  # in some versions, where no session has run it
            wanted = slope[:, None, None] * np.maximum(IMAGES[..., 0], 0)
            np.testing.assert_allclose(raw, wanted, rtol=2.0**-18)
