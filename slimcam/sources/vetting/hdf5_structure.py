"""Whether an HDF5 file is built as Keras builds one, so that the HDF5 library reads it without a crash or a hang.

That library trusts what a file says of itself. Here all that it follows is read first in Python, by the HDF5 File
Format Specification 3.0: the superblock of version 0, groups as B-trees with heaps of names, the headers of objects.
A file is sound where every block lies within it, is reached once, overlaps no other, and says only what h5py writes of
plain groups, arrays and attributes: no links, no data elsewhere, none larger than the file, and text that is UTF-8.
Of any other file nothing is known: it may be a good one.
"""

import os
import struct
from typing import BinaryIO, Dict, Iterator, List, NamedTuple, Optional, Tuple

from .hdf5_blocks import UNDEFINED, Blocks, Unknown, need
from .hdf5_messages import Texts, check_array, check_attributes

_SUPERBLOCK = struct.Struct("<8s8B2HI4Q")
_BEGIN = b"\x89HDF\r\n\x1a\n", 0, 0, 0, 0, 0, 8, 8, 0
_ENTRY = struct.Struct("<2Q2I16s")  # of a group: where its name is in the heap, its header, kind, reserved, what of it
_HEADER = struct.Struct("<2BH3I")
_MESSAGE = struct.Struct("<2HB3s")
_TREE = struct.Struct("<4s2BH2Q")
_HEAP = struct.Struct("<4sB3s3Q")
_LEAF, _INNER = 4, 16  # half of the entries of a node of symbols, and of one of a tree
_DEEPEST = 64  # groups in groups, and levels of a tree
# What HDF5 goes through once for each name or attribute: bytes of a name, of a group's names, messages of a header.
_LONGEST, _MOST_NAMES, _MOST_MESSAGES = 1 << 10, 1 << 20, 1 << 10
_NO_FREE = 1  # ends the list of what is free in a heap
_FLAGS = 0, 1, 4  # of a message: none, that it stays as it is, that no other object uses it
_NIL, _CONTINUED, _SYMBOLS, _ATTRIBUTE = 0, 0x10, 0x11, 0x0C

Messages = Dict[int, List[bytes]]


class _Object(NamedTuple):
    """A header to be read: where it is, in how many groups, and the tree and heap that its entry says, if any."""

    address: int
    depth: int
    group: Optional[bytes]


class _Node(NamedTuple):
    """A node to be read, with the names between which its own are: after the first, up to the second."""

    address: int
    after: bytes
    last: bytes


def is_sound(path: str) -> bool:
    """Whether every byte of an HDF5 file that its library follows is understood; False where that is not known.

    It takes time in proportion to the file, without its arrays, and reads no more of it at a time than a block.
    """
    try:
        with open(path, "rb") as file:
            _check(file)
    except (Unknown, OSError, struct.error, UnicodeDecodeError):
        return False
    return True


def _check(file: BinaryIO) -> None:
    """Raise Unknown for an open file that is not all understood."""
    blocks = Blocks(file, os.fstat(file.fileno()).st_size)
    texts, stack = Texts(blocks), [_root(blocks)]
    while stack:
        item = stack.pop()
        need(item.depth < _DEEPEST)
        messages = _messages(blocks, item.address)
        check_attributes(texts, messages.pop(_ATTRIBUTE, []))
        need(all(len(one) == 1 for one in messages.values()))
        if _SYMBOLS in messages:
            (symbols,) = messages.pop(_SYMBOLS)
            need(not messages and item.group in (None, symbols))
            stack.extend(_members(blocks, symbols, item.depth + 1))
        else:
            need(item.group is None)
            check_array(blocks, messages)
    blocks.check_apart()


def _root(blocks: Blocks) -> _Object:
    """Return the first group of a file, by its superblock."""
    fields = _SUPERBLOCK.unpack(blocks.take(0, _SUPERBLOCK.size))
    need(fields[:9] == _BEGIN and fields[9:12] == (_LEAF, _INNER, 0))
    need(fields[12:] == (0, UNDEFINED, blocks.size, UNDEFINED))
    name, address, kind, reserved, group = _ENTRY.unpack(blocks.take(_SUPERBLOCK.size, _ENTRY.size))
    need(name == 0 and kind == 1 and reserved == 0)
    return _Object(address, 0, group)


