"""Recording in another interpreter: really done, and what is raised there."""

import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net

import slimcam
from slimcam import errors
from slimcam.errors import InterpreterError, MissingFeed, ModelError, PhotoError, TargetError, UnknownName
from slimcam.migration import golden, interpreter, remote, remote_worker
from slimcam.migration.remote_protocol import messages_in

SHAPES = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "checkpoints", "shapes"
)
FROZEN = os.path.join(SHAPES, "shapes.pb")
SAMPLES = [os.path.join(SHAPES, "samples", name) for name in ("flower-and-star.png", "leaf-and-triangle.png")]
X = np.random.RandomState(5).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)


@pytest.fixture
def ask(monkeypatch, capsys, tmp_path):
    """Return `ask(**request)`: the other end in this process; the folder that it replies with, or what it raises."""

    def make_request(**request):
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"out": str(tmp_path / "golden"), **request})))
        remote_worker.main()
        messages = list(messages_in(capsys.readouterr().out))
        return remote._reply("/x/python", interpreter.ProcessResult(0, messages, "", ""))

    return make_request


def save_array(array, folder):
    np.save(str(folder / "array.npy"), array)
    return str(folder / "array.npy")


@pytest.fixture
def complete(monkeypatch):
    """Take it for granted that an interpreter has all: asking takes as long as TensorFlow takes to import."""
    monkeypatch.setattr(interpreter, "check", lambda program, modules: None)
    monkeypatch.setattr(interpreter, "probe", lambda program: {})


def small():
    images = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="input")
    kernel = np.random.RandomState(1).normal(size=(3, 3, 3, 4)).astype(np.float32)
    maps = tf1.nn.relu(tf1.nn.conv2d(images, kernel, [1, 1, 1, 1], "SAME"), name="maps")
    tf1.reduce_mean(maps, [1, 2], name="logits")


# --- it is done


@pytest.fixture(scope="module")
def recorded(other_python, tmp_path_factory):
    """Return what the other TensorFlow recorded of the shipped checkpoint."""
    out = str(tmp_path_factory.mktemp("elsewhere") / "golden")
    options = {"layers": ["Mixed_4e", "Mixed_3c"], "target": ["flower", 6]}
    return slimcam.record(os.path.join(SHAPES, "shapes.ckpt"), SAMPLES, out, python=other_python, **options)


def test_the_other_tensorflow_made_it(recorded, other_python):
    held = golden.read(recorded)
    version = subprocess.run([other_python, "--version"], capture_output=True, check=True).stdout.decode().split()[1]
    assert held.made_by["python"] == version
    assert held.made_by["tensorflow"].split(".")[0] != slimcam._tf.tf.__version__.split(".")[0]
    assert held.model["source"] == os.path.join(SHAPES, "shapes.ckpt")
    assert [photo["name"] for photo in held.photos] == SAMPLES
    assert held.target == [{"class": 4}, {"class": 6}]


@pytest.mark.parametrize("name", ["shapes.ckpt", "shapes-v1.ckpt", "shapes.pb"])
def test_what_the_other_tensorflow_recorded_verifies_in_this_one(recorded, name):
    found = slimcam.verify(recorded, os.path.join(SHAPES, name), SAMPLES)
    assert found.passed, found.table()


def test_a_change_of_one_weight_does_not(recorded, tmp_path):
    graph_def = tf1.GraphDef()
    with open(FROZEN, "rb") as file:
        graph_def.ParseFromString(file.read())
    node = next(node for node in graph_def.node if node.name.endswith("Mixed_4e/Branch_0/Conv2d_0a_1x1/weights"))
    weights = np.array(tf1.make_ndarray(node.attr["value"].tensor))
    weights[0, 0, 0, 0] += 0.01 * np.abs(weights).max()
    node.attr["value"].tensor.CopyFrom(tf1.make_tensor_proto(weights))
    (tmp_path / "other.pb").write_bytes(graph_def.SerializeToString())
    options = {"preprocess": "squash", "labels": None}
    assert not slimcam.verify(recorded, tmp_path / "other.pb", **options).passed


def test_arrays_are_handed_over_and_nothing_that_lies_about_gets_in_the_way(complete, frozen, tmp_path, monkeypatch):
    path = frozen(small)
    (tmp_path / "slimcam.py").write_text("raise ImportError('not this one')")
    (tmp_path / "numpy.py").write_text("raise ImportError('nor this')")
    monkeypatch.chdir(tmp_path)
    there = golden.read(slimcam.record(path, X, tmp_path / "there", "maps", 2, python=sys.executable))
    here = golden.read(slimcam.record(path, X, tmp_path / "here", "maps", 2))
    np.testing.assert_array_equal(there.inputs, X)
    assert_net(there.layers[0].maps, here.layers[0].maps)
    assert there.photos == here.photos
    assert there.model == here.model


def test_photos_of_both_kinds_options_and_a_path_that_is_no_string(
    complete, frozen, photo, make_photo, tmp_path, monkeypatch
):
    frozen(small)
    make_photo("one.png")
    monkeypatch.chdir(tmp_path)
    options = {"preprocess": "unit", "labels": ["a", "b", "c", "d"], "dialect": "book", "method": "gated"}
    target = slimcam.Class("b") - slimcam.Class("d")
    photos = [tmp_path / "one.png", photo(9, 9)]
    out = slimcam.record(tmp_path / "model.pb", photos, "golden", "maps", target, python=sys.executable, **options)
    held = golden.read(out)
    assert out == "golden"
    assert [photo["name"] for photo in held.photos] == [str(tmp_path / "one.png"), "photo-1"]
    assert held.target == {"sum": [[1, 1.0], [3, -1.0]]}
    assert (held.dialect, held.method, held.model["preprocess"]) == ("book", "gated", "unit")


