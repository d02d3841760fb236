"""Attributes of a newer TensorFlow, in a graph for this one: left out where they say nothing."""

from typing import Any, Dict, FrozenSet, Iterable, List, Optional

from .._tf import attributes_of, is_default, tf
from .._types import GraphDef
from .graph_defs import drop


def without_newer_attributes(graph_def: GraphDef, ops: Iterable[Any] = ()) -> List[str]:
    """Drop attributes that this TensorFlow does not know and that stand at their defaults, in place; say so.

    `ops` are the OpDefs that came with the graph, which tell the defaults that its writer knew. An attribute at another
    value stays, and the import refuses it.
    """
    defaults = {
        (op.name, one.name): one.default_value for op in ops for one in op.attr if one.HasField("default_value")
    }
    known: Dict[str, Optional[FrozenSet[str]]] = {}
    dropped = []
    nodes = [node for function in graph_def.library.function for node in function.node_def]
    for node in [*graph_def.node, *nodes]:
        if node.op not in known:
            known[node.op] = attributes_of(node.op)
        own = known[node.op]
        for name in [] if own is None else [one for one in node.attr if one not in own and not one.startswith("_")]:
            value = node.attr[name]
            if is_default(node.op, name, value) or defaults.get((node.op, name)) == value:
                drop(node, name)
                dropped.append(f"{name!r} of {node.op}")
    if not dropped:
        return []
    return [f"{len(dropped)} attributes that TensorFlow {tf.__version__} lacks, at their defaults: {dropped[0]}, say"]
