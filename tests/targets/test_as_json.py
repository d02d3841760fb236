"""Targets as golden.json has them, and back."""

import numpy as np
import pytest
from fixtures.three_classes import LABELS, three_classes

import slimcam
from slimcam import Box, Caricature, Channel, Class, Direction, Dot, Mean, Neuron, Norm, Peak, Region, Top
from slimcam.targets import TensorScore, as_target
from slimcam.targets.as_json import describe, from_json, tensor_names, to_json

CASES = [
    (None, None, "the winning class", ()),
    (2, {"class": 2}, "class 2", ()),
    ([0, "dog"], [{"class": 0}, {"class": 1}], "one per photo", ()),
    (Top(2), {"top": 2}, "top 2", ()),
    (Class("dog") - 0.5 * Class(0), {"sum": [[1, 1.0], [0, -0.5]]}, "1 x class 1 + -0.5 x class 0", ()),
    (Mean("a"), {"mean": "a"}, "mean a", ("a",)),
    (Norm("a"), {"norm": "a"}, "norm a", ("a",)),
    (Channel("a", 1), {"channel": "a", "k": 1}, "channel a k 1", ("a",)),
    (Dot("features", [1, 2]), {"dot": "features", "array": [1.0, 2.0]}, "dot features", ("features",)),
    (Neuron("a", 1), {"neuron": "a", "k": 1, "at": None}, "neuron a k 1", ("a",)),
    (Neuron("a", 1, (0, 1)), {"neuron": "a", "k": 1, "at": [0, 1]}, "neuron a k 1 at [0, 1]", ("a",)),
    (Direction("a", [1, 2], 3), {"direction": "a", "array": [1.0, 2.0], "power": 3.0}, "direction a power 3.0", ("a",)),
    (Box(1), {"box": 1, "at": None}, "box 1", ()),
    (Box(2, at=(3, 4)), {"box": 2, "at": [3.0, 4.0]}, "box 2 at [3.0, 4.0]", ()),
    (Region("dog"), {"region": 1, "mask": None, "of": None}, "region 1", ()),
    (Region(1, [[0, 5]], "a"), {"region": 1, "mask": [[0, 1]], "of": "a"}, "region 1 of a", ("a",)),
    (Peak(3), {"peak": 3, "of": None}, "peak 3", ()),
    (Peak(0, "a"), {"peak": 0, "of": "a"}, "peak 0 of a", ("a",)),
    (Caricature("a", [1, 2]), {"caricature": "a", "array": [1.0, 2.0], "power": 0.0}, "caricature a power 0.0", ("a",)),
]


@pytest.fixture
def net(model_of):
    return model_of(three_classes, labels=LABELS, logits="logits")


@pytest.mark.parametrize("target, spec, text, names", CASES)
def test_targets_go_to_json_and_come_back(net, target, spec, text, names):
    assert to_json(target, net) == spec
    assert to_json(from_json(spec, net, {}), net) == spec
    assert (describe(spec), tensor_names(spec)) == (text, names)


def test_a_tensor_goes_by_its_name(net):
    tensor = net.tensor("sum")
    assert to_json(tensor) == {"tensor": "sum:0"}
    assert to_json(tensor, net) == {"tensor": "sum"}
    back = as_target(from_json({"tensor": "sum"}, net, {}))
    assert isinstance(back, TensorScore) and back.tensor(net) is tensor


def test_another_model_has_its_own_names(net):
    assert from_json({"mean": "old"}, net, {"old": "a"}).tensor(net) is net.tensor("a")
    dot = from_json({"dot": "old", "array": [1.0, 2.0]}, net, {"old": "features"})
    np.testing.assert_array_equal(dot.array, [1, 2])
    assert dot.tensor(net) is net.tensor("features")


def test_no_file_holds_a_function(net):
    with pytest.raises(slimcam.TargetError, match=r"<function .* cannot be recorded, as no file can hold a function"):
        to_json(lambda model: model.logits[:, 0], net)


def test_what_a_newer_slimcam_recorded(net):
    with pytest.raises(slimcam.TargetError, match="it was recorded by a newer slimcam"):
        from_json({"summit": "a"}, net, {})