def _messages(blocks: Blocks, address: int) -> Messages:
    """Return the messages of an object's header by their types, with those of the blocks where it goes on."""
    version, reserved, count, links, size, padding = _HEADER.unpack(blocks.take(address, _HEADER.size))
    need((version, reserved, links, padding) == (1, 0, 1, 0) and count <= _MOST_MESSAGES)
    chunks, messages = [(address + _HEADER.size, size)], {}  # type: List[Tuple[int, int]], Messages
    for where, length in chunks:
        need(length % 8 == 0)
        data, place = blocks.take(where, length), 0
        while place < length:
            kind, size, flags, reserved = _MESSAGE.unpack_from(data, place)
            place += _MESSAGE.size + size
            need(size % 8 == 0 and flags in _FLAGS and reserved == b"\0\0\0" and place <= length)
            count -= 1
            if kind == _CONTINUED:
                need(size == 16)
                chunks.append(struct.unpack_from("<2Q", data, place - size))
            elif kind != _NIL:
                messages.setdefault(kind, []).append(data[place - size : place])
    need(count == 0)
    return messages


# --- groups


def _members(blocks: Blocks, symbols: bytes, depth: int) -> Iterator[_Object]:
    """Yield what is in a group, whose names must be in order."""
    tree, where = struct.unpack("<2Q", symbols)
    names, last = _heap(blocks, where), b""
    for node in _leaves(blocks, tree, names):
        for place, address, kind, reserved, group in _entries(blocks, node.address):
            name = _name(names, place)
            need(reserved == 0 and kind in (0, 1) and name != b"." and b"/" not in name)
            need(max(last, node.after) < name <= node.last)
            name.decode()
            last = name
            yield _Object(address, depth, group if kind else None)


def _entries(blocks: Blocks, address: int) -> Iterator[Tuple[int, int, int, int, bytes]]:
    """Yield the entries of a node of symbols."""
    data = blocks.take(address, 8 + 2 * _LEAF * _ENTRY.size)
    start, version, reserved, count = struct.unpack_from("<4s2BH", data)
    need((start, version, reserved) == (b"SNOD", 1, 0) and 0 < count <= 2 * _LEAF)
    for number in range(count):
        yield _ENTRY.unpack_from(data, 8 + number * _ENTRY.size)


def _leaves(blocks: Blocks, address: int, names: bytes) -> List[_Node]:
    """Return the nodes of symbols of a group's tree, level by level down from its root."""
    nodes, expected = [_Node(address, b"", b"")], None  # type: List[_Node], Optional[int]
    while expected != -1:
        below: List[_Node] = []
        for number, node in enumerate(nodes):
            data = blocks.take(node.address, _TREE.size + (4 * _INNER + 1) * 8)
            start, kind, height, count, left, right = _TREE.unpack_from(data)
            need((start, kind) == (b"TREE", 0) and height < _DEEPEST and expected in (None, height))
            need(left == (nodes[number - 1].address if number else UNDEFINED))
            need(right == (nodes[number + 1].address if number + 1 < len(nodes) else UNDEFINED))
            need(count <= 2 * _INNER and (count > 0 or (expected is None and height == 0)))
            children = _children(data, count, names)
            need(expected is None or (children[0].after, children[-1].last) == node[1:])
            below.extend(children)
        nodes, expected = below, height - 1 if expected is None else expected - 1
    return nodes


def _children(data: bytes, count: int, names: bytes) -> List[_Node]:
    """Return what a node of a tree leads to: between each two addresses is a name, and before and after them all."""
    numbers = struct.unpack_from(f"<{2 * count + 1}Q", data, _TREE.size)
    bounds = [_name(names, place) for place in numbers[::2]]
    return [_Node(*one) for one in zip(numbers[1::2], bounds, bounds[1:])]


def _heap(blocks: Blocks, address: int) -> bytes:
    """Return the names of a group, each ended by a zero; what is free among them must be pieces apart."""
    start, version, reserved, size, free, where = _HEAP.unpack(blocks.take(address, _HEAP.size))
    need((start, version, reserved) == (b"HEAP", 0, b"\0\0\0") and size <= _MOST_NAMES)
    data = blocks.take(where, size)
    pieces: List[Tuple[int, int]] = []
    while free != _NO_FREE:
        need(free % 8 == 0 and free + 16 <= size and len(pieces) <= size // 16)
        following, length = struct.unpack_from("<2Q", data, free)
        need(length >= 16 and free + length <= size)
        pieces.append((free, free + length))
        free = following
    pieces.sort()
    need(all(one[1] <= other[0] for one, other in zip(pieces, pieces[1:])))
    return data


def _name(names: bytes, place: int) -> bytes:
    """Return the name at a place of a heap."""
    need(place < len(names))
    end = names.find(b"\0", place, place + _LONGEST)
    need(end >= 0)
    return names[place:end]
