"""A function of TensorFlow 2 as a GraphDef with its weights beside it, as a source hands it over."""

import functools
from typing import Any, Callable, Dict, Iterable, List, NamedTuple

import numpy as np

from .._tf import eager, graph_of_function, restate_gradients, tf, tf1, variables_of
from .walk import ancestors


class Traced(NamedTuple):
    """A graph whose variables are VarHandleOps without a value; the names are those of tensors."""

    graph_def: Any
    weights: Dict[str, Callable[[], np.ndarray]]  # by the VarHandleOp's name; read when called
    inputs: List[str]
    outputs: List[str]
    graph: Any  # the traced graph itself, whose tensors bear the same names


def trace(function: Callable, specs: List[Any]) -> Traced:
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
    return _taken(graph, graph_def, names)


def traced_before(tensors: List[Any]) -> Traced:
    """Take over of the graph of a function what its tensors need."""
    needed = {op.name for op in ancestors(tensors)}
    whole = tensors[0].graph.as_graph_def()
    nodes = [node for node in whole.node if node.name in needed]
    graph_def = tf1.GraphDef(versions=whole.versions, library=whole.library, node=nodes)
    return _taken(tensors[0].graph, graph_def, [tensor.name for tensor in tensors])


def _taken(graph: Any, graph_def: Any, outputs: List[str]) -> Traced:
    """Put variables in the places of what the graph of a function captures."""
    restate_gradients(graph_def)
    variables = {id(variable.handle): variable for variable in variables_of(graph)}
    captured = {inner.op.name: outer for outer, inner in graph.captures}
    names_taken = _Names(node.name for node in graph_def.node)
    weights: Dict[str, Callable[[], np.ndarray]] = {}
    renamed: Dict[str, str] = {}
    for node in graph_def.node:
        outer = captured.get(node.name)
        variable = None if outer is None else variables.get(id(outer))
        if variable is not None:
            renamed[node.name] = names_taken.free(getattr(variable, "path", variable.name).split(":")[0])
            _make_variable(node, variable, renamed[node.name])
            weights[node.name] = functools.partial(_value, variable)
        elif outer is not None and outer.dtype != tf.resource:
            _make_constant(node, outer)
    for node in graph_def.node:
        for i, name in enumerate(node.input):
            if name.split(":")[0] in renamed:
                node.input[i] = renamed[name.split(":")[0]]
        if "_class" in node.attr:
            del node.attr["_class"]  # to be placed with a variable that has another name now
    taken = [tensor.name for tensor in graph.inputs if tensor.op.name not in captured]
    return Traced(graph_def, weights, taken, outputs, graph)


class _Names:
    """Names of operations, none of which may also be a scope that another one is in: an import would rename it."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._scopes = {scope for name in self._names for scope in _scopes(name)}

    def free(self, name: str) -> str:
        """Return `name`, or the first of name_1, name_2, … that is no operation nor scope nor inside an operation."""
        found, number = name, 0
        while found in self._names | self._scopes or self._names.intersection(_scopes(found)):
            number += 1
            found = f"weights/{name}_{number}"
        self._names.add(found)
        self._scopes.update(_scopes(found))
        return found


def _scopes(name: str) -> List[str]:
    parts = name.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _make_variable(node: Any, variable: Any, name: str) -> None:
    node.attr.clear()
    node.name = name
    node.op = "VarHandleOp"
    node.attr["dtype"].type = variable.dtype.as_datatype_enum
    node.attr["shape"].shape.CopyFrom(variable.shape.as_proto())
    node.attr["shared_name"].s = node.name.encode()


def _make_constant(node: Any, value: Any) -> None:
    node.attr.clear()
    node.op = "Const"
    node.attr["dtype"].type = value.dtype.as_datatype_enum
    with eager():
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value.numpy()))


def _value(variable: Any) -> np.ndarray:
    with eager():
        return variable.numpy()
