"""FullGrad by hand: of two pixels, a layer with places and two channels, and a dense layer."""

import numpy as np
import pytest
from fixtures.small_net import SmallNet
from fixtures.tolerance import assert_net

from slimcam.methods import METHODS, fullgrads
from slimcam.methods.method import Size
from slimcam.methods.net import Contributions

IMAGE = np.float32([[[1, -3], [0, 2]]])  # (1, 2, 2): image times gradient
LAYER = np.float32([[[8, -1], [-4, 1], [0, 5]]])  # (1, 3, 2): a layer of three places
DENSE = np.float32([2, -1])
ACTIVATION = np.float32([[[0], [6]]])


def net(score=10.0, size=3):
    made = Contributions(IMAGE, [LAYER, DENSE], [ACTIVATION])
    return SmallNet(np.ones((2, 1, 2, 2)), lambda x: score, contributions=made, size=size)


def test_absolute_parts_are_stretched_and_added_up_on_the_pixels():
    # image: 1 3 and 0 2 of 3: 4/3 and 2/3. Layer: 8 1, 4 1, 0 5 of 8: 9/8, 5/8, 5/8, of which the ends are on the
    # pixels. The activation: 0 and 1. A dense layer has no places.
    got = fullgrads.fullgrad(net())
    assert_net(got.array, [[[4 / 3 + 9 / 8, 2 / 3 + 5 / 8 + 1]]] * 2)


def test_each_channel_alone_and_by_the_centres_of_pixels():
    # image: 1 0 and 3 2, each from its least to its largest: 1 0 and 1 0, together 2 and 0. Layer: 8 4 0 is 1 1/2 0,
    # 1 1 5 is 0 0 1, together 1 1/2 1; at a quarter and three quarters of it, 7/8 and 7/8. The activation as before.
    got = fullgrads.fullgrad(net(), unit="channel", enlarge="centres")
    assert_net(got.array, [[[2 + 7 / 8, 7 / 8 + 1]]] * 2)


@pytest.mark.parametrize("size", [1, 3])
def test_the_gap_is_what_the_parts_are_more_than_the_score(size):
    got = fullgrads.fullgrad(net(size=size))  # 0 of the image, 9 and 1 of biases, 6 of the activation
    assert {name: values.tolist() for name, values in got.details.items()} == {
        "gap": [6, 6],
        "biases": [10, 10],
        "implicit": [6, 6],
    }


def test_without_implicit_biases_they_are_not_asked_for():
    one = net()
    fullgrads.fullgrad(one, implicit=False)
    assert [rule.implicit for rule, _ in one.asked] == [False]


def test_a_layer_that_gives_nothing_adds_nothing():
    np.testing.assert_array_equal(fullgrads.stretched(np.zeros((1, 2, 2, 3), np.float32), "layer"), 0)


def test_passes_are_those_that_are_run():
    one, row = net(), METHODS["fullgrad"]
    row(one)
    assert one.rows == 2 * row.passes({}, Size(1, 2, 1))
