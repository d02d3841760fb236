"""`slimcam record`; what it writes is in tests/migration."""

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.command import assert_error_line


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_python_that_does_not_exist(run, old, make_photo):
    result = run("record", make_photo("one.png"), "--model", old, "--preprocess", "squash", "--python", "/no/python3.7")
    assert_error_line(result, "/no/python3.7")


def test_a_python_that_fails_is_one_line(run, old, make_photo, tmp_path):
    (tmp_path / "python").write_text("#!/bin/sh\necho starting >&2\necho no licence >&2\nexit 7\n")
    (tmp_path / "python").chmod(0o755)
    result = run(
        "record", make_photo("one.png"), "--model", old, "--out", "never-made", "--python", tmp_path / "python"
    )
    assert_error_line(result, "not a Python interpreter: .*ended with status 7; it said: no licence")


def unsound(weight):
    """One convolution that gives `weight` everywhere on a photo of one colour, and its mean."""
    x = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="input")
    maps = tf1.nn.relu(tf1.nn.conv2d(x, tf1.fill([1, 1, 3, 2], weight), 1, "SAME"), name="maps")
    tf1.nn.softmax(tf1.matmul(tf1.reduce_mean(maps, [1, 2]), tf1.constant([[2.0, -2.0], [1.0, -1.0]])), name="end")


@pytest.fixture
def grey(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((4, 4, 3), 51, np.uint8))
    return str(tmp_path / "grey.png")


@pytest.mark.parametrize(
    "weight, target, said",
    [
        (0.5, "0", "(flat: the same everywhere but for rounding, so that no place stands out)"),
        (0.5, "1", "(flat: the same everywhere but for rounding, so that no place stands out)"),
        (-0.5, "0", "(blank: nothing in the layer speaks for it)"),
    ],
)
def test_a_map_that_tells_nothing_is_said_when_it_is_recorded_and_verified(run, frozen, grey, weight, target, said):
    model = ("--model", frozen(lambda: unsound(weight)), "--preprocess", "unit")
    result = run("record", grey, *model, "--target", target, "--out", "golden-of-grey")
    assert result.status == 0
    line, folder = result.stdout.splitlines()
    assert line.startswith(f"{grey}: maps: class {target} ") and line.endswith(said)
    assert folder == "golden-of-grey"
    verified = run("verify", folder, *model)
    assert verified.status == 0
    assert verified.stderr == f"slimcam: recorded: {line}\n"


def test_a_map_that_tells_something_is_said_with_its_class_and_score(run, golden, old, make_photo):
    photo = make_photo("one.png")
    options = ("--model", old, "--preprocess", "squash")
    result = run("record", photo, *options, "--layer", "first", "--layer", "maps", "--out", golden, "--overwrite")
    lines = result.stdout.splitlines()
    assert [line.split(": class")[0] for line in lines[:-1]] == [f"{photo}: first", f"{photo}: maps"]
    assert "(" not in lines[0]
    assert run("verify", golden, *options).stderr == ""


def test_recorded_nan_makes_the_status_1(run, frozen, grey):
    def build():
        unsound(0.5)
        end = tf1.get_default_graph().get_tensor_by_name("MatMul:0")
        tf1.add(end, tf1.sqrt(end - end), name="logits")  # the slope of a square root at 0 is infinite, times 0 NaN

    model = ("--model", frozen(build), "--preprocess", "unit", "--logits", "logits")
    result = run("record", grey, *model, "--out", "golden-of-nan")
    assert result.status == 1
    assert "values of the map are NaN or infinite, so that it tells nothing)" in result.stdout
    verified = run("verify", "golden-of-nan", *model)
    assert verified.status == 1
    assert "so that it tells nothing)" in verified.stderr and "passed: " in verified.stdout
