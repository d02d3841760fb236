"""What old programs use of distutils."""

import functools
import os
import re
import shutil
import sys
from typing import Any, List, Optional, Union

_TRUE, _FALSE = ("y", "yes", "t", "true", "on", "1"), ("n", "no", "f", "false", "off", "0")


@functools.total_ordering
class LooseVersion:
    """A version as numbers and words between dots, compared part by part; a text stands for its version."""

    _PARTS = re.compile(r"(\d+ | [a-z]+ | \.)", re.VERBOSE)

    def __init__(self, vstring: Optional[str] = None) -> None:
        self.vstring: str = ""
        self.version: List[Union[int, str]] = []
        if vstring:
            self.parse(vstring)

    def parse(self, vstring: str) -> None:
        """Read a version."""
        self.vstring = vstring
        parts = [part for part in self._PARTS.split(vstring) if part and part != "."]
        self.version = [int(part) if part.isdigit() else part for part in parts]

    def _parts_of(self, other: Any) -> Any:
        return (type(self)(other) if isinstance(other, str) else other).version

    def __eq__(self, other: Any) -> bool:
        return self.version == self._parts_of(other)

    def __lt__(self, other: Any) -> bool:
        return self.version < self._parts_of(other)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.vstring

    def __repr__(self) -> str:
        return f"{type(self).__name__} ('{self}')"


class StrictVersion(LooseVersion):
    """A version of two or three numbers, perhaps with a or b and a number: 1.0, 1.0.4, 1.2a3."""

    _FORM = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?", re.ASCII)

    def parse(self, vstring: str) -> None:
        """Read a version; raise ValueError where it is of another form."""
        match = self._FORM.fullmatch(vstring)
        if not match:
            raise ValueError(f"invalid version number '{vstring}'")
        major, minor, patch, kind, number = match.groups()
        self.vstring = vstring
        # a final release comes after its a and b
        self.version = [int(major), int(minor), int(patch or 0), kind or "final", int(number or 0)]


def strtobool(val: str) -> int:
    """Return 1 for yes, true, on and their kin, 0 for no, false, off; raise ValueError for anything else."""
    lower = val.lower()
    if lower not in _TRUE + _FALSE:
        raise ValueError(f"invalid truth value {lower!r}")
    return int(lower in _TRUE)


def find_executable(executable: str, path: Optional[str] = None) -> Optional[str]:
    """Return where a program is, None where it is not on the path."""
    return executable if os.path.isfile(executable) else shutil.which(executable, path=path)


def mkpath(name: str, mode: int = 0o777, verbose: int = 1, dry_run: int = 0) -> List[str]:
    """Make a folder and those above it; return those that were not there."""
    made: List[str] = []
    path = os.path.normpath(name)
    while path and not os.path.isdir(path):
        made.insert(0, path)
        path = os.path.dirname(path)
    if not dry_run:
        os.makedirs(name, mode, exist_ok=True)
    return made


def copy_tree(src: str, dst: str, *args: Any, **kwargs: Any) -> List[str]:
    """Copy the files below a folder into another; return the copies."""
    copies = []
    for folder, _, files in os.walk(src):
        place = os.path.normpath(os.path.join(dst, os.path.relpath(folder, src)))
        os.makedirs(place, exist_ok=True)
        copies += [shutil.copy2(os.path.join(folder, file), os.path.join(place, file)) for file in files]
    return copies


def remove_tree(directory: str, verbose: int = 1, dry_run: int = 0) -> None:
    """Remove a folder and all below it."""
    shutil.rmtree(directory)


def copy_file(src: str, dst: str, *args: Any, **kwargs: Any) -> Any:
    """Copy a file; return the copy's path and 1."""
    return shutil.copy2(src, dst), 1


def get_platform() -> str:
    """Return the platform's name."""
    import sysconfig

    return sysconfig.get_platform()


def get_python_version() -> str:
    """Return Python's version, two numbers."""
    return "{}.{}".format(*sys.version_info)
