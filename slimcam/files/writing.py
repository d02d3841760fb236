"""Write files and folders that are there whole, or not at all.

What is written lies beside its place first, as `.slimcam-….part`, and then moves there in one step. Only a process that
is killed leaves that behind.
"""

import ctypes
import os
import shutil
import uuid
from typing import TYPE_CHECKING, Mapping

from ..errors import OutputError

if TYPE_CHECKING:
    from .._types import PathLike

_HERE = -100  # AT_FDCWD: paths are relative to the current folder
_EXCHANGE = 2  # RENAME_EXCHANGE


def refuse(path: "PathLike") -> None:
    """Raise OutputError where a file is there already."""
    if os.path.lexists(path):
        raise OutputError(f"{os.fspath(path)}: is there already: name another place, or replace it by overwrite=True")


def write_file(path: "PathLike", data: bytes) -> None:
    """Write a file beside its place and move it there; raise OutputError where that fails."""
    part = _beside(os.fspath(path))
    try:
        with open(part, "wb") as file:
            file.write(data)
        os.replace(part, path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        if os.path.exists(part):
            os.remove(part)


def replace_folder(path: "PathLike", files: Mapping[str, bytes]) -> None:
    """Write a folder of files, by name, beside its place and move it there, in the place of a folder that is there.

    Folders above it are made. Raises OutputError where that fails; then the old folder is as it was.
    """
    place = os.path.realpath(os.fspath(path))
    part = _beside(place)
    try:
        os.makedirs(part)
        for name, data in files.items():
            with open(os.path.join(part, name), "wb") as file:
                file.write(data)
        _move(part, place)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _beside(path: str) -> str:
    """Return a new name in the folder of a path: hidden, and short, as that of the file may be as long as can be."""
    return os.path.join(os.path.dirname(path), f".slimcam-{uuid.uuid4().hex}.part")


def _move(part: str, place: str) -> None:
    """Move a folder to its place; what was there is at `part` then, or gone, and comes back if that fails."""
    if not os.path.isdir(place):
        os.rename(part, place)
        return
    if _exchange(part, place):
        return
    old = _beside(place)
    os.rename(place, old)
    try:
        os.rename(part, place)
    except OSError:
        os.rename(old, place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _exchange(a: str, b: str) -> bool:
    """Let two folders change places in one step; return whether this system and its file system can (Linux mostly)."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    return rename is not None and rename(_HERE, os.fsencode(a), _HERE, os.fsencode(b), _EXCHANGE) == 0


def _cannot_write(path: "PathLike", error: OSError) -> OutputError:
    return OutputError(f"{os.fspath(path)}: cannot be written: {error.strerror or error}")
