"""A recording to disk: a folder that is there whole, or not at all."""

import io
import json
import os
import shutil
import uuid
from typing import Any, Dict, Tuple

import numpy as np

from ...errors import GoldenError, OutputError
from ...methods.evidence import plain
from .layout import ARRAYS, FORMAT, HEAD, JSON, NPZ, TOLD, VERSION, Golden, digest
from .reading import read_json


def check_place(out: Any) -> str:
    """Return the full path of a folder that a recording can be written to: a new, an empty, or another recording's.

    Raises GoldenError for a folder of anything else and for a file.
    """
    path = os.path.realpath(os.fspath(out))
    if os.path.isdir(path):
        held = set(os.listdir(path))
        if held and not (held <= {JSON, NPZ} and _names_format(path)):
            other = sorted(held - {JSON, NPZ}) or sorted(held)
            raise GoldenError(
                f"{out}: a folder that is neither empty nor a recording alone (it holds {other[0]!r}): "
                "say another folder, or move what is in it"
            )
    elif os.path.exists(path):
        raise GoldenError(f"{out}: a file: a recording is a folder, say another")
    return path


def _names_format(folder: str) -> bool:
    try:
        return read_json(folder).get("format") == FORMAT
    except GoldenError:
        return False


def write(golden: Golden, out: Any) -> str:
    """Write a recording to the folder `out`, whole or not at all, in the place of an older one; return `out`.

    Raises GoldenError for a folder of something else, OutputError where nothing can be written.
    """
    path = check_place(out)
    part = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{uuid.uuid4().hex}")
    try:
        os.makedirs(part)
        for name, data in zip((NPZ, JSON), _files(golden)):
            with open(os.path.join(part, name), "wb") as file:
                file.write(data)
        _put(part, path)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return os.fspath(out)


def _put(part: str, path: str) -> None:
    """Move a folder to its place; what was there comes back if that fails."""
    if not os.path.isdir(path):
        os.rename(part, path)
        return
    old = part + ".old"
    os.rename(path, old)
    try:
        os.rename(part, path)
    except OSError:
        os.rename(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _files(golden: Golden) -> Tuple[bytes, bytes]:
    """Return the bytes of golden.npz and golden.json."""
    arrays = {name: getattr(golden, name) for name in ("inputs", "logits", "top_classes")}
    arrays = {name: plain(array) for name, array in arrays.items() if array is not None}
    for i, layer in enumerate(golden.layers):
        arrays.update({f"layer{i}/{name}": plain(getattr(layer, name)) for name in ARRAYS})
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    data = packed.getvalue()
    told: Dict[str, Any] = {"format": FORMAT, "version": VERSION}
    told.update({key: getattr(golden, key) for key in HEAD})
    told["layers"] = [{key: getattr(layer, key) for key in TOLD} for layer in golden.layers]
    listed = {name: {"dtype": array.dtype.name, "shape": array.shape} for name, array in arrays.items()}
    told["npz"] = {"sha256": digest(data), "bytes": len(data), "arrays": listed}
    return data, (json.dumps(told, indent=2) + "\n").encode("ascii")
