"""Functions of TensorFlow 2 as graphs, and what their gradients are."""

import contextlib
import importlib
import inspect
from typing import Any, Callable, Iterable, List, NamedTuple, Sequence, Tuple

import numpy as np

from .._types import Graph, GraphDef, Operation
from .core import TF_VERSION, private, tf, tf1


def inlines_functions() -> bool:
    """Whether TensorFlow inlines a SavedModel's functions, as convert_variables_to_constants_v2 does from 2.1 on."""
    return TF_VERSION >= (2, 1)


def saved_model_proto(folder: str) -> Any:
    """Return the SavedModel message of a folder, from its .pb or .pbtxt."""
    return private("saved_model.loader_impl").parse_saved_model(folder)


def let_go(loaded: Any) -> None:
    """Destroy the tables of a SavedModel that was loaded, while its functions are there; it is of no use after that.

    Older TensorFlows destroy a table by one of its functions as Python collects both, in any order: where the function
    goes first, an error is printed that nobody can catch. From 2.8 on, at the latest, they keep quiet of it.
    """
    if TF_VERSION >= (2, 8):
        return
    with contextlib.suppress(Exception):  # as TensorFlow has it later: nothing depends on it
        for one in private("training.tracking.graph_view").ObjectGraphView(loaded).list_objects():
            deleter = getattr(one, "_resource_deleter", None)
            if deleter is not None:
                destroy, deleter._destroy_resource = deleter._destroy_resource, None
                if destroy:
                    destroy()


def frozen(function: Callable) -> Tuple[GraphDef, List[str], List[str]]:
    """Return a concrete function's GraphDef, and the names of its inputs and outputs (TensorFlow 2.1 on).

    Its variables are constants, and what it calls is inlined, without which no inner tensor could be named.
    """
    convert = private("framework.convert_to_constants")
    if TF_VERSION < (2, 8):
        _mend_captures(function)
    constant = convert.convert_variables_to_constants_v2(function, lower_control_flow=False)
    inputs = [tensor.name for tensor in constant.inputs if tensor.dtype != tf.resource]
    return constant.graph.as_graph_def(), inputs, [tensor.name for tensor in constant.outputs]


class _Text(NamedTuple):
    """A tensor of text that a function was given, whose value is an array where it is one string, too."""

    tensor: Any

    def numpy(self) -> np.ndarray:
        return np.array(self.tensor.numpy(), object)


def _mend_captures(function: Any) -> None:
    """Let a function be converted that was given what is no variable: older TensorFlows ask a table for its value.

    They also take the value of a single string for an array.
    """
    graph, given = function.graph, function.captured_inputs
    variables = [variable.handle for variable in graph.variables]
    kept = [one.dtype != tf.resource or any(one is handle for handle in variables) for one in given]
    pairs = [pair for pair, stays in zip(list(graph.captures), kept) if stays]
    graph.reset_captures([(_Text(outer) if outer.dtype == tf.string else outer, inner) for outer, inner in pairs])
    function._captured_inputs = [one for one, stays in zip(given, kept) if stays]


def with_conds_laid_open(graph_def: GraphDef, fetches: Iterable[str]) -> GraphDef:
    """Return a graph whose functions, those of its If operations too, are laid open; fetches are names of nodes.

    Grappler's optimiser "function" does it in 1.15 as in 2.21. Loops and Case operations stay as they are.
    """
    meta_graph = tf1.MetaGraphDef(graph_def=graph_def)
    meta_graph.collection_def["train_op"].node_list.value.extend(fetches)
    library = meta_graph.graph_def.library
    for node in [*meta_graph.graph_def.node, *(node for one in library.function for node in one.node_def)]:
        if node.op in ("If", "StatelessIf"):
            node.attr[_LAID_OPEN].b = True
        elif _LAID_OPEN in node.attr:
            del node.attr[_LAID_OPEN]
    config = tf1.ConfigProto()
    rewriting = config.graph_options.rewrite_options
    rewriting.min_graph_nodes = -1  # it leaves small graphs alone otherwise
    rewriting.optimizers.append("function")
    processor = importlib.import_module("tensorflow.core.protobuf.device_properties_pb2").NamedDevice(name="/CPU:0")
    processor.properties.type = "CPU"
    cluster = private("grappler.cluster").Cluster(devices=[processor])  # without one Grappler starts a session on a GPU
    return private("grappler.tf_optimizer").OptimizeGraph(config, meta_graph, cluster=cluster)


_LAID_OPEN = "_lower_using_switch_merge"


def graph_of_function(function: Any) -> Graph:
    """Return the graph of a concrete function.

    TensorFlow 2.1 destroys the graph with its function, so the graph keeps a reference to it.
    """
    if TF_VERSION < (2, 3):
        function.graph._slimcam_function = function
    return function.graph


def graph_of_call(op: Operation) -> Graph:
    """Return what a call of a function runs, as a graph with `inputs` and `outputs` (TensorFlow 2 on)."""
    definition = op.graph._get_function(op.get_attr("f").name).definition
    as_graph = private("framework.function_def_to_graph").function_def_to_graph
    return as_graph(definition, [tensor.shape for tensor in op.inputs])


def variables_of(graph: Graph) -> List[Any]:
    """Return the variables that the graph of a function reads; to 2.3 Keras' own graph has noted them elsewhere."""
    return list(graph.variables or graph._watched_variables)


def restate_gradients(graph_def: GraphDef) -> None:
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
    gradient = registry.lookup(name)
    for inner in ("tape_grad_fn", "grad_fn"):
        gradient = inspect.getclosurevars(gradient).nonlocals.get(inner, gradient) if callable(gradient) else gradient
    return str(getattr(gradient, "__module__", ""))


def gradient_of(op: Operation, given: Sequence[Any]) -> List[Any]:
    """Return what an operation gives back to each of its inputs, None for nothing, for what its outputs are given.

    As tf.gradients has it, which looks through the whole graph for one operation. Raises LookupError where TensorFlow
    has no gradient of its type.
    """
    function = private("framework.ops").get_gradient_function(op)
    if function is None:
        return [None] * len(op.inputs)
    zeros = [tf.zeros_like(out) if one is None else one for out, one in zip(op.outputs, given)]
    back = function(op, *zeros)
    back = list(back) if isinstance(back, (list, tuple)) else [back]
    return [tf.convert_to_tensor(one) if one is not None else None for one in back]
