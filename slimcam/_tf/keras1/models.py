"""Methods of models that Keras 2.2 had: arguments of Keras 1, and what later releases took away."""

import functools
import importlib
import sys
from typing import Any, Callable, List, Mapping

import numpy as np

from ..._types import KerasModule
from ..core import tf
from .arguments import RENAMED, converted
from .optimizers import optimizers_of_2_2

METHODS = tuple(name for name in RENAMED if name[0].islower())


@functools.lru_cache(maxsize=None)
def mend(keras: KerasModule) -> None:
    """Let a Keras' models, in this process, take arguments of Keras 1, and give them the methods that went.

    A call that Keras 2 takes by itself goes through as it is.
    """
    for name in METHODS:
        for kind in (*kinds_of_models(keras.models.Model), keras.models.Sequential):
            if name in vars(kind):
                setattr(kind, name, _converting(name, vars(kind)[name]))
    for kind in (tf.Tensor, getattr(tf, "Variable", tf.Tensor)):
        if not hasattr(kind, "_keras_shape"):
            kind._keras_shape = property(_static_shape, _keep_shape)
    for kind in kinds_of_models(keras.models.Model):
        if "compile" in vars(kind):
            kind.compile = _with_old_optimizers(vars(kind)["compile"], optimizers_of_2_2(keras))
        if "_standardize_tensors" in vars(kind):
            kind._standardize_tensors = _keeping_sparse(kind._standardize_tensors)
    for what in ("input", "output", "input_shape", "output_shape"):
        method = f"get_{what}_at"
        setattr(keras.models.Model, method, _own_node_first(what, getattr(keras.models.Model, method)))
    function = getattr(sys.modules[keras.backend.get_value.__module__], "GraphExecutionFunction", None)
    if function is not None:
        function.__call__ = _fed_with_sparse(function.__call__)
    loader = getattr(keras.layers.Lambda, "_parse_function_from_config", None)
    if loader is not None:
        keras.layers.Lambda._parse_function_from_config = classmethod(_keeping_classes(loader.__func__))
    for function in (predict_classes, predict_proba):
        if not hasattr(keras.models.Sequential, function.__name__):
            setattr(keras.models.Sequential, function.__name__, function)


def kinds_of_models(model: Any) -> List[Any]:
    """Return the classes of models: from 2.2 on Keras 2 has a second one, for graphs, in a module of its own."""
    try:
        return [model, importlib.import_module(model.__module__ + "_v1").Model]
    except ModuleNotFoundError:
        return [model]


def _keeping_classes(loader: Callable[..., Any]) -> Callable[..., Any]:
    """Let Keras load a function without a program's classes in place of Keras' own.

    To TensorFlow 2.3 it puts all names of the program's module into its own module of layers.
    """

    @functools.wraps(loader)
    def call(cls: Any, *args: Any, **named: Any) -> Any:
        home = vars(sys.modules[cls.__module__])
        kept = dict(home)
        function = loader(cls, *args, **named)
        home.update({name: kept[name] for name, value in home.items() if isinstance(kept.get(name), type)})
        return function

    return call


def _own_node_first(what: str, get: Callable[[Any, int], Any]) -> Callable[[Any, int], Any]:
    """Let node 0 of a model be its own inputs and outputs; since TensorFlow 2 it is the first call of the model."""

    @functools.wraps(get)
    def call(self: Any, node_index: int) -> Any:
        if not self._is_graph_network or _has_own_node(self):
            return get(self, node_index)
        if node_index == 0 or (node_index == -1 and not self._inbound_nodes):
            return getattr(self, what)
        return get(self, node_index - 1 if node_index > 0 else node_index)

    return call


def _has_own_node(model: Any) -> bool:
    first = next(iter(model._inbound_nodes), None)
    return first is not None and tf.nest.flatten(first.output_tensors)[0] is model.outputs[0]


def _with_old_optimizers(compile: Callable[..., Any], optimizers: Mapping[str, Any]) -> Callable[..., Any]:
    """Let the name of an optimizer mean keras 2.2's."""

    @functools.wraps(compile)
    def call(self: Any, optimizer: Any = "rmsprop", *args: Any, **named: Any) -> Any:
        if isinstance(optimizer, str) and optimizers:
            optimizer = optimizers["get"](optimizer)
        reader = sys._getframe(1).f_globals.get("__name__", "")
        if (
            reader.endswith("hdf5_format") and type(optimizer).__name__ in optimizers
        ):  # of a file, by Keras 2's own table
            optimizer = optimizers["as_in_2_2"](optimizer)
        return compile(self, optimizer, *args, **named)

    return call


def _keeping_sparse(standardize: Callable[..., Any]) -> Callable[..., Any]:
    """Leave SciPy's sparse matrices as they are, for a session to be fed with; Keras 2 puts them into the graph."""

    @functools.wraps(standardize)
    def call(self: Any, x: Any, *args: Any, **named: Any) -> Any:
        given = x if isinstance(x, (list, tuple)) else [x]
        inputs = self.inputs or ()
        fed = {i: tensor for i, tensor in enumerate(inputs) if isinstance(tensor, tf.SparseTensor)}
        fed = {i: tensor for i, tensor in fed.items() if len(given) == len(inputs) and hasattr(given[i], "tocoo")}
        if not fed:
            return standardize(self, x, *args, **named)
        whole, *others = standardize(self, [fed.get(i, one) for i, one in enumerate(given)], *args, **named)
        return ([given[i] if i in fed else one for i, one in enumerate(whole)], *others)

    return call


def _fed_with_sparse(run: Callable[..., Any]) -> Callable[..., Any]:
    def as_fed(value: Any) -> Any:
        if not hasattr(value, "tocoo"):
            return value
        entries = value.tocoo()
        places, size = np.stack([entries.row, entries.col], 1), np.array(entries.shape)
        return tf.compat.v1.SparseTensorValue(places, entries.data, size)

    @functools.wraps(run)
    def call(self: Any, inputs: Any) -> Any:
        return run(self, [as_fed(one) for one in inputs] if isinstance(inputs, (list, tuple)) else as_fed(inputs))

    return call


def _static_shape(tensor: Any) -> Any:
    """Return the shape that Keras 2.2 noted at each tensor, a tuple with None for what is not known."""
    given = vars(tensor).get("_shape_for_keras")
    return tuple(tensor.shape.as_list()) if given is None and tensor.shape.rank is not None else given


def _keep_shape(tensor: Any, shape: Any) -> None:
    vars(tensor)["_shape_for_keras"] = shape


def _converting(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, *args: Any, **named: Any) -> Any:
        if isinstance(named.get("validation_data"), list):  # of which Keras 2 makes batches; keras took any pair
            named["validation_data"] = tuple(named["validation_data"])
        if not set(named) & set(RENAMED[name]):
            return method(self, *args, **named)
        args, named = converted(name, args, named)
        return method(self, *args, **named)

    return call


def predict_classes(self: Any, x: Any, batch_size: Any = None, verbose: int = 0, steps: Any = None) -> Any:
    """Return the class of each row of `x`: the largest output, or whether the one output is above 0.5."""
    scores = self.predict(x, batch_size=batch_size, verbose=verbose, steps=steps)
    return scores.argmax(axis=-1) if scores.shape[-1] > 1 else (scores > 0.5).astype(np.int32)


def predict_proba(self: Any, x: Any, batch_size: Any = None, verbose: int = 0, steps: Any = None) -> Any:
    """Return the outputs for `x`; Keras warned where they are outside [0, 1]."""
    return self.predict(x, batch_size=batch_size, verbose=verbose, steps=steps)
