"""The only door to TensorFlow, to Keras, and to tf_slim, which `slim()` mends for the TensorFlow at hand.

tf_slim 1.1.0 reads names from TensorFlow's private modules that later releases moved, unchanged, to other ones: each
row of MENDS gives one back where it is missing. No global switch is touched, and NumPy is left alone: the names that
NumPy dropped are read by tf_slim's tests only.
"""

import contextlib
import functools
import importlib
import inspect
import re
import sys
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ._pip import pip_line
from .errors import MissingPackage

try:
    import tensorflow as tf
except ModuleNotFoundError as error:
    if error.name != "tensorflow":
        raise
    raise MissingPackage(f"TensorFlow is not installed: {pip_line('tensorflow')}") from error

tf1 = tf.compat.v1
TF_VERSION: Tuple[int, ...] = tuple(int(part) for part in tf.__version__.split("-")[0].split(".")[:3])


class Mend(NamedTuple):
    """One name that tf_slim reads from a private module, and where it lives now; both are under tensorflow.python."""

    module: str
    name: str
    home: str
    gone: str  # the first TensorFlow without it
    reader: str  # what of tf_slim fails then


MENDS = (
    Mend("framework.ops", "IndexedSlices", "framework.indexed_slices", "2.13", "training, learning, optimize_loss"),
    Mend("framework.ops", "Tensor", "framework.tensor", "2.14", "constant_value, optimize_loss, rev_block"),
    Mend("ops.array_ops", "stack", "ops.array_ops_stack", "2.13", "legacy_fully_connected, metrics, data"),
    Mend("ops.array_ops", "unstack", "ops.array_ops_stack", "2.13", "legacy_fully_connected"),
    Mend("ops.control_flow_ops", "cond", "ops.cond", "2.14", "smart_cond, so batch_norm(is_training=tensor)"),
    Mend("ops.control_flow_ops", "case", "ops.control_flow_case", "2.14", "data.tfexample_decoder"),
    Mend("ops.control_flow_ops", "while_loop", "ops.while_loop", "2.14", "losses.metric_learning"),
    Mend("ops.control_flow_ops", "Assert", "ops.control_flow_assert", "2.14", "metrics.histogram_ops"),
    Mend("ops.variable_scope", "variable", "ops.variable_v1:VariableV1", "2.14", "local_variable, global_variable"),
    Mend("ops.variables", "VariableV1", "ops.variable_v1", "2.13", "its tests"),
    Mend("ops.variable_scope", "resource_variables_enabled", "ops.resource_variables_toggle", "2.16", "its tests"),
    Mend("ops.variable_scope", "enable_resource_variables", "ops.resource_variables_toggle", "2.16", "its tests"),
    Mend("ops.variable_scope", "disable_resource_variables", "ops.resource_variables_toggle", "2.16", "its tests"),
)

# Where TensorFlow 1's batch normalisation lives: in tf_keras, else in the Keras 2 that TensorFlow 2.13-2.15 bring.
LEGACY_LAYERS = ("tf_keras.src.legacy_tf_layers.normalization", "keras.src.legacy_tf_layers.normalization")


class _LegacyNormalization:
    """TensorFlow 1's batch normalisation, imported when a net first asks for it: a VGG needs no Keras, nor waits."""

    def __getattr__(self, name):
        return getattr(_legacy_normalization(), name)


@functools.lru_cache(maxsize=None)
def _legacy_normalization():
    for path in LEGACY_LAYERS:
        try:
            return importlib.import_module(path)
        except ModuleNotFoundError as error:
            # Only "it is not here" leads on to the next place; a Keras that breaks inside must be heard.
            if not (path + ".").startswith(f"{error.name}."):
                raise
    keras = "tf_keras" if TF_VERSION >= (2, 15) else "keras"
    raise MissingPackage(
        f"tf_slim's batch_norm on TensorFlow {tf.__version__} needs {keras}: {pip_line(keras, TF_VERSION)}"
    )


def _private(path):
    return importlib.import_module(f"tensorflow.python.{path}")


def _mend_names():
    """Give TensorFlow's private modules the names of MENDS that they lack."""
    for mend in MENDS:
        module = _private(mend.module)
        if not hasattr(module, mend.name):
            home, _, name = mend.home.partition(":")
            setattr(module, mend.name, getattr(_private(home), name or mend.name))


