"""A process that is killed as it writes leaves whole files and folders, and at most one of a temporary name."""

import json
import pathlib
import re
import subprocess
import sys

import pytest
from fixtures import small_convnet

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "kills.py"
PART = re.compile(r"(.*/)?\.slimcam-[0-9a-f]{32}\.part(/.*)?")


def run(*words):
    ended = subprocess.run([sys.executable, str(PROGRAM), *map(str, words)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def split(left):
    """Return what is at its place, and what is of a temporary name."""
    parts = {name for name in left if PART.fullmatch(name)}
    return {name: data for name, data in left.items() if name not in parts}, parts


@pytest.fixture(scope="module")
def lines():
    return run("lines")


OLD = {"file": {"file": "old"}, "folder": {"folder": None, "folder/one": "old"}}
NEW = {"file": {"file": "new"}, "folder": {"folder": None, "folder/one": "new", "folder/two": "new"}}


def test_killed_at_any_line_a_file_is_the_old_one_or_the_new_one(lines):
    endings = {True: set(), False: set()}
    for one in (one for one in lines if one["what"] == "file"):
        place, parts = split(one["left"])
        others = OLD["folder"] if one["before"] else {}
        assert place in ({**others, **NEW["file"]}, {**others, **(OLD["file"] if one["before"] else {})})
        assert len(parts) <= one["killed"]
        endings[one["before"]].add(place.get("file"))
    assert endings == {True: {"old", "new"}, False: {None, "new"}}


def test_killed_at_any_line_a_folder_is_the_old_one_or_the_new_one(lines):
    seen = set()
    for one in (one for one in lines if one["what"] == "folder"):
        place, parts = split(one["left"])
        others = OLD["file"] if one["before"] else {}
        before = {**others, **(OLD["folder"] if one["before"] else {})}
        assert place in ({**others, **NEW["folder"]}, before)
        assert {part.split("/")[0] for part in parts} == set() or one["killed"]
        seen.add((one["before"], place == before))
    assert seen == {(False, True), (False, False), (True, True), (True, False)}


def test_where_folders_cannot_change_places_at_once_the_old_one_is_whole_beside_it(lines):
    for one in (one for one in lines if one["what"] == "folder in two steps" and one["before"]):
        place, parts = split(one["left"])
        held = sorted(name for name, data in one["left"].items() if data == "old" and name.endswith("/one"))
        whole = place in ({**OLD["file"], **NEW["folder"]}, {**OLD["file"], **OLD["folder"]})
        assert whole or (place == OLD["file"] and len(held) == 1 and held[0] in parts)


@pytest.mark.slow
def test_commands_that_are_killed_at_random_moments_leave_nothing_half_written(tmp_path, frozen, make_photo):
    frozen(small_convnet.build)
    for name in ("a.png", "b.png"):
        make_photo(name)
    (tmp_path / "program.py").write_text("import tensorflow as tf\nx = tf.placeholder(tf.float32)\n")
    left = run("commands", 12, tmp_path)
    killed = [(one["what"], one["writing"]) for one in left if one["killed"]]
    assert len(killed) > 24  # rounds that were done before their moment are not counted, and end some time
    assert {what for what, writing in killed if writing} == {"explain", "record", "verify", "port"}
    whole = {one["what"]: one["left"] for one in left if not one["number"]}
    assert len([name for name in whole["explain"] if name.startswith("out/")]) == 3
    assert whole["port"]["program.py"] != (tmp_path / "program.py").read_text()
    both = set()
    for one in left:
        place, parts = split(one["left"])
        assert len({part.split(".part")[0] for part in parts}) <= 1
        before = {"program.py": (tmp_path / "program.py").read_text(), "out": None}
        if one["what"] == "verify":  # whose inputs differ, as photos are prepared in another way
            before.update(whole["record"])
            both.add(place["out/golden.npz"])
            kinds = [place[f"out/golden.{end}"] == whole["record"][f"out/golden.{end}"] for end in ("json", "npz")]
            assert kinds in ([True, True], [False, False])
        for name, data in place.items():
            assert data in (whole[one["what"]].get(name), before.get(name, ""))
        if one["what"] in ("record", "verify"):
            assert {"out/golden.json", "out/golden.npz"} <= set(place)
    assert whole["verify"]["out/golden.npz"] != whole["record"]["out/golden.npz"]
    assert both == {whole["verify"]["out/golden.npz"], whole["record"]["out/golden.npz"]}
