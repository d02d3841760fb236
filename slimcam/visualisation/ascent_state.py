"""How far an ascent is, kept in a file, so that an interrupted run goes on where it stopped. NumPy."""

import functools
import io
import json
import os
from typing import Any, Callable, Dict, NamedTuple, Optional

import numpy as np

from .._types import PathLike
from ..errors import OutputError
from ..files.arrays import read_npz
from ..files.reading import read_bytes
from ..files.writing import write_file
from .recipes import Arrays

FORMAT = 1


class Part(NamedTuple):
    """Pictures that climb together."""

    arrays: Arrays  # what the recipe climbs; empty at the end
    scores: np.ndarray  # (n, steps) float32
    moved: np.ndarray  # (n,) bool: a gradient was met that is not zero
    snapshots: np.ndarray  # (n, kept, h, w, C) uint8
    step: int  # how many were made


class StateFile(NamedTuple):
    """A file that a state is kept in."""

    path: Optional[str]  # None: nothing is kept
    data: Optional[bytes]  # what is in it; None where there is none yet
    write: Callable[[bytes], None]

    @classmethod
    def at(cls, path: Optional[PathLike]) -> "StateFile":
        """Return the file at a path, with what is in it."""
        if path is None:
            return cls(None, None, lambda data: None)
        place = os.fspath(path)
        try:
            data = read_bytes(place, ValueError) if os.path.exists(place) else None
        except ValueError as error:
            raise OutputError(f"{place} holds no ascent ({error}): name another file, or remove it") from error
        return cls(place, data, functools.partial(write_file, place))


class AscentState:
    """The parts of a run by the place where each starts; without a path they are kept in memory only."""

    def __init__(self, file: "StateFile", run: Any) -> None:
        """Read the file, where it exists; `run`, which JSON can hold, says what it must be of.

        Raises OutputError for a file that is of another run, or no state at all.
        """
        self.file = file
        self.run = json.dumps([FORMAT, run])
        self.parts: Dict[int, Part] = {}
        if file.path is None or file.data is None:
            return
        try:
            values = read_npz(file.data, None, file.path, ValueError)
            known = str(values.pop("run"))
            self.parts = _parts(values)
        except (ValueError, KeyError, TypeError) as error:
            raise OutputError(f"{file.path} holds no ascent ({error}): name another file, or remove it") from error
        if known != self.run:
            raise OutputError(f"{file.path} is of another run, {known}: name another file, or remove it")

    def keep(self, start: int, part: Part) -> None:
        """Keep a part, and write all of them; raise OutputError where that fails."""
        self.parts[start] = part
        if self.file.path is None:
            return
        values = {}
        for place, one in self.parts.items():
            fields = {**{f"arrays/{name}": array for name, array in one.arrays.items()}, **one._asdict()}
            values.update({f"{place}/{name}": value for name, value in fields.items() if name != "arrays"})
        data = io.BytesIO()
        np.savez(data, run=self.run, **values)
        self.file.write(data.getvalue())


def _parts(values: Dict[str, np.ndarray]) -> Dict[int, Part]:
    """Read parts from the names PLACE/FIELD and PLACE/arrays/NAME."""
    each: Dict[int, Dict[str, Any]] = {}
    for key, value in values.items():
        place, _, name = key.partition("/")
        own = each.setdefault(int(place), {"arrays": {}})
        kind, _, inner = name.partition("/")
        if inner:
            own[kind][inner] = value
        else:
            own[kind] = int(value) if kind == "step" else value
    return {place: Part(**own) for place, own in each.items()}
