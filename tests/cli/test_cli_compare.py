"""`slimcam compare`."""

import json
import os

import cv2
from fixtures.command import assert_error_line


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
    report = json.loads(result.stdout)
    assert json.dumps(report, allow_nan=False)
    assert "pearson" in json.dumps(report).lower()


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
    report = run("compare", old, new, make_photo("one.png"), "--preprocess", "squash", "--layers", "--json")
    assert json.loads(report.stdout)["first"] is None


def test_two_layers_at_once_need_layers(run, old, new, make_photo):
    result = run("compare", old, new, make_photo("one.png"), "--layer", "first", "--layer", "maps=features")
    assert_error_line(result, "one layer is compared at a time")
