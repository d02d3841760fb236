"""Rules for windows that slide: convolutions, pools, resizes, and the two halves of a dilated convolution."""

from typing import List, Sequence, Tuple

import numpy as np

from ..._types import Operation
from .reach import Reach
from .rule import Constant, NoRule, Sights, ints, only
from .sight import Sight


def _space(op: Operation) -> Tuple[int, int]:
    """Return the dimensions of rows and columns by the operation's data_format."""
    attributes = op.node_def.attr
    layout = attributes["data_format"].s.decode() if "data_format" in attributes else "NHWC"
    if layout in ("", "NHWC", "NCHW"):
        return (2, 3) if layout == "NCHW" else (1, 2)
    raise NoRule(f"its layout is {layout}")


def _slid(
    op: Operation, sight: Sight, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> Sight:
    """Return the sight of windows that slide over rows and columns; all by dimension of the tensor but the kernel."""
    space, mode = _spatial(op, sight), op.get_attr("padding").decode()
    explicit = list(op.get_attr("explicit_paddings")) if mode == "EXPLICIT" else []

    def along(reach: Reach, i: int) -> Reach:
        dim = space[i]
        stride, dilation, extent = strides[dim], dilations[dim], (kernel[i] - 1) * dilations[dim] + 1
        before, after = (explicit[2 * dim], explicit[2 * dim + 1]) if explicit else (0, 0)
        if mode == "SAME":
            total = max((-(-reach.positions // stride) - 1) * stride + extent - reach.positions, 0)
            before, after = total // 2, total - total // 2
        count = (reach.positions + before + after - extent) // stride + 1
        return reach.window(kernel[i], stride, dilation, before, count)

    return sight.mapped(space, along)


def _spatial(op: Operation, sight: Sight) -> Tuple[int, int]:
    """Return the dimensions that windows slide along; raise NoRule where rows and columns run along others."""
    space = _space(op)
    if any(dim not in (None, own) for dim, own in zip(sight.dims, space)):
        raise NoRule("it slides along other dimensions than the rows and columns of the image")
    return space


def _ones(op: Operation, key: str) -> List[int]:
    return [int(one) for one in op.get_attr(key)] if key in op.node_def.attr else [1, 1, 1, 1]


def convolution(op: Operation, sights: Sights, known: Constant) -> Sight:
    kernel = op.inputs[1].shape.as_list()[:2]
    return _slid(op, only(sights), kernel, _ones(op, "strides"), _ones(op, "dilations"))


def pool(op: Operation, sights: Sights, known: Constant) -> Sight:
    if len(op.inputs) == 3:  # MaxPoolV2 takes its sizes as tensors
        sizes, strides = (ints(tensor, known) for tensor in op.inputs[1:])
    else:
        sizes, strides = _ones(op, "ksize"), _ones(op, "strides")
    return _slid(op, only(sights), [sizes[dim] for dim in _space(op)], strides, [1] * 4)


def deconvolution(op: Operation, sights: Sights, known: Constant) -> Sight:
    sight = only(sights, 2)
    space, mode = _spatial(op, sight), op.get_attr("padding").decode()
    sizes = op.outputs[0].shape.as_list()
    if None in [sizes[dim] for dim in space]:
        sizes = ints(op.inputs[0], known)
    strides, kernel = _ones(op, "strides"), op.inputs[1].shape.as_list()[:2]
    if mode == "EXPLICIT" or set(_ones(op, "dilations")) != {1}:
        raise NoRule("it is dilated, or pads by numbers of its own")

    def along(reach: Reach, i: int) -> Reach:
        count, stride = sizes[space[i]], strides[space[i]]
        total = max((reach.positions - 1) * stride + kernel[i] - count, 0) if mode == "SAME" else 0
        return reach.spread(kernel[i], stride, total // 2, count)

    return sight.mapped(space, along)


def resize(op: Operation, sights: Sights, known: Constant) -> Sight:
    """The pixels that TensorFlow's kernels read, by their own float32 arithmetic (core/kernels/image)."""
    sight = only(sights)
    sizes = ints(op.inputs[1], known)
    corners, centres = (
        bool(key in op.node_def.attr and op.get_attr(key)) for key in ("align_corners", "half_pixel_centers")
    )

    def along(reach: Reach, i: int) -> Reach:
        old, new = reach.positions, sizes[i]
        scale = np.float32((old - 1) / np.float32(new - 1) if corners and new > 1 else old / np.float32(new))
        places = np.arange(new, dtype=np.float32)
        if op.type == "ResizeNearestNeighbor":
            at = (places + np.float32(0.5)) * scale if centres else places * scale
            at = np.floor(at + np.float32(0.5)) if corners else np.floor(at)
            return reach.gather(np.clip(at, 0, old - 1).astype(int)[None])
        at = (places + np.float32(0.5)) * scale - np.float32(0.5) if centres else places * scale
        taps = np.stack([np.floor(at), np.ceil(at)])
        return reach.gather(np.clip(taps, 0, old - 1).astype(int))

    return sight.mapped(_spatial(op, sight), along)


def to_batch(op: Operation, sights: Sights, known: Constant) -> Sight:
    """Put every b-th row and column into an image of its own: half of a dilated convolution."""
    sight, blocks, amounts = only(sights), ints(op.inputs[1], known), known(op.inputs[2]).astype(int)

    def along(reach: Reach, i: int) -> Reach:
        at = (sight.dims[i] or 0) - 1  # blocks are of the dimensions from 1 on
        if not 0 <= at < len(blocks):
            return reach
        if len(reach.first) > 1:
            raise NoRule("it is inside another")
        return reach.padded(*amounts[at]).to_batch(blocks[at])

    return sight.mapped(sight.dims, along)


def from_batch(op: Operation, sights: Sights, known: Constant) -> Sight:
    sight, blocks, amounts = only(sights), ints(op.inputs[1], known), known(op.inputs[2]).astype(int)

    def along(reach: Reach, i: int) -> Reach:
        at = (sight.dims[i] or 0) - 1
        if not 0 <= at < len(blocks):
            return reach
        if len(reach.first) not in (1, blocks[at]):
            raise NoRule("what was put into the batch is not what is taken from it")
        whole = reach.from_batch() if len(reach.first) == blocks[at] else reach
        return whole.take(np.arange(amounts[at][0], whole.positions - amounts[at][1]))

    return sight.mapped(sight.dims, along)


def to_depth(op: Operation, sights: Sights, known: Constant) -> Sight:
    sight, block = only(sights), op.get_attr("block_size")
    return sight.mapped(
        _spatial(op, sight), lambda reach, _: reach.window(block, block, 1, 0, reach.positions // block)
    )


def from_depth(op: Operation, sights: Sights, known: Constant) -> Sight:
    sight, block = only(sights), op.get_attr("block_size")
    return sight.mapped(
        _spatial(op, sight), lambda reach, _: reach.gather(np.arange(reach.positions * block)[None] // block)
    )
