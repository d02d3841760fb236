"""Files are read within bounds, and what is no file is an error at once."""

import io
import os
import socket
import struct
import zipfile

import numpy as np
import pytest

from slimcam.errors import ModelError
from slimcam.files.arrays import read_npy, read_npz
from slimcam.files.digests import file_digest
from slimcam.files.reading import folders_of, leads_out, own_file, read_bytes, read_json


def socket_at(path):
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(path)


THINGS = {
    "a pipe": os.mkfifo,
    "a folder": os.mkdir,
    "a socket": socket_at,
    "a device": lambda path: os.symlink("/dev/zero", path),
}


@pytest.mark.parametrize("read", [read_bytes, read_json, read_npy, file_digest])
@pytest.mark.parametrize("thing", THINGS)
def test_what_is_no_file_is_not_waited_for(read, thing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    THINGS[thing]("thing")
    with pytest.raises(ModelError, match=f"^thing: {thing}, not a file$"):
        read("thing") if read is file_digest else read("thing", ModelError)


def test_a_path_that_is_none():
    with pytest.raises(ModelError, match=r"null (byte|character)"):
        read_bytes("a\0b", ModelError)


NAMES = ["../a", "a/../../b", "/etc/passwd", "..", ".", "", "a\0", None, 3, "..\\a", "link/a", "link"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leaves_the_folder_is_refused(name, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a").write_bytes(b"x")
    (tmp_path / "model" / "link").symlink_to(tmp_path / "other")
    with pytest.raises(ModelError, match=r"no name of a file in this folder|leads out of its folder"):
        own_file(tmp_path / "model", name, ModelError)


def test_links_within_the_folder_and_the_folder_as_a_link_are_the_models_own(tmp_path):
    (tmp_path / "model" / "sub").mkdir(parents=True)
    (tmp_path / "model" / "sub" / "a").write_bytes(b"x")
    (tmp_path / "model" / "b").symlink_to("sub/a")
    (tmp_path / "named").symlink_to(tmp_path / "model")
    assert read_bytes(own_file(tmp_path / "named", "b", ModelError), ModelError) == b"x"
    assert read_bytes(own_file(tmp_path / "model", "sub/a", ModelError), ModelError) == b"x"


def test_a_file_given_as_a_link_has_the_folders_of_both(tmp_path):
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "beside").write_bytes(b"")
    (tmp_path / "a" / "model").symlink_to(tmp_path / "b" / "beside")
    folders = folders_of(tmp_path / "a" / "model")
    out = [leads_out(str(tmp_path / folder / "beside"), folders) for folder in ("a", "b", "c")]
    assert out == [False, False, True]


# Arrays


def npy(header, version=(1, 0), data=b""):
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header.encode("latin1") + data


def header(shape, descr="<f4"):
    return repr({"descr": descr, "fortran_order": False, "shape": shape})


BAD = {
    "giant": npy(header((10**6, 10**6))),
    "beyond all numbers": npy(header((10**30, 10**30))),
    "giant values": npy(header((1,), "V1000000000")),
    "negative": npy(header((-1,))),
    "objects": npy(header((1,), "|O"), data=b"\x80\x04N."),
    "no shape": npy("{}"),
    "code": npy("__import__('os')"),
    "deep": npy("(" * 5000),
    "minus": npy("-" * 9000 + "1"),
    "long": npy(" " * 60000 + header((1,))),
    "version 3": npy(header((1,)), (3, 0)),
    "cut": npy(header((3,)))[:20],
    "none": b"no array",
    "empty": b"",
    "pickle": b"\x80\x04N.",
}


@pytest.mark.parametrize("kind", BAD)
def test_a_damaged_array_is_one_error(kind, tmp_path):
    (tmp_path / "a.npy").write_bytes(BAD[kind])
    with pytest.raises(ModelError, match=r"a\.npy: not an array that NumPy can read: "):
        read_npy(tmp_path / "a.npy", ModelError)


@pytest.mark.parametrize("kind", BAD)
def test_a_damaged_member_is_one_error(kind):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr("a.npy", BAD[kind])
    with pytest.raises(ModelError, match=r"^the file: cannot be unpacked \("):
        read_npz(data.getvalue(), None, "the file", ModelError)


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_whole_arrays_are_read_as_they_are(version, tmp_path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    (tmp_path / "a.npy").write_bytes(npy(header((2, 3)), version, array.tobytes()))
    np.testing.assert_array_equal(read_npy(tmp_path / "a.npy", ModelError), array)
    data = io.BytesIO()
    np.savez_compressed(data, a=array, zeros=np.zeros((4000, 4000), np.float32))  # 64 MB in 64 KB
    arrays = read_npz(data.getvalue(), None, "", ModelError)
    np.testing.assert_array_equal(arrays["a"], array)
    assert arrays["zeros"].shape == (4000, 4000)


def test_a_number_of_a_million_digits_takes_no_time(tmp_path):
    (tmp_path / "a.json").write_text("[" + "9" * 10**6 + "]")
    with pytest.raises(ModelError, match=r"a\.json: not JSON, or damaged \(a number of 1000000 digits\)"):
        read_json(tmp_path / "a.json", ModelError)
