"""Read files that may be anything: nothing here waits for a pipe or a device, or reads more than is said.

A file of /proc says that it has no bytes, and is taken at its word: it is read as empty.
"""

import json
import os
import re
import stat
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, List, Optional, Sequence

if TYPE_CHECKING:
    from .._types import PathLike

MOST_JSON = 1 << 23  # bytes
_DIGITS = 40  # of a whole number in JSON: Python 3.7 takes time by their square
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)

MakeError = Callable[[str], Exception]  # a kind of SlimcamError


def regular(path: "PathLike", error: MakeError) -> os.stat_result:
    """Return what the system says of a regular file, or of what a link leads to; raise `error` for anything else."""
    name = os.fspath(path)
    try:
        status = os.stat(name)
    except (OSError, ValueError) as problem:  # ValueError: a path that holds a zero byte
        raise error(f"{name}: {getattr(problem, 'strerror', None) or problem}") from problem
    _check_kind(name, status.st_mode, error)
    return status


def _check_kind(name: str, mode: int, error: MakeError) -> None:
    if not stat.S_ISREG(mode):
        kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "something else")
        raise error(f"{name}: {kind}, not a file")


def folders_of(path: "PathLike") -> List[str]:
    """Return the real folders that a model's own files lie in: the path's, or, of a file, that which it is in.

    A path that is a link itself is its user's choice: what lies beside the file that it leads to is own as well.
    """
    place = os.path.abspath(os.fspath(path))
    if os.path.isdir(place):
        return [os.path.realpath(place)]
    return list(dict.fromkeys([os.path.realpath(os.path.dirname(place)), os.path.dirname(os.path.realpath(place))]))


def leads_out(path: str, folders: Sequence[str]) -> bool:
    """Whether a file lies in none of the real `folders`, nor in those in them, once all links are followed."""
    if "\0" in path:  # no file has such a name
        return True
    real = os.path.realpath(path)
    return not any(real.startswith(os.path.join(folder, "")) for folder in folders)


def own_file(folder: "PathLike", name: Any, error: MakeError) -> str:
    """Return the path of a file by the name that a file of that folder has for it.

    Raises `error` for a name that is no text, or leaves the folder: by "..", from the root, or through a link.
    """
    top = os.fspath(folder)
    parts = re.split(r"[/\\]", name) if isinstance(name, str) else []
    if not any(parts) or "\0" in name or ".." in parts or not parts[0] or os.path.splitdrive(name)[0]:
        raise error(f"{top}: {name!r} is no name of a file in this folder, and no other file is read")
    path = os.path.join(top, name)
    if leads_out(path, [os.path.realpath(top)]):
        raise error(f"{path}: it leads out of its folder, and no file elsewhere is read")
    return path


def special(path: str) -> bool:
    """Whether there is something at the path that is neither file nor folder: a pipe, a socket, a device."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def open_file(path: "PathLike", error: MakeError) -> BinaryIO:
    """Open a regular file to read its bytes; raise `error` for anything else."""
    regular(path, error)  # a device may do something as it is opened
    try:
        number = os.open(path, _FLAGS)
        file = os.fdopen(number, "rb")
    except OSError as problem:
        raise error(f"{os.fspath(path)}: {problem.strerror or problem}") from problem
    _check_kind(os.fspath(path), os.fstat(number).st_mode, error)  # it may be another by now
    return file


def read_bytes(path: "PathLike", error: MakeError, most: Optional[int] = None) -> bytes:
    """Return a regular file's bytes; raise `error` for anything else, and for a file of more than `most` bytes."""
    with open_file(path, error) as file:
        size = os.fstat(file.fileno()).st_size
        if most is not None and size > most:
            raise error(f"{os.fspath(path)}: it has {size} bytes, and no such file has more than {most}")
        try:
            return file.read(size)
        except (OSError, MemoryError, OverflowError) as problem:
            why = getattr(problem, "strerror", None) or f"{size} bytes are more than there is memory for"
            raise error(f"{os.fspath(path)}: {why}") from problem


def read_json(path: "PathLike", error: MakeError) -> Any:
    """Return what a JSON file holds; raise `error` for one that is none, or has more than MOST_JSON bytes."""
    data = read_bytes(path, error, MOST_JSON)
    try:
        return json.loads(data.decode("utf-8"), parse_int=_whole)
    except (ValueError, RecursionError) as problem:
        raise error(f"{os.fspath(path)}: not JSON, or damaged ({problem})") from problem


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)
