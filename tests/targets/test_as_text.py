"""Targets and holds in the words of the command line."""

import numpy as np
import pytest
from fixtures.three_classes import LABELS, three_classes

import slimcam
from slimcam.targets.as_json import to_json
from slimcam.targets.as_text import read_hold, read_target


@pytest.fixture
def net(model_of):
    return model_of(three_classes, labels=LABELS, logits="logits")


@pytest.mark.parametrize(
    "text, spec",
    [
        (None, None),
        ("2", {"class": 2}),
        ("-1", {"class": -1}),
        ("ox, bull", {"class": 2}),
        ("top3", {"top": 3}),
        ("mean:a", {"mean": "a"}),
        ("norm:a:0", {"norm": "a:0"}),
        ("channel:a:0:1", {"channel": "a:0", "k": 1}),
    ],
)
def test_words_are_targets(net, text, spec):
    assert to_json(read_target(net, text), net) == spec


def test_a_label_may_have_a_colon(net):
    assert read_target(net, "ox: bull") == "ox: bull"


def test_an_array_comes_from_a_file(net, tmp_path):
    path = tmp_path / "array.npy"
    np.save(str(path), np.float32([1, 2]))
    assert to_json(read_target(net, f"dot:features={path}"), net) == {"dot": "features", "array": [1.0, 2.0]}
    name, array = read_hold(net, f"features={path}")
    assert name == "features"
    np.testing.assert_array_equal(array, [1, 2])
    assert read_hold(net, "features=zeros") == ("features", "zeros")


@pytest.mark.parametrize(
    "read, text, error, message",
    [
        (read_target, "channel:a:x", slimcam.TargetError, "--target channel:a:x: give channel:TENSOR:NUMBER"),
        (read_target, "dot:a", slimcam.TargetError, "--target dot:a: give dot:TENSOR=FILE.npy, or a photo"),
        (read_hold, "a", slimcam.WrongFeed, "--hold a: give TENSOR=FILE.npy, TENSOR=PHOTO or TENSOR=zeros"),
        (read_hold, "a=none.npy", slimcam.WrongFeed, "none.npy: not an array that NumPy can read: "),
    ],
)
def test_words_that_lack_a_part(net, read, text, error, message):
    with pytest.raises(error, match=message):
        read(net, text)
