"""A real MobileNet against the arrays that TensorFlow 1.15.5 computed on it: see the README of the shared data."""

import numpy as np
import pytest
from fixtures.tolerance import MOBILENET_V1, assert_net

import slimcam

LAYER = "MobilenetV1/MobilenetV1/Conv2d_13_pointwise/Relu6:0"
PHOTOS = {"cat": "cat.jpg", "laska": "laska.png"}
# Each dialect's raw map and heat in the golden file; of plain Grad-CAM it has the raw map only.
RAW = {"hiveml": "hive_raw", "book": "book_raw", "paper": "gradcam_raw"}
HEAT = {"hiveml": "hive", "book": "book"}


@pytest.fixture(scope="module")
def mobilenet(shared):
    """Load the frozen MobileNet with labels and preprocessing; its graph was frozen for one image at a time."""
    real = shared / "real"
    path, labels = real / "mobilenet_v1_0.25_224_frozen.pb", real / "imagenet_labels.txt"
    with slimcam.load(path, preprocess="squash", labels=str(labels)) as model:
        yield model


def assert_close(got, want):
    """Differ by no more than the roundings of one net in two TensorFlows."""
    assert got.shape == want.shape
    assert_net(got, want, MOBILENET_V1)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("dialect", RAW)
def test_raw_map_equals_tensorflow_1(mobilenet, golden, dialect, name):
    maps = slimcam.GradCAM(mobilenet, LAYER, dialect=dialect)(golden[f"{name}/input"])
    assert_close(maps.raw[0], golden[f"{name}/{RAW[dialect]}"])


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("dialect", HEAT)
def test_heat_equals_tensorflow_1(mobilenet, golden, dialect, name):
    maps = slimcam.GradCAM(mobilenet, LAYER, dialect=dialect)(golden[f"{name}/input"])
    assert_close(maps.heat[0], golden[f"{name}/{HEAT[dialect]}"])


@pytest.mark.parametrize("name", PHOTOS)
def test_resized_heat_equals_the_published_one(mobilenet, golden, name):
    maps = slimcam.GradCAM(mobilenet, LAYER, dialect="hiveml")(golden[f"{name}/input"])
    assert_close(maps.resized()[0], golden[f"{name}/hive_full"])


def test_three_images_at_once_give_the_map_of_each(mobilenet, golden):
    names = ["cat", "laska", "cat"]
    maps = slimcam.GradCAM(mobilenet, LAYER, dialect="hiveml")(np.concatenate([golden[f"{n}/input"] for n in names]))
    assert maps.raw.shape == (3, 7, 7)
    for raw, name in zip(maps.raw, names):
        assert_close(raw, golden[f"{name}/hive_raw"])
    assert maps.classes.tolist() == [288, 357, 288]


def test_logits_equal_tensorflow_1(mobilenet, golden):
    images = np.concatenate([golden["cat/input"], golden["laska/input"]])
    logits = mobilenet.session.run(mobilenet.logits, {mobilenet.input: images})
    assert_close(logits, np.concatenate([golden["cat/logits"], golden["laska/logits"]]))


@pytest.mark.parametrize("name", PHOTOS)
def test_score_is_the_logit_of_the_winning_class(mobilenet, golden, name):
    maps = slimcam.GradCAM(mobilenet, LAYER)(golden[f"{name}/input"])
    assert maps.classes.tolist() == [golden[f"{name}/class"]]
    assert_close(maps.scores, golden[f"{name}/logits"].max(-1))


@pytest.mark.parametrize("name, file", PHOTOS.items())
def test_squash_leads_from_the_photo_to_the_golden_map(mobilenet, golden, shared, name, file):
    maps = slimcam.GradCAM(mobilenet, LAYER)(shared / "real" / file)
    correlation = np.corrcoef(maps.raw[0].ravel(), golden[f"{name}/gradcam_raw"].ravel())[0, 1]
    assert correlation >= 0.999
    assert maps.classes.tolist() == [golden[f"{name}/class"]]


@pytest.mark.parametrize("name", PHOTOS)
def test_top_three_equals_three_single_targets(mobilenet, golden, name):
    image = golden[f"{name}/input"]
    best = np.argsort(-golden[f"{name}/logits"][0])[:3]
    top = slimcam.GradCAM(mobilenet, LAYER, target=slimcam.Top(3))(image)
    assert top.classes.tolist() == best.tolist()
    assert_close(top.scores, golden[f"{name}/logits"][0][best])
    single = slimcam.GradCAM(mobilenet, LAYER, target=0)
    for raw, class_id in zip(top.raw, best):
        assert_close(raw, single(image, target=class_id).raw[0])


def test_top_three_keeps_the_maps_of_an_image_together(mobilenet, golden):
    maps = slimcam.GradCAM(mobilenet, LAYER, slimcam.Top(3))(
        np.concatenate([golden["cat/input"], golden["laska/input"]])
    )
    assert maps.photo.tolist() == [0, 0, 0, 1, 1, 1]
    assert_close(maps.raw[0], golden["cat/gradcam_raw"])
    assert_close(maps.raw[3], golden["laska/gradcam_raw"])


def test_labels_of_a_thousand_lines_are_one_behind_the_classes(mobilenet, golden, shared):
    lines = (shared / "real" / "imagenet_labels.txt").read_text().splitlines()
    maps = slimcam.GradCAM(mobilenet, LAYER)(np.concatenate([golden["cat/input"], golden["laska/input"]]))
    assert len(lines) == 1000
    assert [lines[287], lines[356]] == [f"287: {maps.label(0)}", f"356: {maps.label(1)}"]
    assert mobilenet.label(0) == "background"


@pytest.mark.parametrize("label", ["lynx, catamount", "lynx"])
def test_a_label_or_one_of_its_names_is_its_class(mobilenet, golden, label):
    maps = slimcam.GradCAM(mobilenet, LAYER, target=label)(golden["cat/input"])
    assert maps.classes.tolist() == [288]
    assert_close(maps.raw[0], golden["cat/gradcam_raw"])


def test_a_name_of_two_labels_is_refused(mobilenet):
    # "cougar, puma, catamount, …" is class 287 and "lynx, catamount" class 288
    with pytest.raises(slimcam.UnknownName, match=r"'catamount' stands for the classes \[287, 288\]; give the number"):
        slimcam.GradCAM(mobilenet, LAYER, target="catamount")


def test_default_layer_is_the_one_before_the_pooling(mobilenet):
    assert mobilenet.layers()[0].tensor.name == LAYER
