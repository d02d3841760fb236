"""Detections, regions and peaks are kept in a recording and explained again."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.detector_nets import picture, ssd

import slimcam
from slimcam import Box, Peak, Region
from slimcam.migration import golden

BLOBS = picture((1, 0, 2.0), (2, 1, 1.0))


def heat_maps():
    """Two channels of a map, each of one colour."""
    images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="images")
    maps = tf1.nn.relu(images, name="maps")
    tf1.nn.conv2d(maps, tf1.constant(np.eye(3, 2, dtype=np.float32)[None, None]), 1, "SAME", name="output")


@pytest.mark.parametrize(
    "build, target, score",
    [(ssd, Box(1), 2), (ssd, Box(1, at=(3, 1)), 6), (heat_maps, Region(1), 4), (heat_maps, Peak(0), 2)],
)
def test_a_score_of_an_output_is_recorded_and_verified(frozen, tmp_path, build, target, score):
    model = frozen(build)
    out = slimcam.record(model, BLOBS, tmp_path / "golden", "maps", target)
    found = slimcam.verify(out, model)
    assert found.passed, found.table()
    assert golden.read(out).layers[0].scores.tolist() == [score]
