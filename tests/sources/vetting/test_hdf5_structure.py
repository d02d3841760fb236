"""HDF5 files of which all is understood: those that Keras writes are, and none that h5py cannot read."""

import pathlib
import struct

import h5py
import numpy as np
import pytest
from fixtures import keras_texts
from fixtures.keras_nets import KERASES, nested_net, quiet
from hdf5_by_hand import (
    ARRAY,
    END,
    HEADER,
    HEAP,
    MORE,
    NAMES,
    NOWHERE,
    SYMBOLS,
    TEXTS,
    TREE,
    arrays,
    attributes,
    by_hand,
    number,
    put,
)

from slimcam.sources import keras_trust
from slimcam.sources.vetting.hdf5_structure import is_sound

DAMAGED = {
    "a version": put(8, b"\2"),
    "other sizes of addresses": put(13, b"\4"),
    "other sizes of nodes": put(16, b"\x08"),
    "a base that is not the begin": number(24, 8),
    "an end before that of the file": lambda file: file + bytes(8),
    "an end behind that of the file": lambda file: file[:-8],
    "a block of a driver": number(48, TREE),
    "a tree other than its header says": number(80, ARRAY),
    "a header that two share": put(HEADER + 4, b"\2"),
    "fewer messages than it says": put(HEADER + 2, b"\2"),
    "more messages than it says": put(HEADER + 2, b"\0"),
    "a message that another header holds": put(HEADER + 20, b"\2"),
    "a group without a tree": put(HEADER + 16, struct.pack("<2H", 0x11, 0)),
    "a header that goes on in itself": lambda file: put(HEADER + 16, b"\x10")(number(HEADER + 24, HEADER)(file)),
    "a tree of trees that is its own": lambda file: put(TREE + 5, b"\1")(number(TREE + 32, TREE)(file)),
    "a neighbour that is not there": number(TREE + 8, TREE),
    "more entries than a node holds": put(TREE + 6, b"\x21"),
    "a node outside of the file": number(TREE + 32, 1 << 40),
    "names that circle": lambda file: number(HEAP + 16, 0)(put(NAMES, struct.pack("<2Q", 0, 24))(file)),
    "free names that overlap": lambda file: number(HEAP + 16, 0)(
        put(NAMES, struct.pack("<4Q", 8, 16, 1, 16)[:24])(file)
    ),
    "a name without an end": put(NAMES + 8, b"w" * 16),
    "a name outside of its heap": number(SYMBOLS + 8, 24),
    "a name that is no text": put(NAMES + 8, b"\xff"),
    "a name of no bytes": number(SYMBOLS + 8, 0),
    "a name that is a path": put(NAMES + 8, b"/"),
    "more names than a node holds": put(SYMBOLS + 6, b"\x09"),
    "a soft link": put(SYMBOLS + 24, b"\2"),
    "a group in itself": number(SYMBOLS + 16, HEADER),
    "an array that is a group by its name": put(SYMBOLS + 24, b"\1"),
    "more axes than there are": put(ARRAY + 25, b"\x20"),
    "more values than there are": number(ARRAY + 32, 3),
    "as many values as overflow": number(ARRAY + 32, (1 << 62) + 2),
    "a number of another form": put(ARRAY + 50, b"\x1e"),
    "a type made of others": put(ARRAY + 48, b"\x16"),
    "a value that fills it": put(ARRAY + 84, b"\4"),
    "filters": put(ARRAY + 72, b"\x0b"),
    "chunks": put(ARRAY + 97, b"\2"),
    "an array outside of the file": number(ARRAY + 98, END),
    "an array over its header": number(ARRAY + 98, ARRAY),
    "an array that is nowhere": number(ARRAY + 98, NOWHERE),
    "an array of another size": number(ARRAY + 106, 4),
    "an array that is long": put(ARRAY + 24, b"\2"),
    "an array of unknown limits": put(ARRAY + 26, b"\2"),
    "messages that end behind their block": put(ARRAY + 122, b"\x18"),
    "an attribute of another version": put(MORE + 8, b"\2"),
    "an attribute with a type elsewhere": put(MORE + 9, b"\1"),
    "an attribute whose name has no end": put(MORE + 16, b"tt"),
    "an attribute whose name is short": put(MORE + 16, b"\0"),
    "an attribute whose name is no text": put(MORE + 16, b"\xff"),
    "an attribute with less of a type": put(MORE + 12, struct.pack("<H", 19)),
    "an attribute with less of a shape": put(MORE + 14, struct.pack("<H", 7)),
    "an attribute of many values": put(MORE + 48, struct.pack("<2B", 1, 1)),
    "a list": put(MORE + 25, b"\0"),
    "a text of other letters": put(MORE + 32, b"\x11"),
    "a text of longer letters": put(MORE + 36, b"\2"),
    "a text in another set": put(MORE + 26, b"\2"),
    "a place of a text that is short": put(MORE + 28, b"\x08"),
    "a text shorter than it says": put(MORE + 56, struct.pack("<I", 6)),
    "a text longer than it says": put(MORE + 56, struct.pack("<I", 4)),
    "a text in no heap": number(MORE + 60, NAMES),
    "a text that is not there": put(MORE + 68, b"\2"),
    "a text that is free": put(MORE + 68, b"\0"),
    "another kind of heap": put(TEXTS, b"HCOL"),
    "a heap of another version": put(TEXTS + 4, b"\2"),
    "a heap that is short": number(TEXTS + 8, 2048),
    "a heap outside of the file": number(TEXTS + 8, 8192),
    "a text outside of its heap": number(TEXTS + 24, 8192),
    "a text in bytes that are none": put(TEXTS + 32, b"\xff"),
    "a text that is used twice": put(TEXTS + 18, b"\2"),
    "more that is free than there is": number(TEXTS + 48, 8192),
    "less that is free than there is": number(TEXTS + 48, 64),
    "two texts of a number": put(TEXTS + 40, struct.pack("<2HIQ", 1, 0, 0, 4096 - 56)),
    "another kind of node": put(SYMBOLS, b"SNOE"),
    "a node of no names": put(SYMBOLS + 6, b"\0"),
    "another kind of tree": put(TREE, b"TREF"),
    "a tree of chunks": put(TREE + 4, b"\1"),
    "a neighbour on the right": number(TREE + 16, TREE),
    "another kind of names": put(HEAP, b"HEAQ"),
    "names that are free behind their end": number(HEAP + 16, 16),
}


