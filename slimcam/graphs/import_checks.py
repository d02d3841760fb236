"""Checks on a GraphDef before import: operations that cannot be, norms that train, gradients that are in no file."""

import math
from typing import Dict, List, Mapping, Optional, Sequence, Set

from .._tf import input_counts, tf, tf1
from .._types import GraphDef, NodeDef
from ..errors import ModelError
from .branches import library_of
from .graph_defs import GRADIENT, drop, gradient_of, needed_among, nodes_by_name, op_name, set_gradient
from .importing import import_graph
from .op_types import (
    ACTIVATIONS,
    ADDITIONS,
    AGAIN,
    BOUNDS,
    CONDS,
    CONVOLUTIONS,
    DECODERS,
    DEPTHWISE,
    DIVISIONS,
    FORWARDING,
    FUSED_NORMS,
    MATRIX_PRODUCTS,
    PADS,
    READS,
    RESIZES,
    RESTATING,
    SIZES,
    SWITCHES,
)


def check_operations(source: str, graph_def: GraphDef, needed: Set[str], wanted: str) -> None:
    """Raise ModelError for an operation that this TensorFlow lacks, or that is of quantised numbers."""
    unknown = unknown_node(graph_def, needed)
    if unknown is not None:
        raise ModelError(
            f"{source}: {wanted!r} needs {unknown.name!r}, a {unknown.op}, which TensorFlow {tf.__version__} does not "
            "have: import what brings it (a module of tf.contrib, tf.load_op_library) before load()"
        )
    for node in graph_def.node:
        if node.name in needed and node.op.startswith("Quantized"):
            raise ModelError(
                f"{source}: {wanted!r} needs {node.name!r}, a {node.op}: a quantised graph has no gradients; "
                "load the float model"
            )


# How many tensors a node of a type reads at least, for types that this TensorFlow lacks and slimcam knows.
_READ = {
    **dict.fromkeys((*RESTATING, *READS, *DECODERS, *CONDS, *SIZES, *ACTIVATIONS, *FORWARDING), 1),
    **dict.fromkeys((*CONVOLUTIONS, *DEPTHWISE, *MATRIX_PRODUCTS, *ADDITIONS, *DIVISIONS, *BOUNDS, "Mul", "Sub"), 2),
    **dict.fromkeys((*SWITCHES, *PADS, *RESIZES, "BiasAdd", "Reshape", "ExpandDims"), 2),
    **dict.fromkeys(FUSED_NORMS, 5),
}


def check_inputs(source: str, graph_def: GraphDef) -> None:
    """Raise ModelError for a node, of a function too, that reads fewer tensors than its type, or more: it is damaged.

    slimcam looks at what nodes read before TensorFlow counts, and follows that, which is to have an end: no node is
    made from itself.
    """
    functions = library_of(graph_def)
    for node in [*graph_def.node, *(node for function in functions.values() for node in function.node_def)]:
        counts = (0, math.inf) if node.op in functions else input_counts(node.op)
        least, most = (_READ.get(node.op, 0), math.inf) if counts is None else counts
        if least and (len(node.input) < least or any(name.startswith("^") for name in node.input[:least])):
            raise ModelError(f"{source}: {node.name!r}, a {node.op}, reads fewer than {least} tensors: it is damaged")
        if len(node.input) > most and not all(name.startswith("^") for name in node.input[int(most) :]):
            raise ModelError(f"{source}: {node.name!r}, a {node.op}, reads more than {most} tensors: it is damaged")
    for nodes in (graph_def.node, *(function.node_def for function in functions.values())):
        circle = _on_circle(nodes)
        if circle:
            raise ModelError(f"{source}: a damaged graph: {circle!r} waits for what waits for it")


def _on_circle(nodes: Sequence[NodeDef]) -> str:
    """Return a node that is made from itself, but for the loops of TensorFlow 1, "" where there is none."""
    if _are_in_order(nodes):
        return ""
    again = {node.name for node in nodes if node.op in AGAIN}
    reads = {node.name: [op_name(name) for name in node.input] for node in nodes}
    after: Dict[str, List[str]] = {name: [] for name in reads}
    waiting: Dict[str, int] = {}
    for name, behind in reads.items():
        before = [one for one in behind if one in reads and one not in again]
        waiting[name] = len(before)
        for one in before:
            after[one].append(name)
    ready = [name for name, count in waiting.items() if not count]
    for name in ready:
        for one in after[name]:
            waiting[one] -= 1
            if not waiting[one]:
                ready.append(one)
    left = {name for name, count in waiting.items() if count}
    name, seen = min(left, default=""), set()
    while name and name not in seen:  # what is left is on a circle, or after one: go back
        seen.add(name)
        name = next(one for one in reads[name] if one in left and one not in again)
    return name


