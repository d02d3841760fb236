"""Photos that fail and options that are wrong: one line on stderr, an exit status, and nothing written half."""

import os
import re

import pytest
from cli_net import LABELS, SIDE, net
from fixtures.command import assert_error_line

# Photos that fail


@pytest.fixture
def bad(tmp_path, make_photo):
    """Return the paths of photos that cannot be explained, by what is wrong with them."""
    whole = make_photo("whole.png")
    with open(whole, "rb") as file:
        (tmp_path / "corrupt.png").write_bytes(file.read(40))
    (tmp_path / "empty.png").write_bytes(b"")
    make_photo("single.png", 1, 1)
    return {name: str(tmp_path / f"{name}.png") for name in ("corrupt", "empty", "single", "missing")}


@pytest.mark.parametrize(
    "name, message",
    [
        ("corrupt", "not a photo that OpenCV can read, or a damaged one"),
        ("empty", "the file is empty"),
        ("single", "is 1 x 1: too small to explain; give at least 2 x 2"),
        ("missing", "No such file or directory"),
    ],
)
def test_a_bad_photo_is_reported_and_the_others_are_written(explain, make_photo, written, bad, name, message):
    result = explain(make_photo("one.png"), bad[name], make_photo("two.png", seed=1), "--target", 0)
    assert result.status == 1
    assert re.fullmatch(f"slimcam: {re.escape(bad[name])}.*{message}\n", result.stderr)
    names, arrays = written()
    assert names == ["maps.npz", "one.maps.0.png", "two.maps.0.png"]
    assert arrays["raw"].shape == (2, SIDE, SIDE)


def test_nothing_is_written_where_every_photo_is_bad(explain, bad, tmp_path):
    result = explain(*bad.values())
    assert result.status == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == len(bad)
    assert os.listdir(str(tmp_path / "out")) == []


def test_an_overlay_that_cannot_be_written_is_reported_and_leaves_no_part(explain, make_photo, written, tmp_path):
    (tmp_path / "out" / "one.maps.0.png").mkdir(parents=True)
    result = explain(make_photo("one.png"), make_photo("two.png"), "--target", 0, "--overwrite")
    assert result.status == 1
    assert re.fullmatch(r"slimcam: \S+one\.maps\.0\.png: cannot be written: .+\n", result.stderr)
    names, arrays = written()
    assert names == ["maps.npz", "one.maps.0.png", "two.maps.0.png"]
    assert len(arrays["files"]) == 1


# Options that are wrong


def test_a_missing_model_is_reported(explain, make_photo):
    assert_error_line(explain(make_photo("one.png"), model="nowhere.pb"), r"nowhere\.pb: No such file or directory")


@pytest.mark.parametrize(
    "options, message",
    [
        (("--layer", "map"), "no tensor 'map'; near: 'maps'"),
        (("--layer", "logits"), "'logits:0' is .*: a layer to explain has four dimensions; layers that do: 'maps'"),
        (("--target", "4"), "class 4 is out of range: the logits have classes 0 to 3"),
        (("--target", "-1"), "class -1 is out of range"),
        (("--target", "top9"), r"Top\(9\): the logits have 4 classes"),
        (("--target", "top0"), r"Top\(0\): give a whole number from 1 on"),
        (("--target", "dog"), "no label 'dog': the model has no labels"),
        (("--target", "channel:maps:x"), "give channel:TENSOR:NUMBER"),
        (("--target", "channel:maps:9"), "it has channels 0 to 5"),
        (("--input", "inputs"), "--input 'inputs': no such tensor; near: 'input'"),
        (("--logits", "logit"), "--logits 'logit': no such tensor; near: 'logits'"),
        (("--labels", "nowhere.txt"), "labels nowhere.txt: .*No such file"),
        (("--hold", "maps"), "--hold maps: give TENSOR=NUMBER, TENSOR=FILE.npy, TENSOR=PHOTO or TENSOR=zeros"),
        (("--hold", "maps=nowhere.npy"), r"nowhere\.npy: .*No such file"),
        (("--dialect", "papre"), "'papre' is not one of 'paper', .*; see .*explain --help"),
        (("--style", "shades"), "'shades' is not one of 'overlay', .*; see .*explain --help"),
        (("--colormap", "viridiss"), "no colour map 'viridiss'; near: 'viridis'"),
        (("--style", "signed", "--colormap", "jet"), "'jet' does not show signs, .*: give blue_red or purple_orange"),
        (("--style", "shade", "--colormap", "hot"), "the style shade has no colours of its own; these have: overlay, "),
        (("--sise", "3"), "[Nn]o such option.*--sise.*; see .*explain --help"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(explain, make_photo, options, message):
    assert_error_line(explain(make_photo("one.png"), *options), message)


def test_colours_that_do_not_fit_are_refused_before_anything_is_loaded(explain, make_photo):
    result = explain(make_photo("one.png"), "--style", "signed", "--colormap", "jet", model="nowhere.pb")
    assert_error_line(result, "'jet' does not show signs")


def test_an_unknown_label_names_the_nearest(explain, make_photo, tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(LABELS))
    result = explain(make_photo("one.png"), "--labels", tmp_path / "labels.txt", "--target", "dogg")
    assert_error_line(result, "no label 'dogg'; near: 'dog'")


def test_labels_of_another_count_are_refused(explain, make_photo, tmp_path):
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    assert_error_line(explain(make_photo("one.png"), "--labels", tmp_path / "labels.txt"), "2 labels for 4 classes")


def test_a_file_of_no_array_cannot_be_held(explain, make_photo, tmp_path):
    (tmp_path / "text.npy").write_text("no array")
    assert_error_line(explain(make_photo("one.png"), "--hold", f"maps={tmp_path / 'text.npy'}"), r"text\.npy: ")


def test_a_placeholder_that_nobody_feeds_is_reported_with_the_way_to_it(explain, make_photo, frozen):
    result = explain(make_photo("one.png"), model=frozen(lambda: net(gain=True)))
    assert_error_line(result, "needs 'gain:0': .*scaled <- gain; .*--hold gain:0=FILE.npy")


def test_an_unknown_net_names_the_nearest(explain, make_photo, checkpoint):
    result = explain(make_photo("one.png"), "--net", "inception_v33", model=checkpoint)
    assert_error_line(result, "no net 'inception_v33'; near: 'inception_v3'")


def test_an_out_that_cannot_be_made_is_reported(explain, make_photo):
    photo = make_photo("one.png")
    assert_error_line(explain(photo, out=os.path.join(photo, "out")), "out: cannot be written to: Not a directory")


def test_a_line_says_that_photos_are_fed_as_they_are_where_nothing_says_how(run, make_photo, model, tmp_path):
    result = run("explain", make_photo("one.png"), "--model", model, "--out", tmp_path / "out")
    assert result.status == 0
    assert result.stderr.startswith("slimcam: photos are fed as 0 to 255: nothing says how they were prepared; say ")


def test_a_missing_photo_argument_is_one_line(explain):
    assert_error_line(explain(), "Missing argument 'PHOTO...'.*; see .*explain --help")
