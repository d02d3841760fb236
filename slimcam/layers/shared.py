"""Calls of shared layers in a graph of which nothing but operations is known: a frozen graph, a session.

Operations that read one weight are one layer's calls. In TensorFlow 1 each call has a scope of its own, `encoder` and
`encoder_1`, that is otherwise named alike; in a function of TensorFlow 2 all are in one scope, in which they do not
touch. Of the first kind the names tell which scopes correspond, of the second the ways between operations do.
"""

import re
from typing import Dict, Iterable, List, Optional, Set, Tuple

from .._types import Operation, Tensor
from ..graphs.graph_defs import Wiring
from ..graphs.op_types import READS, WEIGHTS
from ..graphs.walk import consumers, reachable
from .names import Call


def shared_calls(flow: List[Operation]) -> List[Call]:
    """Return the calls of layers that are called more than once, and of those within them.

    `flow` are the operations between inputs and logits, each after those that it reads.
    """
    place = {op: i for i, op in enumerate(flow)}
    renamed: Dict[str, str] = {}  # encoder_1: encoder, a scope of a later call: of the first
    apart: Set[str] = set()  # scopes that hold several calls
    for ops in _by_weight(flow):
        names = sorted((op.name.split("/") for op in ops), key=lambda parts: (len("/".join(parts)), parts))
        for other in names[1:]:
            _compare(names[0], other, renamed, apart)
    if not renamed and not apart:
        return []
    root, calls = _root(flow), []
    of_calls = _by_scope(flow, {*renamed, *renamed.values()})
    for scope in _inner_first(of_calls):
        calls.append(_call(_path(scope, renamed)[len(root) :], of_calls[scope], place))
    for scope, ops in _outermost(apart, flow).items():
        base = scope.rsplit("/", 1)[0] + "/" if "/" in scope else ""
        for group in _components(ops):
            inner = _by_scope(group, {scope})
            calls += [_call(one[len(base) :], inner[one], place) for one in _inner_first(inner)]
    return [call for call in calls if call.inputs and call.outputs]


def may_be_shared(wiring: Wiring) -> bool:
    """Whether several operations of a type read one weight, as far as a graph's nodes tell; else there are no calls.

    A weight that was cut out of the graph is known by its readers alone.
    """
    nodes, readers = wiring

    def reads(name: str) -> List[str]:
        return [one for one in readers.get(name, ()) if nodes[one].op in READS]

    for weight, first in readers.items():
        if len(first) == 1 and nodes[first[0]].op not in READS:
            continue
        if weight not in nodes or nodes[weight].op in WEIGHTS:
            reading = [nodes[one].op for name in reachable([weight], reads) for one in readers.get(name, ())]
            kinds = [kind for kind in reading if kind not in READS]
            if len(set(kinds)) < len(kinds):
                return True
    return False


def _inner_first(scopes: Iterable[str]) -> List[str]:
    """Sort scopes as Keras' calls end, so that names do not depend on the order of a set."""
    return sorted(scopes, key=lambda scope: (-scope.count("/"), scope))


def _root(flow: List[Operation]) -> str:
    """Return the scope, with its slash, that all operations with a scope are in: a function's, or a SavedModel's."""
    scopes = [_scopes(op.name) for op in flow if "/" in op.name]
    common = [scope for scope in scopes[0] if all(scope in others for others in scopes)] if scopes else []
    return common[-1] + "/" if common else ""


def _by_weight(flow: List[Operation]) -> Iterable[List[Operation]]:
    """Return the operations that read one weight, where there are several of a kind."""
    reading: Dict[Tuple[str, str], List[Tuple[Operation, Tensor]]] = {}
    weights: Dict[Operation, str] = dict.fromkeys(flow, "")  # by what gives their value; "": it gives none
    for op in flow:
        for tensor in op.inputs:
            weight = _weight_of(tensor.op, weights)
            if weight:
                reading.setdefault((weight, op.type), []).append((op, tensor))
    several = [one for one in reading.values() if len(one) > 1]  # few: TensorFlow is slow to tell types and shapes
    groups = [[op for op, tensor in one if _is_layers(tensor)] for one in several]
    return [ops for ops in groups if len(ops) > 1]


