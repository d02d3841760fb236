"""Files and folders that are there whole, or not at all."""

import errno
import functools
import os

import pytest

from slimcam.errors import OutputError
from slimcam.files import writing
from slimcam.files.writing import replace_folder, write_file


def open_full(opened, path, mode):
    """Open a file as on a full disk: it is there, and takes nothing."""
    opened(path, mode).close()
    return opened("/dev/full", mode)


def no_room(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def full(monkeypatch):
    """Let no file or folder move to its place, but for what was moved away from there."""
    rename, away = os.rename, set()

    def move(source, target):
        if str(target).endswith(".part"):
            away.add(target)
        return (rename if {source, target} & away else no_room)(source, target)

    monkeypatch.setattr(os, "rename", move)
    monkeypatch.setattr(os, "replace", move)
    monkeypatch.setattr(writing, "_exchange", lambda a, b: False)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_file_is_written_and_replaced(tmp_path):
    write_file(str(tmp_path / "a.png"), b"old")
    write_file(tmp_path / "a.png", b"new")
    assert contents(tmp_path) == {"a.png": b"new"}


def test_a_file_that_cannot_take_its_place_leaves_nothing_and_the_old_one(tmp_path, full):
    (tmp_path / "a.png").write_bytes(b"old")
    with pytest.raises(OutputError, match=r"a\.png: cannot be written: No space left on device"):
        write_file(tmp_path / "a.png", b"new")
    assert contents(tmp_path) == {"a.png": b"old"}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full of Linux")
@pytest.mark.parametrize("write", ["a.png", "folder"])
def test_a_full_disk_leaves_nothing_and_the_old_one(write, tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"old")
    replace_folder(tmp_path / "folder", {"one": b"old"})
    monkeypatch.setattr(writing, "open", functools.partial(open_full, open), raising=False)
    with pytest.raises(OutputError, match=f"{write}: cannot be written: No space left on device"):
        if write == "folder":
            replace_folder(tmp_path / "folder", {"one": b"new"})
        else:
            write_file(tmp_path / "a.png", b"new")
    assert sorted(os.listdir(str(tmp_path))) == ["a.png", "folder"]
    assert (tmp_path / "a.png").read_bytes() == b"old"
    assert contents(tmp_path / "folder") == {"one": b"old"}


def test_a_file_below_no_folder_is_an_error(tmp_path):
    with pytest.raises(OutputError, match=r"no/a\.png: cannot be written: No such file or directory"):
        write_file(tmp_path / "no" / "a.png", b"new")


def test_a_folder_is_written_with_those_above_it_and_replaced_whole(tmp_path):
    place = tmp_path / "a" / "b"
    replace_folder(place, {"one": b"1", "two": b"2"})
    assert contents(place) == {"one": b"1", "two": b"2"}
    replace_folder(str(place), {"three": b"3"})
    assert contents(place) == {"three": b"3"}
    assert os.listdir(str(tmp_path / "a")) == ["b"]


def test_folders_change_places_at_once_or_one_after_the_other(tmp_path, monkeypatch):
    for can in (True, False):
        if not can:
            monkeypatch.setattr(writing, "_exchange", lambda a, b: False)
        replace_folder(tmp_path / "a", {"one": b"1"})
        replace_folder(tmp_path / "a", {"two": b"2"})
        assert contents(tmp_path / "a") == {"two": b"2"}
        assert os.listdir(str(tmp_path)) == ["a"]


def test_a_link_to_a_folder_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    replace_folder(tmp_path / "link", {"one": b"1"})
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "real") == {"one": b"1"}


def test_a_folder_that_cannot_take_its_place_leaves_nothing_and_the_old_one(tmp_path, full):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "one").write_bytes(b"1")
    for place in (tmp_path / "old", tmp_path / "new"):
        with pytest.raises(OutputError, match=f"{place.name}: cannot be written: No space left on device"):
            replace_folder(place, {"two": b"2"})
    assert os.listdir(str(tmp_path)) == ["old"]
    assert contents(tmp_path / "old") == {"one": b"1"}
