"""Import GraphDefs into graphs; where TensorFlow may end the process over one, a fork of it imports that first."""

import contextlib
import os
from typing import Any, Mapping, Optional

from .._tf import TRIES_IMPORTS, divides_by_channels, may_end_import, tf1
from .._types import GraphDef
from ..forks import Died, TookLong, in_fork
from ..text.printable import first_line
from .channels import may_lack
from .graph_defs import nodes_by_name, op_name

_SECONDS = 3.0  # of a processor that a fork has for an import, and for each so many nodes of it
_NODES = 10_000


def import_graph(graph_def: GraphDef, tensors: Optional[Mapping[str, Any]] = None) -> None:
    """Import a GraphDef into the default graph by its own names, with `tensors` in the places of names that it lacks.

    Raises ValueError, with one line of text, for what TensorFlow does not take.
    """
    process = os.getpid()

    def read() -> bool:
        """Import it, and return whether that was in this process."""
        tf1.import_graph_def(graph_def, name="", input_map=tensors)
        return os.getpid() == process

    try:
        if _may_end(graph_def, tensors or {}):
            seconds = _SECONDS * (1 + len(graph_def.node) / _NODES)
            # where another thread held a lock of TensorFlow's at the fork, that waits for ever, which says nothing
            with contextlib.suppress(TookLong):
                if in_fork(read, seconds, contextlib.nullcontext()):
                    return
        read()
    except Died as error:
        raise ValueError(f"TensorFlow {error} as it reads it") from error
    except Exception as error:  # of whatever kind TensorFlow comes upon in a damaged graph, from its Python too
        raise ValueError(first_line(error)) from error


def _may_end(graph_def: GraphDef, tensors: Mapping[str, Any]) -> bool:
    """Whether this TensorFlow may end the process as it imports a graph."""
    if not TRIES_IMPORTS:
        return False
    called = {node.op for function in graph_def.library.function for node in function.node_def}
    ops = [node.op for node in graph_def.node]
    dividing = {op for op in called.union(ops) if divides_by_channels(op)}
    if dividing & called or any(may_end_import(op) for op in called.union(ops)):
        return True
    convolutions = [node for node, op in zip(graph_def.node, ops) if op in dividing]
    given = {op_name(name): 0 not in (one.shape.as_list() if one.shape.rank else ()) for name, one in tensors.items()}
    return bool(convolutions) and may_lack(convolutions, nodes_by_name(graph_def), given)
