"""Folders and patterns as photos, contact sheets, and results that are there already, of every command that writes."""

import os

import cv2
import numpy as np
import pytest
from cli_net import net
from fixtures.command import assert_error_line
from fixtures.tolerance import assert_net

import slimcam


@pytest.fixture
def album(make_photo, tmp_path):
    """Make a folder of three photos, two of one name, and return its path."""
    for seed, name in enumerate(("one.png", "deep/one.png", "deep/two.png")):
        (tmp_path / "album" / name).parent.mkdir(parents=True, exist_ok=True)
        make_photo(f"album/{name}", seed=seed)
    return str(tmp_path / "album")


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_explained_with_what_is_in_its_folders(explain, album, written):
    result = explain(album, "--target", 0)
    assert result.status == 0, result.stderr
    names, arrays = written()
    assert names == ["maps.npz", "one-2.maps.0.png", "one.maps.0.png", "two.maps.0.png"]
    files = [os.path.join(album, name) for name in ("deep/one.png", "deep/two.png", "one.png")]
    assert list(arrays["files"]) == files
    assert [line.split(": ")[0] for line in result.stdout.splitlines()[:3]] == files


def test_a_pattern_in_quotes_is_what_it_matches_and_no_photo_is_explained_twice(explain, album, written):
    photos = [os.path.join(album, "**/one.png"), os.path.join(album, "one.png"), os.path.join(album, "deep")]
    assert explain(*photos, "--target", 0).status == 0
    names = [os.path.relpath(file, album) for file in written()[1]["files"]]
    assert names == ["deep/one.png", "one.png", "deep/two.png"]


@pytest.mark.parametrize(
    "given, message", [("album/*.gif", "no photos match"), ("empty", "empty: no photos in it")], ids=["a", "b"]
)
def test_nothing_there_is_one_line(explain, album, tmp_path, given, message):
    (tmp_path / "empty").mkdir()
    assert_error_line(explain(tmp_path / given), message)
    assert not (tmp_path / "out").exists()


def test_the_same_names_and_numbers_as_from_python(explain, album, model, tmp_path):
    assert explain(album, "--target", "top2", "--columns", 2).status == 0
    with slimcam.load(model, preprocess="squash") as loaded:
        slimcam.explain(loaded, album, target=slimcam.Top(2)).save(tmp_path / "python", columns=2)
    assert listed(tmp_path / "out") == listed(tmp_path / "python")
    for name in listed(tmp_path / "out"):
        ours, theirs = (tmp_path / folder / name for folder in ("out", "python"))
        if name.endswith(".png"):
            assert ours.read_bytes() == theirs.read_bytes()
        else:
            with np.load(str(ours)) as a, np.load(str(theirs)) as b:
                assert sorted(a) == sorted(b)
                assert all(np.array_equal(a[key], b[key]) for key in a)


def test_columns_make_a_contact_sheet(explain, album, tmp_path):
    result = explain(album, "--columns", 3)
    assert cv2.imread(str(tmp_path / "out" / "sheet.png")).shape == (284, 3 * 256 + 2 * 8, 3)
    assert result.stdout.splitlines()[-2:] == [str(tmp_path / "out" / name) for name in ("sheet.png", "maps.npz")]


def test_alpha_is_the_share_of_the_colours(explain, make_photo, tmp_path):
    path = make_photo("one.png")
    assert explain(path, "--target", 0, "--alpha", 0).status == 0
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "out" / "one.maps.0.png")), cv2.imread(path))


@pytest.mark.parametrize(
    "options, message",
    [
        (("--alpha", "2"), "2.* is not in the range 0"),
        (("--style", "shade", "--alpha", "0.3"), "the style shade does not mix colours and photo; these do: overlay"),
        (("--columns", "0"), "0 is not in the range"),
    ],
)
def test_a_mistake_is_one_line(explain, make_photo, options, message):
    assert_error_line(explain(make_photo("one.png"), *options), message)


def test_size_is_the_side_of_a_net_that_leaves_it_open(explain, make_photo, written, frozen):
    path = frozen(lambda: net(side=None), "open.pb")
    assert explain(make_photo("one.png", 9, 7), "--size", 5, model=path).status == 0
    assert written()[1]["raw"].shape == (1, 5, 5)


def test_filters_has_a_size_of_its_own(run, frozen, tmp_path):
    arguments = [
        "filters",
        "--model",
        frozen(lambda: net(side=None), "open.pb"),
        "--channels",
        0,
        "--steps",
        1,
        "--json",
    ]
    result = run(*arguments, "--model-size", 6, "--out", tmp_path / "out")
    assert '"size": [\n      6,\n      6\n    ]' in result.stdout, result.stderr
    result = run(*arguments, "--size", 7, "--out", tmp_path / "other")
    assert '"size": [\n      7,\n      7\n    ]' in result.stdout, result.stderr


