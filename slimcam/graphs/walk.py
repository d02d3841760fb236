"""Read a `tf.Graph`: who comes before whom, by which path, and which tensors every path must pass.

Nothing here runs or changes a graph, and nothing here imports TensorFlow: operations are read by their attributes.
An operation is looked at through `op.inputs`, `op.control_inputs` and `tensor.consumers()`.

Two walks, `reachable` and `postorder`, are all there is: they are told what comes next, and so walk operations, nodes
of a GraphDef by their names, or anything else. `ancestors` is the third: it also knows the way.
"""

from collections import deque
from typing import Callable, Collection, Dict, Hashable, Iterable, List, Mapping, Optional, Sequence, TypeVar

from .._types import Operation, Tensor
from . import op_types

T = TypeVar("T", bound=Hashable)

# What scope_outputs makes of a path, so that a path of thousands of parts is not millions of names.
_MOST_SCOPES = 50
_MOST_PARTS = 10  # of a name that is no whole path


def reachable(starts: Iterable[T], after: Callable[[T], Iterable[T]]) -> List[T]:
    """Return `starts` and all that is reached from them by `after`, in the order of a walk into depth, last first."""
    order: Dict[T, None] = {}
    stack = list(starts)
    while stack:
        one = stack.pop()
        if one not in order:
            order[one] = None
            stack.extend(after(one))
    return list(order)


def postorder(ends: Iterable[T], before: Callable[[T], Iterable[T]]) -> List[T]:
    """Return `ends` and all that is reached from them by `before`, each after what comes before it, first in first."""
    order: List[T] = []
    seen = set()
    stack = [(one, False) for one in list(ends)[::-1]]
    while stack:
        one, done = stack.pop()
        if done:
            order.append(one)
        elif one not in seen:
            seen.add(one)
            stack.append((one, True))
            stack.extend((other, False) for other in list(before(one))[::-1])
    return order


def ancestors(fetches: Iterable[Tensor], cut: Collection[str] = ()) -> Dict[Operation, Optional[Operation]]:
    """Map each operation that `fetches` depend on, by control too, to the next one on a shortest way to a fetch.

    The walk does not go behind a tensor whose name is in `cut`; the operation of a fetch maps to None.
    """
    toward: Dict[Operation, Optional[Operation]] = {}
    queue: deque = deque()
    for op in read_by(fetches, cut):
        if op not in toward:
            toward[op] = None
            queue.append(op)
    while queue:
        op = queue.popleft()
        for other in read_by(op.inputs, cut) + list(op.control_inputs):
            if other not in toward:
                toward[other] = op
                queue.append(other)
    return toward


def read_by(tensors: Iterable[Tensor], cut: Collection[str] = ()) -> List[Operation]:
    """Return the operations that give tensors, those named in `cut` left out."""
    return [tensor.op for tensor in tensors if not cut or tensor.name not in cut]


def consumers(op: Operation) -> List[Operation]:
    """Return the operations that read an operation's outputs."""
    return [reader for out in op.outputs for reader in out.consumers()]


def flow(ends: Iterable[Tensor], cut: Collection[str] = ()) -> List[Operation]:
    """Return the operations whose numbers tensors are made from, each after those that it reads.

    None is behind a tensor whose name is in `cut`; control edges are not followed.
    """
    return postorder(read_by(ends, cut), lambda op: read_by(op.inputs, cut))


def near(op: Operation, steps: int, enter: Callable[[Operation], bool] = lambda op: True) -> List[Operation]:
    """Return an operation and those that it reads by at most so many steps, as far as `enter` lets them in."""
    order: Dict[Operation, None] = {}
    edge = [op]
    for _ in range(steps + 1):
        edge = [one for one in dict.fromkeys(edge) if one not in order and enter(one)]
        order.update(dict.fromkeys(edge))
        edge = [other for one in edge for other in read_by(one.inputs)]
    return list(order)


def source(tensor: Tensor, passing: Collection[str]) -> Tensor:
    """Return the tensor that this one is made from, back over operations of the types `passing`."""
    while tensor.op.type in passing and tensor.op.inputs:
        tensor = tensor.op.inputs[0]
    return tensor


def readers(tensor: Tensor, passing: Collection[str]) -> List[Operation]:
    """Return the operations that read a tensor, on over operations of the types `passing`."""
    known: Dict[Operation, None] = {}
    stack: List[Operation] = tensor.consumers()[::-1]
    while stack:
        op = stack.pop()
        if op not in known and op.type in passing:
            stack += op.outputs[0].consumers()[::-1]
        known[op] = None
    return [op for op in known if op.type not in passing]


def is_of_unit_length(tensor: Tensor) -> bool:
    """Whether a tensor's rows are divided by their lengths, as embeddings are: x rsqrt(sum x²), or x / sqrt(sum x²)."""
    op = source(tensor, op_types.RESTATING).op
    if op.type == "Mul":
        roots = [source(one, op_types.RESTATING).op for one in op.inputs]
        lengths = [root for root in roots if root.type == "Rsqrt"]
    else:
        below = op.inputs[1:2] if op.type in op_types.DIVISIONS else []
        roots = [source(one, (*op_types.RESTATING, "Maximum", *op_types.ADDITIONS)).op for one in below]
        lengths = [root for root in roots if root.type == "Sqrt"]
    return any(one.type == "Sum" for length in lengths for one in near(length, 3))


