"""Rules of relevance propagation, worked by hand on nets of a few weights; see each test for the arithmetic."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

from slimcam.errors import ParameterError
from slimcam.graphs.relevance import relevance
from slimcam.methods.relevance_rules import Rule, check_rule

FIRST = np.float32([[1, -1], [2, 1]])
SECOND = np.float32([[1], [3]])


def relevance_of(build, images, rule):
    """Return the relevance of images for the one output of what `build` makes of a placeholder of their shape."""
    images = np.asarray(images, np.float32)
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf1.float32, [None, *images.shape[1:]])
        end = build(x)
        shared = relevance(x, end, end, (), check_rule(rule))
        return session.run(shared, {x: images})


def two_layers(x):
    """Of [1, 2]: z = [5, 1], a score of 8, made up of 5 and 3."""
    return tf1.matmul(tf1.nn.relu(tf1.matmul(x, FIRST)), SECOND)


@pytest.mark.parametrize(
    "rule, expected",
    [
        # 5 goes to 1 and 4, contributions of 1 * 1 and 2 * 2; 3 to -3 and 6, of -1 and 2
        (Rule("z"), [-2, 10]),
        # 8 / (8 + 1) of the score; shares 40/9 / (5 + 1) and 24/9 / (1 + 1) times contributions
        (Rule("epsilon", epsilon=1), [20 / 27 - 4 / 3, 4 * 20 / 27 + 8 / 3]),
        # 5 as above, all weights being doubled; -1 and 2 * 2 for the other: 3 goes to -1 and 4
        (Rule("gamma", gamma=1), [0, 8]),
        # positive ones alone: 5 to 1 and 4, and 3 to x1
        (Rule("alpha_beta", alpha=1), [1, 7]),
        # twice 5 and 3; twice 10 and 12 to x1, less once what -1 of the other speaks against: 6
        (Rule("alpha_beta"), [4 - 6, 16 + 12]),
        (Rule("flat"), [4, 4]),
        # 0.8 and 7.2 by 1 and 9; 0.16 and 0.64 by 1 and 4; 3.6 each
        (Rule("w_square"), [3.76, 4.24]),
        # x w - 3 w-: 1 and 4; 2 and 2
        (Rule("z", composite="box:1 z", low=0, high=3), [2.5, 5.5]),
        (Rule("z", composite="flat:0.5 z"), [4, 4]),
        (Rule("z", composite="z:1 flat"), [4 / 5 - 4, 16 / 5 + 8]),
        (Rule("deep_taylor"), [1, 7]),
        (Rule("deep_taylor", low=0, high=3), [2.5, 5.5]),
    ],
    ids=str,
)
def test_shares_are_those_of_the_formula(rule, expected):
    np.testing.assert_allclose(relevance_of(two_layers, [[1, 2]], rule), [expected], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "rule, expected",
    [
        # contributions 1 and -2, z = 2, of which 3 is the bias
        (Rule("z"), [1, -2]),
        # 2 * 2 of 1 among 1 and 3; once 2 of -2 among -2
        (Rule("alpha_beta"), [1, -2]),
        # innvestigate counts the bias among what speaks against, too: -2 of -2 + 3
        (Rule("alpha_beta", innvestigate=True), [1, 4]),
        # (1 + 1) 1 and -2 and (1 + 1) 3: 6, of which 2 and -2
        (Rule("gamma", gamma=1), [2 / 3, -2 / 3]),
        (Rule("deep_taylor"), [2, 0]),
    ],
    ids=str,
)
def test_a_bias_takes_its_share_and_keeps_it(rule, expected):
    def build(x):
        return tf1.nn.bias_add(tf1.matmul(x, np.float32([[1], [-1]])), np.float32([3]))

    np.testing.assert_allclose(relevance_of(build, [[1, 2]], rule), [expected], rtol=1e-6)


def test_a_negative_sum_is_spoken_for_by_negative_weights():
    # 1 - 2 = -1: w- counts double, so 1 and -4 share -1
    got = relevance_of(lambda x: tf1.matmul(x, np.float32([[1], [-1]])), [[1, 2]], Rule("gamma", gamma=1))
    np.testing.assert_allclose(got, [[1 / 3, -4 / 3]], rtol=1e-6)


def test_negative_inputs_are_told_by_the_sign_of_what_they_contribute():
    # contributions 2 and -1
    got = relevance_of(lambda x: tf1.matmul(x, np.float32([[-1], [-1]])), [[-2, 1]], Rule("alpha_beta", alpha=1))
    np.testing.assert_allclose(got, [[1, 0]], rtol=1e-6)


def test_no_sum_no_share():
    got = relevance_of(lambda x: tf1.matmul(x, np.float32([[1], [-1]])), [[2, 2]], Rule("z"))
    np.testing.assert_array_equal(got, [[0, 0]])


def test_above_six_all_comes_back_and_by_innvestigate_nothing():
    def build(x):
        return tf1.nn.relu6(tf1.matmul(x, np.float32([[2], [3]])))

    np.testing.assert_allclose(relevance_of(build, [[1, 2]], Rule("z")), [[6 * 2 / 8, 6 * 6 / 8]], rtol=1e-6)
    np.testing.assert_array_equal(relevance_of(build, [[1, 2]], Rule("z", innvestigate=True)), [[0, 0]])


@pytest.mark.parametrize(
    "rule, message",
    [
        (Rule("zed"), "no rule 'zed' .*did you mean 'z'|no rule 'zed'"),
        (Rule("z", composite="flat:x z"), "'flat:x' is not a rule and how many layers"),
        (Rule("z", composite="deep_taylor z"), "'deep_taylor' is not a rule"),
        (Rule("z", composite="flat:0 z"), "'flat:0' is not a rule"),
        (Rule("box"), "give low= and high="),
        (Rule("z", low=1), "give low= and high="),
        (Rule("deep_taylor", low=2, high=1), "low=2 is not below high=1"),
    ],
    ids=str,
)
def test_a_rule_that_makes_no_sense_is_an_error(rule, message):
    with pytest.raises(ParameterError, match=message):
        check_rule(rule)
