"""What a scalar placeholder is for, by its use: dropout's share, the choice of a branch that trains; else nothing."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.control_flow import of_functions, of_operations

from slimcam.graphs.feeds import inference_value
from slimcam.graphs.op_types import CONDS
from slimcam.graphs.usage import inference_use

VALUES = np.ones((2, 3), np.float32)
KEEPS, DROPS, RESTS = "the share that dropout keeps", "the share that dropout drops", "the branch that does not train"


def used(build, dtype=tf1.float32):
    """Return the value and the words of a placeholder that nothing but its use tells of, in the graph of `build`."""
    with tf1.Graph().as_default(), of_operations():
        place = tf1.placeholder(dtype, [], name="p")
        build(place)
        use = inference_use(place)
    return None if use is None else (use.value, use.why)


def noise(low=0.0, high=1.0):
    return tf1.random_uniform(tf1.shape(VALUES), low, high)


def assert_use(use, value, words):
    assert use is not None
    assert use[0] == value
    assert words in use[1]


# --- dropout

SHARES = {
    "TensorFlow to 1.12": (lambda p: VALUES / p * tf1.floor(p + noise()), 1.0),
    "TensorFlow 1.13, by its rate": (lambda p: VALUES / (1 - p) * tf1.floor((1 - p) + noise()), 0.0),
    "TensorFlow 1.13, by the share kept": (lambda p: VALUES / (1 - (1 - p)) * tf1.floor(1 - (1 - p) + noise()), 1.0),
    "a rate": (lambda p: tf1.nn.dropout(VALUES, rate=p), 0.0),
    "a share": (lambda p: tf1.nn.dropout(VALUES, rate=1 - p), 1.0),
    "noise below a share": (lambda p: VALUES * tf1.cast(noise() < p, tf1.float32), 1.0),
    "a share above noise": (lambda p: VALUES * tf1.cast(p >= noise(), tf1.float32), 1.0),
    "a rate below noise": (lambda p: tf1.where(p <= noise(), VALUES, 0 * VALUES), 0.0),
    "within a branch": (
        lambda p: tf1.cond(tf1.placeholder(tf1.bool, []), lambda: tf1.nn.dropout(VALUES, rate=p), lambda: 1 * VALUES),
        0.0,
    ),
}


@pytest.mark.parametrize("build, value", SHARES.values(), ids=list(SHARES))
def test_a_share_of_dropout_is_known_by_its_use(build, value):
    assert_use(used(build), value, KEEPS if value else DROPS)


UNDECIDED = {
    "nothing": lambda p: None,
    "a product": lambda p: VALUES * p,
    "a mask of nothing": lambda p: noise() < p,
    "noise of other limits": lambda p: VALUES * tf1.cast(noise(-1, 1) < p, tf1.float32),
    "normal noise": lambda p: VALUES * tf1.cast(tf1.random_normal([2, 3]) < p, tf1.float32),
    "both a share and a rate": lambda p: (tf1.nn.dropout(VALUES, rate=p), tf1.nn.dropout(VALUES, rate=1 - p)),
    "another number less the share": lambda p: tf1.nn.dropout(VALUES, rate=2 - p),
}


@pytest.mark.parametrize("build", UNDECIDED.values(), ids=list(UNDECIDED))
def test_a_use_that_does_not_decide_says_nothing(build):
    assert used(build) is None


def test_use_goes_before_a_name_that_says_the_contrary():
    with tf1.Graph().as_default():
        place = tf1.placeholder(tf1.float32, [], name="keep_prob")
        tf1.nn.dropout(VALUES, rate=place)
        assert str(inference_value(place)) == "keep_prob:0 = 0.0 (its readers use it as the share that dropout drops)"


def test_a_name_goes_where_use_says_nothing():
    with tf1.Graph().as_default():
        place = tf1.placeholder(tf1.float32, [], name="keep_prob")
        assert str(inference_value(place)) == "keep_prob:0 = 1.0 (dropout keeps everything)"


# --- branches


def normalised(training):
    images, one = tf1.ones([2, 2, 2, 3]), tf1.ones([3])
    moments = () if training else (one, one)
    return tf1.nn.fused_batch_norm(images, one, one, *moments, is_training=training)[0]


def by_stored_moments(p, update=False):
    """A batch norm of the moments of its batch, or of stored ones, as published for TensorFlow 0.8 and copied since."""
    images = tf1.placeholder(tf1.float32, [None, 3])
    mean, variance = tf1.nn.moments(images, [0])
    stored = tf1.Variable(np.ones(3, np.float32), use_resource=False)

    def of_batch():
        with tf1.control_dependencies([tf1.assign(stored, variance)] if update else []):
            return tf1.identity(mean), tf1.identity(variance)

    moments = tf1.cond(p, of_batch, lambda: (tf1.zeros([3]), stored.read_value()))
    return tf1.nn.batch_normalization(images, *moments, None, None, 0.001)


CHOICES = {
    "dropout": (lambda p: tf1.cond(p, lambda: tf1.nn.dropout(VALUES, rate=0.5), lambda: 1 * VALUES), False),
    "dropout, the other way round": (
        lambda p: tf1.cond(p, lambda: 1 * VALUES, lambda: tf1.nn.dropout(VALUES, rate=0.5)),
        True,
    ),
    "by its contrary": (
        lambda p: tf1.cond(tf1.logical_not(p), lambda: 1 * VALUES, lambda: tf1.nn.dropout(VALUES, rate=0.5)),
        False,
    ),
    "batch norm": (lambda p: tf1.cond(p, lambda: normalised(True), lambda: normalised(False)), False),
    "assignment": (lambda p: by_stored_moments(p, update=True), False),
    "stored moments": (by_stored_moments, False),
}


@pytest.mark.parametrize("build, value", CHOICES.values(), ids=list(CHOICES))
def test_the_branch_that_does_not_train_is_chosen(build, value):
    assert_use(used(build, tf1.bool), value, RESTS)


UNCLEAR = {
    "no branch": lambda p: tf1.where(p, VALUES, -VALUES),
    "neither trains": lambda p: tf1.cond(p, lambda: 1 * VALUES, lambda: 2 * VALUES),
    "both train": lambda p: tf1.cond(
        p, lambda: tf1.nn.dropout(VALUES, rate=0.5), lambda: tf1.nn.dropout(VALUES, rate=0.2)
    ),
    "one says this, another that": lambda p: (
        tf1.cond(p, lambda: tf1.nn.dropout(VALUES, rate=0.5), lambda: 1 * VALUES),
        tf1.cond(p, lambda: 1 * VALUES, lambda: tf1.nn.dropout(VALUES, rate=0.5)),
    ),
}


@pytest.mark.parametrize("build", UNCLEAR.values(), ids=list(UNCLEAR))
def test_a_choice_that_is_not_clear_is_not_made(build):
    assert used(build, tf1.bool) is None


OF_FUNCTIONS = {
    name: CHOICES[name] for name in ("dropout", "dropout, the other way round", "by its contrary", "batch norm")
}


@pytest.mark.parametrize("build, value", OF_FUNCTIONS.values(), ids=list(OF_FUNCTIONS))
def test_the_branch_that_does_not_train_is_chosen_among_functions(build, value):
    """Control flow of TensorFlow 2, and of 1.15 where it was asked for."""
    with tf1.Graph().as_default(), of_functions():
        place = tf1.placeholder(tf1.bool, [], name="p")
        build(place)
        assert any(op.type in CONDS for op in tf1.get_default_graph().get_operations())
        assert_use(inference_use(place), value, RESTS)


@pytest.mark.parametrize("build", list(UNCLEAR.values())[1:], ids=list(UNCLEAR)[1:])
def test_a_choice_among_functions_that_is_not_clear_is_not_made(build):
    with tf1.Graph().as_default(), of_functions():
        place = tf1.placeholder(tf1.bool, [], name="p")
        build(place)
        assert inference_use(place) is None
