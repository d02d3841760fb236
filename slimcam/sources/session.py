"""A session of the caller's, with its weights as they are now. It is only read, so its graph may be finalised."""

import functools
from typing import Any, Collection, Dict

from .._tf import tf
from .._types import Graph, Session, Tensor
from ..graphs.graph_defs import needed_nodes, without_variables
from ..graphs.import_checks import restate_swish
from ..graphs.op_types import REF_VARIABLES
from ..graphs.writes import without_writes
from . import infer
from .options import LoadOptions, names_of
from .parts import Parts
from .session_values import value


def is_session(thing: Any) -> bool:
    """Whether `thing` is a session of TensorFlow 1's kind."""
    return isinstance(getattr(thing, "graph", None), tf.Graph) and callable(getattr(thing, "run", None))


def read_session(session: Session, options: LoadOptions) -> Parts:
    """Take the session's graph, cut down to what the logits need, and read the values of the variables in it.

    Loading raises ModelError where a variable has not been initialised.
    """
    graph_def = without_writes(session.graph.as_graph_def())
    logits = None if options.logits is None else names_of(options.logits)[0]
    wanted = [logits] if logits else [node.name for node in graph_def.node]
    reads = _reads(session.graph, needed_nodes(graph_def, wanted))
    weights = {name: functools.partial(value, session, name, tensor) for name, tensor in reads.items()}
    kind = infer.output_kind_in(graph_def, logits) if logits else ""
    cut = without_variables(graph_def, wanted)
    why = [f"{len(weights)} variables: their values in the session, now", *restate_swish(cut, stale=False)]
    shapes = {name: tensor.shape.as_list() for name, tensor in reads.items() if tensor.shape.rank is not None}
    return Parts(
        "the session", cut, weights, shapes, input=options.input, logits=logits, why=why, output_kind=kind, live=True
    )


def _reads(graph: Graph, among: Collection[str]) -> Dict[str, Tensor]:
    """Map each variable to a tensor of the graph that reads it; nothing is added to the graph."""
    reads: Dict[str, Tensor] = {}
    for op in graph.get_operations():
        if op.name in among and op.type in REF_VARIABLES:
            reads[op.name] = op.outputs[0]
        elif op.type == "ReadVariableOp" and op.inputs[0].op.name in among and graph.is_fetchable(op.outputs[0]):
            reads.setdefault(op.inputs[0].op.name, op.outputs[0])
    return reads
