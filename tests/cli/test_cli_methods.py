"""`slimcam methods`, and any method by `slimcam explain`."""

import json
import subprocess
import sys

import numpy as np
import pytest
from fixtures import small_convnet

import slimcam
from slimcam.methods import METHODS


def test_the_table_has_a_row_for_each_method(run):
    result = run("methods")
    assert result.status == 0
    assert [line.split()[0] for line in result.stdout.splitlines()[2:]] == list(METHODS)


def test_as_json_it_has_the_parameters(run):
    table = json.loads(run("methods", "--json").stdout)
    assert list(table) == list(METHODS)
    assert table["integrated_gradients"]["parameters"]["steps"]["default"] == 50
    assert table["gradcampp"]["dialects"]["xplique"] == {"formula": "xplique"}


def test_the_table_is_printed_without_tensorflow():
    code = "import sys, slimcam.cli\ntry: slimcam.cli.main(['methods', '--json'])\nexcept SystemExit: pass\n"
    ended = subprocess.run([sys.executable, "-c", code + "assert 'tensorflow' not in sys.modules"], capture_output=True)
    assert ended.returncode == 0, ended.stderr


@pytest.fixture
def explain(run, frozen, make_photo, tmp_path):
    path = frozen(small_convnet.build)
    photo = make_photo("one.png")

    def explain(*options):
        options = ("--logits", "logits", "--preprocess", "squash", "--out", tmp_path / "out", *options)
        return run("explain", photo, "--model", path, *options)

    explain.path, explain.photo, explain.out = path, photo, tmp_path / "out" / "maps.npz"
    return explain


def test_parameters_and_the_seed_are_those_of_python(explain):
    options = ["--method", "smoothgrad", "--set", "samples=3", "--set", "noise=0.5", "--seed", 2, "--target", 1]
    assert explain(*options, "--run-memory", 0.5).status == 0
    with slimcam.load(explain.path, logits="logits", preprocess="squash") as model:
        maps = slimcam.Explainer(model, "smoothgrad", target=1, samples=3, noise=0.5, seed=2)(explain.photo)
    with np.load(str(explain.out)) as saved:
        np.testing.assert_array_equal(saved["channels"], maps.channels)


def test_a_peer_is_a_dialect_of_the_method(explain):
    assert explain("--method", "gradcampp", "--dialect", "xplique", "--layer", "conv2").status == 0
    with slimcam.load(explain.path, logits="logits", preprocess="squash") as model:
        maps = slimcam.Explainer(model, "gradcampp", "conv2", dialect="xplique")(explain.photo)
    with np.load(str(explain.out)) as saved:
        np.testing.assert_array_equal(saved["raw"], maps.raw)


def test_means_are_those_of_python(explain):
    options = "--method", "gradient", "--target", 1, "--seed", 3
    assert explain(*options, "--augment", "--smooth", 2).status == 0
    with slimcam.load(explain.path, logits="logits", preprocess="squash") as model:
        own = slimcam.Explainer(model, "gradient", target=1)
        maps = slimcam.smooth(slimcam.augment(own), 2, seed=3)(explain.photo)
        assert not np.array_equal(maps.channels, own(explain.photo).channels)
    with np.load(str(explain.out)) as saved:
        np.testing.assert_array_equal(saved["channels"], maps.channels)


@pytest.mark.parametrize(
    "message, options",
    [
        ("--smooth", ["--smooth", "0"]),
        ("--set samples: give NAME=VALUE", ["--set", "samples"]),
        ("smoothgrad has no parameter 'sample': it has samples", ["--set", "sample=3"]),
        ("--set samples=many: give a whole number", ["--set", "samples=many"]),
        ("smoothgrad: samples=0: give 1 or more", ["--set", "samples=0"]),
        ("smoothgrad has no dialect 'book'", ["--dialect", "book"]),
    ],
)
def test_a_mistake_is_a_line(explain, message, options):
    result = explain("--method", "smoothgrad", *options)
    assert result.status == 2
    assert message in result.stderr and result.stderr.count("\n") == 1
