"""Recording in another interpreter: really done, and what is said of interpreters that cannot."""

import glob
import io
import json
import os
import re
import shutil
import subprocess
import sys
import venv

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam import errors
from slimcam.errors import InterpreterError, MissingFeed, ModelError, PhotoError, TargetError, UnknownName
from slimcam.migration import golden
from slimcam.migration import remote as elsewhere
from slimcam.migration import remote_worker as asked_for
from slimcam.targets.as_text import read_target

SHAPES = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "checkpoints", "shapes"
)
FROZEN = os.path.join(SHAPES, "shapes.pb")
SAMPLES = [os.path.join(SHAPES, "samples", name) for name in ("flower-and-star.png", "leaf-and-triangle.png")]
X = np.random.RandomState(5).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)
TENSORFLOW = '"tensorflow==1.15.5" "protobuf==3.20.3" "h5py==2.10.0"' if sys.version_info < (3, 8) else '"tensorflow"'


@pytest.fixture
def script(tmp_path):
    """Return `script(text)`: the path of a program that is that shell script."""

    def make(text, mode=0o755):
        path = tmp_path / "python"
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    return make


@pytest.fixture
def bare(tmp_path):
    """Return the Python of an environment without packages, and the folder where its packages would be."""
    venv.create(str(tmp_path / "bare"), symlinks=True)
    (packages,) = glob.glob(str(tmp_path / "bare" / "lib" / "python*" / "site-packages"))
    return str(tmp_path / "bare" / "bin" / "python"), packages


@pytest.fixture
def stubs(bare):
    """Return `stubs(**modules)`: the Python of an environment with a stub of each package; None leaves one out."""
    python, packages = bare

    def make(**changed):
        modules = {**dict.fromkeys(elsewhere.PACKAGES, "__version__ = '2.0'"), **changed}
        for name, text in modules.items():
            if text is not None:
                with open(os.path.join(packages, f"{name}.py"), "w", encoding="utf-8") as file:
                    file.write(text)
        return python

    return make


@pytest.fixture
def asked(monkeypatch, capsys, tmp_path):
    """Return `asked(**what)`: the other end in this process; the folder that it answers with, or what it raises."""

    def ask(**what):
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"out": str(tmp_path / "golden"), **what})))
        asked_for.answer(read_target)
        told = list(elsewhere._told(capsys.readouterr().out))
        return elsewhere._answered("/x/python", elsewhere.Ended(0, told, "", ""))

    return ask


def saved(array, folder):
    np.save(str(folder / "array.npy"), array)
    return str(folder / "array.npy")


@pytest.fixture
def trusted(monkeypatch):
    """Take it for granted that an interpreter has all: asking takes as long as TensorFlow takes to import."""
    monkeypatch.setattr(elsewhere, "_check", lambda program, found: None)
    monkeypatch.setattr(elsewhere, "probe", lambda program: {})


def refused(python, message):
    with pytest.raises(InterpreterError, match=message) as caught:
        slimcam.record(FROZEN, SAMPLES, "never-made", python=python)
    assert not os.path.exists("never-made")
    return str(caught.value)


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
    rows = {(row.quantity, row.layer): row for row in found.rows}
    assert rows["logits", ""].relative < 1e-5
    assert rows["maps", "Mixed_4e"].relative < 2e-5


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


def test_arrays_are_handed_over_and_nothing_that_lies_about_gets_in_the_way(trusted, frozen, tmp_path, monkeypatch):
    path = frozen(small)
    (tmp_path / "slimcam.py").write_text("raise ImportError('not this one')")
    (tmp_path / "numpy.py").write_text("raise ImportError('nor this')")
    monkeypatch.chdir(tmp_path)
    there = golden.read(slimcam.record(path, X, tmp_path / "there", "maps", 2, python=sys.executable))
    here = golden.read(slimcam.record(path, X, tmp_path / "here", "maps", 2))
    np.testing.assert_array_equal(there.inputs, X)
    np.testing.assert_allclose(there.layers[0].maps, here.layers[0].maps, rtol=1e-5)
    assert there.photos == here.photos
    assert there.model == here.model


