"""Keras models as objects: their inputs, their configurations, and whether they live in a graph or eagerly."""

import contextlib
import functools
import importlib
import inspect
import json
import re
import sys
from typing import Any, Callable, ContextManager, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from .._types import KerasLayer, KerasModel, KerasModule
from .core import TF_VERSION, tf
from .keras import keras_of, keras_runs_eagerly


def input_shape(model: KerasModel) -> Any:
    """Return the shape of a Keras 2 model's input, or of its first, None where it has none yet."""
    return model.inputs[0].shape if model.inputs else getattr(model, "_build_input_shape", None)


def output_layer(model: KerasModel) -> Optional[str]:
    """Return the name of the layer that gives a functional model's first output, None for a model without such."""
    try:
        return str(model.outputs[0]._keras_history[0].name)
    except (AttributeError, TypeError, ValueError, IndexError):
        return None


def noted_shape(thing: Any) -> Any:
    """Return the shape that a Keras of its own, 2.0 to 2.2, noted on a tensor, None where it noted none."""
    return getattr(thing, "_keras_shape", None)


def is_graph_variable(variable: Any) -> bool:
    """Whether a variable lives in a graph, not eagerly."""
    return not hasattr(getattr(variable, "handle", None), "numpy") and isinstance(
        getattr(variable, "op", None), tf.Operation
    )


def lives_eagerly(model: KerasModel) -> bool:
    """Whether a Keras 2 model is TensorFlow 2's: its variables are eager, or, where it has none, its symbols Keras'."""
    if not keras_runs_eagerly():
        return False
    try:
        weights = model.weights
    except ValueError:  # Keras 2 raises for a Sequential without a shape
        weights = []
    if weights:
        return not is_graph_variable(weights[0])
    with tf.init_scope():
        return tf.executing_eagerly()


def input_specs(model: KerasModel) -> Tuple[List[Any], Callable[[Sequence[Any]], Any]]:
    """Return a tf.TensorSpec for each input of an eager Keras model, and what packs tensors as the model takes them.

    A subclassed model has its shapes from its first call. Returns no specs for a model that has none yet.
    """
    try:
        inputs = list(model.inputs or ())
    except (ValueError, AttributeError):  # Keras 3 raises for a Sequential without a shape
        inputs = []
    if inputs and not isinstance(inputs[0], str):  # 2.1 has names there for a subclassed model that takes a dictionary
        # 2.1 gives a subclassed model plain tensors, once it was called
        layers = [one._keras_history[0] if hasattr(one, "_keras_history") else one.op for one in inputs]
        names = [re.sub(r"\W", "_", layer.name) for layer in layers]
        specs = [tf.TensorSpec(one.shape, one.dtype, name) for one, name in zip(inputs, names)]
        nested = getattr(model, "input", inputs[0])  # a Sequential of Keras 3 has none before its first call
        return specs, lambda tensors: tf.nest.pack_sequence_as(nested, list(tensors))
    shapes = getattr(model, "_build_shapes_dict", None) or {}  # Keras 3
    keras2_names = "_build_input_shape", "_saved_model_inputs_spec"  # the latter after a call, from 2.2 on
    known = [*(getattr(model, name, None) for name in keras2_names), *shapes.values()]
    shape = next((one for one in known if one is not None), None)
    if shape is None:
        return [], lambda tensors: tensors
    nested = _specs_of(shape)
    flat = tf.nest.flatten(nested)
    specs = [tf.TensorSpec(one.shape, one.dtype, f"input_{i + 1}") for i, one in enumerate(flat)]
    return specs, lambda tensors: tf.nest.pack_sequence_as(nested, list(tensors))


def _specs_of(shape: Any) -> Any:
    """Return a tf.TensorSpec of any batch size for each shape, or tf.TensorSpec, in a structure of them."""
    if isinstance(shape, dict):
        return {key: _specs_of(one) for key, one in shape.items()}
    if isinstance(shape, tf.TensorSpec):
        return tf.TensorSpec([None, *shape.shape[1:]], shape.dtype)
    if isinstance(shape, tf.TensorShape) or all(size is None or isinstance(size, int) for size in shape):
        return tf.TensorSpec([None, *tuple(shape)[1:]], tf.float32)
    return [_specs_of(one) for one in shape]


def paths_of_layers(model: KerasModel, before: str = "") -> Iterator[Tuple[str, KerasLayer]]:
    """Yield the innermost layers of a model with the folders that a .weights.h5 file has for them.

    From Keras 2.12 on such a folder is called after the layer's class, with a number from the second of a class on.
    """
    counts: Dict[str, int] = {}
    for layer in model.layers:
        words = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", type(layer).__name__)).lower()
        count = counts[words] = counts.get(words, -1) + 1
        path = f"{before}layers/{words}{f'_{count}' if count else ''}"
        if hasattr(layer, "layers"):
            yield from paths_of_layers(layer, f"{path}/")
        else:
            yield path, layer


def configuration(model: KerasModel) -> Dict[str, Any]:
    """Return the configuration of a Keras 2 model, as its to_json() gives it.

    From 2.5 to 2.12 a layer of two models, one inside the other, has one dict for both, so that the calls in one are
    given as those in the other; Keras' own context makes it two.
    """
    root = keras_of(model).layers.Layer.__module__.split(".engine.")[0]
    for name in ("utils.generic_utils", "saving.legacy.serialization"):
        apart = getattr(sys.modules.get(f"{root}.{name}"), "DisableSharedObjectScope", None)
        if apart is not None and TF_VERSION < (2, 13):
            with apart():
                return json.loads(model.to_json())
    return json.loads(model.to_json())


def given_objects(custom: Mapping[str, Any]) -> Dict[str, Any]:
    """Return custom objects as a Keras 2 is to be given them.

    From 2.1 to some release before 2.8 Keras takes each string of a layer's configuration for the function of that
    name, where there is one, the layer's own name too; but a partial is none to it.
    """
    if TF_VERSION >= (2, 8):
        return dict(custom)
    return {name: functools.partial(one) if inspect.isfunction(one) else one for name, one in custom.items()}


def code_allowed(keras: KerasModule) -> ContextManager[Any]:
    """Return a context in which Keras 2 makes Lambda layers of code, which it refuses without one from 2.13 on."""
    module = keras.layers.Lambda.__module__.split(".layers.")[0] + ".saving.serialization_lib"
    with contextlib.suppress(ModuleNotFoundError):
        scope = getattr(importlib.import_module(module), "SafeModeScope", None)
        return contextlib.ExitStack() if scope is None else scope(safe_mode=False)
    return contextlib.ExitStack()
