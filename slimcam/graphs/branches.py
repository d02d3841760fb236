"""Branches that conditions choose: which operations and functions a run reaches, and If operations laid open.

Conditions are numbers, known or not; see `Value` in randomness.
"""

from typing import Any, Dict, Iterable, List, Mapping, Optional, Set, Tuple

from .._tf import tf, tf1, with_conds_laid_open
from .._types import GraphDef, NodeDef
from ..errors import ModelError
from ..text.printable import first_line
from .graph_defs import add_copy, empty_like, op_name, set_inputs
from .importing import import_graph
from .op_types import CONDS, LOOPING, MERGES, SWITCHES
from .randomness import Get, Value
from .walk import reachable


def is_run(name: str, get: Get, value: Value) -> Optional[bool]:
    """Whether an operation is run, by the conditions of TensorFlow 1 that it is in; None where that is not known."""
    seen: Set[Tuple[str, int]] = set()
    stack = [(name, 0)]
    known: Optional[bool] = True
    while stack:
        one, inner = stack.pop()
        node = get(op_name(one))
        if node is None or (op_name(one), inner) in seen:
            continue
        seen.add((op_name(one), inner))
        inputs = list(node.input)
        condition = get(op_name(inputs[1])) if node.op in SWITCHES else None
        if node.op in SWITCHES and not (condition is not None and condition.op in LOOPING):
            if not inner:
                number = value(inputs[1])
                if number is None:
                    known = None
                elif bool(number) != one.endswith(":1"):
                    return False
                continue
            inner -= 1
        looped = any((get(op_name(read)) or node).op == "NextIteration" for read in inputs)
        inner += node.op in MERGES and not looped
        stack += [(read, inner) for read in inputs]
    return known


def functions_run(
    names: Iterable[str], get: Get, value: Value, library: Mapping[str, Any]
) -> Dict[str, Optional[bool]]:
    """Map the functions of a library that operations call, and those that these call, to whether they are run."""
    run: Dict[str, Optional[bool]] = {}
    if not library:
        return run
    waiting: List[Tuple[NodeDef, Optional[bool], Value]] = [
        (node, True, value) for node in map(get, names) if node is not None
    ]
    while waiting:
        node, here, known = waiting.pop()
        for attribute, function in _function_names(node, library):
            taken = here
            if node.op in CONDS:
                number = known(node.input[0])
                taken = None if number is None or not here else bool(number) == (attribute == "then_branch")
            if function in run and (run[function] or not taken):
                continue
            run[function] = taken
            if taken is not False:
                waiting += [(one, taken, lambda name: None) for one in library[function].node_def]
    return run


def functions_of(name: str, library: Mapping[str, Any]) -> List[str]:
    """Return a function of a library, and those that it calls, by their names."""

    def calls_of(one: str) -> List[str]:
        return [name for node in library[one].node_def for _, name in _function_names(node, library)]

    return reachable([name] if name in library else [], calls_of)


def _function_names(node: NodeDef, library: Mapping[str, Any]) -> List[Tuple[str, str]]:
    """Return the functions that a node calls, with the attributes that name them."""
    calls = [("", node.op)] if node.op in library else []
    for key, attribute in node.attr.items():
        several = [one.name for one in attribute.list.func] or [attribute.func.name]
        calls += [(key, name) for name in several if name in library]
    return calls


def library_of(graph_def: GraphDef) -> Dict[str, Any]:
    """Map the names of a graph's functions to these."""
    return {function.signature.name: function for function in graph_def.library.function}


# --- If operations


def lay_open_conds(graph_def: GraphDef, needed: Set[str]) -> List[str]:
    """Make If operations, in place, of those by which TensorFlow 1 branches; say so. What they give keeps its name.

    An imported If has no gradient once a session has run it, nor once another graph had functions of its names.
    """
    conds = {node.name: node for node in graph_def.node if node.op in CONDS and node.name in needed}
    if not conds:
        return []
    part, reads = empty_like(graph_def), {}
    for node in conds.values():
        reads.update(_add_alone(part, node))
    try:
        with tf1.Graph().as_default():  # which checks the nodes: of types that are none Grappler aborts the process
            import_graph(tf1.GraphDef(versions=part.versions, node=part.node))
        opened = with_conds_laid_open(part, conds)
    except (ValueError, tf.errors.OpError) as error:  # of a damaged node or library
        first = first_line(error)
        raise ModelError(f"the branches of {next(iter(conds))!r} cannot be laid open: {first}") from error
    known = library_of(graph_def)
    graph_def.library.function.extend(one for one in opened.library.function if one.signature.name not in known)
    for one in opened.node:
        if one.name not in reads:
            node = conds.get(one.name) or graph_def.node.add()
            waits = [name for name in node.input if name.startswith("^")]
            node.CopyFrom(one)
            set_inputs(node, [*(reads.get(name, name) for name in one.input), *waits])
    return [f"branches ({len(conds)}, such as {next(iter(conds))!r}) are made of operations, as TensorFlow 1 has them"]


def _add_alone(part: GraphDef, node: NodeDef) -> Dict[str, str]:
    """Add an If to a graph, between placeholders for what it reads and its name; map the former to what it reads."""
    copy, kinds = add_copy(part, node), [node.attr["Tcond"].type, *node.attr["Tin"].list.type]
    copy.name += "/If"
    reads = {f"{copy.name}/{i}": name for i, name in enumerate(node.input) if not name.startswith("^")}
    set_inputs(copy, reads)
    for name, kind in zip(reads, kinds):
        place = part.node.add(name=name, op="Placeholder")
        place.attr["dtype"].type = kind
        place.attr["shape"].shape.unknown_rank = True  # Grappler refuses one that says nothing of it
    outputs = node.attr["Tout"].list.type
    several = len(outputs) != 1
    named = part.node.add(name=node.name, op="IdentityN" if several else "Identity")
    named.input.extend(f"{copy.name}:{i}" for i in range(len(outputs)))
    if several:
        named.attr["T"].list.type.extend(outputs)
    else:
        named.attr["T"].type = outputs[0]
    return reads