@pytest.mark.parametrize(
    "words, expected",
    [
        ("top2", {"top": 2}),
        ("mean:maps", {"mean": "maps"}),
        ("2", {"class": 2}),
        ("b", {"class": 1}),
        ({"sum": [["a", 2.0]]}, {"sum": [[0, 2.0]]}),
        ([1, "c"], [{"class": 1}, {"class": 2}]),
        (None, None),
    ],
)
def test_a_target_is_a_word_of_the_command_line_or_as_golden_json_has_it(ask, frozen, tmp_path, words, expected):
    labels = ["a", "b", "c", "d"]
    out = ask(
        model=frozen(small), photos={"array": save_array(X, tmp_path)}, layers="maps", target=words, labels=labels
    )
    assert golden.read(out).target == expected


def test_a_net_of_ones_own_is_found_in_the_current_folder(complete, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("import slimcam\ndef net(*_, **__):\n    raise slimcam.TargetError('called')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TargetError, match=r"^called$"):
        slimcam.record(os.path.join(SHAPES, "shapes.ckpt"), SAMPLES, "golden", python=sys.executable, net="mine:net")


def test_the_package_alone_is_put_on_the_path(monkeypatch):
    with remote._package_folder() as folder:
        assert os.listdir(folder) == ["slimcam"]
        assert os.path.samefile(os.path.join(folder, "slimcam"), os.path.dirname(slimcam.__file__))
    assert not os.path.exists(folder)

    def fail(*_, **__):
        raise OSError("no links here")

    monkeypatch.setattr(remote.os, "symlink", fail)
    with remote._package_folder() as folder:
        assert os.listdir(folder) == ["slimcam"]
        assert os.path.isfile(os.path.join(folder, "slimcam", "migration", "golden", "__init__.py"))
    assert os.path.isfile(os.path.join(os.path.dirname(slimcam.__file__), "migration", "golden", "__init__.py"))


# --- what is raised there is raised here


@pytest.mark.parametrize(
    "change, kind, message",
    [
        ({"layers": "Mixed_4f"}, UnknownName, "no tensor 'Mixed_4f'; near: 'Mixed_4e'"),
        ({"photos": "no.png"}, PhotoError, r"no\.png: No such file"),
        ({"model": "no.pb"}, ModelError, r"no\.pb: "),
    ],
)
def test_errors_come_back_as_they_are(ask, tmp_path, change, kind, message):
    with pytest.raises(kind, match=message) as caught:
        ask(**{"model": FROZEN, "photos": SAMPLES, "layers": None, "target": None, **change})
    assert type(caught.value) is kind


def test_ways_out_come_back_too(ask, frozen, tmp_path):
    def siamese():
        one, two = (tf1.placeholder(tf1.float32, [None, 8, 8, 3], name=name) for name in ("left", "right"))
        maps = tf1.nn.relu(one * 2, name="maps")
        tf1.reduce_mean(maps * two, [1, 2], name="logits")

    with pytest.raises(MissingFeed, match="'right:0'") as caught:
        ask(model=frozen(siamese), photos={"array": save_array(X, tmp_path)}, layers="maps", target=None)
    assert any("explain_pair" in way.code for way in caught.value.remedies)
    assert "--hold" in caught.value.on_one_line()


def test_what_goes_wrong_there_is_reported_with_its_stderr(complete, tmp_path):
    with pytest.raises(
        InterpreterError, match=r"recording ended with status 1; it said:\n(.|\n)*TypeError: "
    ) as caught:
        slimcam.record(FROZEN, SAMPLES, tmp_path / "golden", [5], python=sys.executable)
    assert str(caught.value).startswith(sys.executable)
    assert re.search(r"ended with status 1; it said: TypeError: .*$", caught.value.on_one_line())


def test_a_package_that_recording_lacks_comes_with_that_interpreters_pip_line():
    messages = [{"error": "MissingPackage", "message": 'tf_keras is not installed: pip install "tf_keras==2.21.*"'}]
    with pytest.raises(
        InterpreterError, match=re.escape('/x/python: tf_keras is not installed: /x/python -m pip install "')
    ):
        remote._reply("/x/python", interpreter.ProcessResult(0, messages, "", ""))


def test_a_folder_of_something_else_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(errors.GoldenError, match="neither empty nor a recording"):
        slimcam.record(FROZEN, SAMPLES, tmp_path, python="/no/such/python")


def test_a_live_object_cannot_be_handed_over(frozen, tmp_path):
    with slimcam.load(frozen(small)) as model, pytest.raises(
        InterpreterError, match="Model is a live object, which no"
    ):
        slimcam.record(model, X, tmp_path / "golden", python=sys.executable)


def test_nor_can_a_function(complete, tmp_path):
    with pytest.raises(InterpreterError, match="<built-in function print> cannot be given to another interpreter"):
        slimcam.record(FROZEN, SAMPLES, tmp_path / "golden", python=sys.executable, net=print)
