"""Recipes of published advisories on `.tflite` files: each is an error of one line, as nothing of theirs is run."""

import numpy as np
import pytest
from fixtures.tflite_models import NET, Op, T, conv_options, net_tensors, tflite_bytes

import slimcam
from slimcam.errors import SlimcamError

KERNEL, HEAD = np.ones((2, 1, 1, 3), np.float32), np.ones((3, 2), np.float32)
IMAGES = np.ones((1, 4, 4, 3), np.float32)


def before(op, *tensors):
    """Return the net with an operator between its features and their mean, and its tensors."""
    mean = NET[1]._replace(inputs=("odd", "axes"))
    return [NET[0], op, mean, *NET[2:]], [T("odd", shape=(1, 4, 4, 2)), *tensors]


def conv(**options):
    return [NET[0]._replace(options={**conv_options(), **options}), *NET[1:]], []


def pool(**options):
    sizes = {"FilterWidth": 1, "FilterHeight": 1, "StrideW": 1, "StrideH": 1, **options}
    return before(Op("MAX_POOL_2D", ("features",), ("odd",), "Pool2DOptions", sizes))


def _of_numbers(kind, *numbers):
    """Return an operator that reads whole numbers beside the features."""
    return before(Op(kind, ("features", "numbers"), ("odd",)), T("numbers", np.array(numbers, np.int32)))


RECIPES = {
    "CVE-2020-15207, an axis below all": lambda: _of_numbers("SUM", -9),
    "CVE-2020-15208, shapes that do not fit": lambda: before(
        Op("ADD", ("features", "other"), ("odd",)), T("other", np.ones((1, 3, 3, 2), np.float32))
    ),
    "CVE-2020-15209, nobody fills it": lambda: before(
        Op("ADD", ("features", "nobodys"), ("odd",)), T("nobodys", shape=(1, 4, 4, 2))
    ),
    "CVE-2020-15210, it reads what it gives": lambda: before(Op("ADD", ("features", "odd"), ("odd",))),
    "CVE-2020-15211, it reads no tensor": lambda: before(Op("RELU", ("",), ("odd",))),
    "CVE-2020-15212, a segment below all": lambda: _of_numbers("SEGMENT_SUM", -1),
    "CVE-2021-29585, no stride of a pool": lambda: pool(StrideW=0),
    "CVE-2021-29586, no rows of a pool": lambda: pool(FilterHeight=0, StrideH=0),
    "CVE-2021-29587, no block": lambda: before(
        Op("SPACE_TO_DEPTH", ("features",), ("odd",), "SpaceToDepthOptions", {"BlockSize": 0})
    ),
    "CVE-2021-29591, a subgraph calls itself": lambda: before(Op("WHILE", ("features",), ("odd",), "WhileOptions", {})),
    "CVE-2021-29594, no stride": lambda: conv(StrideW=0),
    "CVE-2021-29595, no block to give": lambda: before(
        Op("DEPTH_TO_SPACE", ("features",), ("odd",), "DepthToSpaceOptions", {"BlockSize": 0})
    ),
    "CVE-2021-29599, no parts": lambda: before(
        Op("SPLIT", ("axis", "features"), ("odd",), "SplitOptions", {"NumSplits": 0}), T("axis", np.int32(3))
    ),
    "CVE-2021-29603, an axis above all": lambda: before(
        Op("ARG_MAX", ("features", "axis"), ("odd",), "ArgMaxOptions", {"OutputType": 2}), T("axis", np.int32(7))
    ),
    "CVE-2021-29606, an axis of parts": lambda: before(
        Op("SPLIT", ("axis", "features"), ("odd",), "SplitOptions", {"NumSplits": 1}), T("axis", np.int32(9))
    ),
    "CVE-2021-37685, an axis to expand": lambda: _of_numbers("EXPAND_DIMS", -9),
    "CVE-2021-37687, an index below all": lambda: _of_numbers("GATHER", -9),
    "CVE-2022-23558, more values than any": lambda: _of_numbers("RESHAPE", 1 << 30, 1 << 30, 1 << 30),
    "CVE-2022-23559, an index beyond all": lambda: before(
        Op("EMBEDDING_LOOKUP", ("numbers", "features"), ("odd",)), T("numbers", np.array([1 << 30], np.int32))
    ),
    "CVE-2023-27579, a filter of no channels": lambda: (
        [NET[0]._replace(inputs=("images", "none", "bias")), *NET[1:]],
        [T("none", np.ones((2, 1, 1, 0), np.float32))],
    ),
}


def written(folder, operators, tensors):
    path = folder / "net.tflite"
    path.write_bytes(
        tflite_bytes([*net_tensors(KERNEL, HEAD, 4), *tensors], operators, ("images",), ("probabilities",))
    )
    return path


@pytest.mark.parametrize("advisory", RECIPES)
def test_a_recipe_is_an_error_of_one_line(advisory, tmp_path):
    path = written(tmp_path, *RECIPES[advisory]())
    with pytest.raises(SlimcamError) as raised, slimcam.load(path, preprocess="none") as model:
        slimcam.explain(model, IMAGES, "features")
    assert "\n" not in str(raised.value)


def test_without_it_the_net_is_read(tmp_path):
    with slimcam.load(written(tmp_path, *before(Op("RELU", ("features",), ("odd",)))), preprocess="none") as model:
        assert slimcam.explain(model, IMAGES, "features").scores[0] == 6
