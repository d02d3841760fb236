"""Keras models, as objects: of Keras 2, tf_keras and Keras 3.

There are two ways into a graph. What Keras 2 keeps in a graph (files, and models of TensorFlow 1's mode) is built anew
in a graph of slimcam's own, where every Keras 2 gives operations the names that TensorFlow 1 gave them. What lives in
eager mode (Keras 3, and models of tf_keras) is run once on symbols. Either way the layers' calls are written down.
"""

import contextlib
import functools
import inspect
import warnings
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from .._tf import (
    configuration,
    eager,
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
from .._types import ArrayReader, KerasLayer, KerasModel, KerasModule, Session, Tensor
from ..errors import ModelError
from ..graphs.graph_defs import without_variables
from ..graphs.tracing import trace
from ..layers.watching import watch_calls
from ..model import Eager
from .keras_config import from_config, give_functions, keras_errors, own_objects
from .options import LoadOptions
from .parts import Parts
from .session_values import readers


def is_keras(thing: Any) -> bool:
    """Whether `thing` is a Keras layer or model, of whatever Keras."""
    return any(kind.__name__ == "Layer" and "keras" in kind.__module__ for kind in type(thing).__mro__)


def read_keras(model: KerasModel, options: LoadOptions) -> Parts:
    """Take a model object: its architecture, and its weights as they are now.

    Raises ModelError for a layer that is no model, and for a model that has no shapes or no weights yet.
    """
    name = f"the Keras model {getattr(model, 'name', '')!r}"
    if not hasattr(model, "layers"):
        raise ModelError(
            f"{type(model).__name__} {model.name!r} is a layer: give a model, keras.Model(inputs, outputs)"
        )
    if is_keras3(model) or lives_eagerly(model):
        return run_on_symbols(model, name, options, live=True)
    shape = input_shape(model)
    if shape is None:
        raise ModelError(_no_input_shape(name))
    custom = {one.__name__: one for one in own_objects(model)}
    custom.update(options.custom_objects or {})

    def build(keras: KerasModule) -> KerasModel:
        config = configuration(model)
        give_functions(config["config"], model, custom)
        return from_config(keras, config, custom, shape, code=True)

    return build_anew(
        name, build, functools.partial(_readers_of, model, _session_of(model, name), name), options, live=True
    )


def _session_of(model: KerasModel, name: str) -> Optional[Session]:
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


def _readers_of(
    model: KerasModel, session: Optional[Session], name: str, copy: KerasModel, _: Session
) -> Dict[str, ArrayReader]:
    """Map the variables of a model's copy to what reads the caller's own, in the session that holds them."""
    pairs = list(_pairs(copy, model))
    for mine, theirs in pairs:
        if tuple(mine.shape.as_list()) != tuple(theirs.shape.as_list()):
            raise ModelError(f"{name}: its configuration is not that of its weights ({theirs.name!r}): save it as .h5")
    if session is not None:
        return readers(session, {mine.op.name: theirs for mine, theirs in pairs})
    return {mine.op.name: functools.partial(_eager_value, theirs) for mine, theirs in pairs}


def _eager_value(variable: Any) -> np.ndarray:
    """Return the value of an eager variable, whatever graph is the default one."""
    with eager():
        return variable.numpy()


def _pairs(mine: KerasLayer, theirs: KerasLayer) -> Iterator[Tuple[Tensor, Tensor]]:
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


def build_anew(
    source: str,
    build: Callable[[KerasModule], KerasModel],
    readers_of: Callable[[KerasModel, Session], Dict[str, ArrayReader]],
    options: LoadOptions,
    live: bool = False,
    preprocess: Optional[str] = None,
) -> Parts:
    """Build a model of Keras 2 in a graph and a session of its own, and take it from there.

    `readers_of` maps the names of its variables to what reads their values, given the model and the session;
    `preprocess` is how photos were prepared, where that is known.
    """
    keras = keras2()
    graph = tf1.Graph()
    session = tf1.Session(graph=graph)
    watching = watch_calls(keras, at_rest=True)
    with graph.as_default(), session.as_default(), kept_classes(keras), _inference(keras), watching as calls:
        with keras_errors(source):
            model = build(keras)
        if not model.inputs:
            raise ModelError(_no_input_shape(source))
        weights = readers_of(model, session)
    outputs = [tensor.name for tensor in model.outputs]
    return Parts(
        source,
        without_variables(graph.as_graph_def(), outputs),
        weights,
        input=options.input,
        logits=options.logits,
        inputs=[tensor.name for tensor in model.inputs],
        outputs=outputs,
        calls=calls,
        why=[f"{len(weights)} variables; learning phase 0"],
        live=live,
        preprocess=preprocess,
    )


@contextlib.contextmanager
def _inference(keras: KerasModule) -> Iterator[None]:
    """Build layers for inference in the default graph, without Keras' word that this is an old way to say so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras.backend.set_learning_phase(0)
        yield


def run_on_symbols(
    model: KerasModel, source: str, options: LoadOptions, live: bool = False, preprocess: Optional[str] = None
) -> Parts:
    """Run a model of Keras 3, or an eager one of Keras 2, on symbols, and take the graph and its variables.

    `preprocess` is how photos were prepared, where that is known.
    """
    keras = keras3() if is_keras3(model) else keras2()
    specs, pack = input_specs(model)
    if not specs:
        raise ModelError(_no_input_shape(source))
    takes = inspect.signature(model.call).parameters
    mode = {"training": False} if "training" in takes or "kwargs" in takes else {}

    def call(tensors: Sequence[Tensor]) -> List[Tensor]:
        return list(tf.nest.flatten(model(pack(tensors), **mode)))

    with kept_classes(keras) as classes, watch_calls(keras, root=model) as calls, keras_errors(source):
        traced = trace(lambda *tensors: call(tensors), specs)
    calls = [call for call in calls if all(tensor.graph is traced.graph for tensor in call.outputs)]
    return Parts(
        source,
        without_variables(traced.graph_def, traced.outputs),
        traced.weights,
        input=options.input,
        logits=options.logits,
        inputs=traced.inputs,
        outputs=traced.outputs,
        calls=calls,
        why=[f"{len(traced.weights)} variables; called with training=False"],
        live=live,
        eager=Eager(keras, classes, model, traced.inputs, call),
        preprocess=preprocess,
    )


def _no_input_shape(source: str) -> str:
    return (
        f"{source} has no input shape yet: build it, model.build((None, 224, 224, 3)), or let it predict one batch, "
        "before slimcam.load()"
    )
