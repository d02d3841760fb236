"""What a scalar placeholder is for, by how the graph uses it: a name may say nothing of it, or something else.

Two uses decide. A share that dropout keeps, or drops, is compared with noise to make a mask; one value of it leaves no
chance, and is the one of inference. A truth value that chooses between a branch that trains (it draws random numbers,
has batch norms in training mode, or assigns to variables) and one that does not is the one that chooses the latter.
"""

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from .._tf import tf
from .._types import Graph, NodeDef, Operation, Tensor
from .branches import functions_of, library_of
from .once import Once
from .op_types import (
    ADDITIONS,
    CONDS,
    FUSED_NORMS,
    MERGES,
    RANDOM_PREFIXES,
    SELECTS,
    SWITCHES,
    UNFED,
    UNIFORM,
    UPDATES,
)
from .walk import consumers, postorder, reachable, readers

_PASSING = ("Identity", "Enter", "Cast", "Reshape", "ExpandDims", *SWITCHES, *MERGES)  # the same number goes on
# Comparisons of noise u, on the left, with v: whether u is kept where it is small; mirrored, v is on the left.
_KEEPS_SMALL = {"Less": True, "LessEqual": True, "Greater": False, "GreaterEqual": False}


class Use(NamedTuple):
    """The value that a use calls for in inference, and why."""

    value: Any
    why: str


_KEPT = Use(1.0, "its readers use it as the share that dropout keeps")
_DROPPED = Use(0.0, "its readers use it as the share that dropout drops")


class Whole:
    """What takes a look at the whole of a graph, for all placeholders of it that are asked for at a time.

    Where branches are so many and so long that they are more than STEPS operations, no others are walked.
    """

    STEPS = 1_000_000

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.steps = 0  # operations of branches that were walked
        self._once = Once()

    @property
    def waiting(self) -> Dict[Operation, List[Operation]]:
        """Who waits for an operation."""
        return self._once("waiting", self._find_waiting)

    @property
    def library(self) -> Dict[str, Any]:
        """The functions that it may call."""
        return self._once("library", lambda: library_of(self.graph.as_graph_def()))

    def _find_waiting(self) -> Dict[Operation, List[Operation]]:
        after: Dict[Operation, List[Operation]] = {}
        for op in self.graph.get_operations():
            for other in op.control_inputs:
                after.setdefault(other, []).append(op)
        return after


def inference_use(tensor: Tensor, whole: Optional[Whole] = None) -> Optional[Use]:
    """Return what a placeholder's use says of its value in inference, None where nothing or not one thing.

    Who asks for many placeholders of a graph gives one Whole of it for all.
    """
    if tensor.dtype.is_floating:
        uses = {_KEPT if kept else _DROPPED for kept in _shares(tensor, False, 0)}
        return uses.pop() if len(uses) == 1 else None
    return _choice(tensor, whole or Whole(tensor.graph))


# --- dropout


def _shares(tensor: Tensor, inverted: bool, depth: int) -> Iterator[bool]:
    """Yield, for each mask that a share is made to, whether the placeholder it comes from is the share kept."""
    if depth > 6:
        return
    for op in tensor.consumers():
        if op.type in _PASSING and op.inputs[0] is tensor:
            for out in op.outputs:
                yield from _shares(out, inverted, depth + 1)
        elif op.type == "Sub" and op.inputs[1] is tensor and _number(op.inputs[0]) == 1:
            yield from _shares(op.outputs[0], not inverted, depth + 1)
        else:
            kept = _kept_by(op, tensor)
            if kept is not None:
                yield kept != inverted


def _kept_by(op: Operation, share: Tensor) -> Optional[bool]:
    """Whether an operation uses a share as the one kept (floor(keep + noise), noise < keep) or dropped; else None.

    TensorFlow to 1.12 adds it to noise, 1.13 and newer compare.
    """
    if op.type in ADDITIONS:
        noise = op.inputs[0] if op.inputs[1] is share else op.inputs[1]
        floors = [one for one in readers(op.outputs[0], _PASSING) if one.type == "Floor"]
        return True if _is_noise(noise) and any(_is_mask(one) for one in floors) else None
    if op.type not in _KEEPS_SMALL or not _is_mask(op):
        return None
    left, right = op.inputs
    if right is share and _is_noise(left):
        return _KEEPS_SMALL[op.type]
    return not _KEEPS_SMALL[op.type] if left is share and _is_noise(right) else None


def _is_mask(op: Operation) -> bool:
    """Whether what an operation gives is multiplied with something, or chooses from it."""
    return any(one.type in ("Mul", *SELECTS) for one in readers(op.outputs[0], _PASSING))


def _is_noise(tensor: Tensor) -> bool:
    """Whether a tensor is random and uniform in [0, 1)."""
    limits = _limits(tensor)
    return limits is not None and limits[0] >= 0 and limits[1] <= 1


