"""Digests: what tells one file, or one array, from another."""

import hashlib
from typing import TYPE_CHECKING, Union

from ..errors import ModelError
from .reading import open_file

if TYPE_CHECKING:
    import numpy as np

    from .._types import PathLike

BLOCK = 1 << 24  # bytes of a file that are read at a time: a model may be larger than the memory


def digest(data: "Union[bytes, np.ndarray]") -> str:
    """Return the sha256, in hexadecimal, of bytes or of an array's values in C order."""
    return hashlib.sha256(data if isinstance(data, bytes) else data.tobytes()).hexdigest()


def file_digest(path: "PathLike") -> str:
    """Return the sha256 of a file, in hexadecimal, as sha256sum prints it; raise ModelError for what is no file."""
    sha256 = hashlib.sha256()
    with open_file(path, ModelError) as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            sha256.update(block)
    return sha256.hexdigest()
