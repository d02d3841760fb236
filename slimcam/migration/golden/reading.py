"""A recording from disk, checked: nothing that is damaged, foreign or newer gets past here."""

import io
import json
import os
import zipfile
import zlib
from typing import Any, Dict, Tuple

import numpy as np

from ..._types import PathLike
from ...errors import GoldenError
from ...files.digests import digest
from ...methods.evidence import is_plain
from .layout import FORMAT, JSON, KEYS, LATER_ARRAYS, LAYER_ARRAYS, LAYER_KEYS, NPZ, VERSION, Golden, Layer

REMEDY = "record again, or take both files from where they were kept"
_KINDS: Dict[str, Any] = {
    "made_by": dict,
    "model": dict,
    "photos": list,
    "target": (dict, list, type(None)),
    "dialect": str,
    "method": str,
    "engine": str,
    "layers": list,
    "npz": dict,
}
_INNER = {
    "made_by": ("python", "tensorflow"),
    "model": ("source", "sha256", "dtype", "classes"),
    "npz": ("sha256", "bytes", "arrays"),
}
_EACH = {"photos": ("name", "sha256", "size"), "layers": LAYER_KEYS}
_NOT_ZIP = ValueError, OSError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error


def read(folder: PathLike) -> Golden:
    """Read a recording and check it all: what it is, that it is whole, and that every array is what it should be.

    Raises GoldenError, which says what is wrong and what to do.
    """
    header = read_json(os.fspath(folder))
    path = os.path.join(folder, JSON)
    if header.get("format") != FORMAT:
        raise GoldenError(f"{path}: not a recording of slimcam's (format {header.get('format')!r}, not {FORMAT!r})")
    version = header.get("version")
    if not isinstance(version, int) or version < 1:
        raise GoldenError(f"{path}: of version {version!r}, which no slimcam wrote: {REMEDY}")
    if version > VERSION:
        made_by = header.get("made_by")
        name = made_by.get("slimcam", "unknown") if isinstance(made_by, dict) else "unknown"
        raise GoldenError(
            f"{path}: written by a newer slimcam: version {version} (slimcam {name}), this one reads up to {VERSION}; "
            "upgrade slimcam, or record again with this one"
        )
    _check_header(header, path)
    arrays = _read_arrays(os.path.join(folder, NPZ), header["npz"])
    try:
        layers = [_layer(record, i, arrays) for i, record in enumerate(header["layers"])]
        inputs = arrays["inputs"]
    except KeyError as error:
        raise GoldenError(f"{path}: names no array {error.args[0]!r}, which a recording must have: {REMEDY}") from error
    values: Dict[str, Any] = {key: header[key] for key in KEYS}
    golden = Golden(
        inputs=inputs, logits=arrays.get("logits"), top_classes=arrays.get("top_classes"), layers=layers, **values
    )
    _check_shapes(golden, path)
    for layer in layers:
        _check_layer(layer, len(golden.photos), path)
    return golden


def read_json(folder: str) -> Dict[str, Any]:
    """Return golden.json, whatever it says; raise GoldenError where there is no JSON object."""
    path = os.path.join(folder, JSON)
    if not os.path.isdir(folder):
        raise GoldenError(f"{folder}: no such folder: give the one that `slimcam record --out` wrote")
    try:
        with open(path, encoding="utf-8") as file:
            header = json.load(file)
    except OSError as error:
        why = "missing" if isinstance(error, FileNotFoundError) else error.strerror
        raise GoldenError(f"{path}: {why}: {folder} is not a recording, or not a whole one; {REMEDY}") from error
    except ValueError as error:
        raise GoldenError(f"{path}: not JSON, or damaged ({error}): {REMEDY}") from error
    if not isinstance(header, dict):
        raise GoldenError(f"{path}: not a recording of slimcam's: a JSON object is expected")
    return header


def _check_header(header: Dict[str, Any], path: str) -> None:
    """Raise GoldenError where golden.json lacks something, or has something else in its place."""
    lacks = [key for key, kind in _KINDS.items() if key not in header or not isinstance(header[key], kind)]
    for key in set(_INNER) - set(lacks):
        lacks += [f"{key}.{inner}" for inner in _INNER[key] if inner not in header[key]]
    for key in set(_EACH) - set(lacks):
        for record in header[key]:
            known = record if isinstance(record, dict) else {}
            lacks += [f"{key}.{inner}" for inner in _EACH[key] if inner not in known]
    for record in [] if lacks else header["layers"]:
        shape = record["shape"]
        lacks += [] if isinstance(shape, list) and all(type(n) is int for n in shape) else ["layers.shape"]
    if lacks:
        raise GoldenError(f"{path}: without {', '.join(sorted(set(lacks)))}, or it is of another type: {REMEDY}")


