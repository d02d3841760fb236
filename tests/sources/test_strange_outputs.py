"""Real models of other people that end in detections and in a segmentation: what is explained is right."""

import numpy as np
import pytest
from fixtures.tolerance import assert_net

import slimcam


@pytest.fixture(scope="module")
def ssd(strangers):
    with slimcam.load(strangers / "ssd_person_cat_dog.pb", labels=["person", "cat", "dog"]) as model:
        yield model


@pytest.fixture(scope="module")
def unet(strangers):
    with slimcam.load(strangers / "unet_person.pb", preprocess="unit") as model:
        yield model


def inside_and_outside(maps):
    """Return the mean heat in the box of the first map, and that of the rest of the photo."""
    heat = maps.resized()[0]
    top, left, bottom, right = np.round(maps.boxes[0]).astype(int)
    inside = np.zeros(heat.shape, bool)
    inside[top:bottom, left:right] = True
    return heat[inside].mean(), heat[~inside].mean()


# The cat and the dog as they are seen in the photos, and what the graph's own sigmoid says of them.
SEEN = {
    "cat": ("cat.jpg", "cat", 0.973, (430, 250)),
    "dog": ("strangers/photos/dogscats_classification.jpg", "dog", 0.643, (380, 300)),
}


@pytest.mark.parametrize("name", SEEN)
def test_the_detection_that_is_seen_is_explained_where_it_is(ssd, shared, name):
    file, label, probability, (x, y) = SEEN[name]
    photo = shared / "real" / file
    cam = slimcam.GradCAM(ssd, target=slimcam.Box(0))
    assert cam.layer == "Conv2d_11_pointwise"  # the last map before the heads
    maps = cam(photo)
    assert maps.label(0) == label
    top, left, bottom, right = maps.boxes[0]
    assert left < x < right and top < y < bottom
    assert 1 / (1 + np.exp(-maps.scores[0])) == pytest.approx(probability, abs=1e-3)
    inside, outside = inside_and_outside(maps)
    assert inside > 1.5 * outside
    there = slimcam.explain(ssd, photo, target=slimcam.Box(label, at=(x, y)))
    np.testing.assert_array_equal(there.raw, maps.raw)


def test_the_score_is_the_logit_of_the_graph_itself(ssd, shared):
    photo = shared / "real" / "cat.jpg"
    logits, scores = (ssd.features(f"Postprocessor/{name}:0", photo)[0] for name in ("scale_logits", "convert_scores"))
    best = np.unravel_index(scores.argmax(), scores.shape)
    assert best[1] == 1  # a cat, as the head counts
    assert slimcam.explain(ssd, photo, target=slimcam.Box(0)).scores[0] == pytest.approx(logits[best], rel=1e-5)


def test_a_detector_that_is_asked_for_a_class_says_what_fits(ssd):
    assert ssd.logits is None
    with pytest.raises(slimcam.TargetError, match=r"'detection_boxes:0' and 'detection_scores:0'.*--target box:0"):
        slimcam.GradCAM(ssd)


def test_a_region_is_explained_before_the_output(unet, strangers):
    photo = strangers / "photos" / "angry.jpg"
    cam = slimcam.GradCAM(unet, target=slimcam.Region(1))
    assert cam.layer == "conv2d_17"
    maps = cam(photo)
    logits = unet.features(unet.outputs[0], photo)[0]
    inside = logits.argmax(-1) == 1
    assert maps.scores[0] == pytest.approx(logits[inside, 1].sum(), rel=1e-5)
    heat = maps.heat[0]
    assert heat[inside].mean() > 5 * heat[~inside].mean()


def test_a_segmentation_says_which_targets_fit(unet):
    with pytest.raises(
        slimcam.TargetError, match=r"'output/BiasAdd:0' .* is a map.*--target region:CLASS.*--target peak:K"
    ):
        slimcam.GradCAM(unet)


def test_a_steering_angle_is_the_score_with_its_sign(strangers, shared):
    scale = {"lambda_1": lambda x: x / 127.5 - 1.0}
    with slimcam.load(strangers / "carnd_steering.h5", custom_objects=scale, preprocess="none") as model:
        photo = shared / "real" / "cat.jpg"
        angle = model.features(model.outputs[0], photo)[0, 0]
        maps = slimcam.explain(model, photo)
        less = slimcam.explain(model, photo, target=-slimcam.Class(0))
        assert model.one_number
        assert maps.layer == "conv2d_3"
    assert maps.scores[0] == pytest.approx(angle, rel=1e-5)
    assert angle == pytest.approx(-0.5471, abs=1e-4)  # to the left, on every TensorFlow
    assert less.scores[0] == pytest.approx(-angle, rel=1e-5)
    assert_net(less.raw, -maps.raw)  # what lowers it is what raises its negative
