"""Maps in TensorBoard: an image summary for each."""

import os
from typing import TYPE_CHECKING, Any, Dict

import numpy as np

from .._tf import EventWriter
from .._types import PathLike
from ..errors import OutputError, ParameterError
from ..maps import showing
from ..maps.folder import unique_stems
from ..text.printable import escape

if TYPE_CHECKING:
    from ..maps.maps import Maps

_STEPS = 1 << 63  # of what an event holds


def to_tensorboard(maps: "Maps", logdir: PathLike, step: int = 0, style: str = "overlay", **options: Any) -> str:
    """Write each map's picture as an image summary for TensorBoard, and return the path of the event file.

    `logdir` is a folder, which is made. Tags are PHOTO/LAYER/SUBJECT, so that TensorBoard lays the maps of a photo
    together, and shows those of one tag at several steps as one that changes. `style` and `options` are of
    Maps.pictures(). Raises OutputError where it cannot be written, ParameterError for a step that is no whole number.
    """
    pictures, stems = maps.pictures(style, **options), unique_stems(maps.names)
    summaries = Summaries(logdir, step)
    for photo, one, picture in zip(maps.photo, maps, pictures):
        summaries.add(stems[photo], one, picture)
    return summaries.close()


class Summaries:
    """An event file of single maps of any number of photos."""

    def __init__(self, logdir: PathLike, step: int = 0) -> None:
        """Begin a file in a folder, which is made."""
        if isinstance(step, bool) or not isinstance(step, (int, np.integer)) or not 0 <= step < _STEPS:
            raise ParameterError(f"step={step!r}: give a whole number, 0 or more")
        self._folder, self._step = os.fspath(logdir), int(step)
        self._counts: Dict[str, int] = {}  # of maps of a tag
        try:
            self._writer = EventWriter(self._folder)
        except OSError as error:
            raise self._failed(error) from error

    def add(self, stem: str, one: "Maps", picture: np.ndarray) -> None:
        """Add the picture, (H, W, 3) uint8 RGB, of a single map; `stem` is what its photo is called."""
        tag = escape(f"{stem}/{one.layer}/{one.subject()}{showing.note(one)}")
        self._counts[tag] = count = self._counts.get(tag, 0) + 1
        tag += f" ({count})" if count > 1 else ""
        self._writer.add(tag, showing.png(picture), picture.shape[:2], self._step)

    def close(self) -> str:
        """Write what is left and return the path of the file; raise OutputError where that fails."""
        try:
            self._writer.close()
        except OSError as error:
            raise self._failed(error) from error
        return self._writer.path

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(f"{self._folder}: cannot be written: {error.strerror or error}")
