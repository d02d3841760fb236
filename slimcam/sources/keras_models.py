"""Keras models, as objects: of Keras 2, tf_keras and Keras 3.

There are two ways into a graph. What Keras 2 keeps in a graph (files, and models of TensorFlow 1's mode) is built anew
in a graph of slimcam's own, where every Keras 2 gives operations the names that TensorFlow 1 gave them. What lives in
eager mode (Keras 3, and models of tf_keras) is run once on symbols. Either way the layers' calls are written down.
"""

import contextlib
import functools
import inspect
import re
import warnings
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from .._tf import (
    code_allowed,
    configuration,
    eager,
    given_objects,
    input_shape,
    input_specs,
    is_graph_variable,
    is_keras3,
    kept_classes,
    keras2,
    keras3,
    keras_of,
    keras_session,
    lives_eagerly,
    tf,
    tf1,
)
from ..errors import ModelError
from ..graphs.graph_defs import without_variables
from ..graphs.tracing import trace
from ..layers.watching import watch_calls
from ..model import Eager
from .assembly import Parts
from .reading import reads

# Keras 2's own layers that keras.layers does not show
_UNLISTED = ("Functional", "TensorFlowOpLayer", "TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod")


def is_keras(thing: Any) -> bool:
    """Whether `thing` is a Keras layer or model, of whatever Keras."""
    return any(kind.__name__ == "Layer" and "keras" in kind.__module__ for kind in type(thing).__mro__)


def read_keras(model: Any, custom_objects: Optional[Dict] = None, **said: Any) -> Parts:
    """Take a model object: its architecture, and its weights as they are now.

    Raises ModelError for a layer that is no model, and for a model that has no shapes or no weights yet.
    """
    name = f"the Keras model {getattr(model, 'name', '')!r}"
    if not hasattr(model, "layers"):
        raise ModelError(
            f"{type(model).__name__} {model.name!r} is a layer: give a model, keras.Model(inputs, outputs)"
        )
    if is_keras3(model) or lives_eagerly(model):
        return read_eager(model, name, live=True, **said)
    shape = input_shape(model)
    if shape is None:
        raise ModelError(_unbuilt(name))
    custom = {one.__name__: one for one in _own_objects(model)}
    custom.update(custom_objects or {})

    def build(keras: Any) -> Any:
        config = configuration(model)
        _give_functions(config["config"], model, custom)
        return from_config(keras, config, custom, shape)

    return rebuilt(name, build, functools.partial(_reads_of, model, _session_of(model, name), name), live=True, **said)


def from_config(keras: Any, config: Any, custom: Dict[str, Any], shape: Any = None) -> Any:
    """Build a model of Keras 2, whose code the caller trusts; `shape` is that of the input where `config` has none.

    A Sequential that was built by a call has no input layer to 2.1; it gets one here.
    """
    try:
        with code_allowed(keras):
            model = keras.models.model_from_config(_plain(config), custom_objects=given_objects(custom))
    except TypeError as error:
        kind = _missing_layer(keras, config, custom)
        raise error if kind is None else ValueError(f"Unknown layer: {kind}") from error
    shape = input_shape(model) if shape is None else shape
    if model.inputs or shape is None or not isinstance(model, keras.Sequential):
        return model
    dims = [None if dim is None else int(dim) for dim in tf.TensorShape(shape).as_list()[1:]]
    return keras.Sequential([keras.layers.InputLayer(dims, name="input_1"), *model.layers], name=model.name)


def _missing_layer(keras: Any, config: Any, custom: Dict[str, Any]) -> Optional[str]:
    """Return a class that layers of a configuration have and Keras 2 lacks: from 2.13 on its errors do not say it."""
    stack = [config]
    while stack:
        one = stack.pop()
        stack.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        is_layer = isinstance(one, dict) and isinstance(one.get("config"), dict) and "name" in one["config"]
        kind = str(one.get("class_name")) if is_layer else "Model"
        known = kind in custom or kind in _UNLISTED or any(hasattr(one, kind) for one in (keras.layers, keras.models))
        if not known:
            return kind
    return None


