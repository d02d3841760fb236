"""YOLO as darkflow freezes it: its output read as darkflow reads it, worked by hand on two cells a side."""

import json

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import rounding

import slimcam
from slimcam import Box
from slimcam.errors import ModelError, TargetError
from slimcam.graphs.darkflow import Yolo
from slimcam.targets.yolo import find_in_output, overlap

V2 = {"type": "[region]", "num": 2, "classes": 2, "anchors": [1, 1, 2, 1], "labels": ["cat", "dog"]}
V1 = {"type": "[detection]", "num": 1, "classes": 2, "labels": ["cat", "dog"], "sqrt": 1}
QUIET = -20  # an objectness that is no box


def second(meta):
    """A grid of 2 x 2 cells; red of a cell is the second box's objectness, green its class 1, blue its class 0."""
    own = 5 + meta["classes"]
    images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="input")
    maps = tf1.nn.relu(images, name="maps")
    kernel = np.zeros((2, 2, 3, 2 * own), np.float32)
    kernel[..., 0, own + 4] = 1
    kernel[..., 1, 2 * own - 1] = 1
    biases = np.zeros(2 * own, np.float32)
    biases[4], biases[own + 4] = QUIET, -2
    convolution = tf1.nn.conv2d(maps, tf1.constant(kernel), 2, "VALID")
    tf1.nn.bias_add(convolution, tf1.constant(biases), name="output")


def first(meta):
    """The same of version 1: red is what the box is worth, green the probability of class 1, each over four pixels."""
    images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="input")
    maps = tf1.nn.avg_pool2d(tf1.nn.relu(images, name="maps"), 2, 2, "VALID")
    classes = tf1.reshape(tf1.stack([maps[..., 2], maps[..., 1]], -1), [-1, 8])
    worth = tf1.reshape(maps[..., 0], [-1, 4])
    sides = tf1.tile(tf1.constant([[0.5, 0.5, 0.5, 1.0]]), tf1.stack([tf1.shape(images)[0], 4]))
    tf1.concat([classes, worth, sides], 1, name="output")


@pytest.fixture
def yolo(frozen, tmp_path):
    """Return `yolo(build, meta)`: the model of such a graph with darkflow's .meta beside it; closed after the test."""
    models = []

    def make(build, meta):
        path = frozen(lambda: build(meta), "yolo.pb")
        (tmp_path / "yolo.meta").write_text(json.dumps(meta))
        models.append(slimcam.load(path))
        return models[-1]

    yield make
    for model in models:
        model.close()


def picture(red, green=0.0):
    """Return (1, 4, 4, 3), coloured in the upper right quarter."""
    image = np.zeros((1, 4, 4, 3), np.float32)
    image[0, :2, 2:, 0], image[0, :2, 2:, 1] = red, green
    return image


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_version_2_is_read_as_darkflow_reads_it(yolo):
    model = yolo(second, V2)
    found = slimcam.detections(model, picture(1.5, 0.5))[0][0]
    assert (found.class_id, found.label) == (1, "dog")
    # objectness 4 x 1.5 - 2, and a softmax of 0 and 4 x 0.5
    assert found.score == pytest.approx(sigmoid(4) * sigmoid(2), rel=rounding(20))
    # in the middle of the cell; 2 cells wide and 1 tall, as the second anchor is, and cut at the picture's edge
    assert found.box == pytest.approx((0, 1, 2, 4), abs=1e-6)


def test_the_blob_that_drives_the_box_is_its_map(yolo):
    model = yolo(second, V2)
    cam = slimcam.GradCAM(model, target=Box(0))
    assert cam.layer == "maps"
    maps = cam(picture(1.5, 0.5))
    assert maps.scores.tolist() == [4 + 2]  # objectness and class, before sigmoid and softmax
    # either colour weighs 4 / 16
    np.testing.assert_array_equal(maps.raw[0], picture(2.0)[0, ..., 0] / 4)
    assert (maps.label(0), maps.classes.tolist()) == ("dog", [1])


def test_of_one_class_the_objectness_is_explained(yolo):
    model = yolo(second, {**V2, "classes": 1, "labels": ["face"]})
    maps = slimcam.explain(model, picture(1.5, 0.5), target=Box(0))
    assert (maps.scores.tolist(), maps.label(0)) == ([4], "face")
    np.testing.assert_array_equal(maps.raw[0], picture(1.5)[0, ..., 0] / 4)


def test_version_1(yolo):
    model = yolo(first, V1)
    assert model.logits is None
    image = picture(0.75, 0.5)
    found = slimcam.detections(model, image)[0][0]
    assert (found.label, found.score) == ("dog", 0.75 * 0.5)
    # a cell is half the picture: in its middle, 0.5² of the picture wide and all of it tall, which is cut
    assert found.box == pytest.approx((0, 2.5, 3, 3.5), abs=1e-6)
    maps = slimcam.explain(model, image, target=Box("dog"))
    assert maps.scores.tolist() == [0.75 + 0.5]
    np.testing.assert_array_equal(maps.raw[0], picture(1.25)[0, ..., 0] / 16)


def test_boxes_that_overlap_are_one_detection_and_a_box_has_one_class():
    kind = Yolo(2, 2, 2, [], (1.0, 1.0, 1.0, 1.0), 1.0)
    output = np.zeros((1, 1, 14), np.float32)
    output[0, 0, 4], output[0, 0, 5:7] = 3, (2, 0)
    output[0, 0, 11], output[0, 0, 12:14] = 2, (2, 0)  # the same box again, and of both classes
    found = find_in_output(output, kind)
    # the other box is the best of class 0 no more, and of class 1 not either
    assert [(one.class_id, one.places) for one in found] == [(0, (4, 5))]
    assert find_in_output(output[..., :7], kind._replace(boxes=1, anchors=(1.0, 1.0)))[0].score == found[0].score


def test_overlap():
    square, half = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0.5])
    assert overlap(square, half) == 0.5
    assert overlap(half, half + np.array([0, 0.5, 0, 0.5])) == 0


def test_what_is_known_is_said(yolo):
    model = yolo(second, V2)
    assert any("a YOLO of version 2, by darkflow's .meta beside it" in line for line in model.why)
    assert model.labels == ["cat", "dog"]
    with pytest.raises(TargetError, match=r"its output is of detections.*--target box:0"):
        slimcam.GradCAM(model)


def test_without_its_description_a_yolo_is_a_map(model_of):
    model = model_of(lambda: second(V2))
    with pytest.raises(TargetError, match=r"a YOLO of darkflow needs the NAME.meta"):
        slimcam.GradCAM(model, target=Box(0))


@pytest.mark.parametrize(
    "meta, message",
    [
        ({"type": "[region]"}, "darkflow's description of a YOLO, and a damaged one"),
        ({**V2, "anchors": [1, 1]}, "2 sides of anchors for 2 boxes a cell"),
    ],
)
def test_a_damaged_description(yolo, meta, message):
    with pytest.raises(ModelError, match=message):
        yolo(lambda _: second(V2), meta)


@pytest.mark.parametrize("text", ["", "[1]", '{"type": "other"}', "\x08\x01"])
def test_another_file_beside_it_is_left_alone(frozen, tmp_path, text):
    path = frozen(lambda: second(V2), "yolo.pb")
    (tmp_path / "yolo.meta").write_text(text)
    with slimcam.load(path) as model:
        assert model.labels is None
