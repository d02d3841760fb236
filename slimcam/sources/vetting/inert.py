"""A graph of which nothing can run that is refused: in the places of such operations stand others that never run.

A file of a training program holds a Saver, queues and readers of data, of which no score needs any. They are not run,
so they are no reason to refuse the file; but what TensorFlow imports it may also run, as it looks for shapes. What
stands in their places gives tensors of the same types, and reads a placeholder that nobody feeds. A score that needs
one of them is refused, by `refuse_needed`.
"""

import functools
from typing import Callable, Collection, Dict, List, Sequence, Set

from ..._tf import output_types
from ..._types import GraphDef, NodeDef, Tensor
from ...errors import UntrustedModel
from ...graphs.graph_defs import STANDS_IN, readers
from ...graphs.op_types import PIPELINES, PLACEHOLDERS
from ...graphs.walk import ancestors, dependents, reachable
from ..options import LoadOptions
from . import Finding, error_of, in_words
from .graphs import Judged, judge_graph
from .operators import DRAWS, OF_TRAINING, RESOURCE, SAVING
from .structure import called_functions, calls_of_functions, check_structure

_FLOAT, _TEXT = 1, 7
_UNFED = "slimcam_refused"  # the placeholder that nobody feeds


def vetted(source: str, graph_def: GraphDef, options: LoadOptions) -> Judged:
    """Check a graph, and let nothing be in it, changed in place, that does more than compute; return what was found.

    Raises ModelError for a damaged graph. With `trusted` all stays as it is, and so does what `allow` names.
    """
    unheld = check_structure(source, graph_def)
    judged = judge_graph(graph_def, unheld).allowing(options)
    refused: Set[str] = set()
    if judged.refused:
        refused = {node.name for node in graph_def.node if node.name in judged.refused and node.op not in PIPELINES}
    if not refused:
        return judged
    hiding = _hiding(graph_def, refused)
    _make_inert(graph_def, refused)
    return judged._replace(hiding=hiding)


def refuse_needed(source: str, judged: Judged, ends: Sequence[Tensor], are_named: bool) -> List[str]:
    """Raise UntrustedModel where each of the tensors needs what was refused; return what is said of the rest, in words.

    Unless somebody named them, so does what is computed from images by what was refused: what comes after it could be
    meant. Random draws are said where it is known which of them stay (sources.randomness).
    """
    behind = {op.name: op for op in ancestors(ends)} if judged.refused or judged.said else {}
    refused = [one for name in judged.refused if name in behind for one in judged.refused[name]]
    if judged.hiding and not are_named:
        refused = [one for name in judged.hiding for one in judged.refused[name]]
        raise UntrustedModel(error_of(source, refused, "logits= of what comes before it, "), refused)
    if refused:
        needing = set(dependents([behind[name] for name in judged.refused if name in behind], behind.values()))
        if all(end.op in needing for end in ends):
            raise UntrustedModel(error_of(source, refused), refused)
    said = [one for name in judged.said if name in behind for one in judged.said[name] if one.why != DRAWS]
    unused = [one for name in judged.refused for one in judged.refused[name] if not is_of_training(one)]
    return [*in_words(said), *(f"never run: {line}" for line in in_words(unused))]


def errors_of(source: str, judged: Judged) -> Dict[str, Callable[[], UntrustedModel]]:
    """Return what makes the error of each operation that was refused, by its name, for whoever asks for it later."""

    def error(refused: Sequence[Finding]) -> UntrustedModel:
        return UntrustedModel(error_of(source, refused), refused)

    return {name: functools.partial(error, refused) for name, refused in judged.refused.items()}


def is_of_training(one: Finding) -> bool:
    """Whether a finding is what any training program leaves in its graph: its Saver, and where its photos come from."""
    return one.what in SAVING or one.why in OF_TRAINING


def _hiding(graph_def: GraphDef, refused: Collection[str]) -> List[str]:
    """Return what is refused and read, and computed from a placeholder that is no text."""
    reading = readers(graph_def, data_only=True)
    places = [node for node in graph_def.node if node.op in PLACEHOLDERS and node.attr["dtype"].type != _TEXT]
    after = reachable([node.name for node in places], lambda name: reading.get(name, ()))
    return [name for name in after if name in refused and name in reading]


def _make_inert(graph_def: GraphDef, refused: Collection[str]) -> None:
    """Let nodes never run, but give tensors of the same types; leave functions out that nothing calls then.

    An iterator or a queue that gives images stays, so that it is known for one; what it reads never runs.
    """
    names = {node.name for node in graph_def.node}
    unfed = _UNFED
    while unfed in names:
        unfed += "_"
    for node in graph_def.node:
        types = output_types(node) if node.name in refused else None
        if types is not None:  # None: no operation of this TensorFlow, which cannot run, and the import says so
            _stand_in(node, types or [_FLOAT], unfed)
    place = graph_def.node.add(name=unfed, op="Placeholder")
    place.attr["dtype"].type = RESOURCE
    place.attr["shape"].shape.SetInParent()
    place.attr[STANDS_IN].b = True
    _drop_uncalled(graph_def)


def _stand_in(node: NodeDef, types: Sequence[int], unfed: str) -> None:
    """Turn a node into one that asks an iterator, which nobody gives it, for tensors of these types."""
    node.op = "IteratorGetNext"
    node.device = ""
    node.attr.clear()
    del node.input[:]
    node.input.append(unfed)
    node.attr["output_types"].list.type.extend(types)
    for _ in types:
        node.attr["output_shapes"].list.shape.add().unknown_rank = True
    node.attr[STANDS_IN].b = True


def _drop_uncalled(graph_def: GraphDef) -> None:
    """Leave out the functions that no node calls, by others or not."""
    calls: Dict[str, List[str]] = calls_of_functions(graph_def)
    called: Set[str] = set()
    stack = [name for node in graph_def.node for name in called_functions(node, calls)] if calls else []
    while stack:
        name = stack.pop()
        if name not in called:
            called.add(name)
            stack.extend(calls.get(name, ()))
    for functions, kept in (
        (graph_def.library.function, [one.signature.name in called for one in graph_def.library.function]),
        (graph_def.library.gradient, [one.function_name in called for one in graph_def.library.gradient]),
    ):
        for index in reversed(range(len(kept))):
            if not kept[index]:
                del functions[index]
