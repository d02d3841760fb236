"""Messages of protocol buffers whose classes TensorFlow does not bring, read by their encoding.

See protobuf.dev/programming-guides/encoding. A field comes as often as it is written; the last one counts where a
message has one value.
"""

from typing import Any, Dict, List, Optional, Tuple

Fields = Dict[int, List[Any]]


def varint(data: bytes, place: int) -> Tuple[int, int]:
    """Return a number and the place after it; raise ValueError for one that does not end, in ten bytes or the data."""
    value = 0
    for shift, byte in enumerate(data[place : place + 10]):
        value |= (byte & 127) << 7 * shift
        if byte < 128:
            return value & ((1 << 64) - 1), place + shift + 1
    raise ValueError("a damaged message: a number without end")


def fields(message: Any) -> Fields:
    """Return the values of a message's fields by their numbers: whole numbers, and bytes.

    Raises ValueError for what is no message; numbers of a fixed width are left out.
    """
    values: Fields = {}
    data, place = checked(message, bytes), 0
    while place < len(data):
        key, place = varint(data, place)
        value: Any = None
        kind = key & 7
        if kind == 0:
            value, place = varint(data, place)
        elif kind == 2:
            length, place = varint(data, place)
            value = data[place : place + length]
            place += length
        elif kind in (1, 5):
            place += 8 if kind == 1 else 4
        else:
            raise ValueError(f"a damaged message: a field of kind {kind}")
        if place > len(data):
            raise ValueError("a damaged message: a field beyond its end")
        if value is not None:
            values.setdefault(key >> 3, []).append(value)
    return values


def message(values: Fields, key: int) -> Fields:
    """Return the fields of the message that a field holds, none where it is missing."""
    return fields(values.get(key, [b""])[-1])


def number(values: Fields, key: int, default: Optional[int] = 0) -> Any:
    """Return a field as the signed number of 64 bits that it is."""
    value = checked(values.get(key, [default])[-1], int)
    return value - (1 << 64) if value >= 1 << 63 else value


def checked(value: Any, kind: type) -> Any:
    """Return a field's value; raise ValueError for one of another kind."""
    if not isinstance(value, kind):
        raise ValueError(f"a damaged message: a field that is no {kind.__name__}")
    return value
