"""Box: a detection's score before suppression, on detectors whose anchors each see one quarter of a picture."""

import numpy as np
import pytest
from fixtures.detector_nets import combined, faster_rcnn, picture, ssd
from fixtures.three_classes import three_classes
from fixtures.tolerance import rounding

import slimcam
from slimcam import Box
from slimcam.errors import TargetError, UnknownName
from slimcam.targets.detections import place_of

LABELS = ["red", "green"]
# Red of 2 in the top right quarter: its logit is 4 x 2 - 2. Green of 1 at the bottom left: 4 x 1 - 2.
BLOBS = picture((1, 0, 2.0), (2, 1, 1.0))
NETS = {"ssd": ssd, "background": lambda: ssd(background=True), "pixels": lambda: ssd(side=4), "combined": combined}


def blob(quarter, value):
    """Return the map that has a value in a quarter, and nothing elsewhere."""
    return picture((quarter, 0, value))[0, ..., 0]


@pytest.fixture(params=NETS)
def detector(request, model_of):
    return model_of(NETS[request.param], labels=LABELS)


def test_the_blob_that_drives_a_box_is_its_map(detector):
    cam = slimcam.GradCAM(detector, target=Box(0))
    assert cam.layer == "maps"  # not the head, whose values are the scores
    maps = cam(BLOBS)
    assert maps.scores.tolist() == [6]
    # the gradient is 1 at 4 of 16 places, so red weighs 1 / 4, and there is 2 of it
    np.testing.assert_array_equal(maps.raw[0], blob(1, 0.5))
    assert maps.boxes.tolist() == [[0, 2, 2, 4]]
    assert maps.label(0) == "red"


def test_another_box_in_the_next_call_adds_nothing_to_the_graph(detector):
    cam = slimcam.GradCAM(detector, target=Box(0))
    cam(BLOBS)
    before = len(detector.graph.get_operations())
    maps = cam(np.concatenate([BLOBS, BLOBS]), target=[Box(1), Box(0)])
    assert len(detector.graph.get_operations()) == before
    assert maps.scores.tolist() == [2, 6]
    np.testing.assert_array_equal(maps.raw, [blob(2, 0.25), blob(1, 0.5)])
    assert maps.boxes.tolist() == [[2, 0, 4, 2], [0, 2, 2, 4]]


def test_detections_are_told_best_first(model_of):
    model = model_of(ssd, labels=LABELS)
    first, second = slimcam.detections(model, BLOBS)[0][:2]
    assert (first.class_id, first.label, first.box) == (1, "red", (0, 2, 2, 4))
    assert first.score == pytest.approx(1 / (1 + np.exp(-6)), rel=rounding(4))
    assert (second.class_id, second.label, second.box) == (2, "green", (2, 0, 4, 2))
    assert second.score == pytest.approx(1 / (1 + np.exp(-2)), rel=rounding(4))


@pytest.mark.parametrize("which", ["green", 2])
def test_the_box_of_a_class_at_a_point(model_of, which):
    model = model_of(ssd, labels=LABELS)
    image = picture((1, 0, 2.0), (2, 1, 1.0), (0, 1, 3.0))
    # two are green: the better one at the top left, and the one that holds x = 1, y = 3
    assert slimcam.explain(model, image, target=Box(which, at=(1, 3))).scores.tolist() == [2]
    assert slimcam.explain(model, image, target=Box(which, at=(1, 1))).scores.tolist() == [10]
    assert slimcam.explain(model, image, target=Box("green")).scores.tolist() == [10]


def test_a_box_lies_on_the_photo_and_not_on_what_the_net_is_fed(model_of):
    model = model_of(ssd, preprocess="unit")
    photo = np.zeros((8, 40, 3), np.uint8)
    photo[:4, 20:, 0] = 255
    maps = slimcam.explain(model, photo, target=Box(0))
    assert maps.boxes.tolist() == [[0, 20, 4, 40]]
    assert slimcam.explain(model, photo, target=Box(1, at=(30, 2))).scores.tolist() == [2]  # red of 1: 4 x 1 - 2
    frame = maps.overlay()[0]
    assert frame[4, 20:].min() == 255  # a white line along the lower side
    assert not (frame[4, :18] == 255).all(-1).any()


