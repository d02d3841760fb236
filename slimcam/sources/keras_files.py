"""Keras files: `.h5`, and the zip archive `.keras`."""

import functools
import json
import os
import re
import shutil
import tempfile
import zipfile
from typing import Any, Dict, List, Optional

import numpy as np

from .._tf import eager, h5_file, kept_classes, keras2, keras3, keras_runs_eagerly, keras_version, tf
from .._types import ArrayReader, KerasModel, KerasModule, Session, Tensor
from ..errors import ModelError
from .keras_config import from_config, what_failed
from .keras_models import build_anew, run_on_symbols
from .options import LoadOptions
from .parts import Parts
from .session_values import readers

HDF5 = b"\x89HDF\r\n\x1a\n"


def is_file(path: Any) -> bool:
    """Whether the path is a Keras file: HDF5, whatever it is called, or a zip archive with a configuration."""
    if _starts_with(path, HDF5):
        return True
    if not _starts_with(path, b"PK"):
        return False
    with zipfile.ZipFile(path) as archive:
        return "config.json" in archive.namelist()


def _starts_with(path: Any, magic: bytes) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(len(magic)) == magic


def read_file(path: str, options: LoadOptions) -> Parts:
    """Read architecture and weights of a Keras file.

    Raises ModelError for weights without an architecture, for what `custom_objects` lack, and for a Lambda layer
    unless the file is `trusted`, since such a layer is code that runs as it is loaded.
    """
    return (_read_h5 if _starts_with(path, HDF5) else _read_zip)(path, options)


def _read_h5(path: str, options: LoadOptions) -> Parts:
    try:
        with h5_file(path) as file:
            config, version = (_text(file.attrs.get(key)) for key in ("model_config", "keras_version"))
    except OSError as error:
        raise ModelError(f"{path}: not an HDF5 file that h5py can read, or a damaged one ({error})") from error
    if config is None:
        raise ModelError(
            f"{path}: weights only, without an architecture: build the model in Keras, load_weights({path!r}), "
            "and give slimcam.load() the model"
        )
    parsed = json.loads(config)
    new = (version or "2").startswith("3")
    if new or (options.engine == "tape" and keras_runs_eagerly()):
        keras = keras3() if new else keras2()
        return _read_eagerly(keras, path, parsed, options)
    custom = dict(options.custom_objects or {})
    _refuse_code(path, parsed, custom, options.trusted)

    build = functools.partial(from_config, config=parsed, custom=custom)
    try:
        return build_anew(path, build, functools.partial(_readers_of_file, path), options)
    except ModelError as error:
        here = keras_version(keras2())
        if version and _numbers(version) > _numbers(here):
            raise ModelError(f"{error} (it was written by Keras {version}, newer than {here} here)") from error
        raise


def _numbers(version: str) -> List[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:2]]


def _readers_of_file(path: str, model: KerasModel, session: Session) -> Dict[str, ArrayReader]:
    """Load a file's weights into a model's session, and return what reads them there."""
    try:
        model.load_weights(path)
    except (ValueError, KeyError, OSError, tf.errors.OpError) as error:
        first = str(error).splitlines()[0]
        raise ModelError(f"{path}: its weights do not fit its architecture: {first}") from error
    read = readers(session, {weight.op.name: weight for weight in model.weights})
    return {w.op.name: functools.partial(_fitting, path, w, read[w.op.name]) for w in model.weights}


def _fitting(path: str, weight: Tensor, read: ArrayReader) -> np.ndarray:
    """Return a weight as loaded; TensorFlow 1 loads arrays of any shape without a word."""
    value = read()
    if not weight.shape.is_compatible_with(value.shape):
        raise ModelError(
            f"{path}: its weights do not fit its architecture: {weight.name!r} is {weight.shape}, not {value.shape}"
        )
    return value


def _read_zip(path: str, options: LoadOptions) -> Parts:
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json").decode())
        metadata = json.loads(archive.read("metadata.json").decode())
    keras = keras3() if str(metadata.get("keras_version", "3")).startswith("3") else keras2()
    return _read_eagerly(keras, path, config, options)


def _read_eagerly(keras: KerasModule, path: str, config: Any, options: LoadOptions) -> Parts:
    custom = dict(options.custom_objects or {})
    replaced = _refuse_code(path, config, custom, options.trusted)
    unsafe = {"safe_mode": False} if options.trusted else {}
    with eager(), kept_classes(keras), tempfile.TemporaryDirectory() as folder:
        place = _with_config(path, config, folder) if replaced else path
        try:
            model = keras.models.load_model(place, custom_objects=custom, compile=False, **unsafe)
        except Exception as error:  # Keras raises whatever its layers raise
            raise ModelError(what_failed(path, error)) from error
        return run_on_symbols(model, path, options)


def _with_config(path: str, config: Any, folder: str) -> str:
    """Copy a Keras file into a folder, with another configuration; return the path."""
    copy = os.path.join(folder, os.path.basename(path))
    if _starts_with(path, HDF5):
        shutil.copy(path, copy)
        with h5_file(copy, "r+") as file:
            file.attrs["model_config"] = json.dumps(config)
        return copy
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for item in old.infolist():
            new.writestr(item, json.dumps(config) if item.filename == "config.json" else old.read(item))
    return copy


def _refuse_code(path: str, config: Any, custom: Dict[str, Any], trusted: bool) -> List[str]:
    """Raise ModelError for Lambda layers with code in them, unless trusted.

    One whose name is in `custom` takes the function given there, and its code is not looked at; returns those.
    """
    refused: List[str] = []
    replaced: List[str] = []
    stack = [config]
    while stack:
        one = stack.pop()
        stack.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        inner = one.get("config") if isinstance(one, dict) else None
        if not isinstance(inner, dict) or not _holds_code(one.get("class_name"), inner):
            continue
        name = inner.get("name")
        if name in custom and "function_type" in inner:
            # its shape and mask follow from the function; they may be code as well
            coded = [key for key, value in inner.items() if key.endswith("_type") and value == "lambda"]
            inner.update(dict.fromkeys(coded, "raw"), **{key[: -len("_type")]: None for key in coded})
            inner.update(function=name, function_type="function")
        elif name in custom:
            inner.update(function={"class_name": "function", "config": name, "registered_name": name, "module": None})
        replaced += [name] if name in custom else []
        if _holds_code(one["class_name"], inner):
            refused.append(str(name))
    if refused and not trusted:
        names = ", ".join(map(repr, sorted(refused)))
        raise ModelError(
            f"{path}: its Lambda layer {names} is code that would run: give the function, "
            f"custom_objects={{{sorted(refused)[0]!r}: function}}, or say trusted=True if you trust the file"
        )
    return replaced


def _holds_code(kind: Any, config: Dict[str, Any]) -> bool:
    """Whether a layer's configuration holds a function as marshalled code, Keras 2's way or Keras 3's."""
    if "lambda" in [value for key, value in config.items() if key.endswith("_type")]:
        return True
    if any(isinstance(value, dict) and value.get("class_name") == "__lambda__" for value in config.values()):
        return True
    return kind == "Lambda" and not isinstance(config.get("function"), (str, dict))


def _text(value: Any) -> Optional[str]:
    return value.decode("utf-8") if isinstance(value, bytes) else value
