"""Configurations of Keras 2: a model is built anew from one, and why that may fail."""

import contextlib
import re
from typing import Any, Dict, Iterator, Optional

from .._tf import UNLISTED_LAYERS, code_allowed, for_keras2, given_objects, input_shape, later_layers, tf
from .._types import KerasLayer, KerasModel, KerasModule
from ..errors import ModelError, SlimcamError
from .keras_code import entries

LONGEST = 240  # characters of a message of Keras' own that are shown


def of_keras3(version: str) -> bool:
    """Whether a configuration is one of Keras 3, by the version that is said to have written it."""
    return version.startswith("3")


def from_config(
    keras: KerasModule, config: Any, custom: Dict[str, Any], shape: Any = None, code: bool = False
) -> KerasModel:
    """Build a model of Keras 2, code in it only where that is said; `shape` is of the input where `config` has none.

    A Sequential that was built by a call has no input layer to 2.1; it gets one here.
    """
    custom = {**later_layers(), **custom}
    try:
        with code_allowed(keras) if code else contextlib.ExitStack():
            model = keras.models.model_from_config(for_keras2(config), custom_objects=given_objects(custom))
    except TypeError as error:
        kind = _missing_layer(keras, config, custom)
        raise error if kind is None else ValueError(f"Unknown layer: {kind}") from error
    shape = input_shape(model) if shape is None else shape
    if model.inputs or shape is None or not isinstance(model, keras.Sequential):
        return model
    dims = [None if dim is None else int(dim) for dim in tf.TensorShape(shape).as_list()[1:]]
    return keras.Sequential([keras.layers.InputLayer(dims, name="input_1"), *model.layers], name=model.name)


def from_config_of_keras3(keras: KerasModule, config: Any, custom: Dict[str, Any], trusted: bool) -> KerasModel:
    """Build a model of Keras 3; code in it runs only where it is trusted."""
    return keras.saving.deserialize_keras_object(config, custom_objects=custom, safe_mode=not trusted)


def _missing_layer(keras: KerasModule, config: Any, custom: Dict[str, Any]) -> Optional[str]:
    """Return a class that layers of a configuration have and Keras 2 lacks, which not all of its errors say."""
    homes = keras.layers, keras.models
    for name, inner in entries(config):
        kind = str(name)
        known = kind in (*custom, *UNLISTED_LAYERS) or any(hasattr(home, kind) for home in homes)
        if "name" in inner and not known:
            return kind
    return None


def own_objects(model: KerasModel) -> Iterator[Any]:
    """Yield the classes and activations of a model's layers that are not Keras' own."""
    for layer in _layers(model):
        for one in (type(layer), getattr(layer, "activation", None)):
            module = str(getattr(one, "__module__", "keras")).split(".")[0]
            if module not in ("keras", "tf_keras", "tensorflow", "tensorflow_core") and hasattr(one, "__name__"):
                yield one


def give_functions(config: Any, model: KerasModel, custom: Dict[str, Any]) -> None:
    """Let a configuration's Lambda layers take the model's own functions: their code alone lacks what it refers to."""
    layers = {layer.name: layer for layer in model.layers}
    for entry in config["layers"] if isinstance(config, dict) else config:
        inner = entry["config"]
        layer = layers.get(inner.get("name")) if isinstance(inner, dict) else None
        if isinstance(inner, list) or "layers" in inner:
            layer = layer or layers.get(entry.get("name"))
            if layer is not None:
                give_functions(inner, layer, custom)
        elif entry["class_name"] == "Lambda" and layer is not None:
            name = f"{layer.name}_{len(custom)}"
            inner.update(function=name, function_type="function")
            custom[name] = layer.function


def _layers(model: KerasModel) -> Iterator[KerasLayer]:
    """Yield the layers of a model, those of models and wrappers in it too."""
    for layer in (*getattr(model, "layers", ()), *([model.layer] if hasattr(model, "layer") else ())):
        yield layer
        yield from _layers(layer)


@contextlib.contextmanager
def keras_errors(source: str) -> Iterator[None]:
    """Turn whatever Keras, and the caller's layers and functions, raise as a model is built into ModelError."""
    try:
        yield
    except SlimcamError:
        raise
    except Exception as error:
        raise ModelError(_what_failed(source, error)) from error


def _what_failed(source: str, error: Exception) -> str:
    """Return the message for what Keras raised as it built a model, with what can be done."""
    text = re.sub(r"\x1b\[\d*m", "", str(error))
    lines = [line for line in text.splitlines() if line.strip()]
    unknown = re.search(r"Unknown (\w+(?: function)?)(?:: ?['\"]?| ['\"])([\w.>]+)", text)
    missing = re.search(r"Could not (?:locate|find) (\w+) '?([\w.>]+)", text)
    lacking = unknown or missing
    name = lacking.group(2).rstrip(".").rsplit(".", 1)[-1] if lacking else ""
    if lacking and name not in UNLISTED_LAYERS:
        return (
            f"{source}: it needs the {lacking.group(1)} {name!r}, which Keras does not have: "
            f"load it with custom_objects={{{name!r}: {name}}}"
        )
    if isinstance(error, NotImplementedError):
        return (
            f"{source}: a subclassed model, or a layer without get_config(), cannot be built anew: load it where it "
            "runs eagerly, or, in a graph, the session, slimcam.load(keras.backend.get_session(), input=, logits=)"
        )
    for applies, why in (
        ("marshal" in text, "was written by another Python and cannot be read by this one"),
        (isinstance(error, NameError), f"needs what a file does not hold ({_about_name(text)})"),
    ):
        if applies:
            give = "custom_objects={'the name of the layer': function}"
            return f"{source}: its Lambda layer {why}: give the function, {give}"
    first = " ".join(lines[:2] if lines and lines[0].startswith("Exception encountered") else lines[:1])
    # Keras puts whole configurations into its messages, of thousands of characters
    shown = first if len(first) <= LONGEST else f"{first[:LONGEST]} ..."
    return f"{source}: Keras cannot build it: {type(error).__name__}: {shown}"


def _about_name(text: str) -> str:
    """Return the line of an error that says which name is not defined."""
    return next((line for line in text.splitlines() if "name '" in line), text)
