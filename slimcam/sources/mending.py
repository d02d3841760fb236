"""MENDS: what is changed in a graph before its import, so that TensorFlow takes it and its maps can be trusted.

A mend is a function of a GraphDef, which it changes in place, of the names of the nodes that the model's outputs need,
and of the Parts that hold the rest. It returns the lines that `model.why` shows, none where it changed nothing.
"""

from typing import Callable, List, Set, Tuple

from .._types import GraphDef
from ..graphs.branches import lay_open_conds
from ..graphs.dilation import without_dilation
from ..graphs.graph_defs import needed_nodes
from .parts import Parts
from .randomness import bypass_dropout

Mend = Callable[[GraphDef, Set[str], Parts], List[str]]


def lay_open(graph_def: GraphDef, needed: Set[str], parts: Parts) -> List[str]:
    """Make If operations of those that have gradients wherever they were imported."""
    return lay_open_conds(graph_def, needed)


def undilate(graph_def: GraphDef, needed: Set[str], parts: Parts) -> List[str]:
    """Let dilated convolutions be computed by plain ones where TensorFlow cannot be trusted with them."""
    return without_dilation(graph_def, needed)


MENDS: Tuple[Mend, ...] = (lay_open, bypass_dropout, undilate)  # dropout may be in what is laid open


def mend(parts: Parts) -> List[str]:
    """Let all MENDS go over the graph of some parts, and return what they say they did."""
    wanted = [parts.logits] if parts.logits else parts.outputs
    lines: List[str] = []
    needed: Set[str] = set()
    for one in MENDS:
        needed = needed or (needed_nodes(parts.graph_def, wanted) if wanted else set())
        needed = needed or {node.name for node in parts.graph_def.node}
        said = one(parts.graph_def, needed, parts)
        if said:
            lines, needed = lines + said, set()  # the graph is another one now
    return lines
