"""A recording that is damaged, foreign or newer is refused, with what is wrong and what to do."""

import io
import os
import zipfile

import numpy as np
import pytest
from golden_on_disk import edit_header, make_golden, open_bytes, overwrite, pack

from slimcam.engines import ENGINES
from slimcam.errors import GoldenError
from slimcam.migration import golden
from slimcam.migration.golden import layout


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a recording."""
    return golden.write(make_golden(), str(tmp_path / "golden"))


def refused(folder, message):
    with pytest.raises(GoldenError, match=message) as caught:
        golden.read(folder)
    assert str(folder) in str(caught.value)


def test_a_missing_folder(tmp_path):
    refused(tmp_path / "no", "no such folder: give the one that `slimcam record --out` wrote")


@pytest.mark.parametrize("name", ["golden.json", "golden.npz"])
def test_a_missing_file(folder, name):
    os.remove(os.path.join(folder, name))
    refused(folder, rf"{name}: missing: .*not .*whole.*record again")


@pytest.mark.parametrize("text", ['{"format": "slimcam golden", "ver', "", "\x00\x01", "maps: 1"])
def test_json_that_is_none(folder, tmp_path, text):
    (tmp_path / "golden" / "golden.json").write_text(text)
    refused(folder, "golden.json: not JSON, or damaged .*: record again")


def test_json_that_is_not_even_text(folder, tmp_path):
    (tmp_path / "golden" / "golden.json").write_bytes(b"\xff\xfe{}")
    refused(folder, "golden.json: not JSON, or damaged")


def test_json_of_something_else(folder, tmp_path):
    (tmp_path / "golden" / "golden.json").write_text("[1, 2]")
    refused(folder, "not a recording of slimcam's: a JSON object is expected")
    (tmp_path / "golden" / "golden.json").write_text('{"format": "maps of another tool"}')
    refused(folder, r"not a recording of slimcam's \(format 'maps of another tool', not 'slimcam golden'\)")


def test_a_newer_version(folder):
    edit_header(folder, version=2, made_by={"slimcam": "9.9"})
    refused(folder, r"written by a newer slimcam: version 2 \(slimcam 9\.9\), this one reads up to 1; upgrade slimcam")


@pytest.mark.parametrize("version", [0, "1", None])
def test_a_version_that_never_was(folder, version):
    edit_header(folder, version=version)
    refused(folder, f"of version {version!r}, which no slimcam wrote")


@pytest.mark.parametrize("key", ["made_by", "model", "photos", "target", "dialect", "method", "layers", "npz"])
def test_json_that_lacks_something(folder, key):
    edit_header(folder, **{key: "nothing"})
    refused(folder, f"without {key}, or it is of another type: record again")


@pytest.mark.parametrize(
    "key, value",
    [
        ("made_by", {}),
        ("photos", [{}]),
        ("photos", [1]),
        ("layers", [{"name": "x"}]),
        ("layers", [{"name": "x", "shape": 3, "dtype": "float32"}]),
    ],
)
def test_json_that_lacks_something_within(folder, key, value):
    edit_header(folder, **{key: value})
    refused(folder, rf"without {key}\.\w+")


def test_an_npz_with_one_byte_changed(folder):
    data = bytearray(open_bytes(os.path.join(folder, "golden.npz")))
    data[len(data) // 2] ^= 1
    overwrite(folder, bytes(data), listed=False)
    refused(folder, r"golden\.npz: damaged, or not the one .* \(its sha256 differs\): record again")


def test_an_npz_cut_short(folder):
    data = open_bytes(os.path.join(folder, "golden.npz"))
    overwrite(folder, data[:1000], listed=False)
    refused(folder, rf"golden\.npz: damaged.*it has 1000 bytes of {len(data)}")


@pytest.mark.parametrize("end", [0, 10, 1000, -30])
def test_an_npz_that_was_cut_before_its_sha256_was_taken(folder, end):
    data = open_bytes(os.path.join(folder, "golden.npz"))[:end]
    overwrite(folder, data)
    refused(folder, r"golden\.npz: cannot be unpacked")


def test_an_npz_that_holds_garbage(folder):
    data = open_bytes(os.path.join(folder, "golden.npz"))
    start = data.index(b"layer0/gradients.npy") + 40
    overwrite(folder, data[:start] + b"\x55" * 40 + data[start + 40 :])
    refused(folder, r"golden\.npz: cannot be unpacked")


def test_an_npz_that_is_a_single_array(folder):
    data = io.BytesIO()
    np.save(data, np.zeros(3))
    overwrite(folder, data.getvalue())
    refused(folder, r"golden\.npz: cannot be unpacked \(File is not a zip file\)")


def test_an_array_is_missing(folder):
    pack(folder, {"layer0/maps": None})
    refused(folder, r"golden\.npz: without the array 'layer0/maps' that golden\.json names")


@pytest.mark.parametrize("name", ["inputs", "layer0/gradients"])
def test_an_array_is_missing_and_not_even_named(folder, name):
    pack(folder, {name: None}, [name])
    refused(folder, f"golden.json: names no array '{name}', which a recording must have")


def test_an_array_of_another_shape_or_dtype(folder):
    pack(folder, {"logits": np.zeros((2, 7), np.float32)})
    refused(folder, r"'logits' is float32 \[2, 7\], and golden\.json says float32 \[2, 6\]")
    pack(folder, {"logits": np.zeros((2, 6))})
    refused(folder, r"'logits' is float64 \[2, 6\], and golden\.json says float32 \[2, 6\]")


@pytest.mark.parametrize(
    "array, dtype",
    [
        (np.zeros(2, np.uint16).view("V2"), r"\|V2"),  # bfloat16, when NumPy reads it
        (np.zeros(2, [("a", "f4"), ("b", "i4")]), r"\[\('a', '<f4'\), \('b', '<i4'\)\]"),
        (np.zeros(2, np.complex64), "complex64"),
        (np.array(["a", "b"]), "<U1"),
    ],
)
def test_a_dtype_that_is_no_number(folder, array, dtype):
    pack(folder, {"layer0/scores": array}, ["layer0/scores"])
    refused(folder, f"'layer0/scores' is of dtype {dtype}, which is no number to NumPy .bfloat16 is to be stored")


def test_pickles_are_not_opened(folder):
    pack(folder, {"layer0/scores": np.array([None, "a"], object)}, ["layer0/scores"])
    refused(folder, r"golden\.npz: cannot be unpacked \(it holds Python objects, which are not read")


@pytest.mark.parametrize(
    "name, array",
    [
        ("gradients", np.zeros((2, 3, 3, 5), np.float32)),
        ("maps", np.zeros((2, 3), np.float32)),
        ("mean", np.zeros(5)),
        ("classes", np.zeros((), int)),
        ("sample", np.zeros(1, np.float32)),
        ("places", np.full(36, 72)),
        ("places", np.zeros(36)),
        ("places", np.full(36, -1)),
    ],
)
def test_arrays_of_a_layer_that_do_not_fit_each_other(folder, name, array):
    pack(folder, {f"layer0/{name}": array}, [f"layer0/{name}"])
    refused(folder, f"layer 'maps': .*{name}.* do not fit its shape")


@pytest.mark.parametrize(
    "name, array",
    [
        ("inputs", np.zeros((3, 9, 9, 3))),
        ("inputs", np.zeros(())),
        ("logits", np.zeros((2, 5))),
        ("top_classes", np.full((2, 5), 6)),
        ("top_classes", None),
    ],
)
def test_arrays_that_do_not_fit_the_photos_and_classes(folder, name, array):
    pack(folder, {name: array}, [name])
    refused(folder, "do not fit 2 photos and 6 classes")


# What a stranger may write


@pytest.mark.parametrize(
    "target",
    [
        {"class": 10**9},
        {"class": 3},
        {"class": True},
        {"class": None},
        {"top": 1, "class": []},
        {"top": 2},
        {"top": "1"},
        {"sum": [[1, "x"]]},
        {"sum": 7},
        {"mean": "maps"},
        {"mean": 5},
        {"channel": "maps"},
        {"peak": -1, "of": None},
        {"something": "newer"},
        {},
        [{"class": 1}],
        [{"class": 1}, {"class": 2}],
        [{"class": "cat"}, {"class": "dog"}],
        [1, 5],
        [None, None],
    ],
)
def test_a_target_that_is_not_that_of_the_arrays(folder, target):
    edit_header(folder, target=target)
    refused(folder, r"golden\.json: (a target|the classes of layer 'maps', 1, 5, are not of the target)")


@pytest.mark.parametrize("target", [None, {"top": 1}, [{"class": 1}, {"class": 5}], {"sum": [[1, 1.0], [2, -1.0]]}])
def test_a_target_that_is_that_of_the_arrays(folder, target):
    edit_header(folder, target=target)
    assert golden.read(folder).target == target


@pytest.mark.parametrize("classes", [[1, 10**9], [1, -2], [1.0, 5.0]])
def test_classes_that_no_model_has(folder, classes):
    pack(folder, {"layer0/classes": np.array(classes)}, ["layer0/classes"])
    refused(folder, "classes do not fit 2 photos and 6 classes")


def test_classes_that_did_not_win(folder):
    pack(folder, {"layer0/classes": np.array([1, 4])}, ["layer0/classes"])
    refused(folder, "the classes of layer 'maps', 1, 4, are not of the target that was recorded: record again")


def test_an_engine_that_there_is_not(folder):
    edit_header(folder, engine="\x1b[31m")
    refused(folder, r"engine '\\x1b\[31m', and there are graph, tape")


def test_the_engines_are_those_that_there_are():
    assert tuple(ENGINES) == layout.ENGINES


@pytest.mark.parametrize(
    "key, value",
    [
        ("model", {"source": "a", "sha256": 7, "dtype": "float32", "classes": 6}),
        ("model", {"source": "a", "sha256": None, "dtype": "float32", "classes": "6"}),
        ("model", {"source": ["a"], "sha256": None, "dtype": "float32", "classes": 6}),
        ("npz", {"sha256": "", "bytes": 1, "arrays": 3}),
        ("npz", {"sha256": "", "bytes": 1, "arrays": ["inputs"]}),
        ("photos", [{"name": 1, "sha256": "", "size": [1, 1]}] * 2),
        ("photos", [{"name": "a", "sha256": "", "size": [1, "1"]}] * 2),
        ("layers", [{"name": {}, "shape": [2, 3, 3, 4], "dtype": "float32"}]),
        ("layers", [{"name": "maps", "shape": [2, 3, 3, True], "dtype": "float32"}]),
    ],
)
def test_a_key_of_another_type(folder, key, value):
    edit_header(folder, **{key: value})
    refused(folder, rf"without {key}\.\w+, or it is of another type")


@pytest.mark.parametrize("text", ["[" * 10**5, '{"format": ' + "9" * 10**6 + "}"])
def test_json_that_takes_python_long_or_deep(folder, text):
    with open(os.path.join(folder, "golden.json"), "w", encoding="utf-8") as file:
        file.write(text)
    refused(folder, r"golden\.json: not JSON, or damaged")


def test_an_npz_that_would_fill_the_memory(folder):
    """1.6 GB of zeros take 1.6 MB; the header of the array says how many before one is unpacked."""
    path = os.path.join(folder, "golden.npz")
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (400 << 20,)})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed, packed.open("bomb.npy", "w") as file:
        file.write(head.getvalue())
        for _ in range(100):
            file.write(bytes(16 << 20))
    overwrite(folder, open_bytes(path))
    npz = edit_header(folder)["npz"]
    npz["arrays"]["bomb"] = {"dtype": "float32", "shape": [400 << 20]}
    edit_header(folder, npz=npz)
    refused(folder, r"golden\.npz: it would unpack to 16\d+ bytes, which 16\d+ bytes of arrays never do")


@pytest.mark.parametrize("name", ["golden.json", "golden.npz"])
def test_a_file_of_a_recording_that_is_a_pipe_or_lies_elsewhere(folder, tmp_path, name):
    path = os.path.join(folder, name)
    os.rename(path, str(tmp_path / "elsewhere"))
    os.symlink(str(tmp_path / "elsewhere"), path)
    refused(folder, f"{name}: it leads out of its folder, and no file elsewhere is read")
    os.remove(path)
    os.mkfifo(path)
    refused(folder, f"{name}: a pipe, not a file")
