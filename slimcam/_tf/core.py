"""TensorFlow itself: `tf`, `tf1`, `TF_VERSION`, and what each version does in its own way."""

import atexit
import functools
import importlib
import inspect
import weakref
from typing import Any, Callable, List, Tuple

from .._packages import pip_line
from ..errors import MissingPackage

try:
    import tensorflow as tf
except ModuleNotFoundError as error:
    if error.name != "tensorflow":
        raise
    raise MissingPackage(f"TensorFlow is not installed: {pip_line('tensorflow')}") from error

tf1 = tf.compat.v1
TF_VERSION: Tuple[int, ...] = tuple(int(part) for part in tf.__version__.split("-")[0].split(".")[:3])


def map_fn(function: Callable[[Any], Any], elements: Any, dtype: Any) -> Any:
    """tf.map_fn; what says the result's type is `dtype` to 2.2, and `fn_output_signature`, which 2.3 brought, after."""
    said = {"dtype": dtype} if TF_VERSION < (2, 3) else {"fn_output_signature": dtype}
    return tf.map_fn(function, elements, **said)


def eager() -> Any:
    """Return a context in which TensorFlow 2 runs eagerly, even where the caller has disabled it or is in a graph."""
    return private("eager.context").eager_mode()


def private(path: str) -> Any:
    """Return one of TensorFlow's own modules, below tensorflow.python."""
    return importlib.import_module(f"tensorflow.python.{path}")


def prepared_run(session: Any, feeds: List[Any], fetches: List[Any], targets: List[Any], options: Any = None) -> Any:
    """Return a function of arrays, one for each of the tensors `feeds`, of their exact types, to the list of `fetches`.

    Keras runs its functions by the same private method of a session (1.8 on): a call costs about 20 microseconds, where
    `session.run` and `make_callable` take 80. A session that lacks it, as a wrapped one may, gets the latter.
    """
    make = getattr(session, "_make_callable_from_options", None)
    if make is None:
        run = session.make_callable([*fetches, *targets], feed_list=feeds, accept_options=True)
        return functools.partial(run, options=options)
    asked = importlib.import_module("tensorflow.core.protobuf.config_pb2").CallableOptions()
    asked.feed.extend(tensor.name for tensor in feeds)
    asked.fetch.extend(tensor.name for tensor in fetches)
    asked.target.extend(op.name for op in targets)
    if options is not None:
        asked.run_options.CopyFrom(options)
    made = make(asked)
    _PREPARED.add(made)
    return made


_PREPARED: Any = weakref.WeakSet()


@atexit.register
def _let_go() -> None:
    """Keep 1.15 from complaining as Python ends: what it would release a prepared run with is gone by then."""
    for made in list(_PREPARED):
        made._handle = None


def on_type_error(kind: Any, run: Callable[[Any, Any, Any], Any]) -> None:
    """Have TensorFlow's functions run as `run(function, args, kwargs)` where they refuse a `kind` they are given.

    From 2.5 on TensorFlow asks dispatchers before it raises a TypeError; tf_keras' symbols hang on the same.
    """
    base = getattr(getattr(getattr(tf, "__internal__", None), "dispatch", None), "GlobalOpDispatcher", None)
    if base is None:
        return

    def handle(self: Any, op: Any, args: Any, kwargs: Any) -> Any:
        given = any(isinstance(one, kind) for one in tf.nest.flatten((args, kwargs)))
        return run(op, args, kwargs) if given else self.NOT_SUPPORTED

    type(f"{kind.__name__}Dispatcher", (base,), {"handle": handle})().register()


def saved_model_proto(folder: str) -> Any:
    """Return the SavedModel message of a folder, from its .pb or .pbtxt."""
    return private("saved_model.loader_impl").parse_saved_model(folder)


def frozen(function: Any) -> Tuple[Any, List[str], List[str]]:
    """Return a concrete function's GraphDef, and the names of its inputs and outputs (TensorFlow 2.1 on).

    Its variables are constants, and what it calls is inlined, without which no inner tensor could be named.
    """
    convert = private("framework.convert_to_constants")
    found = convert.convert_variables_to_constants_v2(function, lower_control_flow=False)
    inputs = [tensor.name for tensor in found.inputs if tensor.dtype != tf.resource]
    return found.graph.as_graph_def(), inputs, [tensor.name for tensor in found.outputs]


def graph_of_function(function: Any) -> Any:
    """Return the graph of a concrete function; 2.1 takes it apart when the function goes, so it gets hold of that."""
    if TF_VERSION < (2, 3):
        function.graph._slimcam_function = function
    return function.graph


def variables_of(graph: Any) -> List[Any]:
    """Return the variables that the graph of a function reads; to 2.3 Keras' own graph has noted them elsewhere."""
    return list(graph.variables or graph._watched_variables)


def restate_gradients(graph_def: Any) -> None:
    """Let a trace's operations be differentiated as they are computed, where TensorFlow only restates the derivative.

    A custom gradient (that of tf.nn.silu, say, which all EfficientNets have) is Python on tensors of the trace itself,
    so in an imported graph it fails. TensorFlow's own modules write such for stability or memory; those are dropped. A
    user's own gradient, which may be meant to differ, stays and so raises when it is asked for.
    """
    nodes = [*graph_def.node, *(node for one in graph_def.library.function for node in one.node_def)]
    for node in nodes:
        name = node.attr["_gradient_op_type"].s.decode() if "_gradient_op_type" in node.attr else ""
        module = _module_of_gradient(name) if name.startswith("CustomGradient") else ""
        if module.startswith("tensorflow.python.ops.") and not module.endswith(".custom_gradient"):
            del node.attr["_gradient_op_type"]


def _module_of_gradient(name: str) -> str:
    """Return the module whose function a registered custom gradient calls: tf.custom_gradient wraps it twice."""
    ops = private("framework.ops")
    registry = getattr(ops, "gradient_registry", None) or ops._gradient_registry  # the latter to 2.3, at the least
    found = registry.lookup(name)
    for inner in ("tape_grad_fn", "grad_fn"):
        found = inspect.getclosurevars(found).nonlocals.get(inner, found) if callable(found) else found
    return str(getattr(found, "__module__", ""))
