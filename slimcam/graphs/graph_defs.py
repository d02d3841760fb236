"""Read, walk, cut and copy GraphDefs: graphs as files hold them, nodes that name what they read.

A node's input is "node", "node:1" for another output than the first, or "^node" for an operation to wait for.
"""

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Set, Tuple

from .._tf import tf, tf1
from .._types import DType, GraphDef, NodeDef
from ..errors import ModelError
from .op_types import VARIABLES
from .walk import reachable

GRADIENT = "_gradient_op_type"  # the attribute by which a node asks for another gradient than its type's
STANDS_IN = "_slimcam_stands_in"  # the attribute of a node that never runs, and stands in the place of one refused
Dims = Optional[List[Optional[int]]]  # None: of unknown rank


def op_name(name: str) -> str:
    """Return the operation that a tensor's name, or a node's input, is of: "a" of "a", "a:1" and "^a"."""
    return name.split(":")[0].lstrip("^") if ":" in name or "^" in name else name


def tensor_name(name: str) -> str:
    """Return the name of a tensor, for an operation's that of its first: "a:0" of "a", "a:1" of "a:1"."""
    return name if ":" in name else name + ":0"


def nodes_by_name(graph_def: GraphDef) -> Dict[str, NodeDef]:
    """Map the names of nodes to these."""
    return {node.name: node for node in graph_def.node}


def needed_nodes(graph_def: GraphDef, names: Iterable[str]) -> Set[str]:
    """Return the names of the nodes that tensors depend on, by control too, and of their own that there are."""
    return needed_among(nodes_by_name(graph_def), names)


def needed_among(nodes: Mapping[str, NodeDef], names: Iterable[str]) -> Set[str]:
    """Return of nodes by their names what `needed_nodes` returns of a GraphDef."""
    starts = [name for name in map(op_name, names) if name in nodes]
    return set(reachable(starts, lambda one: [name for name in map(op_name, nodes[one].input) if name in nodes]))


def readers(graph_def: GraphDef, data_only: bool = False) -> Dict[str, List[str]]:
    """Map the names of nodes that are read, or waited for unless `data_only`, to the names of those that do."""
    reading: Dict[str, List[str]] = {}
    for node in graph_def.node:
        for name in node.input:
            if not (data_only and name.startswith("^")):
                reading.setdefault(op_name(name), []).append(node.name)
    return reading


class Wiring(NamedTuple):
    """The nodes of a graph by name, and the names of those that read each or wait for it: for all who ask for both."""

    nodes: Dict[str, NodeDef]
    readers: Dict[str, List[str]]


def wiring_of(graph_def: GraphDef) -> Wiring:
    """Return the wiring of a graph as it is now."""
    return Wiring(nodes_by_name(graph_def), readers(graph_def))


def shape_and_dtype(node: NodeDef, producer: int = 0) -> Tuple[Dims, DType]:
    """Return the shape (None where unknown) and dtype that a placeholder, a constant or a cast declares.

    `producer` is the version of the graph: up to 21 (TensorFlow 1.0) a placeholder of any shape says that it is a
    scalar. What a Saver noted of the node stands in for what it does not say.
    """
    number = next((node.attr[key].type for key in ("dtype", "T", "DstT") if key in node.attr), 0)
    dtype = dtype_of(number, f"{node.name!r}, a {node.op},")
    proto = node.attr["shape"].shape if "shape" in node.attr else None
    if node.op == "Const":
        proto = node.attr["value"].tensor.tensor_shape
    elif proto is not None and not proto.dim and (producer <= _SCALAR_OR_ANY or _saver_note(node) is not None):
        proto = None
    if proto is None or proto.unknown_rank:
        proto = _saver_note(node)
    return None if proto is None else dims_of(proto), dtype


def dtype_of(number: int, what: str) -> DType:
    """Return the type that a proto gives by its number; raise ModelError for one that this TensorFlow does not have.

    `what` is of that type, in words.
    """
    try:
        return tf.as_dtype(number)
    except TypeError:
        raise ModelError(f"{what} is of type {number}, which is none: a damaged graph") from None


def dims_of(proto: Any) -> Dims:
    """Return the shape that a proto gives; a negative size, of which only -1 is written, is one that is not known."""
    return None if proto.unknown_rank else [dim.size if dim.size >= 0 else None for dim in proto.dim]


_SCALAR_OR_ANY = 21  # the last version of graphs in which a placeholder's shape may be either


def _saver_note(node: NodeDef) -> Any:
    """Return the shape that a Saver noted of a node's first tensor, None where none did."""
    shapes = node.attr["_output_shapes"].list.shape if "_output_shapes" in node.attr else ()
    return next(iter(shapes), None)


# --- copies


def empty_like(graph_def: GraphDef) -> GraphDef:
    """Return a GraphDef without nodes, of the same versions and with the same library of functions."""
    return tf1.GraphDef(versions=graph_def.versions, library=graph_def.library)


def add_copy(graph_def: GraphDef, node: NodeDef) -> NodeDef:
    """Add a copy of a node to a GraphDef; return the copy."""
    copy = graph_def.node.add()
    copy.CopyFrom(node)
    return copy


def cut_to(graph_def: GraphDef, names: Set[str]) -> GraphDef:
    """Return a copy of the nodes of these names, in their order, with versions and library."""
    cut = empty_like(graph_def)
    cut.node.extend(node for node in graph_def.node if node.name in names)
    return cut


def without_variables(graph_def: GraphDef, names: Iterable[str]) -> GraphDef:
    """Keep what tensors need; variables go, and what read them reads a tensor of the same name.

    A variable's handle stays where more than reads take it, a tf.cond say: it is assigned after the import.
    """
    cut = cut_to(graph_def, needed_nodes(graph_def, names))
    passed = {op_name(name) for node in cut.node if node.op != "ReadVariableOp" for name in node.input}
    gone = {node.name for node in cut.node if node.op in VARIABLES}
    gone -= {node.name for node in cut.node if node.op == "VarHandleOp" and node.name in passed}
    kept = empty_like(graph_def)
    for node in cut.node:
        if node.name not in gone:
            copy = add_copy(kept, node)
            if node.op == "ReadVariableOp" and node.input[0] in gone:
                copy.op = "Identity"
                copy.attr.clear()
                copy.attr["T"].CopyFrom(node.attr["dtype"])
    return kept


# --- changes in place


def unplace(node: NodeDef) -> None:
    """Let a node run on any device, and not where another one does."""
    node.device = ""
    drop(node, "_class")


def drop(node: NodeDef, *attributes: str) -> None:
    """Remove attributes from a node, where it has them."""
    for name in attributes:
        if name in node.attr:
            del node.attr[name]


def set_inputs(node: NodeDef, names: Iterable[str]) -> None:
    """Let a node read other tensors."""
    reads = list(names)
    del node.input[:]
    node.input.extend(reads)


def rename_inputs(node: NodeDef, renamed: Mapping[str, str]) -> None:
    """Let a node read, or wait for, operations by their new names; those renamed have one output."""
    waits = {name: "^" if name.startswith("^") else "" for name in node.input}
    set_inputs(
        node, [waits[name] + renamed[op_name(name)] if op_name(name) in renamed else name for name in node.input]
    )


def gradient_of(node: NodeDef) -> str:
    """Return the name of the gradient that a node asks for, "" where it takes its type's."""
    return node.attr[GRADIENT].s.decode() if GRADIENT in node.attr else ""


def set_gradient(node: NodeDef, name: str) -> None:
    """Let a node take a registered gradient; unlike gradient_override_map, this holds for an import."""
    node.attr[GRADIENT].s = name.encode()
