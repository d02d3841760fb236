"""A checkpoint in a box: what its manifest says is heeded, and the trained one gives one map in all its forms."""

import hashlib
import json
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import SHAPES_NET, assert_net

import slimcam
from slimcam import ModelError
from slimcam.inputs.preprocess import PREPROCESSING

SHAPES = pathlib.Path(__file__).resolve().parents[2] / "checkpoints" / "shapes"
SAMPLES = sorted(SHAPES.glob("samples/*.png"))
PAIRS = [path for path in SAMPLES if "-and-" in path.stem]


def net():
    images = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="input")
    weights = np.random.RandomState(0).normal(size=(3, 3, 3, 4)).astype(np.float32)
    first = tf1.nn.relu(tf1.nn.conv2d(images, tf1.constant(weights), [1, 1, 1, 1], "SAME"), name="first")
    second = tf1.nn.relu(tf1.nn.conv2d(first, tf1.ones([1, 1, 4, 2]), [1, 1, 1, 1], "SAME"), name="second")
    tf1.matmul(tf1.reduce_mean(second, [1, 2]), tf1.constant([[1.0, -1.0], [0.5, 1.0]]), name="logits")


@pytest.fixture
def box(frozen, tmp_path):
    """Return `box(key=value, …)`: a folder with a frozen graph and a manifest so changed, where None drops a key."""
    frozen(net)
    digest = hashlib.sha256((tmp_path / "model.pb").read_bytes()).hexdigest()

    def make(**changes):
        manifest = {
            "format": 1,
            "net": "own",
            "arguments": {},
            "num_classes": 2,
            "size": 8,
            "preprocess": "squash",
            "labels": ["cat", "dog"],
            "layer": "first",
            "sources": {"pb": "model.pb"},
            "sha256": {"model.pb": digest},
        }
        manifest.update(changes)
        said = {key: value for key, value in manifest.items() if value is not None}
        (tmp_path / "manifest.json").write_text(json.dumps(said))
        return tmp_path

    return make


# Manifests


def test_a_manifest_tells_labels_layer_and_preprocessing(box, photo):
    with slimcam.load(box()) as model:
        maps = slimcam.explain(model, photo(12, 10), target="dog")
        assert "labels, layer 'first', preprocess 'squash': as manifest.json says" in model.why
    assert (maps.classes.tolist(), maps.label(0), maps.layer) == ([1], "dog", "first")


def test_a_file_in_a_box_is_loaded_by_its_manifest(box):
    with slimcam.load(box() / "model.pb") as model:
        assert model.labels == ["cat", "dog"]


def test_what_the_caller_says_goes_before_the_manifest(box):
    with slimcam.load(box(), labels=["Katze", "Hund"], layer="second", preprocess="none") as model:
        assert model.labels == ["Katze", "Hund"]
        assert model.layer.name == "second:0"
        assert model.photos.preprocess is PREPROCESSING["none"]


def test_a_damaged_file_is_said(box):
    folder = box()
    with open(str(folder / "model.pb"), "ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match=r"model\.pb: damaged: its sha256 is not the one in manifest\.json"):
        slimcam.load(folder)


def test_a_missing_file_is_said(box):
    folder = box()
    (folder / "model.pb").unlink()
    with pytest.raises(ModelError, match=r"model\.pb: No such file or directory; manifest\.json names it"):
        slimcam.load(folder)


@pytest.mark.parametrize("changes", [{}, {"sources": None, "labels": None}])
def test_a_newer_format_is_said_whatever_it_lacks(box, changes):
    with pytest.raises(ModelError, match=r"manifest\.json: of format 2; this slimcam reads format 1"):
        slimcam.load(box(format=2, **changes))


def test_missing_keys_are_listed(box):
    with pytest.raises(ModelError, match=r"manifest\.json: not a manifest: without labels, sha256$"):
        slimcam.load(box(labels=None, sha256=None))


@pytest.mark.parametrize("text", ["no JSON", "[]", '"format"', "\0"])
def test_a_file_that_is_no_manifest_is_said(box, text):
    folder = box()
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match=r"manifest\.json: not a manifest"):
        slimcam.load(folder)


def test_a_manifest_without_a_source_is_said(box):
    with pytest.raises(ModelError, match=r"manifest\.json: it names no source"):
        slimcam.load(box(sources={}))


def test_labels_of_another_count_are_refused(box):
    with pytest.raises(ModelError, match="4 labels for 2 classes"):
        slimcam.load(box(labels=["cat", "dog", "eel", "fox"]))


# The trained box


@pytest.fixture(scope="module")
def models():
    """Return the models of checkpoints/shapes by their form: "v2", "v1", "pb"."""
    if not (SHAPES / "manifest.json").is_file():
        pytest.skip(f"needs the trained checkpoint in {SHAPES}")
    sources = json.loads((SHAPES / "manifest.json").read_text())["sources"]
    loaded = {form: slimcam.load(SHAPES / name) for form, name in sources.items()}
    yield loaded
    for model in loaded.values():
        model.close()


def test_a_box_means_its_first_source(models):
    with slimcam.load(SHAPES) as model:
        assert model.source == models["v2"].source


def test_damage_to_one_form_leaves_the_others(models, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(str(SHAPES), str(folder))
    with open(str(folder / "shapes.ckpt.data-00000-of-00001"), "r+b") as file:
        file.seek(1000)
        file.write(b"\xff\xff")
    with pytest.raises(ModelError, match=r"shapes\.ckpt\.data-00000-of-00001: damaged"):
        slimcam.load(folder)
    with slimcam.load(folder / "shapes-v1.ckpt") as v1, slimcam.load(folder / "shapes.pb") as pb:
        assert v1.labels == pb.labels == models["v2"].labels


@pytest.mark.parametrize("form", ["v1", "pb"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_form_gives_the_map_of_the_v2_checkpoint(models, sample, form):
    expected = slimcam.explain(models["v2"], sample)
    maps = slimcam.explain(models[form], sample)
    np.testing.assert_array_equal(maps.classes, expected.classes)
    assert_net(maps.raw, expected.raw, SHAPES_NET)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_an_object_that_is_in_the_picture_wins(models, sample):
    maps = slimcam.explain(models["v2"], sample)
    assert maps.label(0) in sample.stem.split("-and-")


def peak(maps, i):
    """Return row and column of a map's largest value in its photo."""
    heat = maps.resized()[i]
    return np.array(np.unravel_index(heat.argmax(), heat.shape))


@pytest.mark.parametrize("sample", PAIRS, ids=lambda path: path.stem)
def test_the_object_that_did_not_win_is_found_elsewhere(models, sample):
    cam = slimcam.GradCAM(models["v2"])
    maps = [cam(sample, target=label) for label in sample.stem.split("-and-")]
    distance = np.linalg.norm(peak(maps[0], 0) - peak(maps[1], 0))
    assert distance > 0.25 * min(maps[0].photos[0].shape[:2])
    assert len({int(one.classes[0]) for one in maps}) == 2
