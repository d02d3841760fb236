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


def test_a_neuron_is_the_centre_of_a_channel(net):
    assert read_target(net, "neuron:a:0:7").key() == slimcam.Neuron("a:0", 7).key()


@pytest.mark.parametrize("kind, make", [("direction", slimcam.Direction), ("caricature", slimcam.Caricature)])
def test_an_objective_takes_an_array_from_a_file(net, tmp_path, kind, make):
    path = tmp_path / "array.npy"
    np.save(str(path), np.float32([1, 2]))
    assert read_target(net, f"{kind}:a:0={path}").key() == make("a:0", [1, 2]).key()


def test_a_caricature_takes_the_features_of_a_photo(model_of, make_photo):
    net, path = model_of(three_classes, logits="logits", preprocess="unit"), make_photo("photo.png")
    made = read_target(net, f"caricature:features={path}")
    assert made.key() == slimcam.Caricature("features", net.features("features", path)[0]).key()


@pytest.mark.parametrize(
    "read, text, error, message",
    [
        (read_target, "channel:a:x", slimcam.TargetError, "--target channel:a:x: give channel:TENSOR:NUMBER"),
        (read_target, "channel:3", slimcam.TargetError, "--target channel:3: give channel:TENSOR:NUMBER"),
        (read_target, "neuron:a:-1", slimcam.TargetError, "--target neuron:a:-1: give neuron:TENSOR:NUMBER"),
        (read_target, "dot:a", slimcam.TargetError, "--target dot:a: give dot:TENSOR=FILE.npy, or a photo$"),
        (read_target, "direction:a", slimcam.TargetError, "--target direction:a: give direction:TENSOR=FILE.npy$"),
        (read_target, "caricature:a", slimcam.TargetError, "give caricature:TENSOR=FILE.npy, or a photo$"),
        (read_target, "direction:a=none.npy", slimcam.WrongFeed, "none.npy: not an array that NumPy can read: "),
        (read_hold, "a", slimcam.WrongFeed, "--hold a: give TENSOR=FILE.npy, TENSOR=PHOTO or TENSOR=zeros"),
        (read_hold, "a=none.npy", slimcam.WrongFeed, "none.npy: not an array that NumPy can read: "),
    ],
)
def test_words_that_lack_a_part(net, read, text, error, message):
    with pytest.raises(error, match=message):
        read(net, text)
