"""Rules for the same numbers in other places: pads, concatenations, transpositions, slices, means over dimensions."""

from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from ..._types import Operation
from .reach import Reach, lay_end_to_end, unite
from .rule import Constant, NoRule, Sights, ints, join, only
from .sight import Sight


def pad(op: Operation, sights: Sights, known: Constant) -> Sight:
    sight, amounts = only(sights), known(op.inputs[1]).astype(int)
    mode = op.get_attr("mode").decode().lower() if op.type == "MirrorPad" else ""
    if not sight.laid_out:
        raise NoRule("rows and columns are one dimension")
    reaches = []
    for reach, dim in zip(sight.reaches, sight.dims):
        before, after = (0, 0) if dim is None else amounts[dim]
        reaches.append(reach.mirrored(before, after, mode) if mode else reach.padded(before, after))
    return Sight((reaches[0], reaches[1]), sight.dims)


def concat(op: Operation, sights: Sights, known: Constant) -> Sight:
    """Along channels a union; along rows or columns one after another."""
    numbers = range(1, len(op.inputs)) if op.type == "Concat" else range(len(op.inputs) - 1)
    axis = ints(op.inputs[0 if op.type == "Concat" else -1], known)[0] % op.outputs[0].shape.rank
    if all(axis not in sight.dims for sight in sights.values()):
        return join(list(sights.values()))
    some = [sights[i] for i in numbers if i in sights]
    if len(some) < len(numbers) or len({sight.dims for sight in some}) > 1 or not some[0].laid_out:
        raise NoRule("it lays rows or columns of different kinds end to end")
    along = some[0].dims.index(axis)
    rows, columns = (
        lay_end_to_end(each) if i == along else unite(each)
        for i, each in enumerate(zip(*(sight.reaches for sight in some)))
    )
    return Sight((rows, columns), some[0].dims)


def transpose(op: Operation, sights: Sights, known: Constant) -> Sight:
    order = ints(op.inputs[1], known)
    return only(sights).moved(order.index)


def reduce(op: Operation, sights: Sights, known: Constant) -> Sight:
    """A mean or maximum over dimensions."""
    rank = op.inputs[0].shape.rank
    gone = tuple(axis % rank for axis in ints(op.inputs[1], known))
    sight = only(sights).without(gone)
    kept = "keep_dims" in op.node_def.attr and op.get_attr("keep_dims")
    return sight if kept else _dropped(sight, gone)


def _dropped(sight: Sight, gone: Sequence[int]) -> Sight:
    """Return the sight of a tensor without some dimensions."""
    return sight.without(tuple(gone)).moved(lambda dim: dim - sum(one < dim for one in gone))


def squeeze(op: Operation, sights: Sights, known: Constant) -> Sight:
    shape = op.inputs[0].shape.as_list()
    gone = [dim % len(shape) for dim in op.get_attr("squeeze_dims")] or [i for i, n in enumerate(shape) if n == 1]
    return _dropped(only(sights), gone)


def expand(op: Operation, sights: Sights, known: Constant) -> Sight:
    axis = ints(op.inputs[1], known)[0] % op.outputs[0].shape.rank
    return only(sights).moved(lambda dim: dim + (dim >= axis))


def pack(op: Operation, sights: Sights, known: Constant) -> Sight:
    axis = op.get_attr("axis") % op.outputs[0].shape.rank
    return join(list(sights.values())).moved(lambda dim: dim + (dim >= axis))


def split(op: Operation, sights: Sights, known: Constant) -> Sight:
    """Parts along a dimension that is neither rows nor columns."""
    number = 1 if op.type == "Split" else 0
    sight = only(sights, number)
    if op.type == "Unpack":
        axis = op.get_attr("axis") % op.inputs[0].shape.rank
    else:
        axis = ints(op.inputs[0 if op.type == "Split" else 2], known)[0] % op.inputs[number].shape.rank
    if axis in sight.dims:
        raise NoRule("it takes rows or columns apart")
    return _dropped(sight, [axis]) if op.type == "Unpack" else sight


def part(op: Operation, sights: Sights, known: Constant) -> Sight:
    """Some positions of some dimensions: NumPy tells which, by the same index on an array of positions."""
    sight, index = only(sights), _index(op, known)
    sizes = [size or 1 for size in op.inputs[0].shape.as_list()]
    if not sight.laid_out:
        raise NoRule("rows and columns are one dimension")
    for reach, dim in zip(sight.reaches, sight.dims):
        if dim is not None:
            sizes[dim] = reach.positions
    reaches: List[Reach] = []
    dims: List[Optional[int]] = []
    for reach, dim in zip(sight.reaches, sight.dims):
        if dim is None or reach.positions == 1:
            reaches.append(reach)
            dims.append(None)
            continue
        positions = np.arange(reach.positions).reshape([-1 if i == dim else 1 for i in range(len(sizes))])
        part = np.broadcast_to(positions, sizes)[index]
        along = [i for i, step in enumerate(part.strides) if step]
        at = part[tuple(slice(None) if i in along else 0 for i in range(part.ndim))]
        reaches.append(reach.take(at.reshape(-1)))
        dims.append(along[0] if along else None)
    return Sight((reaches[0], reaches[1]), (dims[0], dims[1]))


def _index(op: Operation, known: Constant) -> Tuple[Any, ...]:
    if op.type == "Slice":
        return tuple(
            slice(begin, None if size < 0 else begin + size)
            for begin, size in zip(ints(op.inputs[1], known), ints(op.inputs[2], known))
        )
    masks = ["ellipsis_mask", "new_axis_mask", "shrink_axis_mask", "begin_mask", "end_mask"]
    ellipsis, new_axis, shrink, no_begin, no_end = (op.get_attr(mask) for mask in masks)
    index: List[Any] = []
    for i, (begin, end, step) in enumerate(zip(*(ints(tensor, known) for tensor in op.inputs[1:]))):
        bit = 1 << i
        if ellipsis & bit:
            index.append(Ellipsis)
        elif new_axis & bit:
            index.append(None)
        elif shrink & bit:
            index.append(begin)
        else:
            index.append(slice(None if no_begin & bit else begin, None if no_end & bit else end, step))
    return tuple(index)
