"""A model of two images gives the same maps of each where it is isolated."""

import pickle
import sys

import numpy as np
import pytest
from fixtures.isolated_nets import SIDE, X, assert_same, both_of

import slimcam

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")

X_OF_Y = np.random.RandomState(4).uniform(-1, 1, (2, SIDE + 2, SIDE + 2, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def pairs(folder):
    with both_of(folder, "pair", input=["x", "y"], logits="logits") as both:
        yield both


def test_the_maps_of_a_pair_are_the_same_and_it_pickles(pairs):
    here, there = pairs
    for options in (
        {"method": "smoothgrad", "samples": 2, "seed": 1, "memory": 10_000},
        {"method": "scorecam", "layer": ["a0", "a1"]},
        {},
        {"layer": ["a0", "a1"], "target": slimcam.Mean("logits")},
    ):
        mine, theirs = (slimcam.ExplainPair(model, **options) for model in pairs)
        assert (mine.layers, [one.tensor.name for one in theirs.inputs]) == (theirs.layers, ["x:0", "y:0"])
        maps = mine(X, X_OF_Y)
        for own, other in zip(maps, theirs(X, X_OF_Y)):
            assert_same(own.raw, other.raw)
            assert_same(own.scores, other.scores)
            assert (own.layer, own.windows, own.fed) == (other.layer, other.windows, other.fed)
        np.testing.assert_array_equal(maps.overlay(1), theirs(X, X_OF_Y).overlay(1))
    again = pickle.loads(pickle.dumps(mine))
    assert again.layers == mine.layers
    for own, other in zip(maps, again(X, X_OF_Y)):
        assert_same(own.raw, other.raw)
    with pytest.raises(slimcam.PhotoError, match="the score takes 2 photos"):
        theirs(X)
    assert_same(
        slimcam.explain_pair(here, X, X_OF_Y).maps[1].raw,
        slimcam.explain_pair(there, X, X_OF_Y).maps[1].raw,
    )
