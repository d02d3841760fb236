"""`slimcam explain` of detections, regions, peaks, likenesses and one number."""

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.detector_nets import ssd


@pytest.fixture
def explain(run, frozen, tmp_path):
    """Return `explain(build, photo, ..., option, ...)`: the result of `slimcam explain` into the folder `out`."""

    def invoke(build, *arguments, out="out"):
        return run("explain", *arguments, "--model", frozen(build), "--preprocess", "unit", "--out", tmp_path / out)

    return invoke


@pytest.fixture
def blob(tmp_path):
    """Return the path of a photo, 8 x 40, that is red in its upper right quarter."""
    photo = np.zeros((8, 40, 3), np.uint8)
    photo[:4, 20:, 2] = 255
    cv2.imwrite(str(tmp_path / "blob.png"), photo)
    return str(tmp_path / "blob.png")


def test_a_box_is_painted_and_the_detections_are_listed(explain, blob, tmp_path):
    result = explain(ssd, blob, "--target", "box:0")
    picture = tmp_path / "out" / "blob.maps.1.png"
    assert result.stdout.splitlines() == [
        f"{blob}: class 1 2 at (20, 0) to (40, 4) -> {picture}",  # the logit, 4 x 1 - 2
        "  box:0 class 1 0.88 at (20, 0) to (40, 4)",  # its sigmoid
        str(tmp_path / "out" / "maps.npz"),
    ]
    with np.load(str(tmp_path / "out" / "maps.npz")) as arrays:
        assert arrays["boxes"].tolist() == [[0, 20, 4, 40]]
    assert (cv2.imread(str(picture))[4, 21:] == 255).all()


def test_a_photo_without_the_box_fails_and_the_others_are_written(explain, blob, tmp_path):
    dark = str(tmp_path / "dark.png")
    cv2.imwrite(dark, np.zeros((8, 40, 3), np.uint8))
    result = explain(ssd, dark, blob, "--target", "box:9")
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-2:] == [
        f"slimcam: {path}: Box(9): the photo has 4 detections, from 0 on" for path in (dark, blob)
    ]


def test_a_detector_without_a_target_says_what_to_give(explain, blob):
    result = explain(ssd, blob)
    assert (result.status, len(result.stderr.splitlines())) == (2, 1)
    assert "explain a detection by --target box:0" in result.stderr


def steering(sign):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="images")
        maps = tf1.nn.relu(images, name="maps")
        tf1.matmul(tf1.reduce_mean(maps, [1, 2]), tf1.constant([[2.0 * sign], [1.0], [0.0]]), name="angle")

    return build


def test_one_number_is_told_with_its_sign(explain, blob, tmp_path):
    # a quarter of it is red: +-2 x 1 / 4
    assert f"{blob}: number +0.5 -> " in explain(steering(1), blob).stdout
    line = explain(steering(-1), blob, out="low").stdout.splitlines()[0]
    assert line.startswith(f"{blob}: number -0.5 (blank: ")  # nothing raises it
    assert " (the map shows what raises it; --style signed, also what lowers it) -> " in line


def test_like_and_target_are_one_or_the_other(explain, blob):
    result = explain(steering(1), blob, "--like", blob, "--target", "0")
    assert (result.status, result.stderr) == (
        2,
        "slimcam: --like and --target: give one of them; see slimcam explain --help\n",
    )
