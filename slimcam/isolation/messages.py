"""What two processes say to each other: requests as pickles, replies as JSON and plain arrays.

The child that answers is not trusted. What comes from it is never unpickled; its length, its types and its shapes are
looked at before memory is taken for them.
"""

import json
import pickle
import socket
import struct
import time
from typing import Any, List, Optional

import numpy as np

from ..errors import ModelError
from ..text.printable import first_line

LENGTHS = struct.Struct("<QQ")  # bytes of text, and of arrays
MOST_TEXT, MOST_BYTES = 1 << 26, 1 << 32  # of a reply
NO_MEMORY = 71  # exit status of a process that has no room for a request or its answer
DTYPES = {
    np.dtype(kind).name: np.dtype(kind)
    for kind in ("bool", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8")
}
NO_ANSWER = (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError)


class Ended(Exception):
    """The other side is gone."""


class TooLate(Exception):
    """No answer came in time."""


def send_request(end: socket.socket, request: Any, deadline: Optional[float]) -> None:
    """Send what the other side unpickles; raise ModelError for what cannot be pickled, before anything is sent."""
    try:
        data = pickle.dumps(request, 4)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        first = first_line(error)
        raise ModelError(f"isolated= sends what can be pickled to another process: {first}") from error
    _send(end, [LENGTHS.pack(0, len(data)), data], deadline)


def receive_request(end: socket.socket) -> Any:
    """Return the next request; raise Ended where there is none to come."""
    _, length = LENGTHS.unpack(_receive(end, LENGTHS.size, None))
    return pickle.loads(_receive(end, length, None))


def send_reply(end: socket.socket, reply: Any) -> None:
    """Send what JSON can hold, and arrays in it."""
    arrays: List[np.ndarray] = []

    def place(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        array = np.asarray(value)
        if array.dtype.name not in DTYPES:
            raise ModelError(f"{array.dtype.name} cannot come from a process of its own: ask for numbers")
        arrays.append(np.ascontiguousarray(array))
        return {"array": len(arrays) - 1, "dtype": array.dtype.name, "shape": array.shape}

    text = json.dumps(reply, default=place).encode("ascii")
    total = sum(array.nbytes for array in arrays)
    _send(end, [LENGTHS.pack(len(text), total), text, *(array.reshape(-1).view(np.uint8) for array in arrays)], None)


def wait(end: socket.socket, deadline: Optional[float]) -> None:
    """Return when something has come, of which nothing is taken; raise Ended, or TooLate."""
    try:
        end.settimeout(_left(deadline))
        if not end.recv(1, socket.MSG_PEEK):
            raise Ended
    except socket.timeout as error:
        raise TooLate from error
    except OSError as error:
        raise Ended from error


def receive_reply(end: socket.socket, deadline: Optional[float]) -> Any:
    """Return a reply; raise Ended, TooLate, and one of NO_ANSWER for what is none."""
    length, total = LENGTHS.unpack(_receive(end, LENGTHS.size, deadline))
    if length > MOST_TEXT or total > MOST_BYTES:
        raise ValueError(f"{length} bytes of text and {total} of arrays")
    text, data = _receive(end, length, deadline), _receive(end, total, deadline)
    used = 0

    def array(found: Any) -> Any:
        nonlocal used
        if "array" not in found:
            return found
        dtype, shape = DTYPES[found["dtype"]], [int(size) for size in found["shape"]]
        count = 1
        for size in shape:
            count *= size
        if len(shape) > 16 or min(shape, default=0) < 0 or count * dtype.itemsize > total - used:
            raise ValueError(f"an array of {shape}")
        used += count * dtype.itemsize
        values = np.frombuffer(data, dtype, count, used - count * dtype.itemsize).reshape(shape)
        if dtype.name == "bool" and not (values.view(np.uint8) <= 1).all():
            raise ValueError("truth values other than 0 and 1")
        return values

    return json.loads(text.decode("ascii"), object_hook=array)


def _send(end: socket.socket, parts: List[Any], deadline: Optional[float]) -> None:
    try:
        for part in parts:
            end.settimeout(_left(deadline))
            end.sendall(part)
    except socket.timeout as error:
        raise TooLate from error
    except OSError as error:
        raise Ended from error


def _receive(end: socket.socket, count: int, deadline: Optional[float]) -> bytearray:
    data = bytearray(count)
    view = memoryview(data)
    try:
        while view:
            end.settimeout(_left(deadline))
            got = end.recv_into(view)
            if not got:
                raise Ended
            view = view[got:]
    except socket.timeout as error:
        raise TooLate from error
    except OSError as error:
        raise Ended from error
    return data


def _left(deadline: Optional[float]) -> Optional[float]:
    """Return the seconds that are left; raise TooLate where there are none."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TooLate
    return left
