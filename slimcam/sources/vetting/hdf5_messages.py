"""What the header of an object in an HDF5 file says of an array and of attributes, as h5py writes it for Keras.

Integers, floating point and text of a fixed size are understood, in arrays that lie in one piece; in attributes also
text of any length, which lies in heaps of the whole file.
"""

import struct
from typing import Dict, List, NamedTuple

from .hdf5_blocks import UNDEFINED, Blocks, need

_SPACE, _TYPE, _FILL, _LAYOUT, _TIME = 1, 3, 5, 8, 0x12
_NO_FILL = b"\2\2\2\1\0\0\0\0"  # version 2: space is there when something is written, filled with the default
_UNTIMED = b"\1\0\0\0\0\0\0\0"
_ONE_PIECE = struct.Struct("<2B2Q")
_MOST_AXES, _MOST_ATTRIBUTES = 32, 100
_LONGEST = 1 << 16  # bytes of a text of a fixed size
_HEAP = struct.Struct("<4sB3sQ")
_SMALLEST = 4096  # bytes of a heap, with its start
_IN_HEAP = struct.Struct("<2HIQ")  # a piece of it: number, uses, reserved, size
_TEXT = struct.Struct("<IQI")  # length, address of a heap, number in it


def _floating(size: int, exponent: int) -> bytes:
    """Return how HDF5 says a little-endian floating point number of IEEE 754 with so many bits of exponent."""
    bits = 8 * size
    fraction = bits - 1 - exponent
    start = struct.pack("<4BI", 0x11, 0x20, bits - 1, 0, size)
    return start + struct.pack("<2H4BI", 0, bits, fraction, exponent, 0, fraction, (1 << exponent - 1) - 1)


def _whole(size: int, signed: bool) -> bytes:
    """Return how HDF5 says a little-endian integer."""
    return struct.pack("<4BI2H", 0x10, 8 * signed, 0, 0, size, 0, 8 * size)


_FILLED = b"", bytes(4)  # up to eight bytes, as messages are and their parts are not
# Sizes of numbers by how HDF5 says them.
_NUMBERS = {
    **{_floating(size, bits) + end: size for size, bits in ((2, 5), (4, 8), (8, 11)) for end in _FILLED},
    **{_whole(size, signed) + end: size for size in (1, 2, 4, 8) for signed in (False, True) for end in _FILLED},
}
_LETTERS = tuple(_whole(1, False) + end for end in _FILLED)  # what texts of any length are made of


class _Type(NamedTuple):
    """Bytes of one value, and whether they lead to a text elsewhere."""

    size: int
    leads: bool = False


def check_array(blocks: Blocks, messages: Dict[int, List[bytes]]) -> None:
    """Raise Unknown for what is no array in one piece in the file itself, by its messages, one of each type."""
    (time,) = messages.pop(_TIME, [_UNTIMED])
    need(len(time) == 8 and time[:4] == _UNTIMED[:4])
    need(set(messages) == {_SPACE, _TYPE, _FILL, _LAYOUT} and messages[_FILL] == [_NO_FILL])
    kind = _type(messages[_TYPE][0])
    size = _count(messages[_SPACE][0], blocks.size) * kind.size
    version, place, start, length = _ONE_PIECE.unpack_from(messages[_LAYOUT][0])
    need(not kind.leads and (version, place, length) == (3, 1, size))
    if size:
        blocks.claim(start, size)
    else:
        need(start == UNDEFINED)


class Texts:
    """The texts of any length in a file; each belongs to one attribute alone."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self._heaps: Dict[int, Dict[int, int]] = {}  # by their addresses, the lengths of those that nobody took yet

    def take(self, length: int, address: int, number: int) -> None:
        """Take a text; raise Unknown where it is not there, or not of a length."""
        if (length, address, number) == (0, 0, 0):
            return
        if address not in self._heaps:
            self._heaps[address] = _lengths(self.blocks, address)
        need(length > 0 and self._heaps[address].pop(number, 0) == length)


def _lengths(blocks: Blocks, address: int) -> Dict[int, int]:
    """Return the lengths of the texts in a heap by their numbers; what is free, numbered 0, must end it."""
    start, version, reserved, size = _HEAP.unpack(blocks.take(address, _HEAP.size))
    need((start, version, reserved) == (b"GCOL", 1, b"\0\0\0") and size >= _SMALLEST and size % 8 == 0)
    data = blocks.take(address + _HEAP.size, size - _HEAP.size)
    place, lengths = 0, {}  # type: int, Dict[int, int]
    while len(data) - place >= _IN_HEAP.size:
        number, uses, unused, length = _IN_HEAP.unpack_from(data, place)
        if number == 0:
            need(length == len(data) - place)
            break
        need(number not in lengths and uses <= 1 and unused == 0)
        lengths[number] = length
        place += _IN_HEAP.size
        need(place + _padded(length) <= len(data))
        data[place : place + length].decode()
        place += _padded(length)
    return lengths


def check_attributes(texts: Texts, attributes: List[bytes]) -> None:
    """Raise Unknown for attributes of which not all is understood, that have the same name, or are very many."""
    need(len(attributes) <= _MOST_ATTRIBUTES)
    names = {_check_attribute(texts, data) for data in attributes}
    need(len(names) == len(attributes))


def _check_attribute(texts: Texts, data: bytes) -> bytes:
    """Return the name of an attribute; raise Unknown where not all of it is understood."""
    version, reserved, *sizes = struct.unpack_from("<2B3H", data)
    need(version in (1, 3) and reserved == 0)
    place = 8
    if version == 3:
        need(data[8:9] in (b"\0", b"\1"))
        place = 9
    parts: List[bytes] = []
    for size in sizes:
        parts.append(data[place : place + size])
        need(len(parts[-1]) == size > 0)
        place += size if version == 3 else _padded(size)
    parts[0].decode()
    name, kind, count = parts[0], _type(parts[1]), _count(parts[2], texts.blocks.size)
    need(name.find(b"\0") == len(name) - 1 > 0 and place + count * kind.size <= len(data))
    if kind.leads:
        for number in range(count):
            texts.take(*_TEXT.unpack_from(data, place + number * _TEXT.size))
    return name


def _padded(size: int) -> int:
    """Return a size with what fills it up to eight bytes."""
    return size + -size % 8


def _type(data: bytes) -> _Type:
    """Return the type that a message says: a number, text of a size, or text that lies elsewhere."""
    size = _NUMBERS.get(data)
    if size is not None:
        return _Type(size)
    kind, first, second, third, size = struct.unpack_from("<4BI", data)
    low, high = first & 0x0F, first >> 4
    need(third == 0 and 0 < size <= _LONGEST)
    if kind == 0x13:  # text of a size
        need(len(data) == 8 and low <= 2 and high <= 1 and second == 0)
        return _Type(size)
    need(kind == 0x19 and low == 1 and high <= 2 and second <= 1 and size == _TEXT.size and data[8:] in _LETTERS)
    return _Type(size, leads=True)


def _count(data: bytes, most: int) -> int:
    """Return how many values a message says there are: at most so many, along axes of none too."""
    version, axes, limits, unused = struct.unpack_from("<3B5s", data)
    need(version == 1 and axes <= _MOST_AXES and limits <= 1 and unused == bytes(5))
    numbers = struct.unpack_from(f"<{axes * (1 + limits)}Q", data, 8)
    need(len(data) == 8 + 8 * len(numbers) and numbers[axes:] in ((), numbers[:axes]))
    count = 1
    for number in numbers[:axes]:
        count *= max(number, 1)
    need(count <= most)
    return 0 if 0 in numbers else count
