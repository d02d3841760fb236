"""A recording from disk, checked: nothing that is damaged, foreign or newer gets past here."""

import os
from typing import Any, Dict, List

import numpy as np

from ..._types import PathLike
from ...errors import GoldenError
from ...files.arrays import read_npz
from ...files.digests import digest
from ...files.reading import own_file, read_bytes, read_json
from ...methods.evidence import is_plain
from .checking import Check, check_arrays, is_text, is_whole, or_null
from .layout import FORMAT, JSON, KEYS, LATER_ARRAYS, LAYER_ARRAYS, LAYER_KEYS, NPZ, REMEDY, VERSION, Golden, Layer

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
_INNER: Dict[str, Dict[str, Check]] = {
    "made_by": {"python": is_text, "tensorflow": is_text},
    "model": {"source": is_text, "sha256": or_null(is_text), "dtype": is_text, "classes": or_null(is_whole)},
    "npz": {"sha256": is_text, "bytes": is_whole, "arrays": lambda value: isinstance(value, dict)},
}


def _is_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_whole, value))


_EACH: Dict[str, Dict[str, Check]] = {
    "photos": {"name": is_text, "sha256": is_text, "size": _is_sizes},
    "layers": dict(zip(LAYER_KEYS, (is_text, _is_sizes, is_text))),
}


def read(folder: PathLike) -> Golden:
    """Read a recording and check it all: what it is, that it is whole, and that every array is what it should be.

    Raises GoldenError, which says what is wrong and what to do.
    """
    header = read_header(os.fspath(folder))
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
    arrays = _read_arrays(os.fspath(folder), header["npz"])
    try:
        layers = [_layer(record, i, arrays) for i, record in enumerate(header["layers"])]
        inputs = arrays["inputs"]
    except KeyError as error:
        raise GoldenError(f"{path}: names no array {error.args[0]!r}, which a recording must have: {REMEDY}") from error
    values: Dict[str, Any] = {key: header[key] for key in KEYS}
    golden = Golden(
        inputs=inputs, logits=arrays.get("logits"), top_classes=arrays.get("top_classes"), layers=layers, **values
    )
    check_arrays(golden, path)
    return golden


def read_header(folder: str) -> Dict[str, Any]:
    """Return golden.json, whatever it says; raise GoldenError where there is no JSON object."""
    path = os.path.join(folder, JSON)
    if not os.path.isdir(folder):
        raise GoldenError(f"{folder}: no such folder: give the one that `slimcam record --out` wrote")
    if not os.path.lexists(path):
        raise GoldenError(f"{path}: missing: {folder} is not a recording, or not a whole one; {REMEDY}")
    header = read_json(own_file(folder, JSON, GoldenError), lambda problem: GoldenError(f"{problem}: {REMEDY}"))
    if not isinstance(header, dict):
        raise GoldenError(f"{path}: not a recording of slimcam's: a JSON object is expected")
    return header


def _check_header(header: Dict[str, Any], path: str) -> None:
    """Raise GoldenError where golden.json lacks something, or has something else in its place."""
    lacks = [key for key, kind in _KINDS.items() if key not in header or not isinstance(header[key], kind)]
    for key in set(_INNER) - set(lacks):
        lacks += _unfit(key, _INNER[key], header[key])
    for key in set(_EACH) - set(lacks):
        for record in header[key]:
            lacks += _unfit(key, _EACH[key], record)
    if lacks:
        raise GoldenError(f"{path}: without {', '.join(sorted(set(lacks)))}, or it is of another type: {REMEDY}")


def _unfit(key: str, checks: Dict[str, Check], record: Any) -> List[str]:
    known = record if isinstance(record, dict) else {}
    return [f"{key}.{inner}" for inner, check in checks.items() if inner not in known or not check(known[inner])]


def _read_arrays(folder: str, record: Dict[str, Any]) -> Dict[str, np.ndarray]:
    """Return the arrays of golden.npz if they are those of golden.json, which has `record` of them."""
    path = os.path.join(folder, NPZ)
    if not os.path.lexists(path):
        raise GoldenError(f"{path}: missing: the recording is not whole; {REMEDY}")
    data = read_bytes(own_file(folder, NPZ, GoldenError), GoldenError)
    if digest(data) != record["sha256"]:
        cut = f"it has {len(data)} bytes of {record['bytes']}" if len(data) != record["bytes"] else "its sha256 differs"
        raise GoldenError(f"{path}: damaged, or not the one that {JSON} was written with ({cut}): {REMEDY}")
    try:
        arrays = read_npz(data, sorted(record["arrays"]), path, lambda problem: GoldenError(f"{problem}: {REMEDY}"))
    except KeyError as error:
        raise GoldenError(f"{path}: without the array {error.args[0]!r} that {JSON} names: {REMEDY}") from error
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
