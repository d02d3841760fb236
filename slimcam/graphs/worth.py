"""Which tensors of a `tf.Graph` are layers worth explaining: maps that all ways to the score pass, one of each block.

As in `walk`, nothing here runs or changes a graph, and nothing here imports TensorFlow.
"""

from typing import Dict, List, Optional, Sequence

from .._types import Operation, Tensor
from . import op_types
from .walk import after, between, data_format, gates_in

_MOST_WALKED = 2_000_000  # operations, on the ways from the ends of a graph to its inputs

# What is_split() tells of a tensor, as the end of a message.
SPLIT = (
    "is inside a dilated convolution, which lays its places out as several images; name what comes after its "
    "BatchToSpaceND"
)

# Tensors of these say less than what they were made from: coarser, padded, transposed, or split.
_NOT_WORTH = frozenset(
    (
        *("AvgPool", "Mean", "LRN", "ResizeBilinear", "Reshape", "Squeeze", "ExpandDims", "Cast", "Const", "Transpose"),
        *(*op_types.MAX_POOLS, *op_types.PADS, *op_types.PLACEHOLDERS),
    )
)

# What makes the same numbers in another size, order or scale, or some of them.
_RESTATING_MAPS = frozenset(
    (
        *("Slice", "StridedSlice"),
        *(*op_types.RESIZES, *op_types.PROBABILITIES, *op_types.RESTATING, *op_types.REARRANGING),
    )
)


def worth_explaining(start: Tensor, end: Tensor, itself: bool = True) -> List[Tensor]:
    """Return four-dimensional tensors with more than one place, the last of its block each, nearest to `end` first.

    What comes after crops, of which an image has several, is left out; without `itself` also an `end` that is such a
    map, back to its last convolution: what says no more than a score of it does.
    """
    order = between([start], end)
    crops = [op for op in order if op.type in op_types.CROPS]
    left_out = {*crops, *after(crops), *(() if itself else _head(end))}
    worth = []
    split: Dict[Operation, bool] = {}
    following: Optional[Operation] = None
    for op in gates_in(order):
        reader, following = following, op if is_map(op) else None
        if following is None or op in left_out or op.type in _NOT_WORTH:
            continue
        same_block = reader is not None and reader.type in op_types.SAME_BLOCK and _feeds(op, reader)
        same_image = op is start.op or (op.type == "Identity" and op.inputs[0].op is start.op)
        if not (same_block or same_image or is_split(op, split)):
            worth.append(op.outputs[0])
    return worth


def worth_for_ends(starts: Sequence[Tensor], ends: Sequence[Tensor], operations: int) -> List[Tensor]:
    """Return what is worth explaining from each start to each end in turn, and then the ends that are maps themselves.

    Of a graph of so many `operations` that the ways to all of its ends would take minutes, those to the first are
    walked.
    """
    most = max(_MOST_WALKED // (operations * max(len(starts), 1)), 1)
    tensors: List[Tensor] = []
    last: List[Tensor] = []
    for start in starts:
        for end in ends[:most]:
            before = worth_explaining(start, end, False)
            tensors += before
            if is_map(end.op) or not before:
                last += worth_explaining(start, end, True)
    return tensors + last


def _head(end: Tensor) -> List[Operation]:
    """Return what makes a map of scores, from its last convolution on; [] where what makes `end` is no such thing.

    It may be resized, reshaped, cut, and with a bias or an activation.
    """
    head = []
    op: Optional[Operation] = end.op
    while op is not None:
        head.append(op)
        if op.type in (*op_types.CONVOLUTIONS, *op_types.DEPTHWISE, *op_types.DECONVOLUTIONS):
            return head
        large = [one.op for one in op.inputs if one.shape.rank is None or one.shape.rank > 1]
        passing = op.type in op_types.SAME_BLOCK or op.type in _RESTATING_MAPS
        op = large[0] if passing and len(large) == 1 else None
    return head if is_map(end.op) else []


def _feeds(op: Operation, reader: Operation) -> bool:
    """Whether `reader` takes `op` and else only small things, as a bias or a norm's statistics."""
    others = [t for t in reader.inputs if t.op is not op]
    return len(others) < len(reader.inputs) and all((t.shape.rank or 0) <= 1 for t in others)


def is_map(op: Operation) -> bool:
    """Whether an operation gives a 4-D tensor with more than one place."""
    shape = op.outputs[0].shape if op.outputs else None
    if shape is None or shape.rank != 4:
        return False
    dims = shape.as_list()
    if all(size is None or size > 1 for size in dims[1:]):
        return True  # whatever the order is, which takes a look at several nodes
    places = dims[2:] if data_format(op) == "NCHW" else dims[1:3]
    return all(size is None or size > 1 for size in places)


def is_split(op: Operation, known: Optional[Dict[Operation, bool]] = None) -> bool:
    """Whether rows are parts of images, every d-th pixel, as between the two ends of a dilated convolution.

    `known` is what this said of other operations, and is added to: who asks for many walks each way once.
    """
    known = {} if known is None else known
    way: List[Operation] = []
    while op not in known:
        known[op] = op.type == "SpaceToBatchND"  # the loops of TensorFlow 1 are circles, which end nowhere
        way.append(op)
        maps = [tensor.op for tensor in op.inputs if tensor.shape.rank in (None, 4)]
        if op.type in ("SpaceToBatchND", "BatchToSpaceND") or not maps:
            break
        op = maps[0]
    known.update(dict.fromkeys(way, known[op]))
    return known[op]
