"""Loops of TensorFlow 1, which operations make, where they are none that TensorFlow outlives: a ModelError."""

from typing import Dict, List, Sequence

from ..._types import NodeDef
from ...errors import ModelError
from ...graphs.graph_defs import op_name
from ...graphs.op_types import AGAIN, MERGES
from ...graphs.walk import postorder

_BEGINS, _ENDS = ("Enter", "RefEnter"), ("Exit", "RefExit")


def check_loops(source: str, nodes: Sequence[NodeDef]) -> None:
    """Raise ModelError for nodes, a graph's or a function's, whose loops begin or end as none does."""
    if any(node.op in AGAIN or node.op in _ENDS for node in nodes):
        _check_beginnings(source, nodes)
        _check_ends(source, nodes)


def _check_beginnings(source: str, nodes: Sequence[NodeDef]) -> None:
    """Refuse a Merge that begins the rounds of a loop and reads more than the first and the last one.

    As it waits for one of them alone, TensorFlow ends the process over a second.
    """
    again = {node.name for node in nodes if node.op in AGAIN}
    for node in nodes:
        if node.op not in MERGES:
            continue
        data = [op_name(name) for name in node.input if not name.startswith("^")]
        rounds = sum(name in again for name in data)
        if rounds and (rounds > 1 or len(data) != 2):
            raise ModelError(f"{source}: a damaged graph: the loop of {node.name!r} begins in {len(data)} ways, not 2")


def _check_ends(source: str, nodes: Sequence[NodeDef]) -> None:
    """Refuse what ends a loop, or its round, where none has begun: TensorFlow looks for that loop beyond its memory."""
    named = {node.name: node for node in nodes}
    levels: Dict[str, int] = {}  # in how many loops is what a node gives

    def before(name: str) -> List[str]:
        begins = named[name].op in MERGES  # what reads the last round as well
        reads = [one for one in map(op_name, named[name].input) if one in named]
        return [one for one in reads if named[one].op not in AGAIN] if begins else reads

    for name in postorder(named, before):
        level, op = max((levels.get(one, 0) for one in before(name)), default=0), named[name].op
        if level == 0 and (op in _ENDS or op in AGAIN):
            raise ModelError(f"{source}: a damaged graph: {name!r} ends a round of a loop, and is in none")
        levels[name] = level + (op in _BEGINS) - (op in _ENDS)
