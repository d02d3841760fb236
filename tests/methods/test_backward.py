"""What rows of other backward rules ask a net for, and what they make of it."""

import numpy as np
import pytest
from fixtures.small_net import SmallNet, linear_net

from slimcam.methods import METHODS, backward
from slimcam.methods.relevance_rules import Rule

PHOTOS = np.array([[[[1.0], [2.0]]], [[[-1.0], [0.0]]]])  # two photos of 1 x 2 pixels
WEIGHTS = [[[3.0], [-4.0]]]
SCORES = [3 - 8, -3]


@pytest.mark.parametrize(
    "method, parameters, rule",
    [
        ("guided_backprop", {}, "guided"),
        ("guided_backprop", {"upper": False}, "guided_open"),
        ("deconvnet", {}, "deconvnet"),
        ("rectgrad", {"percent": 90.0}, "rectgrad 90.0"),
        ("lrp_z", {"formula": "innvestigate"}, Rule("z", innvestigate=True)),
        ("lrp_epsilon", {"epsilon": 0.5}, Rule("epsilon", epsilon=0.5)),
        ("lrp_gamma", {"gamma": 2.0}, Rule("gamma", gamma=2.0)),
        (
            "lrp_alpha_beta",
            {"alpha": 1.0, "composite": "flat:1 z"},
            Rule("alpha_beta", alpha=1.0, composite="flat:1 z"),
        ),
        ("deep_taylor", {"low": -1, "high": 1, "fold": False}, Rule("deep_taylor", low=-1, high=1, fold=False)),
        ("deeplift", {"reveal": True}, Rule("deeplift", reveal=True)),
    ],
)
def test_a_row_asks_for_the_rule_that_it_has_built(method, parameters, rule):
    net, row = linear_net(PHOTOS, WEIGHTS), METHODS[method]
    whole = {**{name: one.default for name, one in row.parameters.items()}, **parameters}
    row(net, **whole)
    assert [one for one, _ in net.asked] == [rule]
    assert list(row.rules(whole)) == [rule]


def test_the_gradient_of_gates_may_be_times_the_score():
    net = linear_net(PHOTOS, WEIGHTS)
    np.testing.assert_array_equal(backward.guided_backprop(net), [WEIGHTS, WEIGHTS])
    want = [score * np.array(WEIGHTS) for score in SCORES]
    np.testing.assert_array_equal(backward.deconvnet(net, times_score=True), want)


def test_relevance_says_what_share_of_the_score_it_is():
    made = backward.lrp_z(linear_net(PHOTOS, WEIGHTS))
    np.testing.assert_array_equal(made.array, [WEIGHTS, WEIGHTS])
    np.testing.assert_allclose(made.details["kept"], [-1 / -5, -1 / -3])


def test_deeplift_is_fed_a_baseline_and_says_what_is_missing():
    net = linear_net(PHOTOS, WEIGHTS)
    made = backward.deeplift(net, "black")
    np.testing.assert_array_equal(net.asked[0][1], np.full(PHOTOS.shape, -1))
    # the baseline's score is 1, so the differences are -6 and -4; the sums are 3 - 4
    np.testing.assert_allclose(made.details["gap"], [5, 3])


@pytest.mark.parametrize("enlarge, want", [("linear", [0, 1, 2]), ("nearest", [0, 0, 2])])
def test_guided_gradcam_is_a_product_on_the_pixels(enlarge, want):
    # the layer is [-1, 2] of one channel, its mean slope 1: a map of [0, 2], on three pixels
    net = SmallNet(
        np.ones((1, 1, 3, 1)),
        lambda x: 1.0,
        lambda x: np.full((1, 3, 1), 5.0),
        layer=lambda x: np.array([[[-1.0], [2.0]]]),
        rest_slope=np.ones_like,
    )
    got = backward.guided_gradcam(net, enlarge=enlarge)
    np.testing.assert_array_equal(got[0, 0, :, 0], 5 * np.array(want))
    assert net.asked[0][0] == "guided"
