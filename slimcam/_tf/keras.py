"""Keras 2, wherever it lives, and Keras 3: their classes, models and sessions."""

import contextlib
import functools
import importlib
import inspect
import json
import re
import sys
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from .._packages import pip_line
from ..errors import MissingPackage
from .core import TF_VERSION, tf, tf1


@functools.lru_cache(maxsize=None)
def keras2() -> Any:
    """Return Keras 2: TensorFlow's own to 2.15, the package tf_keras after that, where `tf.keras` is Keras 3."""
    if TF_VERSION < (2, 16):
        return tf.keras
    try:
        return importlib.import_module("tf_keras")
    except ModuleNotFoundError as error:
        if error.name != "tf_keras":
            raise
        line = pip_line("tf_keras", tensorflow=TF_VERSION)
        raise MissingPackage(f"Keras 2 on TensorFlow {tf.__version__} is tf_keras, not installed: {line}") from error


def keras3() -> Any:
    """Return Keras 3, or raise MissingPackage where there is none (TensorFlow to 2.15)."""
    keras = importlib.import_module("keras") if TF_VERSION >= (2, 16) else None
    if keras is None:
        raise MissingPackage(f"Keras 3 needs TensorFlow 2.16 or newer; this is {tf.__version__}")
    return keras


def keras_version(keras: Any) -> str:
    """Return the version of a Keras; `tf.keras` of TensorFlow 2.13 to 2.15 does not say it, its package does."""
    package = sys.modules.get(keras.layers.Layer.__module__.split(".")[0])
    return str(getattr(keras, "__version__", None) or getattr(package, "__version__", "?"))


def is_keras3(thing: Any) -> bool:
    """Whether an object is of a class of Keras 3, which from 2.16 on is what `tf.keras` means."""
    keras = sys.modules.get("keras")
    if keras is None or not str(getattr(keras, "__version__", "2")).startswith("3"):
        return False
    return any(kind.__module__.startswith("keras.") for kind in type(thing).__mro__)


def layer_classes(keras: Any) -> List[Any]:
    """Return the classes whose `__call__` each layer of a Keras goes through.

    From 2.2 on Keras 2 has a second one, for graphs, in a module of its own that is imported when it is first needed.
    """
    layer = keras.layers.Layer
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module(layer.__module__ + "_v1")
    kinds = [kind for kind in (*layer.__mro__, *layer.__subclasses__()) if kind.__name__ == "Layer"]
    return [kind for kind in kinds if "__call__" in vars(kind)]


@contextlib.contextmanager
def kept_classes(keras: Any, bases: Optional[Dict[Any, Any]] = None) -> Iterator[Dict[Any, Any]]:
    """Leave Keras' classes as they were: from 2.2 on Keras 2 swaps the bases of a layer's class, for the whole process,
    as instances are made in a graph or eagerly, and the caller's layers would run with the other kind's methods.

    Yields the bases of all of them, as they are; `bases` brings those of another time back for the while.
    """
    kept: Dict[Any, Any] = {}
    stack = list(layer_classes(keras))
    while stack:
        kind = stack.pop()
        if kind not in kept:
            kept[kind] = kind.__bases__
            stack.extend(kind.__subclasses__())
    _set_bases(bases or {})
    try:
        yield kept
    finally:
        _set_bases(kept)


def _set_bases(wanted: Dict[Any, Any]) -> None:
    for kind, bases in wanted.items():
        if kind.__bases__ != bases:
            kind.__bases__ = bases


def keras_of(model: Any) -> Any:
    """Return the Keras that a Keras 2 model belongs to: a `keras` of its own, to 2.3, or the one of keras2()."""
    alone = sys.modules.get("keras")
    theirs = type(model).__mro__[-2].__module__.startswith("keras.") and TF_VERSION < (2, 6)
    return alone if theirs and alone is not None else keras2()


def keras_session(graph: Any, keras: Any) -> Any:
    """Return the session in which a Keras 2 holds the weights of a graph, or None where there is none to be found.

    It is the default session, or Keras' own one of the process; to ask Keras for that while it holds another graph's
    would make it drop the other one with all its weights.
    """
    default = tf1.get_default_session()
    held = held_session(keras) if default is None else default
    if held is not None and held.graph is not graph:
        return None
    if held is not None and graph.finalized:
        return held
    with graph.as_default():
        return sys.modules[keras.backend.get_value.__module__].get_session()  # gives variables their first values


def is_graph_variable(variable: Any) -> bool:
    """Whether a variable lives in a graph, not eagerly."""
    return not hasattr(getattr(variable, "handle", None), "numpy") and isinstance(
        getattr(variable, "op", None), tf.Operation
    )


def lives_eagerly(model: Any) -> bool:
    """Whether a Keras 2 model is TensorFlow 2's: its variables are eager, or, where it has none, its symbols Keras'."""
    if TF_VERSION < (2, 1):
        return False
    try:
        weights = model.weights
    except ValueError:  # Keras 2 raises for a Sequential without a shape
        weights = []
    if weights:
        return not is_graph_variable(weights[0])
    with tf.init_scope():
        return tf.executing_eagerly()


def input_specs(model: Any) -> Tuple[List[Any], Callable[[Any], Any]]:
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


def imported_keras2() -> List[Any]:
    """Return the Keras 2s of this process: a `keras` with a backend of its own (2.0 to 2.3), then that of keras2().

    The package tf_keras takes seconds to import, so where nobody has imported it, it is left alone.
    """
    alone = sys.modules.get("keras")
    found = [alone] if re.match(r"2\.[0-3]\.", str(getattr(alone, "__version__", ""))) else []
    return [*found, keras2()] if TF_VERSION < (2, 16) or "tf_keras" in sys.modules else found


def held_session(keras: Any) -> Any:
    """Return the session that a Keras 2 holds for the process, or None; nothing is made.

    Keras keeps it in `_SESSION`, which is the session itself to 2.2 and has it as an attribute of the thread after
    that; Keras 2.3 keeps none, it uses that of tf.keras.
    """
    own, theirs = (sys.modules[one.backend.get_value.__module__] for one in (keras, keras2()))
    held = getattr(own if hasattr(own, "_SESSION") else theirs, "_SESSION", None)
    return held if held is None or hasattr(held, "run") else getattr(held, "session", None)


def configuration(model: Any) -> Dict[str, Any]:
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


def given_objects(custom: Dict[str, Any]) -> Dict[str, Any]:
    """Return custom objects as a Keras 2 is to be given them.

    From 2.1 to some release before 2.8 Keras takes each string of a layer's configuration for the function of that
    name, where there is one, the layer's own name too; but a partial is none to it.
    """
    if TF_VERSION >= (2, 8):
        return custom
    return {name: functools.partial(one) if inspect.isfunction(one) else one for name, one in custom.items()}


def code_allowed(keras: Any) -> Any:
    """Return a context in which Keras 2 makes Lambda layers of code, which it refuses without one from 2.13 on."""
    module = keras.layers.Lambda.__module__.split(".layers.")[0] + ".saving.serialization_lib"
    with contextlib.suppress(ModuleNotFoundError):
        scope = getattr(importlib.import_module(module), "SafeModeScope", None)
        return contextlib.ExitStack() if scope is None else scope(safe_mode=False)
    return contextlib.ExitStack()