def path(toward: Dict[Operation, Optional[Operation]], op: Operation, most: int = 9) -> str:
    """Return "score <- block <- … <- placeholder", the way from a fetch back to `op`, one name per scope."""
    names: List[str] = []
    step: Optional[Operation] = op
    while step is not None:
        last = step is op or toward[step] is None
        name = step.name if last else step.name.rsplit("/", 1)[0]
        if not names or names[-1] != name:
            names.append(name)
        step = toward[step]
    names.reverse()
    widest = [name for i, name in enumerate(names) if i == 0 or _top(name) != _top(names[i - 1])]
    if len(names) > most and len(widest) > 2:
        names = [name if name in (names[0], names[-1]) else _top(name) for name in widest]
    if len(names) > most:
        names[most // 2 : len(names) - most // 2] = ["…"]
    return " <- ".join(names)


def _top(name: str) -> str:
    return name.split("/")[0]


def after(starts: Iterable[Operation]) -> List[Operation]:
    """Return the operations that depend on any of the operations `starts`, by name, these left out."""
    return _after(starts, consumers)


def after_in(starts: Iterable[Operation], reading: Mapping[Operation, Sequence[Operation]]) -> List[Operation]:
    """Return what `after` does, given who reads what (`all_consumers`): faster where most of a graph comes after."""
    return _after(starts, lambda op: reading.get(op, ()))


def _after(starts: Iterable[Operation], reading: Callable[[Operation], Iterable[Operation]]) -> List[Operation]:
    first = [reader for start in starts for reader in reading(start)]
    return sorted(reachable(first, reading), key=lambda op: op.name)


def dependents(starts: Iterable[Operation], ops: Collection[Operation]) -> List[Operation]:
    """Return `starts` and those of `ops` that depend on them, by control too."""
    waiting: Dict[Operation, List[Operation]] = {}
    for op in ops:
        for before in [*read_by(op.inputs), *op.control_inputs]:
            waiting.setdefault(before, []).append(op)
    return reachable(starts, lambda op: waiting.get(op, ()))


def all_consumers(ops: Iterable[Operation]) -> Dict[Operation, List[Operation]]:
    """Map operations to those of `ops` that read them, by what these read: TensorFlow 1 is slow to tell readers."""
    reading: Dict[Operation, List[Operation]] = {}
    for op in ops:
        for before in read_by(op.inputs):
            reading.setdefault(before, []).append(op)
    return reading


def between(starts: Sequence[Tensor], *ends: Tensor) -> List[Operation]:
    """Return the operations on the ways from the tensors `starts` to tensors `ends`, in the order of the flow."""
    leads = {start.op: True for start in starts}
    made_from: Dict[Operation, List[Operation]] = {}

    def before(op: Operation) -> List[Operation]:
        made_from[op] = read_by(op.inputs)[::-1] if op not in leads and op.type not in op_types.SIZES else []
        return made_from[op]

    for op in postorder(read_by(ends), before):
        if op not in leads:
            leads[op] = any(leads.get(other, False) for other in made_from[op])
    return [op for op, leading in leads.items() if leading]


def _carries(op: Operation) -> bool:
    """Whether activations go on: a late Reshape that asks for the batch size of the input does not carry them."""
    return op.type not in op_types.SIZES and bool(op.outputs)


def gates(start: Tensor, end: Tensor) -> List[Operation]:
    """Return the operations that every way from `start` to `end` passes, nearest to `end` first.

    A concat is one, its branches are not: which is why a map belongs on `Mixed_7c` and not on one of its convolutions.
    """
    return gates_in(between([start], end))


def gates_in(order: Sequence[Operation]) -> List[Operation]:
    """Return what `gates` does, of the operations between two tensors as `between` returns them."""
    last = {before: i for i, op in enumerate(order) for before in read_by(op.inputs)}  # who reads an operation last
    passed = []
    reach = 0
    for i, op in enumerate(order):
        if reach <= i:
            passed.append(op)
        reach = max(reach, last.get(op, 0))
    return passed[::-1]


def data_format(op: Operation, most: int = 12) -> str:
    """Return "NCHW" or "NHWC", as the operation itself or the nearest one of its block before it declares."""
    for _ in range(most):
        declared = op.node_def.attr["data_format"].s.decode() if "data_format" in op.node_def.attr else ""
        if declared in ("NCHW", "NHWC"):
            return declared
        if op.type not in op_types.SAME_BLOCK and op.type not in ("ConcatV2", "AddN"):
            break
        maps = [t.op for t in op.inputs if t.shape.rank == 4]
        if not maps:
            break
        op = maps[0]
    return "NHWC"


def scope_outputs(ops: Iterable[Operation]) -> Dict[str, Dict[str, Tensor]]:
    """Map each scope of `ops`, by each end of its path, to the tensors in it that others of `ops` outside it read.

    Of a scope `a/b/c` those are found as `c`, `b/c` and `a/b/c`; each as tensors by their names. They are made in the
    scope from other tensors; one that nobody reads counts. Of very long paths only the innermost scopes have names.
    """
    among = dict.fromkeys(ops)
    leaving: Dict[str, Dict[str, Tensor]] = {}
    for op in among:
        if not (_carries(op) and op.inputs and op.outputs[0].dtype.is_floating):
            continue
        reading = [reader.name for reader in consumers(op) if reader in among]
        parts = op.name.split("/")[:-1]
        for depth in range(len(parts), max(len(parts) - _MOST_SCOPES, 0), -1):
            scope = "/".join(parts[:depth]) + "/"
            if reading and all(name.startswith(scope) for name in reading):
                break  # and so it leaves no scope around this one
            for start in {0, *range(max(depth - _MOST_PARTS, 0), depth)}:
                leaving.setdefault("/".join(parts[start:depth]), {})[op.outputs[0].name] = op.outputs[0]
    return leaving
