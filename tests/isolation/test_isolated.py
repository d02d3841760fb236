"""A model in a process of its own: the same answers, and errors where it must not or cannot."""

import os
import pickle
import sys

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam._tf import TF_VERSION
from slimcam.isolation import child as children

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")

SIDE = 6
X = np.random.RandomState(3).uniform(1, 2, (2, SIDE, SIDE, 3)).astype(np.float32)
PHOTOS = [np.random.RandomState(i).randint(0, 256, (20 + i, 30, 3)).astype(np.uint8) for i in range(3)]


def write(folder):
    """Write a net that takes as many bytes as an image's largest value says, and never ends for one of 0."""
    random = np.random.RandomState(0)
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="x")
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant(random.randn(3, 3, 3, 4), tf1.float32), 1, "SAME"), name="a")
        b = tf1.nn.relu(tf1.nn.conv2d(a, tf1.constant(random.randn(3, 3, 4, 5), tf1.float32), 1, "SAME"), name="b")
        largest = tf1.reduce_max(x)
        filled = tf1.fill([tf1.cast(largest, tf1.int32), 1 << 18], largest)
        end = tf1.while_loop(lambda i: i < 1.0, lambda i: i * 1.0, [tf1.reduce_max(filled)])
        end = tf1.reshape(end[0] if isinstance(end, (list, tuple)) else end, [])
        tf1.add(tf1.reduce_mean(b, [1, 2]), 0.0 * end, name="logits")
    path = folder / "model.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return str(path)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(tmp_path_factory.mktemp("isolated"))


@pytest.fixture(scope="module")
def here(path):
    with slimcam.load(path, labels=list("vwxyz"), layer="b") as model:
        yield model


@pytest.fixture(scope="module")
def there(path):
    with slimcam.load(path, labels=list("vwxyz"), layer="b", isolated=True, memory=0.75, timeout=3.0) as model:
        yield model


@pytest.mark.parametrize(
    "options",
    [
        {"layer": "b"},
        {"layer": "a", "target": "w"},
        {"layer": "b", "target": slimcam.Top(2), "dialect": "book"},
        {"layer": "a", "target": [0, 3], "method": "gated"},
        {"layer": "b", "target": slimcam.Class(1) - slimcam.Class("v"), "dialect": "hiveml"},
        {"layer": "a", "target": slimcam.Mean("b") - 0.5 * slimcam.Channel("b", 1)},
        {"layer": "b", "hold": {"a": np.ones((SIDE, SIDE, 4), np.float32)}, "target": slimcam.Dot("logits", range(5))},
    ],
    ids=["default", "label", "top", "each", "sum", "score", "hold"],
)
def test_the_maps_are_the_same(here, there, options):
    batches = [X, PHOTOS[:2]] if isinstance(options.get("target"), list) else [X, PHOTOS, PHOTOS[0]]
    mine, theirs = (slimcam.GradCAM(model, **options) for model in (here, there))
    assert (mine.layer, mine.on_logits) == (theirs.layer, theirs.on_logits)
    for images in batches:
        a, b = mine(images), theirs(images)
        for name in ("raw", "heat", "classes", "scores", "photo", "finite", "rounding"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), name)
        assert (a.fed, a.windows, a.labels, a.names) == (b.fed, b.windows, b.labels, b.names)
        np.testing.assert_array_equal(np.stack(list(a.overlay())[:1]), np.stack(list(b.overlay())[:1]))


def test_a_call_changes_the_class_and_gives_evidence(here, there):
    mine, theirs = (slimcam.GradCAM(model, "a", 1) for model in (here, there))
    np.testing.assert_array_equal(mine(X, target=["v", 4]).raw, theirs(X, target=["v", 4]).raw)
    for name in ("activations", "gradients", "scores", "classes"):
        np.testing.assert_array_equal(getattr(mine.evidence(X), name), getattr(theirs.evidence(X), name))