def _mend_normalization():
    """Point TensorFlow's lazy loader of batch normalisation at a module that exists.

    From 2.13 on it names `keras.legacy_tf_layers` or `tf_keras.legacy_tf_layers`, which no wheel contains.
    """
    if TF_VERSION >= (2, 13):
        _private("layers.normalization").normalization = _LegacyNormalization()


@functools.lru_cache(maxsize=None)
def slim():
    """Return the module tf_slim, able to build every one of its nets on the TensorFlow at hand."""
    _mend_names()
    _mend_normalization()
    try:
        return importlib.import_module("tf_slim")
    except ModuleNotFoundError as error:
        if error.name != "tf_slim":
            raise
        raise MissingPackage(f"tf_slim is not installed: {pip_line('tf_slim')}") from error


def map_fn(function: Callable[[Any], Any], elements: Any, dtype: Any) -> Any:
    """tf.map_fn; what says the result's type is `dtype` to 2.2, and `fn_output_signature`, which 2.3 brought, after."""
    said = {"dtype": dtype} if TF_VERSION < (2, 3) else {"fn_output_signature": dtype}
    return tf.map_fn(function, elements, **said)


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
        line = pip_line("tf_keras", TF_VERSION)
        raise MissingPackage(f"Keras 2 on TensorFlow {tf.__version__} is tf_keras, not installed: {line}") from error


def keras3() -> Any:
    """Return Keras 3, or raise MissingPackage where there is none (TensorFlow to 2.15)."""
    keras = importlib.import_module("keras") if TF_VERSION >= (2, 16) else None
    if keras is None:
        raise MissingPackage(f"Keras 3 needs TensorFlow 2.16 or newer; this is {tf.__version__}")
    return keras


def is_keras3(thing: Any) -> bool:
    """Whether an object is of a class of Keras 3, which from 2.16 on is what `tf.keras` means."""
    keras = sys.modules.get("keras")
    if keras is None or not str(getattr(keras, "__version__", "2")).startswith("3"):
        return False
    return any(kind.__module__.startswith("keras.") for kind in type(thing).__mro__)


def eager() -> Any:
    """Return a context in which TensorFlow 2 runs eagerly, even where the caller has disabled it or is in a graph."""
    return importlib.import_module("tensorflow.python.eager.context").eager_mode()


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
def kept_classes(keras: Any) -> Iterator[None]:
    """Leave Keras' classes as they were: from 2.2 on Keras 2 swaps the bases of a layer's class, for the whole process,
    as instances are made in a graph or eagerly, and the caller's layers would run with the other kind's methods."""
    kept: Dict[Any, Any] = {}
    stack = list(layer_classes(keras))
    while stack:
        kind = stack.pop()
        if kind not in kept:
            kept[kind] = kind.__bases__
            stack.extend(kind.__subclasses__())
    try:
        yield
    finally:
        for kind, bases in kept.items():
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
    if model.weights:
        return not is_graph_variable(model.weights[0])
    return tf1.executing_eagerly_outside_functions()


def input_specs(model: Any) -> Tuple[List[Any], Callable[[Any], Any]]:
    """Return a tf.TensorSpec for each input of an eager Keras model, and what packs tensors as the model takes them.

    A subclassed model has its shapes from its first call. Returns no specs for a model that has none yet.
    """
    try:
        inputs = list(model.inputs or ())
    except (ValueError, AttributeError):  # Keras 3 raises for a Sequential without a shape
        inputs = []
    if inputs:
        history = [one._keras_history[0].name for one in inputs]
        specs = [tf.TensorSpec(one.shape, one.dtype, re.sub(r"\W", "_", name)) for one, name in zip(inputs, history)]
        nested = getattr(model, "input", inputs[0])  # a Sequential of Keras 3 has none before its first call
        return specs, lambda tensors: tf.nest.pack_sequence_as(nested, list(tensors))
    shape = getattr(model, "_build_input_shape", None)  # Keras 2
    shapes = getattr(model, "_build_shapes_dict", None) or {}  # Keras 3
    shape = shape if shape is not None else next(iter(shapes.values()), None)
    if shape is None:
        return [], lambda tensors: tensors
    return [tf.TensorSpec([None, *tuple(shape)[1:]], tf.float32, "input_1")], lambda tensors: tensors[0]


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


def is_keras_tensor(thing: Any) -> bool:
    """Whether a thing is a Keras symbol, not a tensor: from 2.4 on, in Keras 2's eager mode and in Keras 3."""
    return any(kind.__name__ == "KerasTensor" for kind in type(thing).__mro__)


