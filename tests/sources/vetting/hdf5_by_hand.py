"""An HDF5 file by hand, changes of its bytes, and what h5py writes of attributes and arrays."""

import struct

import h5py
import numpy as np

NOWHERE = (1 << 64) - 1
# Where the blocks of a file with one array are, which `by_hand` writes.
HEADER, TREE, HEAP, NAMES, SYMBOLS, ARRAY = 96, 136, 680, 712, 736, 1064
VALUES, MORE, TEXTS, END = 1208, 1216, 1288, 5384  # what the array's header goes on with, and a heap of texts


def message(kind, data, flags=0):
    return struct.pack("<2HB3x", kind, len(data), flags) + data


def by_hand():
    """Return a file with the array `w`, [1, 2] in float32, of the attribute `t`, "hello", as the specification says."""
    superblock = b"\x89HDF\r\n\x1a\n" + struct.pack(
        "<8B2HI4Q", 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0, 0, NOWHERE, END, NOWHERE
    )
    group = struct.pack("<2Q", TREE, HEAP)
    root = struct.pack("<2Q2I", 0, HEADER, 1, 0) + group
    header = struct.pack("<2BH3I", 1, 0, 1, 1, 24, 0) + message(0x11, group)
    tree = struct.pack("<4s2BH5Q", b"TREE", 0, 0, 1, NOWHERE, NOWHERE, 0, SYMBOLS, 8).ljust(HEAP - TREE, b"\0")
    heap = struct.pack("<4s4x3Q", b"HEAP", 24, 1, NAMES) + bytes(8) + b"w".ljust(16, b"\0")
    symbols = struct.pack("<4s2BH2Q", b"SNOD", 1, 0, 1, 8, ARRAY).ljust(ARRAY - SYMBOLS, b"\0")
    space = message(1, struct.pack("<2B6xQ", 1, 1, 2))
    kind = message(3, bytes.fromhex("11201f00 04000000 00002000 17080017 7f000000 00000000"), 1)
    messages = space + kind + message(5, b"\2\2\2\1\0\0\0\0", 1)
    messages += message(8, struct.pack("<2B2Q6x", 3, 1, VALUES, 8))
    messages += message(0x10, struct.pack("<2Q", MORE, TEXTS - MORE))
    array = struct.pack("<2BH3I", 1, 0, 6, 1, len(messages), 0) + messages + struct.pack("<2f", 1, 2)
    text = bytes.fromhex("19010100 10000000 10000000 01000000 00000800 00000000")
    attribute = struct.pack("<2B3H8s", 1, 0, 2, 20, 8, b"t") + text + b"\1".ljust(8, b"\0")
    attribute = message(0x0C, attribute + struct.pack("<IQI", 5, TEXTS, 1))
    texts = struct.pack("<4sB3xQ", b"GCOL", 1, 4096) + struct.pack("<2HIQ8s", 1, 0, 0, 5, b"hello")
    texts += struct.pack("<2HIQ", 0, 0, 0, 4096 - 40).ljust(4096 - 40, b"\0")
    return superblock + root + header + tree + heap + symbols + array + attribute + texts


def put(place, data):
    """Return a change of a file's bytes: some at a place are others."""
    return lambda file: file[:place] + data + file[place + len(data) :]


def number(place, value):
    return put(place, struct.pack("<Q", value))


def attributes(file):
    file.attrs["keras_version"] = "2.4.0"
    file.attrs["weight_names"] = np.array([b"kernel:0", b"bias:0"])
    file.attrs.create("layer_names", ["a", "layer"], dtype=h5py.special_dtype(vlen=str))
    file.attrs["none"] = np.zeros(0)
    file.attrs["rate"] = np.float32(0.5)


def arrays(file):
    for kind in ("f2", "f4", "f8", "i1", "u1", "i4", "i8"):
        file[f"inner/{kind}"] = np.ones((2, 3), kind)
    file["one"], file["none"] = np.int64(3), np.zeros((0, 3))
