"""Arrays from .npy and .npz files, within bounds: what a file says that it holds is looked at before it is unpacked."""

import ast
import functools
import io
import operator
import os
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Dict, Iterable, NamedTuple, Optional, Tuple

import numpy as np

from .reading import MakeError, read_bytes

if TYPE_CHECKING:
    from .._types import PathLike

# What may be unpacked of any archive, and of a large one by its size. Zeros pack a thousandfold, a recording of a net
# two- to tenfold, and one whose maps and gradients are nearly all zeros some fiftyfold.
UNPACKED = 1 << 28  # bytes
TIMES = 100
_HEADER = 10_000  # bytes of an array's header: NumPy's own bound, which old ones lack
_LENGTHS = {(1, 0): "<H", (2, 0): "<I"}  # of the header, by the version of the format
# What NumPy and zipfile raise, by what is wrong, of damaged files.
_DAMAGE = (
    *(ValueError, OSError, EOFError, KeyError, TypeError, SyntaxError, MemoryError, RecursionError, OverflowError),
    *(NotImplementedError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error),
)


class Header(NamedTuple):
    """What an array in a file is."""

    shape: Tuple[int, ...]
    dtype: np.dtype
    bytes: int  # with the header


def read_npy(path: "PathLike", error: MakeError) -> np.ndarray:
    """Return the array of a .npy file; raise `error` for a damaged one, and for one of Python objects."""
    data = read_bytes(path, error)
    try:
        _check_length(_header(io.BytesIO(data)), len(data))
        return np.load(io.BytesIO(data), allow_pickle=False)
    except _DAMAGE as problem:
        raise error(f"{os.fspath(path)}: not an array that NumPy can read: {_reason(problem)}") from problem


def read_npz(data: bytes, names: Optional[Iterable[str]], what: str, error: MakeError) -> Dict[str, np.ndarray]:
    """Return the arrays of an .npz, given as bytes, by their names, or those of `names`; `what` begins an error.

    Raises `error` for a damaged archive, for one that would unpack to more than UNPACKED bytes and TIMES its size, and
    KeyError for a name that is not there.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = {info.filename: info for info in archive.infolist()}
            members = [name for name in infos if name.endswith(".npy")]
            wanted = [name[:-4] for name in members] if names is None else list(names)
            missing = [name for name in wanted if f"{name}.npy" not in infos]
            if missing:
                raise KeyError(missing[0])
            size = sum(infos[f"{name}.npy"].file_size for name in wanted)
            if size > max(UNPACKED, TIMES * len(data)):
                raise error(f"{what}: it would unpack to {size} bytes, which {len(data)} bytes of arrays never do")
            return {name: _member(archive, infos[f"{name}.npy"]) for name in wanted}
    except KeyError:
        raise
    except _DAMAGE as problem:
        raise error(f"{what}: cannot be unpacked ({_reason(problem)})") from problem


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as file:
        _check_length(_header(file), info.file_size)
    with archive.open(info) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _header(file: IO[bytes]) -> Header:
    """Read the header of an array; raise ValueError for what is none, or one of Python objects."""
    version = np.lib.format.read_magic(file)
    if version not in _LENGTHS:
        raise ValueError(f"an array of format {version}")
    start = file.read(struct.calcsize(_LENGTHS[version]))
    length = struct.unpack(_LENGTHS[version], start)[0]
    if length > _HEADER:
        raise ValueError(f"a header of {length} bytes")
    text = file.read(length).decode("latin1")
    shape, dtype = _shape_and_dtype(text)
    size = functools.reduce(operator.mul, shape, dtype.itemsize)  # NumPy's product would run over
    return Header(shape, dtype, 8 + len(start) + length + size)


def _shape_and_dtype(text: str) -> Tuple[Tuple[int, ...], np.dtype]:
    fields = ast.literal_eval(text.strip())
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise ValueError("a header that is none")
    shape, dtype = fields["shape"], np.dtype(fields["descr"])
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ValueError(f"an array of shape {shape!r}")
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are not read")
    return shape, dtype


def _check_length(header: Header, there: int) -> None:
    if header.bytes > there:
        raise ValueError(f"{header.shape} {header.dtype} takes {header.bytes} bytes, and there are {there}")


def _reason(problem: BaseException) -> str:
    return str(problem) or type(problem).__name__
