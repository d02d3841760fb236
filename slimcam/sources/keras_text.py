"""A Keras model's architecture as text: model.json, or model.yaml, as to_json() and to_yaml() write them."""

import importlib
import os
from typing import Any, Dict, Tuple

from .._packages import pip_line
from .._tf import LIST_WRAPPERS
from ..errors import MissingPackage, ModelError
from ..text.printable import first_line
from .vetting.keras import check_aliases, parsed

ENDINGS = (".json", ".yaml", ".yml")


def is_text(path: Any) -> bool:
    """Whether the path is a text file by its ending, with a Keras model in it."""
    if not (str(path).lower().endswith(ENDINGS) and os.path.isfile(path)):
        return False
    with open(path, encoding="utf-8", errors="replace") as file:
        return "class_name" in file.read()


def read_text(path: str) -> Tuple[Dict[str, Any], str]:
    """Return the configuration in a text file and the version of the Keras that wrote it, "" where it does not say.

    Raises ModelError for what holds no model, and for YAML with objects of Python, since reading those runs code.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: {error}") from error
    config = _of_json(path, text) if path.lower().endswith(".json") else _of_yaml(path, text)
    if isinstance(config, str):  # json.dump(model.to_json(), file) writes the text as a text
        config = _of_json(path, config)
    if isinstance(config, dict) and "keras_version" not in config and "registered_name" in config:
        config["keras_version"] = "3"  # which does not say it, and writes what 2 does not
    if not isinstance(config, dict) or not {"class_name", "config"} <= set(config):
        raise ModelError(f"{path}: not a Keras model: no class_name and config, as model.to_json() writes them")
    return config, str(config.get("keras_version") or "")


def _of_json(path: str, text: str) -> Any:
    try:
        return parsed(text)
    except ValueError as error:
        raise ModelError(f"{path}: not JSON, or damaged: {error}") from error


def _of_yaml(path: str, text: str) -> Any:
    try:
        yaml: Any = importlib.import_module("yaml")
    except ModuleNotFoundError as error:
        raise MissingPackage(f"{path}: YAML is read by PyYAML, not installed: {pip_line('yaml')}") from error

    # reads plain data, and what to_yaml() wrote of tuples and lists; merged keys, which it never wrote, may be a bomb
    loader: Any = type("Loader", (yaml.SafeLoader,), {"flatten_mapping": lambda self, node: None})
    for tag in ("tuple", "unicode", "str"):
        plain = yaml.SafeLoader.construct_yaml_seq if tag == "tuple" else yaml.SafeLoader.construct_yaml_str
        loader.add_constructor(f"tag:yaml.org,2002:python/{tag}", plain)
    for name in LIST_WRAPPERS:
        loader.add_constructor(f"tag:yaml.org,2002:python/object/apply:{name}", _of_wrapper)
    try:
        config = yaml.load(text, loader)
        check_aliases(config, len(text))  # each value that is written takes a character at least
    except Exception as error:  # of PyYAML, and of the dates and numbers that it makes
        problem = getattr(error, "problem", None) or first_line(error)
        raise ModelError(f"{path}: not YAML of plain data: {problem}") from error
    return config


def _of_wrapper(loader: Any, node: Any) -> Any:
    """Return the list that an object around a list was made of."""
    return loader.construct_sequence(node, deep=True)[0]


def problem_of_weights(path: str) -> str:
    """Return what to say of an architecture whose weights nobody named, with the files beside it that may hold them."""
    folder = os.path.dirname(path) or "."
    beside = [one for one in sorted(os.listdir(folder)) if one.endswith((".h5", ".hdf5", ".keras"))]
    near = f" (beside it: {', '.join(beside[:4])})" if beside else ""
    return f"{path}: an architecture without weights: say weights={near}"
