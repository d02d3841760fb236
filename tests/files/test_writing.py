"""Files and folders that are there whole, or not at all."""

import os

import pytest

from slimcam.errors import OutputError
from slimcam.files.writing import replace_folder, write_file


@pytest.fixture
def full(monkeypatch):
    """Let no file or folder move to its place, but for what is moved away or back."""
    rename = os.rename

    def fail(source, target):
        if str(source).endswith(".old") or str(target).endswith(".old"):
            return rename(source, target)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fail)
    monkeypatch.setattr(os, "replace", fail)


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
