"""What a checkpoint's index says, against its files, before TensorFlow reads it: of a shape that cannot be it aborts.

Both formats keep their index in a table of leveldb (github.com/google/leveldb, doc/table_format.md): of V2 it is the
file .index, a BundleEntryProto for each tensor (tensor_bundle.proto); of V1 each file, and its first entry is a
SavedTensorSliceMeta of all tensors (saved_tensor_slice.proto). TensorFlow checks the tables' checksums itself.
"""

import os
import struct
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from ...errors import ModelError
from ...files.reading import open_file
from ...files.wire import Fields, checked, fields, message, number, varint

_MAGIC = bytes.fromhex("57fb808b247547db")
_FOOTER, _TRAILER = 48, 5  # bytes: of a table, and after each block
_MOST_BLOCK = 1 << 28
_KEYS_TIMES, _KEYS_FREE = 16, 1 << 20  # of a block's size, and bytes: what its keys may have, which share their starts
_MOST_DIMS = 254
# Bytes of a value by the number of its type in types.proto; of strings and other kinds at least one.
_SIZES = {
    **dict.fromkeys((4, 6, 10, 11, 12, 24, 25), 1),
    **dict.fromkeys((5, 14, 15, 16, 17, 19), 2),
    **dict.fromkeys((1, 3, 13, 22), 4),
    **dict.fromkeys((2, 8, 9, 23), 8),
    18: 16,
}


def check_index(prefix: str, files: Sequence[str]) -> None:
    """Raise ModelError where a checkpoint's index says what its files cannot hold; `files` are those of its prefix."""
    try:
        if files[0].endswith(".index") and os.path.isfile(prefix + ".index"):
            _check_bundle(prefix, {os.path.basename(file): os.path.getsize(file) for file in files[1:]})
        else:
            there = sum(map(os.path.getsize, files))
            for file in files:
                _check_slices(file, there)
    except (struct.error, IndexError, ValueError, OSError) as error:
        raise ModelError(f"{prefix}: the checkpoint cannot be read: {error}") from error


def _check_bundle(prefix: str, sizes: Dict[str, int]) -> None:
    shards = 0
    for name, value in _entries(prefix + ".index"):
        entry = fields(value)
        if not name:
            shards = number(entry, 1)
            continue
        kind, (dims, count) = number(entry, 1), _shape(name, entry)
        _check_parts(name, entry.get(7, ()), dims)
        if entry.get(7):
            continue  # its parts are entries of their own
        shard, start, size = (number(entry, key) for key in (3, 4, 5))
        there = sizes.get(f"{os.path.basename(prefix)}.data-{shard:05d}-of-{shards:05d}")
        if there is None:
            continue  # TensorFlow says which file is missing
        least = count * _SIZES.get(kind % 100, 1)  # from 101 on they are references
        if min(start, size) < 0 or start + size > there or (size != least if kind % 100 in _SIZES else size < least):
            raise ValueError(
                f"its index says {size} bytes for {name!r} of shape {dims}, from {start} on in a file of {there}"
            )


def _check_slices(file: str, there: int) -> None:
    first = next(_entries(file), None)
    if first is None or first[0]:
        raise ValueError("its table has no description of its tensors")
    for meta in fields(first[1]).get(1, ()):
        for one in fields(meta).get(1, ()):
            tensor = fields(one)
            name = checked(tensor.get(1, [b""])[-1], bytes).decode("utf-8", "replace")
            dims, count = _shape(name, tensor)
            _check_parts(name, tensor.get(4, ()), dims)
            if count > there:
                raise ValueError(f"it says that {name!r} is of shape {dims}, in {there} bytes of files")


def _shape(name: str, entry: Fields) -> Tuple[List[int], int]:
    """Return the shape in the field 2 and the number of its values; raise ValueError for one that cannot be."""
    shape = message(entry, 2)
    dims = [number(fields(dim), 1) for dim in shape.get(2, ())]
    count = 1
    for size in dims:
        count *= max(size, 1)
    if min(dims, default=0) < 0 or len(dims) > _MOST_DIMS or count >= 1 << 62 or number(shape, 3):
        raise ValueError(f"it says that {name!r} is of shape {dims[:8]}, which no tensor is")
    return dims, 0 if 0 in dims else count


def _check_parts(name: str, parts: Sequence[bytes], dims: List[int]) -> None:
    """Raise ValueError for a part of a tensor that is not within it; an extent without length is all of its side."""
    for part in parts:
        extents = [fields(extent) for extent in fields(part).get(1, ())]
        ends = [(number(one, 1), number(one, 2, -1)) for one in extents]
        whole = len(ends) == len(dims) and all(
            (start, length) == (0, -1) or (min(start, length) >= 0 and start + length <= size)
            for (start, length), size in zip(ends, dims)
        )
        if not whole:
            raise ValueError(f"it says that a part of {name!r}, of shape {dims}, is {ends[:8]}")


# --- tables


def _entries(path: str) -> Iterator[Tuple[str, bytes]]:
    """Yield the keys and values of a table, in their order; raise ValueError for what is none."""
    with open_file(path, ModelError) as file:
        size = os.fstat(file.fileno()).st_size
        if size < _FOOTER:
            raise ValueError("its index is cut off")
        file.seek(size - _FOOTER)
        footer = file.read(_FOOTER)
        if footer[-8:] != _MAGIC:
            raise ValueError("its index is cut off, or no index")
        place = varint(footer, varint(footer, 0)[1])[1]
        for _, handle in _block(file, footer[place:], size):
            for key, value in _block(file, handle, size):
                yield key.decode("utf-8", "replace"), value


def _block(file: Any, handle: bytes, there: int) -> Iterator[Tuple[bytes, bytes]]:
    start, place = varint(handle, 0)
    size, _ = varint(handle, place)
    if size < 4 or size > _MOST_BLOCK or start + size + _TRAILER > there:
        raise ValueError("its index is damaged")
    file.seek(start)
    data = file.read(size + _TRAILER)
    if data[size] != 0:
        raise ValueError("its index is compressed, as TensorFlow never writes it")
    end = size - 4 * (1 + struct.unpack_from("<I", data, size - 4)[0])
    if end < 0:
        raise ValueError("its index is damaged")
    place, key, left = 0, b"", _KEYS_TIMES * size + _KEYS_FREE
    while place < end:
        shared, place = varint(data, place)
        fresh, place = varint(data, place)
        length, place = varint(data, place)
        left -= shared + fresh
        if shared > len(key) or place + fresh + length > end or left < 0:
            raise ValueError("its index is damaged")
        key = key[:shared] + data[place : place + fresh]
        yield key, data[place + fresh : place + fresh + length]
        place += fresh + length
