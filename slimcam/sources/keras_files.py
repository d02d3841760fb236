"""Keras files: `.h5`, and the zip archive `.keras`."""

import json
import os
import re
import shutil
import tempfile
import zipfile
from typing import Any, Dict, List, Optional

from .._tf import as_known, eager, h5_file, kept_classes, keras2, keras3, keras_runs_eagerly, keras_version
from .._types import ArrayReader, KerasModel, KerasModule, Session
from ..errors import ModelError
from .keras_code import refuse_code, with_partials
from .keras_config import from_config, what_failed
from .keras_models import build_anew, run_on_symbols
from .keras_nets import read_weights
from .keras_weights import loaded_readers, open_weights, turn_kernels
from .options import LoadOptions
from .parts import Parts

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

    Weights alone are read by `net`. Raises ModelError for what `custom_objects` lack, and for a Lambda layer
    unless the file is `trusted`, since such a layer is code that runs as it is loaded.
    """
    return (_read_h5 if _starts_with(path, HDF5) else _read_zip)(path, options)


def _read_h5(path: str, options: LoadOptions) -> Parts:
    try:
        with h5_file(path) as file:
            config, version = (_text(file.attrs.get(key)) for key in ("model_config", "keras_version"))
    except OSError as error:
        raise ModelError(f"{path}: not an HDF5 file that h5py can read, or a damaged one ({error})") from error
    if config is None or options.net is not None:
        return read_weights(path, options)
    _refuse_options_of_nets(path, options)
    parsed = json.loads(config)
    new = (version or "2").startswith("3")
    if new or (options.engine == "tape" and keras_runs_eagerly()):
        keras = keras3() if new else keras2()
        return _read_eagerly(keras, path, parsed, options)
    custom = dict(options.custom_objects or {})
    custom = with_partials(custom, refuse_code(path, parsed, custom, options.trusted))

    def build(keras: KerasModule) -> KerasModel:
        return from_config(keras, as_known(parsed, version or ""), custom)

    try:
        return build_anew(path, build, lambda model, session: _readers(path, model, session), options)
    except ModelError as error:
        here = keras_version(keras2())
        if version and _numbers(version) > _numbers(here):
            raise ModelError(f"{error} (it was written by Keras {version}, newer than {here} here)") from error
        raise


def _numbers(version: str) -> List[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:2]]


def _readers(path: str, model: KerasModel, session: Session) -> Dict[str, ArrayReader]:
    return loaded_readers(open_weights(path), "its architecture", [], model, session)


def _refuse_options_of_nets(path: str, options: LoadOptions) -> None:
    """Raise ModelError for what goes to a net, where the file itself says which net it is of."""
    for name in ("num_classes", "arguments"):
        if getattr(options, name) is not None:
            raise ModelError(f"{path}: {name}= goes to a net=, and this file has an architecture of its own")


def _read_zip(path: str, options: LoadOptions) -> Parts:
    if options.net is not None:
        return read_weights(path, options)
    _refuse_options_of_nets(path, options)
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json").decode())
        metadata = json.loads(archive.read("metadata.json").decode())
    keras = keras3() if str(metadata.get("keras_version", "3")).startswith("3") else keras2()
    return _read_eagerly(keras, path, config, options)


def _read_eagerly(keras: KerasModule, path: str, config: Any, options: LoadOptions) -> Parts:
    custom = dict(options.custom_objects or {})
    replaced = refuse_code(path, config, custom, options.trusted)
    unsafe = {"safe_mode": False} if options.trusted else {}
    with eager(), kept_classes(keras), tempfile.TemporaryDirectory() as folder:
        place = _with_config(path, config, folder) if replaced else path
        try:
            given = custom if keras_version(keras).startswith("3") else with_partials(custom, replaced)
            model = keras.models.load_model(place, custom_objects=given, compile=False, **unsafe)
        except Exception as error:  # Keras raises whatever its layers raise
            raise ModelError(what_failed(path, error)) from error
        if _starts_with(path, HDF5) and open_weights(path).backend == "theano":
            turn_kernels(model)
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


def _text(value: Any) -> Optional[str]:
    return value.decode("utf-8") if isinstance(value, bytes) else value
