"""What a graph writes to its variables on the way to its scores: updates of moving averages, which training waits for.

With its weights as constants a graph can write to none: TensorFlow 1 refuses to import an assignment to a constant
("was passed float from … incompatible with expected float_ref"), and no score is to depend on how often it was run.
"""

from typing import Set

from .._types import GraphDef
from .graph_defs import cut_to, op_name, set_inputs
from .op_types import UPDATES
from .walk import reachable

# Operations on a variable itself, and what does the same to a value.
_OF_VALUES = {f"Ref{op}": op for op in ("Switch", "Merge", "Enter", "Exit", "NextIteration", "Identity", "Select")}


def without_writes(graph_def: GraphDef) -> GraphDef:
    """Return a GraphDef, changed in place where it can be, in which nothing waits for an assignment to a variable.

    An assignment whose value something reads stays. What hands a variable on hands on its value.
    """
    gone = _unread_assignments(graph_def)
    for node in graph_def.node:
        if node.op in _OF_VALUES:
            node.op = _OF_VALUES[node.op]
        if gone and any(name.startswith("^") and op_name(name) in gone for name in node.input):
            set_inputs(node, [name for name in node.input if op_name(name) not in gone])
    return cut_to(graph_def, {node.name for node in graph_def.node} - gone) if gone else graph_def


def _unread_assignments(graph_def: GraphDef) -> Set[str]:
    """Return the names of the assignments whose values nothing reads but others of them."""
    updates = {node.name for node in graph_def.node if node.op in UPDATES}
    if not updates:
        return updates
    reads = {node.name: [op_name(name) for name in node.input if not name.startswith("^")] for node in graph_def.node}
    read = [one for name, behind in reads.items() if name not in updates for one in behind if one in updates]
    return updates.difference(reachable(read, lambda name: [one for one in reads[name] if one in updates]))