def _read_arrays(path: str, record: Dict[str, Any]) -> Dict[str, np.ndarray]:
    """Return the arrays of an npz if they are those of golden.json, which has `record` of them."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        why = "missing" if isinstance(error, FileNotFoundError) else error.strerror
        raise GoldenError(f"{path}: {why}: the recording is not whole; {REMEDY}") from error
    if digest(data) != record["sha256"]:
        cut = f"it has {len(data)} bytes of {record['bytes']}" if len(data) != record["bytes"] else "its sha256 differs"
        raise GoldenError(f"{path}: damaged, or not the one that {JSON} was written with ({cut}): {REMEDY}")
    arrays = {}
    try:
        if not zipfile.is_zipfile(io.BytesIO(data)):
            raise zipfile.BadZipFile("it is no zip file")
        with np.load(io.BytesIO(data), allow_pickle=False) as packed:
            missing = sorted(set(record["arrays"]) - set(packed.files))
            if missing:
                raise GoldenError(f"{path}: without the array {missing[0]!r} that {JSON} names: {REMEDY}")
            for name in record["arrays"]:
                arrays[name] = packed[name]
    except _NOT_ZIP as error:
        raise GoldenError(f"{path}: cannot be unpacked ({error}): {REMEDY}") from error
    for name, kind in record["arrays"].items():
        _check_array(arrays[name], name, kind, path)
    return arrays


def _check_array(array: np.ndarray, name: str, kind: Any, path: str) -> None:
    """Raise GoldenError for an array that is not of the kind, {"dtype", "shape"}, that golden.json has of it."""
    if not is_plain(array.dtype):
        raise GoldenError(
            f"{path}: {name!r} is of dtype {array.dtype}, which is no number to NumPy (bfloat16 is to be stored as "
            "float32): record again by slimcam"
        )
    dtype, shape = (kind.get("dtype"), kind.get("shape")) if isinstance(kind, dict) else (None, None)
    if (dtype, shape) != (array.dtype.name, list(array.shape)):
        raise GoldenError(
            f"{path}: {name!r} is {array.dtype.name} {list(array.shape)}, and {JSON} says {dtype} {shape}: {REMEDY}"
        )


def _layer(record: Dict[str, Any], i: int, arrays: Dict[str, np.ndarray]) -> Layer:
    names = [name for name in LAYER_ARRAYS if name not in LATER_ARRAYS or f"layer{i}/{name}" in arrays]
    values = {name: arrays[f"layer{i}/{name}"] for name in names}
    return Layer(record["name"], tuple(record["shape"]), record["dtype"], **values)


def _check_shapes(golden: Golden, path: str) -> None:
    """Raise GoldenError where the arrays are not of the photos and classes of golden.json."""
    count, classes = len(golden.photos), golden.model["classes"]
    logits, top = golden.logits, golden.top_classes
    wrong = ["inputs"] if golden.inputs.ndim != 4 or len(golden.inputs) != count or not count else []
    if (logits is None) != (top is None) or (logits is not None and logits.shape != (count, classes)):
        wrong.append("logits")
    if top is not None and not (top.ndim == 2 and len(top) == count and _are_in(top, classes)):
        wrong.append("top_classes")
    if not golden.layers:
        wrong.append("layers")
    if wrong:
        raise GoldenError(f"{path}: {', '.join(wrong)} do not fit {count} photos and {classes} classes: {REMEDY}")


def _are_in(numbers: np.ndarray, count: int) -> bool:
    """Whether all are whole numbers from 0 to `count`."""
    return numbers.dtype.kind in "iu" and not (numbers.size and (numbers.min() < 0 or numbers.max() >= count))


def _check_layer(layer: Layer, photos: int, path: str) -> None:
    """Raise GoldenError where a layer's arrays do not fit each other."""
    maps, shape = layer.classes.size, layer.shape
    shapes: Dict[str, Tuple[int, ...]] = dict.fromkeys(("mean", "deviation", "smallest", "largest"), shape[-1:])
    shapes.update(classes=(maps,), scores=(maps,), gradients=(maps, *shape[1:]), maps=(maps, *shape[1:3]))
    shapes.update(sample=layer.places.shape)
    if layer.rounding is not None:
        shapes.update(rounding=(maps,))
    wrong = [name for name, size in shapes.items() if getattr(layer, name).shape != size]
    if len(shape) != 4 or shape[0] != photos or maps % photos or not maps:
        wrong.append("shape")
    if not (layer.places.ndim == 1 and _are_in(layer.places, int(np.prod(shape)))):
        wrong.append("places")
    if wrong:
        raise GoldenError(f"{path}: layer {layer.name!r}: {', '.join(wrong)} do not fit its shape {shape}: {REMEDY}")