def inputs_of(symbol: Any) -> List[Any]:
    """Return the symbols that the layer was called on which made a Keras symbol."""
    layer, node = symbol._keras_history[:2]
    made = layer._inbound_nodes[node]
    return (
        [one for one in getattr(made, "keras_inputs", None) or made.input_tensors if is_keras_tensor(one)]
        if (not made.is_input)
        else []
    )


def input_name(symbol: Any) -> Optional[str]:
    """Return the name of the input layer that a Keras symbol is of, None for a symbol that a layer made."""
    layer, node = symbol._keras_history[:2]
    return re.sub(r"\W", "_", layer.name) if layer._inbound_nodes[node].is_input else None


def symbols_before(symbols: List[Any], known: Dict[int, Any]) -> List[Any]:
    """Return Keras symbols and all that they were made from, earlier ones first, but for those `known` by their ids."""
    order: Dict[int, Any] = {}
    stack = [(one, False) for one in reversed(symbols)]
    while stack:
        one, done = stack.pop()
        if done:
            order[id(one)] = one
        elif id(one) not in known and id(one) not in order:
            stack.append((one, True))
            stack.extend((before, False) for before in reversed(inputs_of(one)))
    return list(order.values())


def code_allowed(keras: Any) -> Any:
    """Return a context in which Keras 2 makes Lambda layers of code, which it refuses without one from 2.13 on."""
    module = keras.layers.Lambda.__module__.split(".layers.")[0] + ".saving.serialization_lib"
    with contextlib.suppress(ModuleNotFoundError):
        scope = getattr(importlib.import_module(module), "SafeModeScope", None)
        return contextlib.ExitStack() if scope is None else scope(safe_mode=False)
    return contextlib.ExitStack()


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
    return make(asked)


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
    return importlib.import_module("tensorflow.python.saved_model.loader_impl").parse_saved_model(folder)


def frozen(function: Any) -> Tuple[Any, List[str], List[str]]:
    """Return a concrete function's GraphDef, and the names of its inputs and outputs (TensorFlow 2.1 on).

    Its variables are constants, and what it calls is inlined, without which no inner tensor could be named.
    """
    convert = importlib.import_module("tensorflow.python.framework.convert_to_constants")
    found = convert.convert_variables_to_constants_v2(function, lower_control_flow=False)
    inputs = [tensor.name for tensor in found.inputs if tensor.dtype != tf.resource]
    return found.graph.as_graph_def(), inputs, [tensor.name for tensor in found.outputs]


def symbols_joined(symbols: List[Any]) -> List[Any]:
    """Return Keras symbols and all that they were made from or that was made from them, and so on."""
    found: Dict[int, Any] = {}
    stack = list(symbols)
    while stack:
        one = stack.pop()
        if id(one) in found:
            continue
        found[id(one)] = one
        stack.extend(inputs_of(one))
        for made in one._keras_history[0]._outbound_nodes:
            outputs = [out for out in tf.nest.flatten(made.outputs) if is_keras_tensor(out)]
            if any(before is one for out in outputs[:1] for before in inputs_of(out)):
                stack.extend(outputs)
    return list(found.values())


def called_again(symbol: Any, known: Dict[int, Any]) -> List[Any]:
    """Call the layer that made a Keras symbol as it was called then, on what `known` has for symbols by their ids.

    Returns its outputs in a flat list. As in a model that is called with training=False, a layer's own training=True
    holds in Keras 2 and not in Keras 3.
    """
    layer, index = symbol._keras_history[:2]
    node = layer._inbound_nodes[index]
    then = getattr(node, "arguments", None)  # of Keras 3
    args, kwargs = (node.call_args, node.call_kwargs) if then is None else (then.args, then.kwargs)
    find = lambda one: known[id(one)] if is_keras_tensor(one) else one  # noqa: E731
    args, kwargs = tf.nest.map_structure(find, (tuple(args), dict(kwargs)))
    if "training" in inspect.signature(layer.call).parameters and (then is not None or kwargs.get("training") is None):
        kwargs["training"] = False
    return tf.nest.flatten(layer(*args, **kwargs))


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
    found = importlib.import_module("tensorflow.python.framework.ops").gradient_registry.lookup(name)
    for inner in ("tape_grad_fn", "grad_fn"):
        found = inspect.getclosurevars(found).nonlocals.get(inner, found) if callable(found) else found
    return str(getattr(found, "__module__", ""))