def test_a_file_by_hand_is_sound_and_what_h5py_reads(tmp_path):
    path = tmp_path / "w.h5"
    path.write_bytes(by_hand())
    assert is_sound(str(path))
    with h5py.File(str(path), "r") as file:
        np.testing.assert_array_equal(file["w"][()], np.array([1, 2], np.float32))
        assert file["w"].attrs["t"] == "hello"


@pytest.mark.parametrize("change", DAMAGED)
def test_a_damaged_file_is_not_known(change, tmp_path):
    path = tmp_path / "w.h5"
    path.write_bytes(DAMAGED[change](by_hand()))
    assert not is_sound(str(path))


def many_groups(file):
    for place in range(400):
        file.create_group(f"layer_{place}")


@pytest.mark.parametrize("fill", [lambda file: None, many_groups, attributes, arrays])
def test_what_h5py_writes_of_groups_arrays_and_attributes_is_sound(fill, tmp_path):
    with h5py.File(str(tmp_path / "w.h5"), "w") as file:
        fill(file)
    assert is_sound(str(tmp_path / "w.h5"))


def put_in(name, value):
    return lambda file: file.__setitem__(name, value)


def nested(file):
    for _ in range(70):
        file = file.create_group("g")


def many_attributes(file):
    for place in range(101):
        file.attrs[f"a{place}"] = 1