def test_photos_of_both_kinds_options_and_a_path_that_is_no_string(
    trusted, frozen, photo, make_photo, tmp_path, monkeypatch
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
    assert [photo["name"] for photo in held.photos] == [str(tmp_path / "one.png"), "photo 1"]
    assert held.target == {"sum": [[1, 1.0], [3, -1.0]]}
    assert (held.dialect, held.method, held.model["preprocess"]) == ("book", "gated", "unit")


@pytest.mark.parametrize(
    "words, told",
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
def test_a_target_is_a_word_of_the_command_line_or_as_golden_json_has_it(asked, frozen, tmp_path, words, told):
    labels = ["a", "b", "c", "d"]
    out = asked(model=frozen(small), photos={"array": saved(X, tmp_path)}, layers="maps", target=words, labels=labels)
    assert golden.read(out).target == told


def test_a_net_of_ones_own_is_found_in_the_current_folder(trusted, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("import slimcam\ndef net(*_, **__):\n    raise slimcam.TargetError('called')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TargetError, match=r"^called$"):
        slimcam.record(os.path.join(SHAPES, "shapes.ckpt"), SAMPLES, "golden", python=sys.executable, net="mine:net")


def test_the_package_alone_is_put_on_the_path(monkeypatch):
    with elsewhere._folder() as folder:
        assert os.listdir(folder) == ["slimcam"]
        assert os.path.samefile(os.path.join(folder, "slimcam"), os.path.dirname(slimcam.__file__))
    assert not os.path.exists(folder)

    def fail(*_, **__):
        raise OSError("no links here")

    monkeypatch.setattr(elsewhere.os, "symlink", fail)
    with elsewhere._folder() as folder:
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
def test_errors_come_back_as_they_are(asked, tmp_path, change, kind, message):
    with pytest.raises(kind, match=message) as caught:
        asked(**{"model": FROZEN, "photos": SAMPLES, "layers": None, "target": None, **change})
    assert type(caught.value) is kind


def test_ways_out_come_back_too(asked, frozen, tmp_path):
    def siamese():
        one, two = (tf1.placeholder(tf1.float32, [None, 8, 8, 3], name=name) for name in ("left", "right"))
        maps = tf1.nn.relu(one * 2, name="maps")
        tf1.reduce_mean(maps * two, [1, 2], name="logits")

    with pytest.raises(MissingFeed, match="'right:0'") as caught:
        asked(model=frozen(siamese), photos={"array": saved(X, tmp_path)}, layers="maps", target=None)
    assert any("explain_pair" in way.code for way in caught.value.remedies)
    assert "--hold" in caught.value.on_one_line()


def test_what_goes_wrong_there_is_told_with_its_stderr(trusted, tmp_path):
    with pytest.raises(InterpreterError, match=r"recording ended with status 1: (.|\n)*TypeError: ") as caught:
        slimcam.record(FROZEN, SAMPLES, tmp_path / "golden", [5], python=sys.executable)
    assert str(caught.value).startswith(sys.executable)


def test_a_package_that_recording_lacks_comes_with_that_interpreters_pip_line():
    told = [{"error": "MissingPackage", "message": 'tf_keras is not installed: pip install "tf_keras==2.21.*"'}]
    with pytest.raises(
        InterpreterError, match=re.escape('/x/python: tf_keras is not installed: /x/python -m pip install "')
    ):
        elsewhere._answered("/x/python", elsewhere.Ended(0, told, "", ""))


def test_a_folder_of_something_else_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(errors.GoldenError, match="neither empty nor a recording"):
        slimcam.record(FROZEN, SAMPLES, tmp_path, python="/no/such/python")


def test_a_live_object_cannot_be_handed_over(frozen, tmp_path):
    with slimcam.load(frozen(small)) as model, pytest.raises(
        InterpreterError, match="Model is a live object, which no"
    ):
        slimcam.record(model, X, tmp_path / "golden", python=sys.executable)


def test_nor_can_a_function(trusted, tmp_path):
    with pytest.raises(InterpreterError, match="<built-in function print> cannot be given to another interpreter"):
        slimcam.record(FROZEN, SAMPLES, tmp_path / "golden", python=sys.executable, net=print)


# --- interpreters


def test_this_interpreter_has_all(monkeypatch, tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('of ours')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    found = elsewhere.probe(sys.executable)
    assert found["python"] == [".".join(map(str, sys.version_info[:3])), None] or found["python"][1] is None
    assert list(found) == ["python", *elsewhere.PACKAGES]
    assert found["numpy"] == (np.__version__, None)
    assert [why for _, why in found.values()] == [None] * 8
    elsewhere._check(sys.executable, found)


def test_a_bare_python_lacks_all_and_the_pip_line_is_told(bare):
    python, _ = bare
    message = refused(python, "lacks numpy, cv2, click, tqdm, tabulate, tensorflow, tf_slim: ")
    assert message.endswith(
        f': {python} -m pip install "numpy>=1.17" "opencv-python-headless>=4.5" "click>=8.0" "tqdm>=4.60" '
        f'"tabulate>=0.8.10" {TENSORFLOW} "tf_slim==1.1.0"'
    )
    assert f"(Python {sys.version_info[0]}.{sys.version_info[1]}." in message


def test_one_missing_package(stubs):
    python = stubs(click=None)
    assert refused(python, "lacks click: ").endswith(f'{python} -m pip install "click>=8.0"')


def test_a_tensorflow_that_cannot_be_imported(stubs):
    python = stubs(tensorflow="raise TypeError('Descriptors cannot not be created directly.')")
    message = refused(python, r"lacks tensorflow \(TypeError: Descriptors cannot not be created directly\.\): ")
    assert message.endswith(f"{python} -m pip install {TENSORFLOW}")


def test_a_tensorflow_that_is_too_old(stubs):
    refused(
        stubs(tensorflow="__version__ = '1.13.1'"), r"lacks tensorflow \(1\.13\.1, and slimcam needs 1\.15 or newer\)"
    )


def test_what_only_lacks_another_package_is_not_named(stubs):
    python = stubs(tensorflow=None, tf_slim="import tensorflow")
    assert refused(python, "lacks tensorflow: ").endswith(f"{python} -m pip install {TENSORFLOW}")


def test_a_package_within_a_package_is_named(stubs):
    refused(stubs(tensorflow="import wrapt_"), r"lacks tensorflow \(ModuleNotFoundError: No module named 'wrapt_'\)")


def test_an_import_that_ends_python(stubs):
    text = "import os, sys; sys.stderr.write('Illegal instruction'); sys.stderr.flush(); os._exit(3)"
    message = refused(stubs(tensorflow=text), "ended with status 3 as it imported tensorflow: ")
    assert message.endswith(f"-m pip install {TENSORFLOW}\nIllegal instruction")


@pytest.mark.parametrize("version", ["2.7", "3.6"])
def test_a_real_python_that_is_too_old(version):
    found = glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}.*/bin/python"))
    python = shutil.which(f"python{version}") if not found else found[0]
    if python is None or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"no Python {version} was found")
    message = refused(python, rf": Python {re.escape(version)}\.\d+, and slimcam needs 3\.7 or newer: ")
    assert "tensorflow==1.15.5" in message


def test_a_python_that_is_too_old(script):
    refused(
        script('#!/bin/sh\necho \'slimcam: ["python", "2.7.18", null]\'\n'), r"Python 2\.7\.18, and slimcam needs 3\.7"
    )


def test_no_such_interpreter(tmp_path):
    refused(str(tmp_path / "python3.7"), f"{tmp_path}/python3.7: no such interpreter: give the path of a Python")
    refused("no-such-python3.7", "no-such-python3.7: no such interpreter")


def test_an_interpreter_may_be_named_and_below_ones_home(stubs, tmp_path, monkeypatch):
    stubs(click=None)
    monkeypatch.setenv("PATH", str(tmp_path / "bare" / "bin") + os.pathsep + os.environ["PATH"])
    refused("python", "bare/bin/python .*lacks click")
    monkeypatch.setenv("HOME", str(tmp_path))
    refused("~/bare/bin/python", "bare/bin/python .*lacks click")


def test_what_cannot_be_run(script):
    refused(script("#!/bin/sh\n", 0o644), "python: not a program that can be run")
    refused(script("no program at all"), "python: cannot be run: Exec format error")
    refused(script("#!/no/such/interpreter\n"), "python: cannot be run: No such file or directory")


def test_a_folder(tmp_path):
    refused(str(tmp_path), f"{tmp_path}: a folder: give the interpreter in it, {tmp_path}/bin/python")


def test_a_program_that_prints_garbage(script):
    refused(script("#!/bin/sh\necho garbage\n"), "not a Python interpreter: .* ended with status 0: garbage$")
    refused(script("#!/bin/sh\necho 'slimcam: garbage'\n"), "not a Python interpreter")
    refused(script("#!/bin/sh\necho 'slimcam: [1]'\necho 'slimcam: 5'\n"), "not a Python interpreter")
    refused(script("#!/bin/sh\nexit 0\n"), "ended with status 0: it said nothing")


def test_a_program_that_fails(script):
    refused(script("#!/bin/sh\necho no licence >&2\nexit 7\n"), "ended with status 7: no licence$")


def test_a_program_that_does_not_end(script, monkeypatch):
    monkeypatch.setattr(elsewhere, "PATIENCE", 0.3)
    refused(script("#!/bin/sh\nexec sleep 20\n"), r"no answer in 0\.3 s")
