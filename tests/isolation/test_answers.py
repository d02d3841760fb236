"""Answers: values come back as they were, by the types that are declared, and what is of another one is none."""

import numpy as np
import pytest

import slimcam
from slimcam import divergence
from slimcam.isolation.answers import as_answer, read


@pytest.mark.parametrize(
    "kind, answer",
    [(int, "1"), (int, True), (str, 1), (bool, 1), (float, "1"), (np.ndarray, [1]), (bytes, "x"), (slimcam.Maps, {})],
)
def test_what_is_of_another_type_than_declared_is_no_answer(kind, answer):
    with pytest.raises((TypeError, ValueError, KeyError, AttributeError)):
        read(kind, answer)


def test_types_come_back_as_they_were():
    value = divergence.LayerComparison([], [], [], 0.5, skipped_a=[divergence.Alone("a", "conv")], skipped_b=[])
    assert read(divergence.LayerComparison, as_answer(value)) == value
