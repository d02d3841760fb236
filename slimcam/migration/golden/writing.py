"""A recording to disk: a folder that is there whole, or not at all."""

import io
import json
import os
from typing import Any, Dict

import numpy as np

from ..._types import PathLike
from ...errors import GoldenError
from ...files.digests import digest
from ...files.writing import refuse, replace_folder
from ...methods.evidence import plain
from .layout import FORMAT, JSON, KEYS, LAYER_ARRAYS, LAYER_KEYS, NPZ, VERSION, Golden
from .reading import read_header


def check_place(out: PathLike, overwrite: bool = True) -> str:
    """Return the full path of a folder that a recording can be written to: a new, an empty, or another recording's.

    Raises GoldenError for a folder of anything else and for a file, OutputError for a recording if not `overwrite`.
    """
    path = os.path.realpath(os.fspath(out))
    if os.path.isdir(path):
        names = set(os.listdir(path))
        if names and not (names <= {JSON, NPZ} and _is_recording(path)):
            other = sorted(names - {JSON, NPZ}) or sorted(names)
            raise GoldenError(
                f"{out}: a folder that is neither empty nor a recording alone (it holds {other[0]!r}): "
                "say another folder, or move what is in it"
            )
        if names and not overwrite:
            refuse(os.path.join(path, JSON))
    elif os.path.exists(path):
        raise GoldenError(f"{out}: a file: a recording is a folder, say another")
    return path


def _is_recording(folder: str) -> bool:
    try:
        return read_header(folder).get("format") == FORMAT
    except GoldenError:
        return False


def write(golden: Golden, out: PathLike) -> str:
    """Write a recording to the folder `out`, whole or not at all, in the place of an older one; return `out`.

    Raises GoldenError for a folder of something else, OutputError where nothing can be written.
    """
    check_place(out)
    replace_folder(out, _files(golden))
    return os.fspath(out)


def _files(golden: Golden) -> Dict[str, bytes]:
    """Return the bytes of golden.npz and golden.json, by name."""
    arrays = {name: getattr(golden, name) for name in ("inputs", "logits", "top_classes")}
    arrays = {name: plain(array) for name, array in arrays.items() if array is not None}
    for i, layer in enumerate(golden.layers):
        of_layer = {name: getattr(layer, name) for name in LAYER_ARRAYS}
        arrays.update({f"layer{i}/{name}": plain(array) for name, array in of_layer.items() if array is not None})
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    data = packed.getvalue()
    header: Dict[str, Any] = {"format": FORMAT, "version": VERSION}
    header.update({key: getattr(golden, key) for key in KEYS})
    header["layers"] = [{key: getattr(layer, key) for key in LAYER_KEYS} for layer in golden.layers]
    kinds = {name: {"dtype": array.dtype.name, "shape": array.shape} for name, array in arrays.items()}
    header["npz"] = {"sha256": digest(data), "bytes": len(data), "arrays": kinds}
    return {NPZ: data, JSON: (json.dumps(header, indent=2) + "\n").encode("ascii")}
