"""A recording from disk, checked: nothing that is damaged, foreign or newer gets past here."""

import io
import json
import os
import zipfile
import zlib
from typing import Any, Dict, Tuple

import numpy as np

from ...errors import GoldenError
from ...methods.evidence import is_plain
from .layout import ARRAYS, FORMAT, HEAD, JSON, NPZ, TOLD, VERSION, Golden, Layer, digest

MEND = "record again, or take both files from where they were kept"
_KEYS: Dict[str, Any] = {
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
_EACH = {"photos": ("name", "sha256", "size"), "layers": TOLD}
_NOT_ZIP = ValueError, OSError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error


def read(folder: Any) -> Golden:
    """Read a recording and check it all: what it is, that it is whole, and that every array is what it should be.

    Raises GoldenError, which says what is wrong and what to do.
    """
    told = read_json(os.fspath(folder))
    path = os.path.join(folder, JSON)
    if told.get("format") != FORMAT:
        raise GoldenError(f"{path}: not a recording of slimcam's (format {told.get('format')!r}, not {FORMAT!r})")
    version = told.get("version")
    if not isinstance(version, int) or version < 1:
        raise GoldenError(f"{path}: of version {version!r}, which no slimcam wrote: {MEND}")
    if version > VERSION:
        wrote = told.get("made_by")
        name = wrote.get("slimcam", "unknown") if isinstance(wrote, dict) else "unknown"
        raise GoldenError(
            f"{path}: written by a newer slimcam: version {version} (slimcam {name}), this one reads up to {VERSION}; "
            "upgrade slimcam, or record again with this one"
        )
    _check_told(told, path)
    arrays = _read_arrays(os.path.join(folder, NPZ), told["npz"])
    try:
        layers = [_layer(one, i, arrays) for i, one in enumerate(told["layers"])]
        inputs = arrays["inputs"]
    except KeyError as error:
        raise GoldenError(f"{path}: names no array {error.args[0]!r}, which a recording must have: {MEND}") from error
    head: Dict[str, Any] = {key: told[key] for key in HEAD}
    found = Golden(
        inputs=inputs, logits=arrays.get("logits"), top_classes=arrays.get("top_classes"), layers=layers, **head
    )
    _check_shapes(found, path)
    for layer in layers:
        _check_layer(layer, len(found.photos), path)
    return found


def read_json(folder: str) -> Dict[str, Any]:
    """Return golden.json, whatever it says; raise GoldenError where there is no JSON object."""
    path = os.path.join(folder, JSON)
    if not os.path.isdir(folder):
        raise GoldenError(f"{folder}: no such folder: give the one that `slimcam record --out` wrote")
    try:
        with open(path, encoding="utf-8") as file:
            told = json.load(file)
    except OSError as error:
        why = "missing" if isinstance(error, FileNotFoundError) else error.strerror
        raise GoldenError(f"{path}: {why}: {folder} is not a recording, or not a whole one; {MEND}") from error
    except ValueError as error:
        raise GoldenError(f"{path}: not JSON, or damaged ({error}): {MEND}") from error
    if not isinstance(told, dict):
        raise GoldenError(f"{path}: not a recording of slimcam's: a JSON object is expected")
    return told


def _check_told(told: Dict[str, Any], path: str) -> None:
    """Raise GoldenError where golden.json lacks something, or has something else in its place."""
    lacks = [key for key, kind in _KEYS.items() if key not in told or not isinstance(told[key], kind)]
    for key in set(_INNER) - set(lacks):
        lacks += [f"{key}.{inner}" for inner in _INNER[key] if inner not in told[key]]
    for key in set(_EACH) - set(lacks):
        for one in told[key]:
            held = one if isinstance(one, dict) else {}
            lacks += [f"{key}.{inner}" for inner in _EACH[key] if inner not in held]
    for one in [] if lacks else told["layers"]:
        shape = one["shape"]
        lacks += [] if isinstance(shape, list) and all(type(n) is int for n in shape) else ["layers.shape"]
    if lacks:
        raise GoldenError(f"{path}: without {', '.join(sorted(set(lacks)))}, or it is of another type: {MEND}")


def _read_arrays(path: str, told: Dict[str, Any]) -> Dict[str, np.ndarray]:
    """Return the arrays of an npz if they are the ones that golden.json tells of."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        why = "missing" if isinstance(error, FileNotFoundError) else error.strerror
        raise GoldenError(f"{path}: {why}: the recording is not whole; {MEND}") from error
    if digest(data) != told["sha256"]:
        cut = f"it has {len(data)} bytes of {told['bytes']}" if len(data) != told["bytes"] else "its sha256 differs"
        raise GoldenError(f"{path}: damaged, or not the one that {JSON} was written with ({cut}): {MEND}")
    arrays = {}
    try:
        if not zipfile.is_zipfile(io.BytesIO(data)):
            raise zipfile.BadZipFile("it is no zip file")
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            missing = sorted(set(told["arrays"]) - set(held.files))
            if missing:
                raise GoldenError(f"{path}: without the array {missing[0]!r} that {JSON} names: {MEND}")
            for name in told["arrays"]:
                arrays[name] = held[name]
    except _NOT_ZIP as error:
        raise GoldenError(f"{path}: cannot be unpacked ({error}): {MEND}") from error
    for name, one in told["arrays"].items():
        _check_array(arrays[name], name, one, path)
    return arrays


def _check_array(array: np.ndarray, name: str, told: Any, path: str) -> None:
    if not is_plain(array.dtype):
        raise GoldenError(
            f"{path}: {name!r} is of dtype {array.dtype}, which is no number to NumPy (bfloat16 is to be stored as "
            "float32): record again by slimcam"
        )
    said = (told.get("dtype"), told.get("shape")) if isinstance(told, dict) else (None, None)
    if said != (array.dtype.name, list(array.shape)):
        raise GoldenError(
            f"{path}: {name!r} is {array.dtype.name} {list(array.shape)}, and {JSON} says {said[0]} {said[1]}: {MEND}"
        )


def _layer(told: Dict[str, Any], i: int, arrays: Dict[str, np.ndarray]) -> Layer:
    values = {name: arrays[f"layer{i}/{name}"] for name in ARRAYS}
    return Layer(told["name"], tuple(told["shape"]), told["dtype"], **values)


def _check_shapes(golden: Golden, path: str) -> None:
    """Raise GoldenError where the arrays are not of the photos and classes that golden.json tells of."""
    count, classes = len(golden.photos), golden.model["classes"]
    logits, top = golden.logits, golden.top_classes
    amiss = ["inputs"] if golden.inputs.ndim != 4 or len(golden.inputs) != count or not count else []
    if (logits is None) != (top is None) or (logits is not None and logits.shape != (count, classes)):
        amiss.append("logits")
    if top is not None and not (top.ndim == 2 and len(top) == count and _are_in(top, classes)):
        amiss.append("top_classes")
    if not golden.layers:
        amiss.append("layers")
    if amiss:
        raise GoldenError(f"{path}: {', '.join(amiss)} do not fit {count} photos and {classes} classes: {MEND}")


def _are_in(numbers: np.ndarray, count: int) -> bool:
    """Whether all are whole numbers from 0 to `count`."""
    return numbers.dtype.kind in "iu" and not (numbers.size and (numbers.min() < 0 or numbers.max() >= count))


def _check_layer(layer: Layer, photos: int, path: str) -> None:
    """Raise GoldenError where a layer's arrays do not fit each other."""
    maps, shape = layer.classes.size, layer.shape
    wanted: Dict[str, Tuple[int, ...]] = dict.fromkeys(("mean", "deviation", "smallest", "largest"), shape[-1:])
    wanted.update(classes=(maps,), scores=(maps,), gradients=(maps, *shape[1:]), maps=(maps, *shape[1:3]))
    wanted.update(sample=layer.places.shape)
    amiss = [name for name, size in wanted.items() if getattr(layer, name).shape != size]
    if len(shape) != 4 or shape[0] != photos or maps % photos or not maps:
        amiss.append("shape")
    if not (layer.places.ndim == 1 and _are_in(layer.places, int(np.prod(shape)))):
        amiss.append("places")
    if amiss:
        raise GoldenError(f"{path}: layer {layer.name!r}: {', '.join(amiss)} do not fit its shape {shape}: {MEND}")
