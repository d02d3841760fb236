"""Protobuf and h5py, which TensorFlow brings and writes its files by: their versions go by its own."""

import importlib
from typing import Any, ContextManager, TypeVar

Message = TypeVar("Message")


def parse_text(text: str, message: Message) -> Message:
    """Fill a protobuf message from its text form; protobuf raises a ParseError of its own."""
    return importlib.import_module("google.protobuf.text_format").Parse(text, message)


def h5_file(path: str, mode: str = "r") -> ContextManager[Any]:
    """Open an HDF5 file; raises OSError for what is none."""
    return importlib.import_module("h5py").File(path, mode)


def h5_lock() -> ContextManager[Any]:
    """Return the lock that h5py holds while it reads: a fork without it may copy one that no thread gives back.

    h5py 3 takes it itself at a fork; 2.10, the newest of Python 3.7's TensorFlow 1.15, does not.
    """
    lock: ContextManager[Any] = importlib.import_module("h5py._objects").phil
    return lock
