"""Families of operation types: each type that TensorFlow knows, and each in the families that its readers expect."""

import pytest

from slimcam._tf import TF_VERSION, tf
from slimcam.graphs import op_types

FAMILIES = {name: types for name, types in vars(op_types).items() if name.isupper()}
NEWER = {  # than TensorFlow 1.15
    *("BatchMatMulV3", "DecodeImage", "StatelessCase", "StatelessRandomUniformV2", "StatelessShuffle"),
    *("ParseExampleV2", "StatelessParameterizedTruncatedNormal", "StatelessSampleDistortedBoundingBox"),
}


@pytest.mark.parametrize("name", [name for name in FAMILIES if not name.endswith("PREFIXES")])
def test_types_are_tensorflows_and_stand_once(name):
    types = FAMILIES[name]
    assert len(set(types)) == len(types)
    unknown = {one for one in types if not hasattr(tf.raw_ops, one)}
    assert unknown <= (NEWER if TF_VERSION < (2, 16) else set())


def test_prefixes_are_of_random_operations():
    for prefix in op_types.RANDOM_PREFIXES:
        assert any(name.startswith(prefix) for name in dir(tf.raw_ops)), prefix


def test_who_joins_families_gets_all_of_them():
    assert set(op_types.UNFED) < set(op_types.PLACEHOLDERS)
    assert set(op_types.REF_VARIABLES) < set(op_types.VARIABLES) < set(op_types.WEIGHTS)
    assert set(op_types.FLATTENING) < set(op_types.RESTATING)
    assert set(op_types.SWITCHES) < set(op_types.OPENING)
    assert set(op_types.MERGES) < set(op_types.CLOSING)
    assert set(op_types.FUSED_NORMS) < set(op_types.NORMS)
    assert not set(op_types.OPENING) & set(op_types.CLOSING)
