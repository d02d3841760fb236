"""Results on disk: pictures as PNG and all maps in one npz. A file is there whole, or not at all."""

import io
import os
import re
import tempfile
from typing import Any, Dict, List, Optional, Sequence, Set, Union

import cv2
import numpy as np

from ..errors import OutputError
from ..files.writing import write_file
from ..maps.maps import Maps
from ..targets import Detection
from ..targets.box import place_in_words

NPZ = "maps.npz"
NAMED = 8  # numbers of a list that a line names
SURE = 0.3  # a detection below this is not listed, unless it is the best


class Folder:
    """A folder that results are written into; it is made, and tried, before anything is computed."""

    def __init__(self, path: str, painting: Optional[Dict[str, Any]] = None) -> None:
        """Make the folder; raise OutputError where nothing can be written to it.

        `painting` are keywords of Maps.pictures: the style, and what else it takes.
        """
        self.path, self.painting = path, painting or {}
        self._names: Set[str] = set()
        self._rows: List[Dict[str, Any]] = []
        try:
            os.makedirs(path, exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                pass
        except OSError as error:
            raise OutputError(f"{path}: cannot be written to: {error.strerror or error}") from error

    def add(self, file: str, maps: Maps, i: int) -> str:
        """Write the picture of map `i` of a photo, keep its numbers for the npz, and return the PNG's path.

        It is called NAME.LAYER.CLASS.png; a photo of the same name from another folder gets NAME-2.
        """
        stem = os.path.splitext(os.path.basename(file))[0]
        class_id = int(maps.classes[i])
        ends = [_last(maps.layer)] + ([str(class_id)] if class_id >= 0 else [])
        path = os.path.join(self.path, self._free_name(stem, ends))
        one = maps.only(i)
        _write_png(path, one.pictures(**self.painting)[0])
        row = {"files": file, "raw": one.raw[0], "heat": one.heat[0], "classes": class_id, "scores": one.scores[0]}
        self._rows.append(row if one.boxes is None else {**row, "boxes": one.boxes[0]})
        return path

    def add_picture(self, files: Sequence[str], picture: np.ndarray) -> str:
        """Write a picture, (H, W, 3) uint8 RGB, of several photos, and return its path: A-B.png."""
        stem = "-".join(os.path.splitext(os.path.basename(file))[0] for file in files)
        path = os.path.join(self.path, self._free_name(stem, []))
        _write_png(path, picture)
        return path

    def add_pages(self, file: str, end: str, pictures: Sequence[np.ndarray]) -> List[str]:
        """Write pictures, (H, W, 3) uint8 RGB, and return their paths: NAME.END.png, of several NAME.END.1.png, …"""
        stem, count = os.path.splitext(os.path.basename(file))[0], len(pictures)
        paths = []
        for number, picture in enumerate(pictures, 1):
            ends = [end] + ([str(number).zfill(len(str(count)))] if count > 1 else [])
            paths.append(os.path.join(self.path, self._free_name(stem, ends)))
            _write_png(paths[-1], picture)
        return paths

    def _free_name(self, stem: str, ends: List[str]) -> str:
        """Return the name of a PNG that no other has in this folder."""
        number = 1
        while True:
            name = ".".join([stem if number == 1 else f"{stem}-{number}", *ends, "png"])
            if name not in self._names:
                self._names.add(name)
                return name
            number += 1

    def close(self, layer: Union[str, List[str]]) -> str:
        """Write the npz of all maps so far and return its path.

        Keys are files, raw, heat, classes, scores, layer (one for each map where they differ), boxes of detections.
        Where maps differ in size, `raw` and `heat` are one array per map: raw_0, heat_0, raw_1, …
        """
        keys = [key for key in ("files", "classes", "scores", "boxes") if all(key in row for row in self._rows)]
        arrays: Dict[str, Any] = {key: np.array([row[key] for row in self._rows]) for key in keys}
        arrays["layer"] = np.array(layer)
        for key in ("raw", "heat"):
            each = [row[key] for row in self._rows]
            if len({array.shape for array in each}) == 1:
                arrays[key] = np.stack(each)
            else:
                arrays.update({f"{key}_{i}": array for i, array in enumerate(each)})
        data = io.BytesIO()
        np.savez(data, **arrays)
        path = os.path.join(self.path, NPZ)
        write_file(path, data.getvalue())
        return path


def describe_maps(file: str, maps: Maps, rows: Sequence[int], paths: Sequence[str], one_number: bool = False) -> str:
    """Return the line on a photo: what was explained, with its score, and where the picture of each map went.

    Of a model that gives `one_number` it is that, with its sign.
    """
    parts = []
    for row, path in zip(rows, paths):
        number = int(maps.classes[row])
        label = maps.label(row)
        name = f"class {number}" + (f" {label}" if label != str(number) else "") if number >= 0 else "score"
        notes = " (blank: nothing in the layer speaks for it)" if maps.blank[row] else ""
        wrong = int((~np.isfinite(maps.raw[row])).sum())
        notes += f" ({wrong} of {maps.raw[row].size} values of the map are NaN or infinite)" if wrong else ""
        place = "" if maps.boxes is None else f" at {place_in_words(maps.boxes[row])}"
        value = f"{maps.scores[row]:.4g}"
        if one_number:
            name, value = "number", f"{maps.scores[row]:+.4g}"
            notes += " (the map shows what raises it; --style signed, also what lowers it)" if value[0] == "-" else ""
        parts.append(f"{name} {value}{place}{notes} -> {path}")
    return f"{file}: " + "; ".join(parts)


def describe_detections(some: Sequence[Detection]) -> List[str]:
    """Return a line for each of the best detections of a photo: how it is asked for, class, score and place."""
    shown = [one for i, one in enumerate(some) if i < NAMED and (not i or one.score >= SURE)]
    return [
        f"  box:{i} class {one.class_id}{' ' * bool(one.label)}{one.label} {one.score:.2g} at {place_in_words(one.box)}"
        for i, one in enumerate(shown)
    ]


def first_of(numbers: Sequence[int]) -> str:
    """Return the first of some numbers, as a line names them."""
    return ", ".join(map(str, numbers[:NAMED])) + (", …" if len(numbers) > NAMED else "")


def arrow_to(files: Sequence[str]) -> str:
    """Return the end of a line: the files that pictures went to."""
    return f" -> {files[0]}" + (f" … {files[-1]}" if len(files) > 1 else "")


def _write_png(path: str, picture: np.ndarray) -> None:
    """Write a picture, (H, W, 3) uint8 RGB."""
    write_file(path, cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes())


def short_names(layers: Sequence[str]) -> List[str]:
    """Return the last part of each layer's name, as part of a file's; the whole of one whose last part others have."""
    lasts = [_last(layer) for layer in layers]
    return [
        last if lasts.count(last) == 1 else re.sub(r"[^\w@.-]", "_", layer.split(":")[0])
        for layer, last in zip(layers, lasts)
    ]


def _last(layer: str) -> str:
    """Return the last part of a layer's name, as part of a file's."""
    return re.sub(r"[^\w@.-]", "_", layer.split(":")[0].rsplit("/", 1)[-1])
