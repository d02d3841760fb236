"""Write files and folders that are there whole, or not at all."""

import os
import shutil
import uuid
from typing import TYPE_CHECKING, Mapping

from ..errors import OutputError

if TYPE_CHECKING:
    from .._types import PathLike


def refuse(path: "PathLike") -> None:
    """Raise OutputError where a file is there already."""
    if os.path.lexists(path):
        raise OutputError(f"{os.fspath(path)}: is there already: name another place, or replace it by overwrite=True")


def write_file(path: "PathLike", data: bytes) -> None:
    """Write a file beside its place and move it there; raise OutputError where that fails."""
    part = f"{os.fspath(path)}.part"
    try:
        with open(part, "wb") as file:
            file.write(data)
        os.replace(part, path)
    except OSError as error:
        if os.path.exists(part):
            os.remove(part)
        raise _cannot_write(path, error) from error


def replace_folder(path: "PathLike", files: Mapping[str, bytes]) -> None:
    """Write a folder of files, by name, beside its place and move it there, in the place of a folder that is there.

    Folders above it are made. Raises OutputError where that fails; then the old folder is as it was.
    """
    place = os.path.realpath(os.fspath(path))
    part = os.path.join(os.path.dirname(place), f".{os.path.basename(place)}.{uuid.uuid4().hex}")
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


def _move(part: str, place: str) -> None:
    """Move a folder to its place; what was there comes back if that fails."""
    if not os.path.isdir(place):
        os.rename(part, place)
        return
    old = part + ".old"
    os.rename(place, old)
    try:
        os.rename(part, place)
    except OSError:
        os.rename(old, place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _cannot_write(path: "PathLike", error: OSError) -> OutputError:
    return OutputError(f"{os.fspath(path)}: cannot be written: {error.strerror or error}")
