"""`slimcam evaluate`: lines, CSV, truth from a file, mistakes; that its numbers are Python's is in tests/explainers."""

import csv
import io
import json

import numpy as np
import pytest
from fixtures import small_convnet

METRICS = ("insertion", "deletion", "sparseness")


@pytest.fixture
def photos(make_photo):
    return [make_photo("one.png", 40, 30), make_photo("two.png", 40, 30, seed=1)]


@pytest.fixture
def judge(run, frozen):
    """Return `judge(photo, …, option, …)`: the result of `slimcam evaluate` on a small net."""
    path = frozen(small_convnet.build)
    return lambda *words: run("evaluate", "--model", path, "--logits", "logits", "--preprocess", "squash", *words)


@pytest.fixture
def evaluate(judge, photos):
    named = [word for name in METRICS for word in ("--metric", name)]
    words = ["--set", "insertion.steps=4", "--set", "deletion.steps=1"]
    return lambda *options: judge(*photos, *named, *words, *options)


def test_lines_and_csv(evaluate, photos):
    lines = evaluate().stdout.splitlines()
    assert lines[0].split() == ["metric", "method", "better", "mean", "spread", "photos"]
    assert [line.split()[:3] for line in lines[2:4]] == [
        ["insertion", "gradcam", "up"],
        ["deletion", "gradcam", "down"],
    ]
    table = list(csv.reader(io.StringIO(evaluate("--csv").stdout)))
    assert table[0][6:] == photos and len(table) == 1 + len(METRICS)


def test_truth_is_read_from_a_file(judge, photos, tmp_path):
    path = tmp_path / "truth.json"
    np.save(str(tmp_path / "all.npy"), np.ones((40, 30), bool))
    path.write_text(json.dumps({"one.png": [0, 0, 40, 30], photos[1]: "all.npy"}))
    command = [*photos, "--metric", "pointing", "--truth", path]
    result = judge(*command)
    assert result.stdout.splitlines()[2].split() == ["pointing", "gradcam", "up", "1.0000", "0.0000", "2"], (
        result.stderr
    )
    path.write_text(json.dumps({"one.png": [0, 0, 40, 30]}))
    assert f"it has nothing on {photos[1]}: give its boxes" in judge(*command).stderr
    path.write_text(json.dumps({"one.png": [0, 0, 160], "two.png": []}))
    assert "[0, 0, 160] is no box" in judge(*command).stderr


@pytest.mark.parametrize(
    "options, message",
    [
        (["--set", "insertion=4"], "--set insertion=4: give NAME.PARAMETER=VALUE, of gradcam, insertion"),
        (["--set", "insertion.step=4"], "insertion has no parameter 'step': it has steps"),
        (["--set", "insertion.steps=many"], "--set insertion.steps=many: give a whole number"),
        (["--json", "--csv"], "--json and --csv: give one of them"),
        (["--metric", "pointing"], "pointing needs where the objects are: --truth"),
        (["--metric", "pointing", "--truth", "nowhere.json"], "nowhere.json: No such file or directory"),
    ],
)
def test_a_mistake_is_a_line(evaluate, options, message):
    result = evaluate(*options)
    assert result.status == 2
    assert message in result.stderr and result.stderr.count("\n") == 1


def test_a_photo_that_cannot_be_read_makes_the_status_1(judge, photos, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no photo")
    result = judge(photos[0], tmp_path / "bad.png", "--metric", "sparseness")
    assert result.status == 1
    assert "bad.png: not a photo" in result.stderr and result.stdout.splitlines()[2].endswith(" 1")


def test_methods_have_parameters_and_dialects_too(evaluate):
    words = ["--method", "smoothgrad", "--set", "smoothgrad.samples=2", "--set", "smoothgrad.dialect=saliency"]
    result = evaluate(*words, "--set", "deletion.dialect=xplique", "--json")
    assert json.loads(result.stdout)["parameters"]["deletion"]["baseline"] == "zero", result.stderr
