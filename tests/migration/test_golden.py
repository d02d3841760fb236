"""A recording on disk: what is written is read again; what is damaged, foreign or newer is refused, and why is said."""

import dataclasses
import hashlib
import io
import json
import os
import re

import numpy as np
import pytest

from slimcam.errors import GoldenError, OutputError
from slimcam.migration import golden

PHOTOS, SIDE, CHANNELS, CLASSES = 2, 3, 4, 6


def make_golden(seed=0, **changed):
    """Return a recording of two photos and one layer, of seeded numbers."""
    random = np.random.RandomState(seed)
    layer = golden.Layer(
        name="maps",
        shape=(PHOTOS, SIDE, SIDE, CHANNELS),
        dtype="float32",
        classes=np.array([1, 5]),
        scores=np.array([0.5, 2.0], np.float32),
        places=np.arange(0, PHOTOS * SIDE * SIDE * CHANNELS, 2),
        sample=random.normal(size=PHOTOS * SIDE * SIDE * CHANNELS // 2).astype(np.float32),
        gradients=random.normal(size=(PHOTOS, SIDE, SIDE, CHANNELS)).astype(np.float32),
        maps=random.normal(size=(PHOTOS, SIDE, SIDE)).astype(np.float32),
        **{name: random.normal(size=CHANNELS) for name in ("mean", "deviation", "smallest", "largest")},
    )
    whole = golden.Golden(
        made_by={"python": "3.7.16", "tensorflow": "1.15.5", "slimcam": "0.1.0"},
        model={"source": "old.pb", "sha256": "0" * 64, "dtype": "float32", "classes": CLASSES},
        photos=[{"name": f"{i}.png", "sha256": str(i) * 64, "size": [9, 9]} for i in range(PHOTOS)],
        target=None,
        dialect="paper",
        method="gradcam",
        engine="graph",
        inputs=random.normal(size=(PHOTOS, 9, 9, 3)).astype(np.float16),
        logits=random.normal(size=(PHOTOS, CLASSES)).astype(np.float32),
        top_classes=np.tile(np.arange(5), (PHOTOS, 1)),
        layers=[layer],
    )
    return dataclasses.replace(whole, **changed)


@pytest.fixture
def folder(tmp_path):
    return golden.write(make_golden(), str(tmp_path / "golden"))


def assert_same(one, other):
    for key, value in dataclasses.asdict(one).items():
        np.testing.assert_equal(dataclasses.asdict(other)[key], value)


def edit_header(folder, **changed):
    """Change what golden.json says."""
    path = os.path.join(folder, "golden.json")
    with open(path, encoding="utf-8") as file:
        told = json.load(file)
    told.update(changed)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({key: value for key, value in told.items() if value != "nothing"}, file)
    return told


def pack(folder, changes, lists=()):
    """Replace arrays of golden.npz (None takes one out) and its sha256; golden.json lists those of `lists` anew."""
    path = os.path.join(folder, "golden.npz")
    with np.load(path) as held:
        arrays = {**held, **changes}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    np.savez(path, **arrays)
    overwrite(folder, open_bytes(path))
    told = edit_header(folder)["npz"]
    for name in lists:
        told["arrays"].pop(name)
        if name in arrays:
            told["arrays"][name] = {"dtype": arrays[name].dtype.name, "shape": list(arrays[name].shape)}
    edit_header(folder, npz=told)


def open_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def overwrite(folder, data, told=True):
    """Write golden.npz, and, unless it is to look damaged, its sha256 and size to golden.json."""
    with open(os.path.join(folder, "golden.npz"), "wb") as file:
        file.write(data)
    if told:
        npz = {**edit_header(folder)["npz"], "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        edit_header(folder, npz=npz)


def refused(folder, message):
    with pytest.raises(GoldenError, match=message) as caught:
        golden.read(folder)
    assert str(folder) in str(caught.value)


def test_what_was_written_is_read(folder):
    assert_same(make_golden(), golden.read(folder))
    assert golden.read(folder).inputs.dtype == np.float16


def test_without_logits(tmp_path):
    whole = make_golden(logits=None, top_classes=None)
    assert_same(whole, golden.read(golden.write(whole, tmp_path / "golden")))


def test_numpy_and_json_alone_can_read_it(folder):
    with open(os.path.join(folder, "golden.json"), encoding="ascii") as file:
        told = json.load(file)
    assert told["format"] == "slimcam golden"
    assert told["version"] == 1
    data = open_bytes(os.path.join(folder, "golden.npz"))
    assert told["npz"]["sha256"] == hashlib.sha256(data).hexdigest()
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["layer0/maps"], make_golden().layers[0].maps)
        assert set(arrays.files) == set(told["npz"]["arrays"])
    assert sorted(os.listdir(folder)) == ["golden.json", "golden.npz"]


def test_the_docstring_names_every_key_and_array(folder):
    with open(os.path.join(folder, "golden.json"), encoding="ascii") as file:
        told = json.load(file)
    last = [name.rsplit("/", 1)[-1] for name in told["npz"]["arrays"]]
    for name in [*told, *told["npz"], *told["layers"][0], *told["photos"][0], *last]:
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
    rename = os.rename

    def fail(source, target):
        if source.endswith(".old") or target.endswith(".old"):
            return rename(source, target)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fail)
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
    overwrite(folder, bytes(data), told=False)
    refused(folder, r"golden\.npz: damaged, or not the one .* \(its sha256 differs\): record again")


def test_an_npz_cut_short(folder):
    data = open_bytes(os.path.join(folder, "golden.npz"))
    overwrite(folder, data[:1000], told=False)
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
    refused(folder, r"golden\.npz: cannot be unpacked \(it is no zip file\)")


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
    refused(folder, r"golden\.npz: cannot be unpacked \(Object arrays cannot be loaded")


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


def test_every_plain_type_is_kept(tmp_path):
    for kind in (np.float16, np.float32, np.float64, np.uint8, np.int8, np.int32, np.int64):
        whole = make_golden(inputs=np.ones((PHOTOS, 2, 2, 3), kind))
        assert golden.read(golden.write(whole, tmp_path / np.dtype(kind).name)).inputs.dtype == kind