def _weight_of(op: Operation, known: Dict[Operation, str]) -> str:
    """Return the name of the weight whose value an operation gives, "" for no weight's; `known` is added to."""
    way: List[Operation] = []
    while op not in known:
        known[op] = op.name if op.type in WEIGHTS else ""
        way.append(op)
        if op.type not in READS or not op.inputs:
            break
        op = op.inputs[0].op
    known.update(dict.fromkeys(way, known[op]))
    return known[op]


def _is_layers(weight: Tensor) -> bool:
    """Whether a weight is a layer's: no size, and no one number that any operation may use."""
    return weight.dtype.is_floating and weight.shape.rank not in (None, 0)


def _compare(first: List[str], other: List[str], renamed: Dict[str, str], apart: Set[str]) -> None:
    """Note which scopes of two operations that read one weight are calls of one layer."""
    if len(first) != len(other) or any(_base(a, b) is None for a, b in zip(first[:-1], other[:-1])):
        return
    if first[:-1] == other[:-1]:
        apart.update(_scopes("/".join(first)))
    for depth, (a, b) in enumerate(zip(first[:-1], other[:-1])):
        if a != b:
            renamed["/".join(other[: depth + 1])] = "/".join([*other[:depth], a])


def _base(a: str, b: str) -> Optional[str]:
    """Return what two scopes are called but for the number that makes one unique, None for different names."""
    stem = re.sub(r"_\d+$", "", a)
    for base in (a, stem):
        if re.fullmatch(re.escape(base) + r"(_\d+)?", b):
            return base
    return None


def _scopes(name: str) -> List[str]:
    parts = name.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _by_scope(ops: Iterable[Operation], frames: Set[str]) -> Dict[str, List[Operation]]:
    """Map the scopes `frames`, and those within them, to the operations that they hold, in their order."""
    under: Dict[str, List[Operation]] = {}
    for op in ops:
        is_within = False
        for scope in _scopes(op.name):
            is_within = is_within or scope in frames
            if is_within:
                under.setdefault(scope, []).append(op)
    return under


def _path(scope: str, renamed: Dict[str, str]) -> str:
    """Return a scope with each of its parts called as in the first call."""
    path = ""
    for part in scope.split("/"):
        path = f"{path}/{part}" if path else part
        path = renamed.get(path, path)
    return path


def _outermost(scopes: Set[str], flow: List[Operation]) -> Dict[str, List[Operation]]:
    """Map the widest of the scopes that hold several calls, those in which the calls do not touch, to what is in them.

    An operation is in one of them at most.
    """
    under = _by_scope(flow, scopes)
    several = {scope for scope in scopes if len(_components(under.get(scope, []))) > 1}
    widest = [scope for scope in several if not several.intersection(_scopes(scope))]
    return {scope: under[scope] for scope in sorted(widest, key=lambda one: (len(one), one))}


def _components(ops: List[Operation]) -> List[List[Operation]]:
    """Return the groups of operations that read each other."""
    group: Dict[Operation, List[Operation]] = {op: [op] for op in ops}
    for op in ops:
        for before in {tensor.op for tensor in op.inputs if tensor.op in group}:
            one, two = sorted((group[before], group[op]), key=len, reverse=True)  # the smaller joins the larger
            if one is not two:
                one.extend(two)
                for member in two:
                    group[member] = one
    return list({id(one): one for one in group.values()}.values())


def _call(path: str, ops: List[Operation], place: Dict[Operation, int]) -> Call:
    """Return the call that these operations are, with the tensors that enter and leave it."""
    own = set(ops)
    order = sorted(ops, key=place.__getitem__)
    entering = {t.name: (t, op) for op in reversed(order) for t in op.inputs if t.op not in own and t.op in place}
    leaving = [out for op in order for out in op.outputs if _leaves(out, own, place)]
    begun = min((place[op] for _, op in entering.values()), default=0)
    ended = max((place[out.op] for out in leaving), default=0)
    tensors = sorted((tensor for tensor, _ in entering.values()), key=lambda tensor: place[tensor.op])
    # the output that comes last is the call's own; those before are what a reader outside took from within
    return Call(path, tensors, 2 * begun, 2 * ended + 1, leaving[::-1])


def _leaves(tensor: Tensor, own: Set[Operation], place: Dict[Operation, int]) -> bool:
    """Whether a tensor of the operations `own` is read by others on the way to the logits, or ends there."""
    readers = [reader for reader in tensor.consumers() if reader in place]
    ends = tensor is tensor.op.outputs[0] and not consumers(tensor.op)
    return tensor.dtype.is_floating and (ends or any(reader not in own for reader in readers))
