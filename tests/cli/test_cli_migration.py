"""`slimcam record`, `slimcam verify` and `slimcam compare`, as the user of a terminal meets them."""

import json
import os
import re

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.command import assert_said

SIDE = 8


def constant(seed, *shape):
    return tf1.constant(np.random.RandomState(seed).normal(size=shape).astype(np.float32))


def net(layer="maps", kernel=0, classes=4, half=False):
    """Two convolutions, mean, dense, softmax; `kernel` seeds the second one's weights."""
    images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input")
    first = tf1.nn.relu(tf1.nn.conv2d(images, constant(1, 3, 3, 3, 6), [1, 1, 1, 1], "SAME"), name="first")
    maps = tf1.nn.relu(
        tf1.nn.conv2d(first, constant(kernel, 3, 3, 6, 6), [1, 1, 1, 1], "SAME", name="second"), name=layer
    )
    tf1.nn.softmax(tf1.matmul(tf1.reduce_mean(maps, [1, 2]), constant(2, 6, classes), name="logits"))


@pytest.fixture
def old(frozen):
    return frozen(net, "old.pb")


@pytest.fixture
def new(frozen):
    """Return the path of the same net, its layer by another name."""
    return frozen(lambda: net("features"), "new.pb")


@pytest.fixture
def other(frozen):
    """Return the path of a net whose second convolution has other weights."""
    return frozen(lambda: net(kernel=7), "other.pb")


@pytest.fixture
def golden(run, old, make_photo, tmp_path):
    """Return the folder of a recording of two photos."""
    photos = [make_photo("one.png"), make_photo("two.png", 20, 10, seed=1)]
    result = run("record", *photos, "--model", old, "--preprocess", "squash", "--out", tmp_path / "golden")
    assert result.status == 0, result.stderr
    assert result.stdout == f"{tmp_path / 'golden'}\n"
    return str(tmp_path / "golden")


def test_a_recording_verifies_and_the_tolerances_are_printed(run, golden, old):
    result = run("verify", golden, "--model", old, "--preprocess", "squash")
    assert result.status == 0, result.stdout
    for quantity in ("logits", "activations", "gradients", "maps"):
        assert quantity in result.stdout
    assert "1e-05" in result.stdout
    assert "2e-05" in result.stdout


def test_photos_that_were_recorded_are_prepared_again(run, golden, old, tmp_path):
    photos = [str(tmp_path / name) for name in ("one.png", "two.png")]
    assert run("verify", golden, *photos, "--model", old, "--preprocess", "squash").status == 0
    result = run("verify", golden, *photos, "--model", old, "--preprocess", "unit")
    assert result.status == 1
    assert re.search(r"input\w* .*(FAIL|no|failed)", result.stdout), result.stdout


def test_a_layer_of_another_name_is_said_by_layer(run, golden, new):
    assert run("verify", golden, "--model", new, "--preprocess", "squash", "--layer", "maps=features").status == 0
    assert_said(run("verify", golden, "--model", new, "--preprocess", "squash"), "'maps'.*--layer")


def test_other_weights_fail_with_status_1(run, golden, other):
    result = run("verify", golden, "--model", other, "--preprocess", "squash")
    assert result.status == 1
    report = run("verify", golden, "--model", other, "--preprocess", "squash", "--json")
    assert report.status == 1
    assert json.loads(report.stdout)["passed"] is False


def test_a_tolerance_can_be_said(run, golden, other):
    wide = [word for what in ("logits", "activations", "gradients", "maps") for word in ("--tolerance", f"{what}=100")]
    result = run("verify", golden, "--model", other, "--preprocess", "squash", *wide)
    assert "100" in result.stdout
    assert_said(run("verify", golden, "--model", other, "--tolerance", "logits=wide"), "give WHAT=SHARE")
    assert_said(run("verify", golden, "--model", other, "--preprocess", "squash", "--tolerance", "logit=1"), "logits")


def test_a_folder_that_is_no_recording(run, old, tmp_path):
    assert_said(run("verify", tmp_path, "--model", old), re.escape(str(tmp_path)))


def test_a_python_that_does_not_exist(run, old, make_photo):
    result = run("record", make_photo("one.png"), "--model", old, "--preprocess", "squash", "--python", "/no/python3.7")
    assert_said(result, "/no/python3.7")


def test_compare_prints_a_row_a_photo_and_writes_pictures(run, old, other, make_photo, tmp_path):
    photos = [make_photo("one.png", 60, 80), make_photo("two.png", 50, 40, seed=1)]
    result = run("compare", old, other, *photos, "--preprocess", "squash", "--out", tmp_path / "out")
    assert result.status == 0, result.stderr
    for word in ("one.png", "two.png", "cosine", "pearson", "spearman"):
        assert word in result.stdout.lower()
    assert sorted(os.listdir(str(tmp_path / "out"))) == ["one.png", "two.png"]
    assert cv2.imread(str(tmp_path / "out" / "one.png")).shape[1] > 3 * 80


def test_compare_of_a_model_with_itself_is_one(run, old, new, make_photo):
    result = run(
        "compare", old, new, make_photo("one.png"), "--preprocess", "squash", "--layer", "maps=features", "--json"
    )
    assert result.status == 0, result.stderr
    told = json.loads(result.stdout)
    assert json.dumps(told, allow_nan=False)
    assert "pearson" in json.dumps(told).lower()


def test_each_model_has_its_own_preprocessing(run, old, make_photo):
    alike = run("compare", old, old, make_photo("one.png"), "--preprocess", "squash", "--json")
    apart = run(
        "compare", old, old, make_photo("one.png"), "--preprocess", "squash", "--b-preprocess", "unit", "--json"
    )
    assert alike.stdout != apart.stdout


def test_compare_layers_names_the_first_that_parts(run, old, other, make_photo):
    result = run("compare", old, other, make_photo("one.png"), "--preprocess", "squash", "--layers")
    assert result.status == 1, result.stderr
    assert "'second'" in result.stdout.splitlines()[-1]
    assert "weights" in result.stdout.splitlines()[-1]


def test_compare_layers_of_the_same_net_finds_none(run, old, new, make_photo):
    result = run("compare", old, new, make_photo("one.png"), "--preprocess", "squash", "--layers")
    assert result.status == 0, result.stdout
    told = run("compare", old, new, make_photo("one.png"), "--preprocess", "squash", "--layers", "--json")
    assert json.loads(told.stdout)["first"] is None


def test_two_layers_at_once_need_layers(run, old, new, make_photo):
    result = run("compare", old, new, make_photo("one.png"), "--layer", "first", "--layer", "maps=features")
    assert_said(result, "one layer is compared at a time")