def _are_in_order(nodes: Sequence[NodeDef]) -> bool:
    """Whether each node reads those before it alone, as in most files: then none is on a circle."""
    before: Set[str] = set()
    for node in nodes:
        if not before.issuperset(map(op_name, node.input)):
            return False
        before.add(node.name)
    return len(before) == len(nodes)  # of two of one name the last is read


def unknown_node(graph_def: GraphDef, needed: Set[str]) -> Optional[NodeDef]:
    """Return a needed node whose operation this TensorFlow does not have, or None."""
    return next((node for node in unknown_nodes(graph_def) if node.name in needed), None)


def unknown_nodes(graph_def: GraphDef) -> List[NodeDef]:
    """Return the nodes whose operations this TensorFlow does not have."""
    known = dict.fromkeys((function.signature.name for function in graph_def.library.function), True)
    unknown = []
    for node in graph_def.node:
        if node.op not in known:
            known[node.op] = hasattr(tf.raw_ops, node.op) or _is_registered(node.op)
        if not known[node.op]:
            unknown.append(node)
    return unknown


def _is_registered(op: str) -> bool:
    """Whether an operation is known, also one that a library of the user's brought, which tf.raw_ops does not list."""
    graph_def = tf1.GraphDef()
    graph_def.node.add(name="op", op=op)
    with tf1.Graph().as_default():
        try:
            import_graph(graph_def)
        except ValueError as error:
            return "not registered" not in str(error)
    return True


def training_norms(graph_def: GraphDef, needed: Set[str]) -> List[str]:
    """Return the needed batch norms in training mode, but for those that a tf.cond chooses."""
    nodes = nodes_by_name(graph_def)
    norms = [node for node in graph_def.node if node.name in needed and node.op in FUSED_NORMS]
    training = [node for node in norms if "is_training" not in node.attr or node.attr["is_training"].b]
    return [node.name for node in training if not _in_branch(node.input[1], nodes)]


def _in_branch(name: str, nodes: Mapping[str, NodeDef]) -> bool:
    """Whether a batch norm's scale comes to it through a Switch, as it does within a branch of TensorFlow 1's cond."""
    return any(nodes[one].op in SWITCHES for one in needed_among(nodes, [name]))


def restate_swish(graph_def: GraphDef, stale: bool) -> List[str]:
    """Let tf.nn.swish, whose gradient is Python and in no file, be differentiated as it is computed; say what is left.

    Such a gradient goes by a number of the process that wrote it, which in this one may be another function's: where
    they are `stale`, the others get a name that nothing bears, so that asking for one raises.
    """
    asking = [node for node in graph_def.node if gradient_of(node).startswith("CustomGradient")]
    nodes = nodes_by_name(graph_def) if asking else {}
    left = []
    for node in asking:
        if _is_swish(node, nodes):
            drop(node, GRADIENT)
            continue
        left.append(node.name)
        if stale:
            set_gradient(node, "CustomGradientOfAnotherProgram")
    if not left:
        return []
    return [f"{len(left)} custom gradients such as that of {left[0]!r}: layers before them may not be explained"]


def _is_swish(node: NodeDef, nodes: Mapping[str, NodeDef]) -> bool:
    """Whether an IdentityN holds x * sigmoid(x), or x * sigmoid(beta * x), and x, as tf.nn.swish leaves it."""
    if node.op != "IdentityN" or len(node.input) < 2:
        return False
    product, x = nodes.get(op_name(node.input[0])), node.input[1]
    if product is None:
        return False
    gates = _read(product, "Sigmoid", nodes) if product.op == "Mul" else []
    inner = [gates[0], *_read(gates[0], "Mul", nodes)] if gates else []
    return x in product.input and any(x in one.input for one in inner)


def _read(node: NodeDef, op: str, nodes: Mapping[str, NodeDef]) -> List[NodeDef]:
    """Return the nodes of a type that a node reads."""
    read = [nodes.get(op_name(name)) for name in node.input]
    return [one for one in read if one is not None and one.op == op]
