"""`slimcam pair`, and `explain` of one branch of a model of two images."""

import os
import pathlib

import cv2
import numpy as np
import pytest
from fixtures.siamese_net import NARROW, TERMS, images
from fixtures.tolerance import assert_net

import slimcam
from slimcam import cli

FILE = str(pathlib.Path(__file__).resolve().parents[1] / "data" / "siamese.h5")
LAYER = "encoder/activation_5@input_%d"
LAST = "activation_5@input_1"
X, Y = images()


@pytest.fixture(scope="module")
def model():
    with slimcam.load(FILE, preprocess="unit") as loaded:
        yield loaded


@pytest.fixture
def run(capsys, tmp_path):
    """Return `run(argument, ...)`: the exit status and what the command wrote, in a folder with two photos."""
    for name, array in (("A.png", X[0]), ("B.png", Y[0])):
        cv2.imwrite(str(tmp_path / name), (255 * array).astype(np.uint8)[..., ::-1])
    here = os.getcwd()
    os.chdir(str(tmp_path))

    def invoke(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main(list(arguments), prog_name="slimcam")
        return (ended.value.code, *capsys.readouterr())

    yield invoke
    os.chdir(here)


def test_explain_takes_a_score_of_one_branch(run, tmp_path):
    status, out, err = run("explain", "A.png", "--model", FILE, "--target", "mean:encoder@input_1")
    assert status == 0
    assert err.startswith("slimcam: photos are fed as ")  # a note: nobody said how they were prepared
    assert err.count("\n") == 1
    assert "A.png: score " in out
    assert (tmp_path / "maps" / "A.activation_5@input_1.png").is_file()


def test_pair_writes_a_map_for_each_photo_and_both_side_by_side(run, tmp_path, model):
    status, _, err = run("pair", "A.png", "B.png", "--model", FILE, "--preprocess", "unit", "--out", "out")
    assert (status, err) == (0, "")
    names = ["A-B.png", "A.activation_5@input_1.0.png", "B.activation_5@input_2.0.png", "maps.npz"]
    assert sorted(os.listdir(str(tmp_path / "out"))) == names
    with np.load(str(tmp_path / "out" / "maps.npz")) as arrays:
        assert list(arrays["layer"]) == [LAYER % 1, LAYER % 2]
        assert list(arrays["files"]) == ["A.png", "B.png"]
        pixels = [(255 * array[:1]).astype(np.uint8).astype(np.float32) / 255 for array in (X, Y)]
        for raw, maps in zip(arrays["raw"], slimcam.explain_pair(model, *pixels)):
            assert_net(raw, maps.raw[0], TERMS[NARROW])
    assert cv2.imread(str(tmp_path / "out" / "A-B.png")).shape == (256, 520, 3)


def test_pair_takes_every_method_and_its_parameters(run, tmp_path, model):
    words = "--method", "smoothgrad", "--set", "samples=2", "--seed", "3"
    status, _, err = run("pair", "A.png", "B.png", "--model", FILE, "--preprocess", "unit", "--out", "out", *words)
    assert (status, err) == (0, "")
    pixels = [(255 * array[:1]).astype(np.uint8).astype(np.float32) / 255 for array in (X, Y)]
    pair = slimcam.explain_pair(model, *pixels, method="smoothgrad", samples=2, seed=3)
    with np.load(str(tmp_path / "out" / "maps.npz")) as arrays:
        for channels, maps in zip(arrays["channels"], pair):
            assert_net(channels, maps.channels[0], TERMS[NARROW])


def test_pair_paints_in_another_style(run, tmp_path, model):
    options = ("--preprocess", "unit", "--style", "heatmap", "--colormap", "magma", "--out", "out")
    assert run("pair", "A.png", "B.png", "--model", FILE, *options)[0] == 0
    pair = slimcam.explain_pair(model, str(tmp_path / "A.png"), str(tmp_path / "B.png"))
    one, both = (cv2.imread(str(tmp_path / "out" / name))[..., ::-1] for name in (f"A.{LAST}.0.png", "A-B.png"))
    np.testing.assert_array_equal(one, pair[0].heatmap("magma")[0])
    np.testing.assert_array_equal(both, pair.picture("heatmap", colormap="magma"))


def test_pair_takes_a_layer_for_each_photo(run, tmp_path, model):
    layers = "encoder/conv2d_5@input_1", "encoder_1/conv2d_5/BiasAdd:0"
    options = "--preprocess", "unit", "--layer", layers[0], "--layer", layers[1]
    assert run("pair", "A.png", "B.png", "--model", FILE, *options)[0] == 0
    photos = [str(tmp_path / name) for name in ("A.png", "B.png")]
    pair = slimcam.explain_pair(model, *photos, layer=list(layers))
    with np.load(str(tmp_path / "maps" / "maps.npz")) as arrays:
        assert list(arrays["layer"]) == [maps.layer for maps in pair]
        for raw, maps in zip(arrays["raw"], pair):
            assert_net(raw, maps.raw[0], TERMS[NARROW])
    assert run("pair", "A.png", "B.png", "--model", FILE, *options, "--layer", layers[0])[0] == 2


@pytest.mark.parametrize("value", ["zeros", "features.npy", "B.png"])
def test_hold_takes_zeros_an_array_or_a_photo(run, model, tmp_path, value):
    features = model.features("encoder@input_2", str(tmp_path / "B.png"))
    np.save(str(tmp_path / "features.npy"), features)
    arguments = ("--model", FILE, "--preprocess", "unit", "--layer", LAYER % 1, "--hold", f"encoder@input_2={value}")
    assert run("explain", "A.png", *arguments)[0] == 0
    hold = {"encoder@input_2": "zeros" if value == "zeros" else features}
    expected = slimcam.explain(model, str(tmp_path / "A.png"), LAYER % 1, hold=hold)
    with np.load(str(tmp_path / "maps" / "maps.npz")) as arrays:
        assert_net(arrays["raw"], expected.raw, TERMS[NARROW])


def test_the_dot_with_the_features_of_a_photo_is_a_target(run, model, tmp_path):
    target = "dot:encoder@input_1=B.png"
    assert run("explain", "A.png", "--model", FILE, "--preprocess", "unit", "--target", target)[0] == 0
    features = model.features("encoder@input_1", str(tmp_path / "B.png"))[0]
    expected = slimcam.explain(model, str(tmp_path / "A.png"), target=slimcam.Dot("encoder@input_1", features))
    with np.load(str(tmp_path / "maps" / "maps.npz")) as arrays:
        assert_net(arrays["scores"], expected.scores, TERMS[NARROW])


def test_the_command_line_names_its_own_ways_out(run):
    status, out, err = run("explain", "A.png", "--model", FILE, "--layer", LAYER % 1)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "needs 'input_2:0'" in err
    options = [way.split() for way in err.strip().split("; or ")[1:]]
    assert run("explain", "A.png", "--model", FILE, *options[0])[0] == 0
    assert run("explain", "A.png", "--model", FILE, *options[1], "--overwrite")[0] == 0
    assert options[2] == ["slimcam", "pair", "PHOTO", "PHOTO", "--model", FILE]


@pytest.fixture
def folders(run, tmp_path):
    """Two photos in each of the folders `left` and `right`, by other names, as copies of A.png and B.png."""
    for folder, names, first in (("left", ("a1.png", "a2.png"), "A.png"), ("right", ("b1.png", "b2.png"), "B.png")):
        (tmp_path / folder).mkdir()
        other = "B.png" if first == "A.png" else "A.png"
        for name, copied in zip(names, (first, other)):
            (tmp_path / folder / name).write_bytes((tmp_path / copied).read_bytes())


@pytest.mark.parametrize("words", [("left", "right"), ("left/a*.png", "right/*"), ("left/*", "right")])
def test_folders_and_patterns_pair_their_photos_in_order(run, folders, model, tmp_path, words):
    status, _, err = run("pair", *words, "--model", FILE, "--preprocess", "unit", "--out", "out")
    assert (status, err) == (0, "")
    pictures = ["a1-b1.png", "a2-b2.png"]
    assert [name for name in sorted(os.listdir(str(tmp_path / "out"))) if "-" in name] == pictures
    with np.load(str(tmp_path / "out" / "maps.npz")) as arrays:
        files = [os.path.join(*parts) for parts in (("left", "a1.png"), ("left", "a2.png"), ("right", "b1.png"))]
        assert list(arrays["files"]) == [*files, os.path.join("right", "b2.png")]
        swapped = slimcam.explain_pair(model, str(tmp_path / "B.png"), str(tmp_path / "A.png"))
        assert_net(arrays["raw"][1], swapped[0].raw[0], TERMS[NARROW])
        assert_net(arrays["raw"][3], swapped[1].raw[0], TERMS[NARROW])


def test_folders_of_different_lengths_are_no_pairs(run, folders, tmp_path):
    (tmp_path / "right" / "b2.png").unlink()
    status, out, err = run("pair", "left", "right", "--model", FILE, "--out", "out")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "2" in err and "1" in err
    status, out, err = run("pair", "left", "none/*.png", "--model", FILE, "--out", "out")
    assert (status, out) == (2, "")
    assert "none/*.png: no photos match this pattern" in err
