"""A checkpoint in a box: what its manifest says is heeded, and the trained one gives one map in all its forms."""

import hashlib
import json
import os
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


@pytest.mark.parametrize(
    "text",
    ["no JSON", "[]", '"format"', "\0", "[" * 10**5, '{"name": "an app", "icons": []}', '{"format": 1, "net": 2}'],
)
def test_a_foreign_manifest_is_not_heeded_and_that_is_said(box, text):
    folder = box()
    (folder / "manifest.json").write_text(text)
    with slimcam.load(folder / "model.pb", logits="logits") as model:
        said = "not heeded, as it is no manifest of slimcam's, or a damaged one"
        assert f"{folder / 'manifest.json'}: {said}" in model.why
    with pytest.raises(ModelError, match="a folder without a model"):
        slimcam.load(folder)


# What a stranger's manifest may not


def as_checkpoint(box, **changes):
    """Return a box whose source is a checkpoint of one variable; its sha256 as it is."""
    folder = box()
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.get_variable("own", [1])
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, str(folder / "own.ckpt"), write_meta_graph=False)
    files = sorted(path.name for path in folder.glob("own.ckpt.*"))
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files}
    return box(**{"sources": {"v2": "own.ckpt"}, "sha256": digests, **changes})


def test_a_function_is_not_called(box, tmp_path):
    marker = tmp_path / "ran"
    folder = as_checkpoint(box, net="pydoc:pipe_pager", arguments={"cmd": f"touch {marker}"})
    for path in (folder, folder / "own.ckpt"):
        with pytest.raises(ModelError, match=r"the net 'pydoc:pipe_pager' is none that `slimcam nets` lists"):
            slimcam.load(path)
    assert not marker.exists()


def test_a_function_that_is_trusted_or_the_callers_own_is_called(box):
    folder = as_checkpoint(box, net="test_manifest:one_variable")
    for options in ({"trusted": True}, {"net": one_variable}):
        with slimcam.load(folder, preprocess="none", layer="maps", **options) as model:
            assert model.logits.shape.as_list() == [None, 2]


def one_variable(images, num_classes=2, is_training=False):
    """A net of slim's signature."""
    maps = tf1.multiply(images, tf1.get_variable("own", [1]), name="maps")
    logits = tf1.reduce_mean(maps, [1, 2])[:, :num_classes]
    return logits, {"maps": maps}


@pytest.mark.parametrize(
    "changes, problem",
    [
        ({"arguments": {"scope": ["a"]}}, "arguments is plain values"),
        ({"arguments": [1]}, "arguments is plain values"),
        ({"net": 7}, "net is a name"),
        ({"num_classes": "2"}, "num_classes is a number up to 1000000"),
        ({"num_classes": 10**12}, "num_classes is a number up to 1000000"),
        ({"size": 65536}, "size is a number of pixels up to 4096"),
        ({"preprocess": ["squash"]}, "preprocess is one of inception"),
        ({"preprocess": "squish"}, "preprocess is one of inception"),
        ({"labels": [1, 2]}, "labels is names"),
        ({"labels": "cat"}, "labels is names"),
        ({"layer": 3}, "layer is a name"),
        ({"sources": ["model.pb"]}, "sources is names of files"),
        ({"sources": {"pb": 3}}, "sources is names of files"),
        ({"sha256": []}, "sha256 is a sha256 for each file"),
        ({"format": "1"}, "of format 1; this slimcam reads format 1|format is a number"),
    ],
)
def test_what_a_key_holds_is_checked(box, changes, problem):
    with pytest.raises(ModelError, match=rf"manifest\.json: {problem}"):
        slimcam.load(box(**changes))


def test_arguments_that_a_net_does_not_take_are_said(box):
    folder = as_checkpoint(box, net="inception_v1", arguments={"prediction_fn": "softmax"}, num_classes=2, size=32)
    with pytest.raises(ModelError, match=r"manifest\.json: the net 'inception_v1' cannot be built with .*prediction_f"):
        slimcam.load(folder)


@pytest.mark.parametrize("name", ["../model.pb", "/etc/passwd.pb", "sub/../../model.pb", "..\\model.pb", "", "."])
def test_a_source_outside_of_the_folder_is_refused(box, name):
    with pytest.raises(ModelError, match=r"no name of a file in this folder|leads out|no source"):
        slimcam.load(box(sources={"pb": name}, sha256={name: "0" * 64}))


def test_a_source_that_is_a_link_out_is_refused(box, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "model.pb"
    folder = box()
    shutil.move(str(folder / "model.pb"), str(elsewhere))
    (folder / "model.pb").symlink_to(elsewhere)
    with pytest.raises(ModelError, match=r"model\.pb: it leads out of its folder"):
        slimcam.load(folder)


@pytest.mark.parametrize("digests", [{}, {"model.pb": ""}, {"model.pb": "x" * 64}])
def test_a_source_without_a_sha256_is_refused(box, digests):
    with pytest.raises(ModelError, match=r"model\.pb: manifest\.json has no sha256 of it"):
        slimcam.load(box(sha256=digests))


def test_every_file_of_a_checkpoint_needs_its_sha256(box):
    folder = as_checkpoint(box)
    digests = json.loads((folder / "manifest.json").read_text())["sha256"]
    del digests["own.ckpt.data-00000-of-00001"]
    with pytest.raises(ModelError, match=r"own\.ckpt\.data-00000-of-00001: manifest\.json has no sha256 of it"):
        slimcam.load(as_checkpoint(box, sha256=digests))


def test_no_other_file_is_hashed(box, tmp_path):
    os.mkfifo(str(tmp_path / "pipe"))
    digest = json.loads((box() / "manifest.json").read_text())["sha256"]["model.pb"]
    with slimcam.load(box(sha256={"model.pb": digest, "pipe": "0" * 64, "/dev/zero": "0" * 64})) as model:
        assert model.labels == ["cat", "dog"]


def test_a_file_that_is_a_pipe_is_said_at_once(box):
    folder = box()
    (folder / "model.pb").unlink()
    os.mkfifo(str(folder / "model.pb"))
    with pytest.raises(ModelError, match=r"model\.pb: a pipe, not a file; manifest\.json names it"):
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