def _limits(tensor: Tensor, depth: int = 0) -> Optional[Tuple[float, float]]:
    """Return between which numbers a tensor of uniform noise lies, None for any other tensor."""
    op = tensor.op
    if op.type in UNIFORM:
        return 0.0, 1.0
    if depth > 4:
        return None
    if op.type in _PASSING and op.inputs:
        return _limits(op.inputs[0], depth + 1)
    if op.type not in ("Mul", *ADDITIONS):
        return None
    for noise, other in ((op.inputs[0], op.inputs[1]), (op.inputs[1], op.inputs[0])):
        limits, number = _limits(noise, depth + 1), _number(other)
        if limits is not None and number is not None:
            low, high = ((one * number if op.type == "Mul" else one + number) for one in limits)
            return (low, high) if low <= high else None
    return None


def _number(tensor: Tensor, depth: int = 0) -> Optional[float]:
    """Return the value of a scalar constant, or of a difference of two, None for any other tensor."""
    op = tensor.op
    if op.type == "Const":
        value = tf.make_ndarray(op.get_attr("value"))
        return float(value) if np.size(value) == 1 else None
    if depth > 4:
        return None
    if op.type in ("Identity", "Enter", *SWITCHES):
        return _number(op.inputs[0], depth + 1)
    if op.type == "Sub":
        left, right = (_number(one, depth + 1) for one in op.inputs)
        return None if left is None or right is None else left - right
    return None


# --- branches


def _choice(tensor: Tensor, whole: Whole) -> Optional[Use]:
    """Return the value that chooses the branches of tf.cond that do not train, None where that is not one value."""
    values = set()
    for predicate, inverted in _predicates(tensor, False, 0):
        if whole.steps > whole.STEPS:
            return None
        switches = [op for op in predicate.consumers() if op.type in SWITCHES and op.inputs[1] is predicate]
        branches = [_branch(switches, output, whole) for output in (0, 1)]  # the branch of truth is output 1
        by_functions = [_untrained_function(op, whole) for op in predicate.consumers() if op.type in CONDS]
        for untrained in (_untrained(branches), _stored(switches, branches), *by_functions):
            if untrained is not None:
                values.add(bool(untrained) != inverted)
    return Use(values.pop(), "it chooses the branch that does not train") if len(values) == 1 else None


def _untrained(branches: List[Set[Operation]]) -> Optional[int]:
    """Return which of two branches does not train where the other does, None where both do, or neither."""
    return _only([any(_trains(op.node_def) for op in branch) for branch in branches])


def _untrained_function(cond: Operation, whole: Whole) -> Optional[int]:
    """Return the same of the branches of TensorFlow 2's control flow, which are functions."""
    library = whole.library
    branches = [functions_of(cond.get_attr(one).name, library) for one in ("else_branch", "then_branch")]
    return _only([any(_trains(node) for one in branch for node in library[one].node_def) for branch in branches])


def _only(trains: List[bool]) -> Optional[int]:
    return trains.index(False) if trains[0] != trains[1] else None


def _stored(switches: List[Operation], branches: List[Set[Operation]]) -> Optional[int]:
    """Return which branch gives a batch norm a stored variance where the other computes one, None where none does."""
    merges = {one for branch in branches for op in branch for one in consumers(op) if one.type in MERGES}
    for merge in sorted(merges, key=lambda op: op.name):
        after = readers(merge.outputs[0], (*_PASSING, *ADDITIONS))
        if len(merge.inputs) != 2 or not any(op.type == "Rsqrt" for op in after):
            continue
        computed: Dict[int, bool] = {}
        for one in merge.inputs:
            sides = [side for side in (0, 1) if one.op in branches[side]] if one.op not in switches else []
            side = sides[0] if len(sides) == 1 else one.value_index if one.op in switches else -1
            computed[side] = any(op.type in UNFED for op in postorder([one.op], _data))
        if sorted(computed) == [0, 1] and computed[0] != computed[1]:
            return 0 if computed[1] else 1
    return None


def _data(op: Operation) -> List[Operation]:
    """Return the operations that an operation's numbers come from: not what chooses between them."""
    return [one.op for one in (op.inputs[:1] if op.type in SWITCHES else op.inputs)]


def _predicates(tensor: Tensor, inverted: bool, depth: int) -> Iterator[Tuple[Tensor, bool]]:
    """Yield the tensors that are a truth value, or its contrary."""
    yield tensor, inverted
    if depth < 6:
        for op in tensor.consumers():
            if op.type in ("Identity", "Cast", "LogicalNot"):
                yield from _predicates(op.outputs[0], inverted != (op.type == "LogicalNot"), depth + 1)


def _branch(switches: List[Operation], output: int, whole: Whole) -> Set[Operation]:
    """Return the operations of one branch of a tf.cond: what its switches lead to, up to where the branches meet."""

    def following(op: Operation) -> List[Operation]:
        whole.steps += 1
        after = [*(one for out in op.outputs for one in out.consumers()), *whole.waiting.get(op, ())]
        return [one for one in after if one.type not in MERGES]

    starts = [one for switch in switches for one in switch.outputs[output].consumers() if one.type not in MERGES]
    return set(reachable(starts, following))


def _trains(node: NodeDef) -> bool:
    """Whether an operation does what only training does."""
    if node.op in FUSED_NORMS:
        return "is_training" not in node.attr or bool(node.attr["is_training"].b)
    return node.op in UPDATES or node.op.startswith(RANDOM_PREFIXES)
