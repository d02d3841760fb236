"""Keras files: `.h5`, and the zip archive `.keras`."""

import json
import os
import re
import shutil
import tempfile
import zipfile
from dataclasses import replace
from typing import Any, Dict, List, Optional, Tuple

from .._tf import (
    as_known,
    eager,
    h5_file,
    kept_classes,
    keras2,
    keras3,
    keras_runs_eagerly,
    keras_version,
    later_layers,
    reads_archives,
)
from .._types import ArrayReader, KerasModel, KerasModule
from ..errors import ModelError
from .keras_code import take_functions, with_partials
from .keras_config import from_config, keras_errors, of_keras3
from .keras_models import build_anew, run_on_symbols
from .keras_nets import read_weights
from .keras_trust import bounds, runs_code, vet_config, vet_file, with_bound
from .keras_weights import (
    TURNED,
    UNREADABLE,
    WEIGHTS,
    decode_text,
    is_h5,
    loaded_readers,
    open_weights,
    readable,
    starts_with,
    turn_kernels,
)
from .options import LoadOptions
from .parts import Parts
from .vetting.keras import parsed, without_training


def is_file(path: Any) -> bool:
    """Whether the path is a Keras file: HDF5, whatever it is called, or a zip archive with a configuration."""
    if is_h5(path):
        return True
    if not starts_with(path, b"PK"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "config.json" in archive.namelist()
    except UNREADABLE:  # zipfile's own, of a damaged one
        return str(path).lower().endswith(".keras")


def read_file(path: str, options: LoadOptions) -> Parts:
    """Read architecture and weights of a Keras file.

    Weights alone are read by `net`. Raises ModelError for what `custom_objects` lack, and UntrustedModel for whatever
    does more than computing with tensors, unless the file is `trusted`: a Lambda layer, since such a layer is code.
    """
    vet_file(path, options)
    return (_read_h5 if is_h5(path) else _read_zip)(path, options)


def configuration_in(path: str) -> Tuple[Any, str]:
    """Return the configuration in a Keras file, None in one of weights alone, and the version of its Keras."""
    return (_configuration_of_h5 if is_h5(path) else _configuration_of_zip)(path)


def _configuration_of_h5(path: str) -> Tuple[Any, str]:
    with readable(path, "an HDF5 file that h5py can read"), h5_file(path) as file:
        config, version = (_text_of(file, key) for key in ("model_config", "keras_version"))
    return None if config is None else _parse(path, config), version or ""


def _configuration_of_zip(path: str) -> Tuple[Any, str]:
    with readable(path, "a Keras archive that can be read"), zipfile.ZipFile(path) as archive:
        texts = [archive.read(name) for name in ("config.json", "metadata.json")]
        archive.getinfo(WEIGHTS)  # older ones may hold an .npz instead, which is not read
    config, metadata = (_parse(path, text) for text in texts)
    return config, str(metadata.get("keras_version", "3"))


def _read_h5(path: str, options: LoadOptions) -> Parts:
    architecture, version = (None, "") if options.net is not None else _configuration_of_h5(path)
    if architecture is None:
        return read_weights(path, options)
    _refuse_options_of_nets(path, options)
    new = of_keras3(version)
    if new or (options.engine == "tape" and keras_runs_eagerly()):
        return _read_eagerly(path, architecture, options, new)
    return _build(path, architecture, version, options)


def _build(path: str, config: Any, version: str, options: LoadOptions) -> Parts:
    """Build a file's model of Keras 2 in a graph, and read its weights."""
    custom = dict(options.custom_objects or {})
    given = with_partials(custom, take_functions(path, config, custom))
    said = vet_config(path, config, custom, options)

    def build(keras: KerasModule) -> KerasModel:
        with bounds(keras, path, options):
            return from_config(keras, as_known(config, version), given, code=runs_code(options))

    words: List[str] = []  # how the weights match, which goes without saying for their own architecture

    def read(*model_and_session: Any) -> Dict[str, ArrayReader]:
        return loaded_readers(open_weights(path), "its architecture", words, *model_and_session)

    try:
        parts = build_anew(path, build, read, options)
        turned = [TURNED] if any(TURNED in one for one in words) else []
        return with_bound(replace(parts, why=[*parts.why, *turned, *said]), options)
    except ModelError as error:
        here = keras_version(keras2())
        if version and _numbers(version) > _numbers(here):
            raise ModelError(f"{error} (it was written by Keras {version}, newer than {here} here)") from error
        raise


def _numbers(version: str) -> List[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:2]]


def _refuse_options_of_nets(path: str, options: LoadOptions) -> None:
    """Raise ModelError for what goes to a net, where the file itself says which net it is of."""
    for name in ("num_classes", "arguments"):
        if getattr(options, name) is not None:
            raise ModelError(f"{path}: {name}= goes to a net=, and this file has an architecture of its own")


def _read_zip(path: str, options: LoadOptions) -> Parts:
    if options.net is not None:
        return read_weights(path, options)
    _refuse_options_of_nets(path, options)
    config, version = _configuration_of_zip(path)
    if not of_keras3(version) and not reads_archives():
        return _build(path, without_training(config), version, options)
    return _read_eagerly(path, config, options, of_keras3(version))


def _parse(path: str, text: Any) -> Any:
    try:
        config = parsed(text.decode() if isinstance(text, bytes) else text)
    except ValueError as error:
        raise ModelError(f"{path}: its configuration is not JSON, or damaged: {error}") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path}: its configuration is no dictionary, but {type(config).__name__}: a damaged file")
    return config


def _read_eagerly(path: str, config: Any, options: LoadOptions, new: bool) -> Parts:
    """Let Keras load a file, `new` ones Keras 3, and go on with the model."""
    custom = dict(options.custom_objects or {})
    plain = without_training(config)
    replaced = take_functions(path, plain, custom)
    said = vet_config(path, plain, custom, options, new)
    keras = keras3() if new else keras2()
    unsafe = {"safe_mode": False} if runs_code(options) else {}
    # what stands at the top is left alone by compile=False
    changed = bool(replaced) or plain != {**config, "compile_config": plain.get("compile_config")}
    with eager(), kept_classes(keras), tempfile.TemporaryDirectory() as folder:
        place = _with_config(path, plain, folder) if changed else path
        given = custom if new else with_partials({**later_layers(), **custom}, replaced)
        with keras_errors(path), bounds(keras, path, options):
            model = keras.models.load_model(place, custom_objects=given, compile=False, **unsafe)
        if is_h5(path) and open_weights(path).backend == "theano":
            said = [*said, turn_kernels(model)]
        parts = run_on_symbols(model, path, options)
        return with_bound(replace(parts, why=[*parts.why, *said]), options)


def _with_config(path: str, config: Any, folder: str) -> str:
    """Copy a Keras file into a folder, with another configuration; return the path."""
    copy = os.path.join(folder, os.path.basename(path))
    if is_h5(path):
        shutil.copy(path, copy)
        with h5_file(copy, "r+") as file:
            file.attrs["model_config"] = json.dumps(config).encode()  # Keras of TensorFlow 2.1 decodes it itself
        return copy
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for item in old.infolist():
            new.writestr(item, json.dumps(config) if item.filename == "config.json" else old.read(item))
    return copy


def _text_of(file: Any, key: str) -> Optional[str]:
    return decode_text(file.attrs[key]) if key in file.attrs else None
