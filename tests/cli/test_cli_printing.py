"""Escapes of a terminal in labels, names of files and of layers are shown on it, never sent to it."""

import dataclasses

import numpy as np
import pytest
from cli_net import LABELS
from fixtures import small_maps
from fixtures.command import assert_error_line

from slimcam.maps.comparison import compare
from slimcam.migration.report import TOLERANCES, Row, Verification

TITLE = "\x1b]0;mine\x07"
SEEN = r"\x1b]0;mine\x07"


def assert_plain(result):
    """Assert that nothing but lines of printable characters was printed."""
    for line in (result.stdout + result.stderr).split("\n"):
        assert line.isprintable(), line


def test_labels_and_photos_are_printed_without_their_escapes(explain, make_photo, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join([f"cat{TITLE}", *LABELS[1:]]))
    result = explain(make_photo(f"a{TITLE}.png"), "--target", 0, "--labels", labels)
    assert result.status == 0
    assert f"a{SEEN}.png: class 0 cat{SEEN} " in result.stdout
    assert_plain(result)


def test_a_photo_that_cannot_be_read_is_named_without_its_escapes(explain, tmp_path):
    (tmp_path / f"b{TITLE}.png").write_bytes(b"no photo")
    result = explain(tmp_path / f"b{TITLE}.png", "--target", 0)
    assert result.status == 1
    assert f"b{SEEN}.png: not a photo" in result.stderr
    assert_plain(result)


@pytest.mark.parametrize("command", ["inspect", "vet"])
def test_a_model_that_cannot_be_read_is_named_without_its_escapes(run, tmp_path, command):
    if command == "vet":
        pytest.importorskip("slimcam.cli.commands.vet")
    path = tmp_path / f"c{TITLE}.pb"
    path.write_bytes(b"\x00")
    result = run(command, path)
    assert result.status != 0
    assert SEEN in result.stdout + result.stderr
    assert_plain(result)


def test_an_error_of_usage_is_one_line_too(run):
    assert_error_line(run("inspect", f"--{TITLE}" + "x" * 1000), r"\\x1b\]0;mine\\x07x+")


def test_an_error_is_at_most_500_characters_on_the_command_line(run, tmp_path):
    result = run("inspect", "/".join([str(tmp_path)] + 9 * ["d" * 200]))
    assert_error_line(result, "no such file")
    assert len(result.stderr) == 501


def test_a_recording_is_reported_without_its_escapes():
    rows = [Row("maps", f"l{TITLE}", 1.0, 1.0, TOLERANCES["maps"])]
    made_by = {"tensorflow": TITLE, "python": "3\n4"}
    model = {"source": f"m{TITLE}", "sha256": None}
    recorded = {"model": model, "photos": [], "target": None, "dialect": "paper", "method": "gradcam"}
    recorded.update(made_by=made_by, engine="graph")
    report = Verification(recorded, {"made_by": made_by, "source": "m", "engine": "graph"}, rows)
    lines = report.table().split("\n")
    assert all(line.isprintable() for line in lines)
    assert f"FAILED: maps of l{SEEN}" in lines[-1]
    assert len(report.header().split("\n")) == 2


def test_a_comparison_is_reported_without_the_escapes_of_labels():
    maps = dataclasses.replace(small_maps.of(small_maps.QUARTERS, np.zeros((2, 2))), labels=[f"cat{TITLE}"])
    table = compare(maps, maps).table([f"a{TITLE}.png"])
    assert f"a{SEEN}.png" in table and f"cat{SEEN}" in table
    assert all(line.isprintable() for line in table.split("\n"))
