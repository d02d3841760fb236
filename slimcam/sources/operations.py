"""What a graph's operations tell before it is imported: which cannot be, which train, whose gradients are Python."""

from typing import Any, Dict, List, Set

from .._tf import tf, tf1
from ..errors import ModelError
from ..graphs.op_types import FUSED_NORMS, SWITCHES


def check_operations(source: str, graph_def: Any, needed: Set[str], wanted: str) -> None:
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


def unknown_node(graph_def: Any, needed: Set[str]) -> Any:
    """Return a needed node whose operation this TensorFlow does not have, or None."""
    functions = {function.signature.name for function in graph_def.library.function}
    first: Dict[str, Any] = {}
    for node in graph_def.node:
        if node.name in needed and node.op not in functions:
            first.setdefault(node.op, node)
    return next((node for op, node in first.items() if not hasattr(tf.raw_ops, op) and not _is_registered(op)), None)


def _is_registered(op: str) -> bool:
    """Whether an operation is known, also one that a library of the user's brought, which tf.raw_ops does not list."""
    graph_def = tf1.GraphDef()
    graph_def.node.add(name="op", op=op)
    with tf1.Graph().as_default():
        try:
            tf1.import_graph_def(graph_def, name="")
        except (ValueError, tf.errors.OpError) as error:
            return "not registered" not in str(error)
    return True


def training_norms(graph_def: Any, needed: Set[str]) -> List[str]:
    """Return the needed batch norms in training mode, but for those that a tf.cond chooses."""
    nodes = {node.name: node for node in graph_def.node}
    found = [node for node in graph_def.node if node.name in needed and node.op in FUSED_NORMS]
    return [
        node.name
        for node in found
        if ("is_training" not in node.attr or node.attr["is_training"].b) and not _in_branch(node.input[1], nodes)
    ]


def _in_branch(name: str, nodes: Dict[str, Any]) -> bool:
    """Whether a batch norm's scale comes to it through a Switch, as it does within a branch of TensorFlow 1's cond."""
    stack, seen = [name], set()
    while stack:
        node = nodes.get(stack.pop().lstrip("^").split(":")[0])
        if node is None or node.name in seen:
            continue
        if node.op in SWITCHES:
            return True
        seen.add(node.name)
        stack.extend(node.input)
    return False


def restate_swish(graph_def: Any, stale: bool) -> List[str]:
    """Let tf.nn.swish, whose gradient is Python and in no file, be differentiated as it is computed; say what is left.

    Such a gradient goes by a number of the process that wrote it, which in this one may be another function's: where
    they are `stale`, the others get a name that nothing bears, so that asking for one raises.
    """
    nodes = {node.name: node for node in graph_def.node}
    left = []
    for node in graph_def.node:
        name = node.attr["_gradient_op_type"].s if "_gradient_op_type" in node.attr else b""
        if not name.startswith(b"CustomGradient"):
            continue
        if _is_swish(node, nodes):
            del node.attr["_gradient_op_type"]
            continue
        left.append(node.name)
        if stale:
            node.attr["_gradient_op_type"].s = b"CustomGradientOfAnotherProgram"
    if not left:
        return []
    return [f"{len(left)} custom gradients such as that of {left[0]!r}: layers before them may not be explained"]


def _is_swish(node: Any, nodes: Dict[str, Any]) -> bool:
    """Whether an IdentityN holds x * sigmoid(x), or x * sigmoid(beta * x), and x, as tf.nn.swish leaves it."""
    of = lambda one, op: [n for i in one.input for n in [nodes.get(i.split(":")[0])] if n is not None and n.op == op]  # noqa: E731
    if node.op != "IdentityN" or len(node.input) < 2 or nodes[node.input[0].split(":")[0]].op != "Mul":
        return False
    product, x = nodes[node.input[0].split(":")[0]], node.input[1]
    gates = of(product, "Sigmoid")
    inner = [gates[0], *of(gates[0], "Mul")] if gates else []
    return x in product.input and any(x in one.input for one in inner)