def test_the_second_stage_of_proposals_is_explained_on_the_map_before_the_crops(model_of):
    model = model_of(faster_rcnn)
    cam = slimcam.GradCAM(model, target=Box(0))
    assert cam.layer == "maps"
    maps = cam(BLOBS)
    # 2 x 2 samples at the crop's corners, of which two lie between the blob and nothing: 2 x 1.5 x 1.5 - 2
    assert maps.scores.tolist() == [2.5]
    assert (maps.classes.tolist(), maps.boxes.tolist()) == ([1], [[0, 2, 2, 4]])
    np.testing.assert_array_equal(maps.raw[0], blob(1, 0.5))  # four samples' weights over 16 places, times 2


@pytest.mark.parametrize(
    "target, error, message",
    [
        (Box(4), TargetError, "Box.4.: the photo has 4 detections"),
        (Box("red", at=(9, 3)), TargetError, r"Box\('red', at=\(9.0, 3.0\)\): no box of that class in the photo holds"),
        (Box(3, at=(1, 1)), TargetError, "the detector has classes 1 to 2"),
        (Box("rad"), UnknownName, "no label 'rad'; near: 'red'"),
    ],
)
def test_a_box_that_is_not_there(model_of, target, error, message):
    model = model_of(ssd, labels=LABELS)
    image = picture((1, 0, 2.0))
    with pytest.raises(error, match=message):
        slimcam.explain(model, image, target=target)


@pytest.mark.parametrize("wrong", [-1, 1.5, True, None])
def test_a_box_is_counted_from_0(wrong):
    with pytest.raises(TargetError, match="from 0"):
        Box(wrong)


def test_a_detector_says_which_target_fits(model_of):
    model = model_of(ssd)
    assert model.logits is None
    with pytest.raises(TargetError, match=r"it ends in detections.*target=slimcam.Box\(0\) \(--target box:0\)"):
        slimcam.GradCAM(model)


def test_scores_after_suppression_have_no_gradient(model_of):
    model = model_of(ssd, logits="detection_scores")
    with pytest.raises(TargetError, match=r"'detection_scores:0' is what a suppression chose.*--target box:0"):
        slimcam.GradCAM(model)


def test_a_box_is_explained_by_itself(model_of):
    model = model_of(ssd)
    with pytest.raises(TargetError, match=r"Box\(0\) is explained by itself"):
        slimcam.GradCAM(model, target=Box(0) - 0.5 * slimcam.Mean("maps"))
    with pytest.raises(TargetError, match="a call can change which Box"):
        slimcam.GradCAM(model, target=Box(0))(BLOBS, target=slimcam.Mean("maps"))


def test_what_is_no_detector_says_so(model_of):
    with pytest.raises(TargetError, match="is no detector that slimcam knows"):
        slimcam.GradCAM(model_of(three_classes, logits="logits"), target=Box(0))


def test_a_detection_that_no_anchor_is():
    anchors = np.float32([[[0, 0, 1, 1]], [[0, 0, 0.5, 0.5]]])
    scores = np.float32([[0.9, 0.1], [0.3, 0.3]])
    assert place_of(anchors[0, 0], 0.9, anchors, scores) == 0
    assert place_of(anchors[1, 0], 0.3, anchors, scores) == 2
    assert place_of(np.float32([0.2, 0.2, 0.4, 0.4]), 0.1, anchors, scores) == 1  # moved, but the only one of its score
    with pytest.raises(TargetError, match="is none of the 2 boxes"):
        place_of(np.float32([0.2, 0.2, 0.4, 0.4]), 0.3, anchors, scores)
