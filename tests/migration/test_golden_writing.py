"""A recording on disk: what is written is read again, and takes the place of another recording only."""

import dataclasses
import hashlib
import io
import json
import os
import re

import numpy as np
import pytest
from golden_on_disk import PHOTOS, make_golden, open_bytes

from slimcam.errors import GoldenError, OutputError
from slimcam.files import writing
from slimcam.migration import golden


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a recording."""
    return golden.write(make_golden(), str(tmp_path / "golden"))


def assert_same(one, other):
    for key, value in dataclasses.asdict(one).items():
        np.testing.assert_equal(dataclasses.asdict(other)[key], value)


def test_what_was_written_is_read(folder):
    assert_same(make_golden(), golden.read(folder))
    assert golden.read(folder).inputs.dtype == np.float16


def test_without_logits(tmp_path):
    whole = make_golden(logits=None, top_classes=None)
    assert_same(whole, golden.read(golden.write(whole, tmp_path / "golden")))


def test_numpy_and_json_alone_can_read_it(folder):
    with open(os.path.join(folder, "golden.json"), encoding="ascii") as file:
        header = json.load(file)
    assert header["format"] == "slimcam golden"
    assert header["version"] == 1
    data = open_bytes(os.path.join(folder, "golden.npz"))
    assert header["npz"]["sha256"] == hashlib.sha256(data).hexdigest()
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["layer0/maps"], make_golden().layers[0].maps)
        assert set(arrays.files) == set(header["npz"]["arrays"])
    assert sorted(os.listdir(folder)) == ["golden.json", "golden.npz"]


def test_the_docstring_names_every_key_and_array(folder):
    with open(os.path.join(folder, "golden.json"), encoding="ascii") as file:
        header = json.load(file)
    last = [name.rsplit("/", 1)[-1] for name in header["npz"]["arrays"]]
    for name in [*header, *header["npz"], *header["layers"][0], *header["photos"][0], *last]:
        assert re.search(rf"\b{name}\b", golden.__doc__), name


def test_an_older_recording_is_replaced(folder, tmp_path):
    assert golden.write(make_golden(seed=1), folder) == folder
    assert_same(make_golden(seed=1), golden.read(folder))
    assert os.listdir(str(tmp_path)) == ["golden"]


def test_an_empty_folder_and_one_whose_parents_are_missing_are_taken(tmp_path):
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "empty", tmp_path / "a" / "b"):
        golden.write(make_golden(), out)
        assert_same(make_golden(), golden.read(out))


def test_a_link_to_a_folder_stays_one(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    golden.write(make_golden(seed=1), link)
    assert link.is_symlink()
    assert_same(make_golden(seed=1), golden.read(folder))


@pytest.mark.parametrize("files", [["notes.txt"], ["golden.json", "golden.npz", "notes.txt"], ["golden.json"]])
def test_a_folder_of_something_else_is_refused_and_left(tmp_path, files):
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(GoldenError, match="neither empty nor a recording alone"):
        golden.write(make_golden(), tmp_path)
    assert sorted(os.listdir(str(tmp_path))) == sorted(files)
    assert (tmp_path / files[0]).read_text() == "{}"


def test_a_recording_that_somebody_added_a_file_to_is_not_replaced(folder, tmp_path):
    (tmp_path / "golden" / "notes.txt").write_text("mine")
    with pytest.raises(GoldenError, match=r"it holds 'notes\.txt'"):
        golden.write(make_golden(), folder)
    assert (tmp_path / "golden" / "notes.txt").read_text() == "mine"


def test_a_file_is_refused(tmp_path):
    (tmp_path / "golden").write_text("mine")
    with pytest.raises(GoldenError, match="a file: a recording is a folder"):
        golden.write(make_golden(), tmp_path / "golden")


def test_below_a_file_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written: Not a directory"):
        golden.write(make_golden(), tmp_path / "file" / "golden")


def test_nothing_is_left_of_what_cannot_be_written_whole(folder, tmp_path, monkeypatch):
    rename, failed = os.rename, set()

    def fail_once(source, target):
        if target.endswith(("golden", "new")) and target not in failed:  # what was there comes back by a second move
            failed.add(target)
            raise OSError(28, "No space left on device")
        return rename(source, target)

    monkeypatch.setattr(writing, "_exchange", lambda a, b: False)
    monkeypatch.setattr(os, "rename", fail_once)
    with pytest.raises(OutputError, match="No space left"):
        golden.write(make_golden(seed=1), folder)
    with pytest.raises(OutputError, match="No space left"):
        golden.write(make_golden(seed=1), tmp_path / "new")
    assert os.listdir(str(tmp_path)) == ["golden"]
    assert_same(make_golden(), golden.read(folder))


def test_what_json_cannot_hold_leaves_nothing(tmp_path):
    with pytest.raises(TypeError):
        golden.write(make_golden(target={"class": object()}), tmp_path / "golden")
    assert os.listdir(str(tmp_path)) == []


def test_every_plain_type_is_kept(tmp_path):
    for kind in (np.float16, np.float32, np.float64, np.uint8, np.int8, np.int32, np.int64):
        whole = make_golden(inputs=np.ones((PHOTOS, 2, 2, 3), kind))
        assert golden.read(golden.write(whole, tmp_path / np.dtype(kind).name)).inputs.dtype == kind