def test_what_is_known_of_the_model_is_the_same(here, there):
    assert [(one.name, one.shape) for one in there.layers()] == [(one.name, one.shape) for one in here.layers()]
    assert (there.needs("logits"), there.needs("a", "b")) == (here.needs("logits"), here.needs("a", "b"))
    assert (there.source, there.labels, there.notes, there.classes) == (here.source, list("vwxyz"), here.notes, 5)
    assert there.why[:-1] == here.why
    assert there.why[-1].startswith(
        "isolated: a process of its own, with limits on files, networks, programs and memory"
    )
    tensor = there.tensor("a")
    assert (tensor.name, tensor.shape.as_list(), there.name_of(tensor)) == ("a:0", [None, SIDE, SIDE, 4], "a")
    assert repr(there).startswith(f"<Model {here.source}: 'x:0'")
    for name in ("a", "logits"):
        np.testing.assert_array_equal(there.features(name, PHOTOS), here.features(name, PHOTOS))
    cam = slimcam.GradCAM(there, tensor, slimcam.Mean(there.tensor("b")))  # a tensor is as good as its name
    np.testing.assert_array_equal(cam(X).raw, slimcam.GradCAM(here, "a", slimcam.Mean("b"))(X).raw)


def test_errors_are_those_of_a_model_here(there):
    for kind, text, use in (
        (slimcam.UnknownName, "no tensor 'logit'; near: 'logits'", lambda: slimcam.GradCAM(there, "logit")),
        (slimcam.TargetError, "class 9 is out of range", lambda: slimcam.GradCAM(there, "a", 9)),
        (slimcam.TargetError, "class 9 is out of range", lambda: slimcam.GradCAM(there, "a", 1)(X, target=9)),
        (slimcam.PhotoError, "takes", lambda: slimcam.GradCAM(there, "a")(X[:, :2])),
        (slimcam.TargetError, "cannot go to another", lambda: slimcam.GradCAM(there, "a", lambda model: model.logits)),
        (slimcam.ModelError, "is isolated, and this needs its graph in this process", lambda: there.graph),
    ):
        with pytest.raises(kind, match=text):
            use()


def test_what_takes_too_long_or_too_much_is_an_error_and_the_model_goes_on(there):
    cam = slimcam.GradCAM(there, "a", 1)
    expected = cam(X).raw
    much, late = (
        "a run takes more memory than it may: give fewer or smaller images, or more memory= where it is isolated",
        "a run took more than 3 s: give timeout=, in seconds, if it may",
    )
    for scale, error in ((1500, much), (0.25, late)):  # 3 GiB
        if error is late or TF_VERSION < (2,):  # TensorFlow 2 waits ten seconds for more memory
            with pytest.raises(slimcam.ModelError) as raised:
                cam(X * scale)
            assert str(raised.value) == error
    np.testing.assert_array_equal(cam(X).raw, expected)


def test_it_is_pickled_as_its_path_and_known_after_a_fork(there, monkeypatch):
    loads = []
    monkeypatch.setattr("slimcam.sources.loading.load_isolated", lambda *arguments: loads.append(arguments))
    pickle.loads(pickle.dumps(there))
    (path, options, memory, _), pid = loads[0], os.getpid()
    assert (path, memory, options) == (there.source, 0.75, {"timeout": 3.0, "labels": list("vwxyz"), "layer": "b"})
    monkeypatch.setattr(children.os, "getpid", lambda: pid + 1)
    with pytest.raises(slimcam.ModelError, match=r"was loaded before this process was forked: load it here"):
        there.layers()


def test_what_only_such_a_process_has_is_an_error_elsewhere(path):
    for options, text in (
        ({"memory": 2}, r"memory=2 is of a process of its own: give isolated=True as well"),
        ({"isolated": True, "memory": -1}, r"memory=-1: give GiB, more than 0"),
        ({"isolated": True, "timeout": 0}, r"timeout=0: give seconds"),
    ):
        with pytest.raises(slimcam.ModelError, match=text):
            slimcam.load(path, **options)
    with pytest.raises(slimcam.ModelError, match=r"nowhere.pb: no such file, folder or checkpoint prefix"):
        slimcam.load("nowhere.pb", isolated=True)
    with tf1.Session(graph=tf1.Graph()) as session, pytest.raises(slimcam.ModelError, match=r"takes no isolated="):
        slimcam.load(session, isolated=True)


def test_the_command_line_explains_in_a_process_of_its_own(run, path, tmp_path):
    photo = str(tmp_path / "photo.png")
    cv2.imwrite(photo, PHOTOS[0][..., ::-1])
    for name, options in (("here", ()), ("there", ("--isolated", "--memory", "2"))):
        result = run("explain", photo, "--model", path, "--layer", "b", "--out", str(tmp_path / name), *options)
        assert (result.status, result.stdout.count("\n")) == (0, 2), result.stderr
    with np.load(str(tmp_path / "here/maps.npz")) as mine, np.load(str(tmp_path / "there/maps.npz")) as theirs:
        for key in mine.files:
            np.testing.assert_array_equal(mine[key], theirs[key])
