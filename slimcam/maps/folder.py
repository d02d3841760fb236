"""Results on disk: pictures, and all numbers in one npz. A file is whole, or not there, and replaces none unasked."""

import io
import itertools
import os
import re
import tempfile
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence, Union

import cv2
import numpy as np

from ..errors import OutputError
from ..files.writing import refuse, write_file
from . import sheets, showing

if TYPE_CHECKING:
    from .._types import PathLike
    from .maps import Maps

NPZ = "maps.npz"
DETAIL = "details_"  # what the names of a method's own numbers begin with, in the npz
SHEET = "sheet"  # contact sheets: sheet.png, or sheet.1.png, …
# Endings of pictures that OpenCV writes.
PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


class Folder:
    """A folder that results are written into; it is made, and tried, before anything is computed."""

    def __init__(
        self,
        path: "PathLike",
        painting: Optional[Dict[str, Any]] = None,
        overwrite: bool = False,
        npz: bool = False,
        columns: Optional[int] = None,
        also: Optional[Callable[[str, "Maps", np.ndarray], None]] = None,
    ) -> None:
        """Make the folder; raise OutputError where nothing can be written to it, or `npz` is to come and is there.

        `painting` are keywords of Maps.pictures: the style, and what else it takes. Without `overwrite` no file is
        ever replaced. With `columns` all pictures come on contact sheets as well. `also` is called
        with each photo's stem, single map and picture.
        """
        self.path, self.painting, self._overwrite = os.fspath(path), painting or {}, overwrite
        self.columns, self._also = columns, also
        self._rows: List[Dict[str, Any]] = []
        self._tiles: List[np.ndarray] = []
        if npz:
            self._refuse(NPZ)
        try:
            os.makedirs(self.path, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
            self._starts = _starts(os.listdir(self.path))
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written to: {error.strerror or error}") from error
        if columns:
            self.claim(SHEET)

    def claim(self, *parts: str, alone: bool = False) -> None:
        """Raise OutputError, before anything is computed, where PARTS.png is there, or if not `alone` PARTS.*.png."""
        start = ".".join(parts)
        self._refuse(f"{start}.png" if alone else self._starts.get(start, f"{start}.png"))

    def _refuse(self, name: str) -> None:
        if not self._overwrite:
            refuse(os.path.join(self.path, name))

    def add(self, stem: str, file: str, maps: "Maps") -> str:
        """Write the picture of a single map of a photo, keep its numbers for the npz, and return the picture's path.

        It is called STEM.LAYER.CLASS.png; see unique_stems().
        """
        class_id = int(maps.classes[0])
        ends = [last_part(maps.layer)] + ([str(class_id)] if class_id >= 0 else [])
        picture = maps.pictures(**self.painting)[0]
        path = self._write(".".join([stem, *ends]), picture)
        if self.columns:
            self._tiles.append(sheets.tile(picture, showing.lines(maps)))
        if self._also:
            self._also(stem, maps, picture)
        self._rows.append(_numbers(file, maps))
        return path

    def add_picture(self, stem: str, picture: np.ndarray) -> str:
        """Write a picture, (H, W, 3) uint8 RGB, and return its path: STEM.png."""
        return self._write(stem, picture)

    def add_pages(self, stem: str, pictures: Sequence[np.ndarray]) -> List[str]:
        """Write pictures, (H, W, 3) uint8 RGB, and return their paths: STEM.png, of several STEM.1.png, …"""
        count = len(pictures)
        numbers = [f".{str(number).zfill(len(str(count)))}" if count > 1 else "" for number in range(1, count + 1)]
        return [self._write(stem + number, picture) for number, picture in zip(numbers, pictures)]

    def _write(self, name: str, picture: np.ndarray) -> str:
        path = os.path.join(self.path, f"{name}.png")
        write_picture(path, picture, self._overwrite)
        return path

    def close(self, layer: Union[str, List[str]]) -> List[str]:
        """Write the contact sheets and the npz of all maps so far and return their paths; see npz_bytes()."""
        pages = self.add_pages(SHEET, list(sheets.contact_sheets(self._tiles, self.columns))) if self._tiles else []
        path = os.path.join(self.path, NPZ)
        self._refuse(NPZ)
        write_file(path, npz_bytes(self._rows, layer))
        return [*pages, path]


def _starts(names: Sequence[str]) -> Dict[str, str]:
    """Map what the names of pictures begin with, up to a dot each, to one of them: `a` and `a.b` to a.b.png."""
    starts = {}
    for name in names:
        parts = name.split(".")
        if parts[-1] == "png":
            starts.update({".".join(parts[:count]): name for count in range(1, len(parts))})
    return starts


def _numbers(file: str, maps: "Maps") -> Dict[str, Any]:
    """Return what the npz has of a single map."""
    numbers = {"raw": maps.raw[0], "heat": maps.heat[0], "classes": int(maps.classes[0]), "scores": maps.scores[0]}
    boxes = {} if maps.boxes is None else {"boxes": maps.boxes[0]}
    channels = {} if maps.channels is None else {"channels": maps.channels[0]}
    details = {f"{DETAIL}{name}": one[0] for name, one in maps.details.items()}
    return {"files": file, **numbers, **boxes, **channels, **details}


def npz_bytes(rows: Sequence[Dict[str, Any]], layer: Union[str, List[str]]) -> bytes:
    """Return the npz of maps, rows of files, raw, heat, classes, scores, of detections boxes, of pixels channels.

    Its keys are these, details_NAME, and layer (one for each map where they differ). Where maps differ in size, `raw`,
    `heat` and `channels` are one array per map: raw_0, heat_0, raw_1, …
    """
    details = [key for key in (rows[0] if rows else ()) if key.startswith(DETAIL)]
    keys = [key for key in ("files", "classes", "scores", "boxes", *details) if all(key in row for row in rows)]
    arrays: Dict[str, Any] = {key: np.array([row[key] for row in rows]) for key in keys}
    arrays["layer"] = np.array(layer)
    for key in ("raw", "heat", *(["channels"] if all("channels" in row for row in rows) else [])):
        each = [row[key] for row in rows]
        if len({array.shape for array in each}) == 1:
            arrays[key] = np.stack(each)
        else:
            arrays.update({f"{key}_{i}": array for i, array in enumerate(each)})
    data = io.BytesIO()
    np.savez(data, **arrays)
    return data.getvalue()


def save(
    maps: "Maps", path: "PathLike", overwrite: bool, columns: Optional[int], painting: Dict[str, Any]
) -> List[str]:
    """Write Maps as Maps.save() says, and return the paths of the files."""
    place = os.fspath(path)
    end = os.path.splitext(place)[1].lower()
    if end in PICTURES and not os.path.isdir(place):
        picture = maps.pictures(**painting)[0] if len(maps) == 1 else maps.sheet(columns, **painting)
        write_picture(place, picture, overwrite)
        return [place]
    if end == ".npz" and not os.path.isdir(place):
        if not overwrite:
            refuse(place)
        write_file(place, npz_bytes([_numbers(one.names[0], one) for one in maps], maps.layer))
        return [place]
    stems = unique_stems(maps.names)
    folder = Folder(place, painting, overwrite, npz=True, columns=columns)
    for stem in stems:
        folder.claim(stem, last_part(maps.layer))
    paths = [folder.add(stems[photo], one.names[0], one) for photo, one in zip(maps.photo, maps)]
    return [*paths, *folder.close(maps.layer)]


def unique_stems(files: Sequence[str]) -> List[str]:
    """Return the start of the results' names for each file: its name without its ending.

    One whose name an earlier file of another folder has gets NAME-2, the next NAME-3.
    """
    stems: Dict[str, None] = {}
    for file in files:
        name = os.path.splitext(os.path.basename(file))[0]
        free = (name if number == 1 else f"{name}-{number}" for number in itertools.count(1))
        stems[next(stem for stem in free if stem not in stems)] = None
    return list(stems)


def write_picture(path: str, picture: np.ndarray, overwrite: bool = False) -> None:
    """Write a picture, (H, W, 3) uint8 RGB, in the format of the path's ending; raise OutputError where that fails."""
    if not overwrite:
        refuse(path)
    data = cv2.imencode(os.path.splitext(path)[1], cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
    write_file(path, data.tobytes())


def last_part(layer: str) -> str:
    """Return the last part of a layer's name, as part of a file's; `layer` may be several, by commas."""
    lasts = [one.split(":")[0].rsplit("/", 1)[-1] for one in layer.split(", ")]
    return "+".join(re.sub(r"[^\w@.-]", "_", last) for last in lasts)


def short_names(layers: Sequence[str]) -> List[str]:
    """Return the last part of each layer's name, as part of a file's; the whole of one whose last part others have."""
    lasts = [last_part(layer) for layer in layers]
    return [
        last if lasts.count(last) == 1 else re.sub(r"[^\w@.-]", "_", layer.split(":")[0])
        for layer, last in zip(layers, lasts)
    ]
