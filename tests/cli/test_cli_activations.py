"""`slimcam activations`: what it writes, what it prints, and how it ends."""

import json
import os

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from cli_net import net
from fixtures.command import assert_error_line

import slimcam


@pytest.fixture
def activations(run, old, tmp_path):
    """Return `activations(photo, ..., option, ...)`: the result of `slimcam activations` into the folder `out`."""

    def invoke(*arguments, model=old):
        return run("activations", "--model", model, "--preprocess", "squash", "--out", tmp_path / "out", *arguments)

    return invoke


def files(tmp_path):
    return sorted(os.listdir(str(tmp_path / "out")))


def test_a_sheet_for_each_photo_and_layer(activations, make_photo, old, tmp_path):
    photos = [make_photo("one.png"), make_photo("two.png", 20, 10, seed=1)]
    result = activations(*photos)
    assert result.status == 0, result.stderr
    assert files(tmp_path) == ["one.first.png", "one.maps.png", "two.first.png", "two.maps.png"]
    with slimcam.load(old, preprocess="squash") as model:
        acts = slimcam.activations(model, photos)
    for number, name in enumerate(("one", "two")):
        (page,) = acts.pages("maps", number)
        written = cv2.imread(str(tmp_path / "out" / f"{name}.maps.png"))[..., ::-1]
        np.testing.assert_array_equal(written, page.picture)


def test_a_line_a_layer(activations, make_photo, old, tmp_path):
    photo = make_photo("one.png")
    (line,) = activations(photo, "--layer", "maps", "--top", 2).stdout.splitlines()
    with slimcam.load(old, preprocess="squash") as model:
        acts = slimcam.activations(model, photo, "maps")
    top = ", ".join(f"{one.channel} ({100 * one.share:.1f} %)" for one in acts.top("maps", 2))
    silent = acts.silent("maps")
    never = f"; {len(silent)} never: {', '.join(map(str, silent))}" if silent else ""
    assert line == f"{photo}: maps 8 x 8 x 6; most {top}{never} -> {tmp_path / 'out' / 'one.maps.png'}"


def some_fire(channels, firing):
    """A net of which the first channels of `maps` fire."""

    def build():
        images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="input")
        kernel = np.full((1, 1, 3, channels), -1, np.float32)
        kernel[..., :firing] = 1
        maps = tf1.nn.relu(tf1.nn.conv2d(tf1.abs(images), tf1.constant(kernel), 1, "SAME"), name="maps")
        tf1.reduce_mean(maps, [1, 2], name="logits")

    return build


def test_channels_that_never_fire_are_said(activations, make_photo, frozen):
    line = activations(make_photo("one.png"), "--layer", "maps", model=frozen(some_fire(12, 2))).stdout
    assert "; most 0 (50.0 %), 1 (50.0 %); 10 never: 2, 3, 4, 5, 6, 7, 8, 9, … -> " in line
    line = activations(make_photo("one.png"), "--layer", "maps", "--overwrite", model=frozen(some_fire(3, 0))).stdout
    assert " maps 4 x 4 x 3; no channel fires -> " in line


def test_many_channels_are_numbered_pages(activations, make_photo, frozen, tmp_path):
    result = activations(make_photo("one.png"), "--layer", "maps", model=frozen(some_fire(600, 600)))
    assert files(tmp_path) == [f"one.maps.{number}.png" for number in (1, 2, 3)]
    out = tmp_path / "out"
    assert result.stdout.endswith(f" -> {out / 'one.maps.1.png'} … {out / 'one.maps.3.png'}\n")


def test_json(activations, make_photo, frozen, tmp_path):
    photo = make_photo("one.png")
    result = activations(photo, "--layer", "maps", "--json", "--top", 1, model=frozen(some_fire(3, 1)))
    (report,) = json.loads(result.stdout)
    assert report.pop("top")[0].keys() == {"channel", "share", "mean"}
    assert report == {
        "photo": photo,
        "layer": "maps",
        "shape": [4, 4, 3],
        "silent": [1, 2],
        "files": [str(tmp_path / "out" / "one.maps.png")],
    }


def test_grey(activations, make_photo, tmp_path):
    assert activations(make_photo("one.png"), "--layer", "maps", "--colormap", "grey").status == 0
    picture = cv2.imread(str(tmp_path / "out" / "one.maps.png"))
    np.testing.assert_array_equal(picture[..., 0], picture[..., 2])


def test_layers_of_one_last_name_have_a_file_each(activations, make_photo, frozen, tmp_path):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="input")
        x = tf1.nn.relu(images, name="a/Relu")
        tf1.reduce_mean(tf1.nn.relu(tf1.nn.relu(x, name="b/Relu"), name="c/Other"), [1, 2], name="logits")

    layers = ("--layer", "a/Relu", "--layer", "b/Relu", "--layer", "c/Other")
    assert activations(make_photo("one.png"), *layers, model=frozen(build)).status == 0
    assert files(tmp_path) == ["one.Other.png", "one.a_Relu.png", "one.b_Relu.png"]


def test_photos_of_one_name_are_both_kept(activations, make_photo, tmp_path):
    assert activations(make_photo("a/one.png"), make_photo("b/one.png"), "--layer", "maps").status == 0
    assert files(tmp_path) == ["one-2.maps.png", "one.maps.png"]


def test_a_bad_photo_is_reported_and_the_others_are_written(activations, make_photo, tmp_path):
    result = activations(str(tmp_path / "missing.png"), make_photo("one.png"), "--layer", "maps")
    assert result.status == 1
    assert result.stderr == f"slimcam: {tmp_path / 'missing.png'}: No such file or directory\n"
    assert files(tmp_path) == ["one.maps.png"]


@pytest.mark.parametrize(
    "options, message",
    [
        (("--layer", "logits"), "'logits:0' is .*: a layer to explain has four dimensions; layers that do: 'maps'"),
        (("--layer", "map"), "no tensor 'map'; near: 'maps'"),
        (("--colormap", "jet"), "'jet' is not one of 'viridis', 'grey'; see slimcam activations --help"),
        (("--engine", "tape"), "a frozen graph takes no --engine"),
    ],
)
def test_mistakes_are_one_line_and_make_no_folder(activations, make_photo, tmp_path, options, message):
    assert_error_line(activations(make_photo("one.png"), *options), message)
    assert not (tmp_path / "out").exists()


def test_photos_that_nothing_says_how_to_prepare(run, frozen, make_photo, tmp_path):
    result = run("activations", make_photo("one.png"), "--model", frozen(net), "--out", tmp_path / "out")
    assert result.status == 0
    assert "slimcam: photos are fed as 0 to 255: nothing says how they were prepared; say " in result.stderr