def test_a_number_is_held(explain, make_photo, written, frozen):
    path, model = make_photo("one.png"), frozen(lambda: net(gain=True), "gain.pb")
    raws = []
    for number in (1, 3.0):
        assert explain(path, "--target", 1, "--hold", f"gain={number}", "--overwrite", model=model).status == 0
        raws.append(written()[1]["raw"])
    assert_net(raws[1], 3 * raws[0])


# What is there already


@pytest.fixture
def again(run, explain, old, other, album, tmp_path, monkeypatch):
    """Return `again(command, *options)`: how each command that writes a folder ends, into the folder `out`."""
    one = os.path.join(album, "one.png")
    with_model = ["--model", old, "--preprocess", "squash"]
    commands = {
        "explain": ["explain", one, *with_model],
        "pair": ["pair", one, os.path.join(album, "deep", "two.png"), *with_model],
        "activations": ["activations", one, *with_model, "--layer", "maps"],
        "filters": ["filters", *with_model, "--layer", "maps", "--channels", "0", "--steps", "1"],
        "record": ["record", one, *with_model],
        "compare": ["compare", old, other, one, "--preprocess", "squash", "--layer", "maps"],
    }
    return lambda command, *options: run(*commands[command], "--out", tmp_path / "out", *options)


@pytest.mark.parametrize("command", ["explain", "activations", "filters", "record", "compare"])
def test_no_command_replaces_results_unasked(again, tmp_path, command):
    assert again(command).status == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    for path in (tmp_path / "out").iterdir():
        os.utime(str(path), (1, 1))
    assert_error_line(again(command), r"out/\S+: is there already: name another place, or replace it by --overwrite")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert again(command, "--overwrite").status == 0
    assert all(path.stat().st_mtime > 1 for path in (tmp_path / "out").iterdir())


def test_what_is_there_is_said_before_the_photos_are_looked_at(explain, album, tmp_path, monkeypatch):
    assert explain(album).status == 0
    monkeypatch.setattr("slimcam.cli.commands.explain._explain_all", lambda *arguments: pytest.fail("computed"))
    assert_error_line(explain(album), r"maps\.npz: is there already")
    (tmp_path / "out" / "maps.npz").unlink()  # as after Ctrl-C
    assert_error_line(explain(album), r"out/\S+\.maps\.\d\.png: is there already")


def test_another_layer_or_photo_adds_to_a_folder(run, old, album, tmp_path):
    for layer, name in (("maps", "one.png"), ("first", "one.png"), ("maps", "deep/two.png")):
        photo = os.path.join(album, name)
        command = ["activations", photo, "--model", old, "--preprocess", "squash", "--layer", layer]
        assert run(*command, "--out", tmp_path / "out").status == 0
    assert listed(tmp_path / "out") == ["one.first.png", "one.maps.png", "two.maps.png"]


def test_a_comparison_does_not_replace_the_photo_that_it_is_of(run, old, other, album):
    path = os.path.join(album, "one.png")
    with open(path, "rb") as file:
        before = file.read()
    result = run("compare", old, other, path, "--preprocess", "squash", "--layer", "maps", "--out", album)
    assert_error_line(result, r"album/one\.png: is there already")
    with open(path, "rb") as file:
        assert file.read() == before


def test_results_beside_the_photos(explain, make_photo, tmp_path):
    path = make_photo("one.png")
    assert explain(path, "--target", 0, out=tmp_path).status == 0
    assert (tmp_path / "one.maps.0.png").is_file()
    assert explain(path, "--target", 1, out=tmp_path).status == 2


def test_a_layer_s_sheet_is_replaced_by_the_run_that_goes_on(run, frozen, tmp_path, monkeypatch):
    from slimcam.cli.commands import filters as command

    path = frozen(net)
    arguments = ["filters", "--model", path, "--preprocess", "squash", "--channels", "0", "--steps", "2"]
    arguments += ["--layer", "maps", "--out", tmp_path / "out"]
    report = command._report

    def interrupted(*rows):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_report", interrupted)
    assert run(*arguments).status == 130
    assert listed(tmp_path / "out") == ["maps.ascent.npz", "maps.filters.png"]
    monkeypatch.setattr(command, "_report", report)
    assert run(*arguments).status == 0
    assert listed(tmp_path / "out") == ["maps.filters.png"]
    assert run(*arguments).status == 2