def _plain(config: Any) -> Any:
    """Return a configuration with functions of one's own by name alone: from 2.13 on Keras 2 loads no other from .h5"""
    if isinstance(config, list):
        return [_plain(one) for one in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "function" and isinstance(config.get("config"), str):
        return config["config"]
    return {key: _plain(value) for key, value in config.items()}


def _own_objects(model: Any) -> Iterator[Any]:
    """Yield the classes and activations of a model's layers that are not Keras' own."""
    for layer in _layers(model):
        for one in (type(layer), getattr(layer, "activation", None)):
            module = str(getattr(one, "__module__", "keras")).split(".")[0]
            if module not in ("keras", "tf_keras", "tensorflow", "tensorflow_core") and hasattr(one, "__name__"):
                yield one


def _give_functions(config: Any, model: Any, custom: Dict[str, Any]) -> None:
    """Let a configuration's Lambda layers take the model's own functions: their code alone lacks what it refers to."""
    layers = {layer.name: layer for layer in model.layers}
    for entry in config["layers"] if isinstance(config, dict) else config:
        inner = entry["config"]
        layer = layers.get(inner.get("name")) if isinstance(inner, dict) else None
        if isinstance(inner, list) or "layers" in inner:
            layer = layer or layers.get(entry.get("name"))
            if layer is not None:
                _give_functions(inner, layer, custom)
        elif entry["class_name"] == "Lambda" and layer is not None:
            name = f"{layer.name}_{len(custom)}"
            inner.update(function=name, function_type="function")
            custom[name] = layer.function


def _layers(model: Any) -> Iterator[Any]:
    """Yield the layers of a model, those of models and wrappers in it too."""
    for layer in (*getattr(model, "layers", ()), *([model.layer] if hasattr(model, "layer") else ())):
        yield layer
        yield from _layers(layer)


def _session_of(model: Any, name: str) -> Any:
    """Return the session that holds a model's weights, None where they are eager."""
    in_graphs = [weight for weight in model.weights if is_graph_variable(weight)]
    if not in_graphs:
        return None
    session = keras_session(in_graphs[0].graph, keras_of(model))
    if session is None:
        raise ModelError(
            f"{name}: its weights are in a session that is not the default one: "
            "with session.as_default(): slimcam.load(model)"
        )
    return session


def _reads_of(model: Any, held: Any, name: str, rebuilt: Any, _: Any) -> Dict[str, Callable[[], np.ndarray]]:
    """Map the variables of a rebuilt model to what reads the caller's own, in the session that holds them."""
    pairs = list(_pairs(rebuilt, model))
    for mine, theirs in pairs:
        if tuple(mine.shape.as_list()) != tuple(theirs.shape.as_list()):
            raise ModelError(f"{name}: its configuration is not that of its weights ({theirs.name!r}): save it as .h5")
    if held is not None:
        return reads(held, {mine.op.name: theirs for mine, theirs in pairs})
    return {mine.op.name: functools.partial(_eager_value, theirs) for mine, theirs in pairs}


def _eager_value(variable: Any) -> np.ndarray:
    """Return the value of an eager variable, whatever graph is the default one."""
    with eager():
        return variable.numpy()


def _pairs(mine: Any, theirs: Any) -> Iterator[Tuple[Any, Any]]:
    """Yield the weights of two models of one configuration in pairs.

    Layers are matched by name: one that stands in two models is built as two, so the weights may be in other places.
    """
    if not hasattr(theirs, "layers"):
        yield from zip(mine.weights, theirs.weights)
        return
    named = {layer.name: layer for layer in theirs.layers}
    for layer in mine.layers:
        if layer.name in named:
            yield from _pairs(layer, named[layer.name])


def rebuilt(
    source: str,
    build: Callable,
    weights_of: Callable,
    live: bool = False,
    logits: Any = None,
    input: Any = None,
    **_: Any,
) -> Parts:
    """Build a model of Keras 2 in a graph and a session of its own, and take it from there.

    `weights_of` maps the names of its variables to what reads their values, given the model and the session.
    """
    keras = keras2()
    graph = tf1.Graph()
    session = tf1.Session(graph=graph)
    with graph.as_default(), session.as_default(), kept_classes(keras), _inference(keras), watch_calls(keras) as calls:
        try:
            model = build(keras)
        except Exception as error:  # Keras raises whatever its layers raise
            raise ModelError(what_failed(source, error)) from error
        if not model.inputs:
            raise ModelError(_unbuilt(source))
        weights = weights_of(model, session)
    inputs, outputs = ([tensor.name for tensor in some] for some in (model.inputs, model.outputs))
    cut = without_variables(graph.as_graph_def(), outputs)
    parts = Parts(source, cut, weights, input=input, logits=logits, inputs=inputs, outputs=outputs, calls=calls)
    parts.why.append(f"{len(weights)} variables; learning phase 0")
    parts.live = live
    return _with_preprocess_note(parts)


@contextlib.contextmanager
def _inference(keras: Any) -> Iterator[None]:
    """Build layers for inference in the default graph, without Keras' word that this is an old way to say so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras.backend.set_learning_phase(0)
        yield


def read_eager(model: Any, source: str, live: bool = False, logits: Any = None, input: Any = None, **_: Any) -> Parts:
    """Run a model of Keras 3, or an eager one of Keras 2, on symbols, and take the graph and its variables."""
    keras = keras3() if is_keras3(model) else keras2()
    specs, pack = input_specs(model)
    if not specs:
        raise ModelError(_unbuilt(source))
    takes = inspect.signature(model.call).parameters
    mode = {"training": False} if "training" in takes or "kwargs" in takes else {}

    def call(tensors: Sequence[Any]) -> List[Any]:
        return list(tf.nest.flatten(model(pack(tensors), **mode)))

    with kept_classes(keras) as classes, watch_calls(keras, root=model) as calls:
        try:
            traced = trace(lambda *tensors: call(tensors), specs)
        except Exception as error:  # layers raise whatever they raise
            raise ModelError(what_failed(source, error)) from error
    calls = [call for call in calls if all(tensor.graph is traced.graph for tensor in call.outputs)]
    parts = Parts(source, without_variables(traced.graph_def, traced.outputs), traced.weights, calls=calls)
    parts.input, parts.logits, parts.inputs, parts.outputs = input, logits, traced.inputs, traced.outputs
    parts.why.append(f"{len(traced.weights)} variables; called with training=False")
    parts.live, parts.eager = live, Eager(keras, classes, model, traced.inputs, call)
    return _with_preprocess_note(parts)


def _with_preprocess_note(parts: Parts) -> Parts:
    """Note that no Keras model says how photos were prepared outside it."""
    parts.preprocess_note = "photos are fed as 0 to 255: no Keras model says how they were prepared; say preprocess="
    return parts


def what_failed(source: str, error: Exception) -> str:
    text = re.sub(r"\x1b\[\d*m", "", str(error))
    lines = [line for line in text.splitlines() if line.strip()]
    unknown = re.search(r"Unknown (\w+(?: function)?)(?:: ?['\"]?| ['\"])([\w.>]+)", text)
    missing = re.search(r"Could not (?:locate|find) (\w+) '?([\w.>]+)", text)
    found = unknown or missing
    name = found.group(2).rstrip(".").rsplit(".", 1)[-1] if found else ""
    if found and name not in _UNLISTED:
        return (
            f"{source}: it needs the {found.group(1)} {name!r}, which Keras does not have: "
            f"load it with custom_objects={{{name!r}: {name}}}"
        )
    if isinstance(error, NotImplementedError):
        return (
            f"{source}: a subclassed model, or a layer without get_config(), cannot be built anew: load it where it "
            "runs eagerly, or, in a graph, the session, slimcam.load(keras.backend.get_session(), input=, logits=)"
        )
    for amiss, why in (
        ("marshal" in text, "was written by another Python and cannot be read by this one"),
        (isinstance(error, NameError), f"needs what a file does not hold ({_about_name(text)})"),
    ):
        if amiss:
            give = "custom_objects={'the name of the layer': function}"
            return f"{source}: its Lambda layer {why}: give the function, {give}"
    first = " ".join(lines[:2] if lines and lines[0].startswith("Exception encountered") else lines[:1])
    return f"{source}: Keras cannot build it: {type(error).__name__}: {first}"


def _about_name(text: str) -> str:
    """Return the line of an error that says which name is not defined."""
    return next((line for line in text.splitlines() if "name '" in line), text)


def _unbuilt(source: str) -> str:
    return (
        f"{source} has no input shape yet: build it, model.build((None, 224, 224, 3)), or let it predict one batch, "
        "before slimcam.load()"
    )
