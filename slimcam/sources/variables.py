"""Variables in a GraphDef: they hold no values there, and leave it so that values can take their places."""

from typing import Any, List

from .._tf import tf1
from ..graphs.op_types import VARIABLES
from . import infer


def without_variables(graph_def: Any, wanted: List[str]) -> Any:
    """Keep what the tensors `wanted` need; variables go, and what read them reads a tensor of the same name.

    A variable's handle stays where more than reads take it, a tf.cond say: it is assigned after the import.
    """
    needed = infer.before(graph_def, wanted)
    nodes = [node for node in graph_def.node if node.name in needed]
    passed = {name.split(":")[0] for node in nodes if node.op != "ReadVariableOp" for name in node.input}
    gone = {node.name for node in nodes if node.op in VARIABLES} - {
        node.name for node in nodes if node.op == "VarHandleOp" and node.name in passed
    }
    kept = tf1.GraphDef(versions=graph_def.versions, library=graph_def.library)
    for node in nodes:
        if node.name in gone:
            continue
        copy = kept.node.add()
        copy.CopyFrom(node)
        if node.op == "ReadVariableOp" and node.input[0] in gone:
            copy.op = "Identity"
            copy.attr.clear()
            copy.attr["T"].CopyFrom(node.attr["dtype"])
    return kept