UNKNOWN = {
    "a soft link": put_in("b", h5py.SoftLink("/a")),
    "a link out of the file": put_in("b", h5py.ExternalLink("o.h5", "/a")),
    "a second name": lambda file: put_in("b", file["a"])(file),
    "a name that is not ASCII": put_in("\xe4", 1),
    "chunks": lambda file: file.create_dataset("b", (4,), chunks=(2,)),
    "filters": lambda file: file.create_dataset("b", (4,), compression="gzip"),
    "data that lies elsewhere": lambda file: file.create_dataset("b", (4,), "u1", external=[("x", 0, 4)]),
    "a value that fills": lambda file: file.create_dataset("b", (4,), fillvalue=3),
    "nothing written yet": lambda file: file.create_dataset("b", (4,)),
    "texts of any length": lambda file: file.create_dataset("b", (4,), h5py.special_dtype(vlen=str)),
    "lists": lambda file: file.attrs.create("b", [], (0,), h5py.special_dtype(vlen=np.int32)),
    "references": lambda file: file.attrs.__setitem__("b", file.ref),
    "records": put_in("b", np.zeros(2, [("x", "f4")])),
    "arrays of arrays": lambda file: file.create_dataset("b", (4,), "(2,)f4"),
    "booleans": put_in("b", np.zeros(2, bool)),
    "the other order of bytes": put_in("b", np.zeros(2, ">f4")),
    "a type with a name": put_in("b", np.dtype("f4")),
    "no values at all": put_in("b", h5py.Empty("f4")),
    "groups in groups": nested,
    "a text that is none": lambda file: file.attrs.create("b", b"\xff", dtype=h5py.special_dtype(vlen=bytes)),
    "very many attributes": many_attributes,
    "a very long name": lambda file: file.create_group("g" * 1025),
}


@pytest.mark.parametrize("way", UNKNOWN)
def test_what_keras_does_not_write_is_not_known(way, tmp_path):
    path = str(tmp_path / "w.h5")
    with h5py.File(path, "w") as file:
        file["a"] = np.ones(3)
    assert is_sound(path)
    with h5py.File(path, "r+") as file:
        UNKNOWN[way](file)
    assert not is_sound(path)


@pytest.mark.parametrize("options", [{"libver": "latest"}, {"userblock_size": 512}])
def test_a_file_that_begins_otherwise_is_not_known(options, tmp_path):
    with h5py.File(str(tmp_path / "w.h5"), "w", **options) as file:
        file["a"] = np.ones(3)
    assert not is_sound(str(tmp_path / "w.h5"))


def test_what_is_no_file_is_not_known(tmp_path):
    (tmp_path / "empty.h5").write_bytes(b"")
    assert not is_sound(str(tmp_path / "empty.h5"))
    assert not is_sound(str(tmp_path / "missing.h5"))


# --- what becomes of it


def forks(monkeypatch):
    """Return a list that gets an entry for each fork in which a file is read."""
    calls = []

    def read(refused, seconds, lock):
        calls.append(seconds)
        return refused()

    monkeypatch.setattr(keras_trust, "in_fork", read)
    return calls


def test_a_sound_file_is_read_without_a_fork_and_any_other_in_one(tmp_path, monkeypatch):
    calls = forks(monkeypatch)
    path = keras_texts.write_weights(tmp_path / "w.h5")
    assert is_sound(str(path)) and keras_trust.verdict_of_file(str(path)).pure and calls == []
    with h5py.File(str(path), "r+") as file:
        file["b"] = h5py.SoftLink("/a")
    assert [one.why for one in keras_trust.verdict_of_file(str(path)).refused] == ["leads elsewhere"]
    assert len(calls) == 1


@pytest.mark.parametrize("keras_module", KERASES)
@pytest.mark.parametrize("name", ["net.h5", "net.weights.h5", "net.keras"])
def test_what_keras_saves_is_sound(keras_module, name, tmp_path, monkeypatch):
    calls, keras = forks(monkeypatch), keras_module()
    with quiet():
        model = nested_net(keras)
        save = model.save_weights if "weights" in name else model.save
        save(str(tmp_path / name))
    keras.backend.clear_session()
    assert keras_trust.verdict_of_file(str(tmp_path / name)).pure
    assert calls == []


def test_real_files_are_sound(strangers):
    paths = [*strangers.glob("*.h5"), *strangers.glob("*.hdf5")]
    assert len(paths) == 3 and all(is_sound(str(path)) for path in paths)


def test_the_siamese_net_is_sound():
    assert is_sound(str(pathlib.Path(__file__).resolve().parents[2] / "data" / "siamese.h5"))
