"""What a graph does beside computing with tensors: its nodes and, closed, the functions that they call.

Judged are protos, before TensorFlow imports any. A node that calls a function does what that does.
"""

from typing import Collection, Dict, List, Mapping, NamedTuple, Optional, Sequence

from ..._types import GraphDef, NodeDef
from ...graphs.graph_defs import GRADIENT, gradient_of
from ..options import LoadOptions
from . import Finding, Verdict
from .operators import BY_ATTRIBUTES, judge
from .operators_computing import CALLING, COMPUTING
from .sizes import COUNTS, MOST_BYTES, fills, problem_of_size
from .structure import CONSTANTS, bodies, called_functions, callees_first, calls_of_functions, check_structure

_PLAIN = COMPUTING - CALLING - set(BY_ATTRIBUTES) - set(COUNTS) - set(CONSTANTS)
# Gradients that TensorFlow registers by numbers, for functions and tf.custom_gradient; they are not asked for by those.
# TensorFlow 2.1 saves functions with "PartitionedCallUnused".
_NUMBERED = ("CustomGradient", "PartitionedCall-", "StatefulPartitionedCall-", "PartitionedCallUnused")
TAKES_GRADIENT = "takes a gradient of the program that loads it"


class Judged(NamedTuple):
    """What nodes of a graph do beside computing, by their names: what is refused, and what is only said."""

    refused: Dict[str, List[Finding]]
    said: Dict[str, List[Finding]]
    hiding: Sequence[str] = ()  # of those refused: what is computed from images, and read
    trusted: bool = False  # the caller lets anything run

    def allowing(self, options: LoadOptions) -> "Judged":
        """Return what is left where options trust the file, or allow some of it: that is said."""
        said, refused = dict(self.said), {}
        for name, findings in self.refused.items():
            left = [one for one in findings if not options.trusted and one.allow not in (options.allow or ())]
            allowed = [one for one in findings if one not in left]
            if left:
                refused[name] = left
            if allowed:
                said[name] = [*said.get(name, ()), *allowed]
        return Judged(refused, said, trusted=options.trusted)

    def verdict(self, only: Optional[Collection[str]] = None) -> Verdict:
        """Return the findings of all nodes, or of those of these names."""
        refused, said = (
            [one for name, findings in side.items() if only is None or name in only for one in findings]
            for side in self[:2]
        )
        return Verdict(refused, said)


def vet_graph(graph_def: GraphDef, allow: Sequence[str] = (), only: Optional[Collection[str]] = None) -> Verdict:
    """Judge the nodes of a graph, or those named `only`, with all functions that they call; its structure is sound.

    What the words `allow` name is said and not refused.
    """
    return judge_graph(graph_def).verdict(only).allowing(allow)


def judge_graph(graph_def: GraphDef, unheld: Optional[Mapping[str, int]] = None) -> Judged:
    """Judge each node of a graph whose structure is sound, by what it and the functions that it calls do.

    `unheld` is what check_structure returned; left out, it is counted anew.
    """
    calls = calls_of_functions(graph_def) if len(graph_def.library.function) else {}
    judge_nodes = _Judge(calls, check_structure("", graph_def) if unheld is None else unheld)
    nodes = dict(bodies(graph_def))
    for name in callees_first(calls) or ():
        own = judge_nodes(f"{name}/", nodes[name]).verdict()
        for gradient in graph_def.library.gradient:
            if gradient.function_name == name and gradient.gradient_func in judge_nodes.functions:
                own = own.joined(judge_nodes.functions[gradient.gradient_func])
        judge_nodes.functions[name] = Verdict(*map(_each_once, own))
    return judge_nodes("", graph_def.node)


def judge_bodies(graph_def: GraphDef, unheld: Mapping[str, int]) -> Dict[str, Verdict]:
    """Judge each function of a graph by what it does itself, by its name; the nodes of the graph by "", likewise.

    `unheld` is what check_structure returned.
    """
    names = [name for name, _ in bodies(graph_def) if name]
    judge_nodes = _Judge(names, unheld)
    judge_nodes.functions.update(dict.fromkeys(names, Verdict()))
    return {name: judge_nodes(f"{name}/" if name else "", nodes).verdict() for name, nodes in bodies(graph_def)}


def _each_once(findings: Sequence[Finding]) -> List[Finding]:
    return list(dict.fromkeys(findings))


class _Judge:
    """Judges the nodes of one body after another: of functions after those that they call, then of the graph."""

    def __init__(self, names: Collection[str], unheld: Mapping[str, int]) -> None:
        self.functions: Dict[str, Verdict] = {}  # those that were judged
        self.calling, self.plain = CALLING.union(names), _PLAIN.difference(names)
        self.names = names
        self.unheld, self.filled = unheld, 0  # bytes of constants that the file does not hold: of each, and so far

    def __call__(self, where: str, nodes: Sequence[NodeDef]) -> Judged:
        """Judge the nodes of the function that `where` begins with, or of the graph itself, where that is ""."""
        judged = Judged({}, {})
        known: Dict[str, NodeDef] = {}
        for node in nodes:
            if GRADIENT in node.attr and not gradient_of(node).startswith(_NUMBERED):
                judged.said.setdefault(node.name, []).append(Finding(where + node.name, node.op, TAKES_GRADIENT))
            if node.op in self.plain:
                continue
            if node.op in COUNTS and not known:
                known = {one.name: one for one in nodes}
            called = self._called(where, node) if node.op in self.calling else Verdict()
            own = self._own(where, node, known) if node.op not in self.names else Verdict()
            for verdict in (called, own):
                for side, findings in zip((judged.refused, judged.said), verdict):
                    if findings:
                        side.setdefault(node.name, []).extend(findings)
        return judged

    def _own(self, where: str, node: NodeDef, nodes: Mapping[str, NodeDef]) -> Verdict:
        """Return what a node itself does."""
        judgement = judge(node)
        if judgement is not None:
            found = [Finding(where + node.name, node.op, judgement.why, node.op)]
            return Verdict(found) if judgement.is_refused else Verdict((), found)
        problem = problem_of_size(node, nodes)
        if where + node.name in self.unheld:
            self.filled += self.unheld[where + node.name]
            problem = fills(self.filled) if self.filled > MOST_BYTES else ""
        return Verdict([Finding(where + node.name, node.op, problem)] if problem else ())

    def _called(self, where: str, node: NodeDef) -> Verdict:
        """Return what the functions do that a node calls; one that the file does not hold is the program's own."""
        found = Verdict()
        for name in dict.fromkeys(called_functions(node, self.names)):
            if name in self.functions:
                found = found.joined(self.functions[name])
            elif node.op != "SymbolicGradient" or name not in COMPUTING:
                why = f"calls the function {name!r}, which the file does not hold"
                found = found.joined(Verdict([Finding(where + node.name, node.op, why, node.op)]))
        return found
