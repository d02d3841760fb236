"""A function of TensorFlow 2 as a GraphDef with its weights beside it, as a source hands it over."""

import functools
import re
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Sequence

import numpy as np

from .._tf import eager, graph_of_function, restate_gradients, tf, tf1, variables_of
from .._types import ArrayReader, Graph, GraphDef, NodeDef, Tensor
from .graph_defs import cut_to, drop, op_name, rename_inputs
from .walk import ancestors


class TracedGraph(NamedTuple):
    """A graph whose variables are VarHandleOps without a value; the names are those of tensors."""

    graph_def: GraphDef
    weights: Dict[str, ArrayReader]  # by the VarHandleOp's name; read when called
    inputs: List[str]
    outputs: List[str]
    graph: Graph  # the traced graph itself, whose tensors bear the same names


def trace(function: Callable, specs: List[Any]) -> TracedGraph:
    """Run `function` once on symbols of `specs` (tf.TensorSpecs), whatever mode the caller is in.

    It must return tensors in a flat list or alone.
    """
    names: List[str] = []

    def body(*tensors: Any) -> Any:
        results = function(*tensors)
        names[:] = [tensor.name for tensor in tf.nest.flatten(results)]
        return results

    with eager():
        concrete = tf.function(body, autograph=False).get_concrete_function(*specs)
    graph = graph_of_function(concrete)
    graph_def = tf1.GraphDef()
    graph_def.CopyFrom(graph.as_graph_def())
    return _with_variables(graph, graph_def, names)


def traced_before(tensors: Sequence[Tensor]) -> TracedGraph:
    """Take over of the graph of a function what its tensors need."""
    graph = tensors[0].graph
    graph_def = cut_to(graph.as_graph_def(), {op.name for op in ancestors(tensors)})
    return _with_variables(graph, graph_def, [tensor.name for tensor in tensors])


def _with_variables(graph: Graph, graph_def: GraphDef, outputs: List[str]) -> TracedGraph:
    """Put variables in the places of what the graph of a function captures."""
    restate_gradients(graph_def)
    variables = {id(variable.handle): variable for variable in variables_of(graph)}
    captured = {inner.op.name: outer for outer, inner in graph.captures}
    names = _Names(node.name for node in graph_def.node)
    weights: Dict[str, ArrayReader] = {}
    renamed: Dict[str, str] = {}
    for node in graph_def.node:
        outer = captured.get(node.name)
        variable = None if outer is None else variables.get(id(outer))
        if variable is not None:
            renamed[node.name] = names.free(_valid(op_name(getattr(variable, "path", variable.name))))
            _make_variable(node, variable, renamed[node.name])
            weights[node.name] = functools.partial(_value, variable)
        elif outer is not None and outer.dtype != tf.resource:
            _make_constant(node, outer)
    for node in graph_def.node:
        rename_inputs(node, renamed)
        drop(node, "_class")  # to be placed with a variable that has another name now
    inputs = [tensor.name for tensor in graph.inputs if tensor.op.name not in captured]
    return TracedGraph(graph_def, weights, inputs, outputs, graph)


class _Names:
    """Names of operations, none of which may also be a scope that another one is in: an import would rename it."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._scopes = {scope for name in self._names for scope in _scopes(name)}

    def free(self, name: str) -> str:
        """Return `name`, or the first of name_1, name_2, … that is no operation nor scope nor inside an operation."""
        own, number = name, 0
        while own in self._names | self._scopes or self._names.intersection(_scopes(own)):
            number += 1
            own = f"weights/{name}_{number}"
        self._names.add(own)
        self._scopes.update(_scopes(own))
        return own


def _valid(name: str) -> str:
    """Return a variable's name as an operation may have it: layers of Keras 3 may be called "_a", and weights "a b"."""
    name = re.sub(r"[^A-Za-z0-9_.\\/>-]", "_", name)
    return name if re.match("[A-Za-z0-9.]", name) else f"weights/{name}"


def _scopes(name: str) -> List[str]:
    parts = name.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _make_variable(node: NodeDef, variable: Any, name: str) -> None:
    node.attr.clear()
    node.name = name
    node.op = "VarHandleOp"
    node.attr["dtype"].type = variable.dtype.as_datatype_enum
    node.attr["shape"].shape.CopyFrom(variable.shape.as_proto())
    node.attr["shared_name"].s = node.name.encode()


def _make_constant(node: NodeDef, value: Any) -> None:
    node.attr.clear()
    node.op = "Const"
    node.attr["dtype"].type = value.dtype.as_datatype_enum
    with eager():
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value.numpy()))


def _value(variable: Any) -> np.ndarray:
    with eager():
        return variable.numpy()
