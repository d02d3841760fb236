"""Read a `tf.Graph`: who comes before whom, by which path, and which tensors every path must pass.

Nothing here runs or changes a graph, and nothing here imports TensorFlow: operations are read by their attributes.
An operation is looked at through `op.inputs`, `op.control_inputs` and `tensor.consumers()`.
"""

from collections import deque
from typing import Any, Collection, Dict, Iterable, List, Optional, Sequence

from . import op_types

# What a convolution block still does to its output before the next block reads it.
_SAME_BLOCK = frozenset(
    (
        *("BiasAdd", "Identity", "Mul", "Sub", "RealDiv", "Maximum"),
        *(*op_types.NORMS, *op_types.ACTIVATIONS, *op_types.ADDITIONS),
    )
)

# Tensors of these say less than what they were made from: coarser, padded, or transposed.
_NOT_WORTH = frozenset(
    (
        *("AvgPool", "Mean", "LRN", "ResizeBilinear", "Reshape", "Squeeze", "ExpandDims", "Cast", "Const"),
        *(*op_types.MAX_POOLS, *op_types.PADS, *op_types.REARRANGING, *op_types.PLACEHOLDERS),
    )
)


def ancestors(fetches: Iterable[Any], cut: Collection[str] = ()) -> Dict[Any, Optional[Any]]:
    """Map each operation that `fetches` (tensors) depend on to the next one on a shortest way to a fetch.

    The walk does not go behind a tensor whose name is in `cut`; the operation of a fetch maps to None.
    """
    toward: Dict[Any, Optional[Any]] = {}
    queue: deque = deque()
    for tensor in fetches:
        if tensor.name not in cut and tensor.op not in toward:
            toward[tensor.op] = None
            queue.append(tensor.op)
    while queue:
        op = queue.popleft()
        before = [tensor.op for tensor in op.inputs if tensor.name not in cut]
        for other in before + list(op.control_inputs):
            if other not in toward:
                toward[other] = op
                queue.append(other)
    return toward


def path(toward: Dict[Any, Optional[Any]], op: Any, most: int = 9) -> str:
    """Return "score <- block <- … <- placeholder", the way from a fetch back to `op`, a name a scope."""
    names: List[str] = []
    step: Optional[Any] = op
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


def after(starts: Iterable[Any]) -> List[Any]:
    """Return the operations that depend on any of the operations `starts`, by name, these left out."""
    found: set = set()
    stack = list(starts)
    while stack:
        for out in stack.pop().outputs:
            fresh = [op for op in out.consumers() if op not in found]
            found.update(fresh)
            stack.extend(fresh)
    return sorted(found, key=lambda op: op.name)


def between(starts: Sequence[Any], end: Any) -> List[Any]:
    """Return the operations on the ways from the tensors `starts` to tensor `end`, in the order of the flow."""
    behind = ancestors([end], cut=[start.name for start in starts])
    order: List[Any] = []
    leads = {start.op: True for start in starts}
    first = list(leads)
    stack = [(end.op, False)]
    while stack:
        op, done = stack.pop()
        if done:
            leads[op] = _carries(op) and any(leads.get(tensor.op, False) for tensor in op.inputs)
            if leads[op]:
                order.append(op)
        elif op not in leads:
            leads[op] = False
            stack.append((op, True))
            if _carries(op):
                stack.extend((t.op, False) for t in op.inputs if t.op in behind or t.op in first)
    return first + order


def _carries(op: Any) -> bool:
    """Whether activations go on: a late Reshape that asks for the batch size of the input does not carry them."""
    return op.type not in op_types.SIZES and bool(op.outputs)


def gates(start: Any, end: Any) -> List[Any]:
    """Operations that every way from `start` to `end` passes, nearest to `end` first.

    A concat is one, its branches are not: which is why a map belongs on `Mixed_7c` and not on one of its convolutions.
    """
    order = between([start], end)
    position = {op: i for i, op in enumerate(order)}
    found = []
    reach = 0
    for i, op in enumerate(order):
        if reach <= i:
            found.append(op)
        after = [position[c] for out in op.outputs for c in out.consumers() if c in position]
        reach = max([reach, *after])
    return found[::-1]


def worth_explaining(start: Any, end: Any) -> List[Any]:
    """Four-dimensional tensors with more than one place, the last of its block each, nearest to `end` first."""
    passed = gates(start, end)
    found = []
    for i, op in enumerate(passed):
        same_block = i > 0 and passed[i - 1].type in _SAME_BLOCK and _feeds(op, passed[i - 1])
        same_image = op is start.op or (op.type == "Identity" and op.inputs[0].op is start.op)
        if is_map(op) and not same_block and op.type not in _NOT_WORTH and not same_image:
            found.append(op.outputs[0])
    return found


def _feeds(op: Any, after: Any) -> bool:
    """Whether `after` takes `op` and else only small things, as a bias or a norm's statistics."""
    others = [t for t in after.inputs if t.op is not op]
    return len(others) < len(after.inputs) and all((t.shape.rank or 0) <= 1 for t in others)


def is_map(op: Any) -> bool:
    """Whether an operation gives a 4-D tensor with more than one place."""
    shape = op.outputs[0].shape if op.outputs else None
    if shape is None or shape.rank != 4:
        return False
    dims = shape.as_list()
    places = dims[2:] if data_format(op) == "NCHW" else dims[1:3]
    return all(size is None or size > 1 for size in places)


def data_format(op: Any, most: int = 12) -> str:
    """Return "NCHW" or "NHWC", as the operation itself or the nearest one of its block before it declares."""
    for _ in range(most):
        declared = op.node_def.attr["data_format"].s.decode() if "data_format" in op.node_def.attr else ""
        if declared in ("NCHW", "NHWC"):
            return declared
        if op.type not in _SAME_BLOCK and op.type not in ("ConcatV2", "AddN"):
            break
        maps = [t.op for t in op.inputs if t.shape.rank == 4]
        if not maps:
            break
        op = maps[0]
    return "NHWC"


def scope_outputs(ops: Iterable[Any]) -> Dict[str, Dict[str, Any]]:
    """Map each scope of `ops`, by each end of its path, to the tensors in it that others of `ops` outside it read.

    Of a scope `a/b/c` those are found as `c`, `b/c` and `a/b/c`; each as tensors by their names. They are made in the
    scope from other tensors; one that nobody reads counts.
    """
    among = set(ops)
    found: Dict[str, Dict[str, Any]] = {}
    for op in among:
        if not (_carries(op) and op.inputs and op.outputs[0].dtype.is_floating):
            continue
        readers = [c.name for out in op.outputs for c in out.consumers() if c in among]
        parts = op.name.split("/")[:-1]
        for depth in range(len(parts), 0, -1):
            scope = "/".join(parts[:depth]) + "/"
            if readers and all(name.startswith(scope) for name in readers):
                break  # and so it leaves no scope around this one
            for start in range(depth):
                found.setdefault("/".join(parts[start:depth]), {})[op.outputs[0].name] = op.outputs[0]
    return found
