"""Operators of .tflite files that change shapes. A size of 1 that stands for the one image of a run is opened to any.

That does nothing to one image: a dimension of size 1 is taken whole, or kept, where the file says 1.
"""

from typing import Any, Callable, List, Sequence

import numpy as np

from .._tf import tf
from .._types import Tensor
from ..errors import ModelError
from .tflite_operator import Operator


def reshape(op: Operator) -> Tensor:
    """RESHAPE: to a constant shape, of which the first size is opened where the rest is what one image has."""
    if op.has(1) and not op.is_constant(1):
        return tf.reshape(op.input(0), op.input(1))
    sizes = op.numbers(1) if op.has(1) else [int(n) for n in op.options("ReshapeOptions").NewShapeAsNumpy()]
    own = [size or 0 for size in op.shape(0)]
    values = int(np.prod(own, dtype=np.int64))
    if own[:1] == [1] and sizes[:1] == [1] and values:
        sizes[0] = -1
        rest = [size for size in sizes[1:] if size != -1]  # they say which the open one is, if there is one
        sizes[1:] = [values // int(np.prod(rest, dtype=np.int64)) if size == -1 else size for size in sizes[1:]]
    return tf.reshape(op.input(0), sizes)


def squeeze(op: Operator) -> Tensor:
    """SQUEEZE: the dimensions named, or all that are of size 1 in the file."""
    options = op.options("SqueezeOptions")
    named = [int(i) for i in options.SqueezeDimsAsNumpy()] if options.SqueezeDimsLength() else []
    return tf.squeeze(op.input(0), named or [i for i, size in enumerate(op.shape(0)) if size == 1])


def slice_(op: Operator) -> Tensor:
    """SLICE: from begin, so many of each dimension."""
    if not (op.is_constant(1) and op.is_constant(2)):
        return tf.slice(op.input(0), op.input(1), op.input(2))
    begin, sizes = op.numbers(1), op.numbers(2)
    if op.shape(0)[:1] == [1] and begin[:1] == [0] and sizes[:1] == [1]:
        sizes[0] = -1
    return tf.slice(op.input(0), begin, sizes)


def strided_slice(op: Operator) -> Tensor:
    """STRIDED_SLICE, as Python slices, by TensorFlow's own masks."""
    options = op.options("StridedSliceOptions")
    begin, end, strides = ([*op.numbers(i)] if op.is_constant(i) else op.input(i) for i in (1, 2, 3))
    if getattr(options, "Offset", bool)():  # newer files only
        raise ModelError("its ends are offsets, which TensorFlow's slices do not have")
    masks = options.BeginMask(), options.EndMask()
    first = 1 & (options.EllipsisMask() | options.NewAxisMask() | options.ShrinkAxisMask())
    whole = isinstance(begin, list) and isinstance(end, list) and isinstance(strides, list)
    if whole and not first and op.shape(0)[:1] == [1] and (begin[0], end[0], strides[0]) == (0, 1, 1):
        masks = masks[0] | 1, masks[1] | 1
    return tf.strided_slice(
        op.input(0),
        begin,
        end,
        strides,
        begin_mask=masks[0],
        end_mask=masks[1],
        ellipsis_mask=options.EllipsisMask(),
        new_axis_mask=options.NewAxisMask(),
        shrink_axis_mask=options.ShrinkAxisMask(),
    )


def broadcast_to(op: Operator) -> Tensor:
    """BROADCAST_TO: a shape, of which the first size is opened where it is 1 before and after."""
    tensor = op.input(0)
    if not op.is_constant(1):
        return tf.broadcast_to(tensor, op.input(1))
    sizes: List[Any] = op.numbers(1)
    if len(sizes) == len(op.shape(0)) and op.shape(0)[:1] == [1] and sizes[0] == 1:
        sizes[0] = tf.shape(tensor)[0]
    return tf.broadcast_to(tensor, sizes)


def pad(op: Operator) -> Tensor:
    """PAD with zeros, PADV2 with a value."""
    margins = op.array(1) if op.is_constant(1) else op.input(1)
    if not op.has(2):
        return tf.pad(op.input(0), margins)
    return tf.raw_ops.PadV2(input=op.input(0), paddings=margins, constant_values=op.input(2))


def mirror_pad(op: Operator) -> Tensor:
    """MIRROR_PAD: without (REFLECT) or with the edge itself (SYMMETRIC)."""
    return tf.pad(op.input(0), op.array(1), ("REFLECT", "SYMMETRIC")[op.options("MirrorPadOptions").Mode()])


def reduce(name: str) -> Callable[[Operator], Tensor]:
    """Return the row of a reduction, `reduce_mean` say."""

    def row(op: Operator) -> Tensor:
        keep = op.options("ReducerOptions").KeepDims()
        return getattr(tf, name)(op.input(0), op.numbers(1), keepdims=bool(keep))

    return row


def resize(name: str, options: str) -> Callable[[Operator], Tensor]:
    """Return the row of a resize, `ResizeBilinear` say; corners and centres are meant as TensorFlow means them."""

    def row(op: Operator) -> Tensor:
        how = op.options(options)
        return getattr(tf.raw_ops, name)(
            images=op.input(0),
            size=op.numbers(1) if op.is_constant(1) else op.input(1),
            align_corners=bool(how.AlignCorners()),
            half_pixel_centers=bool(how.HalfPixelCenters()),
        )

    return row


def concatenate(op: Operator) -> Tensor:
    """CONCATENATION along an axis."""
    return tf.concat(op.inputs(), op.options("ConcatenationOptions").Axis())


def pack(op: Operator) -> Tensor:
    """PACK: tensors along a new axis."""
    return tf.stack(op.inputs(), op.options("PackOptions").Axis())


def _check_count(op: Operator, count: int) -> None:
    """Raise ModelError for other than as many parts as there are outputs: TensorFlow would make them all."""
    if count != len(op.own.outputs):
        raise ModelError(f"{count} parts for {len(op.own.outputs)} outputs")


def unpack(op: Operator) -> Sequence[Tensor]:
    """UNPACK: a tensor for each index of an axis."""
    options = op.options("UnpackOptions")
    _check_count(op, options.Num())
    return tf.unstack(op.input(0), options.Num(), options.Axis())


def split(op: Operator) -> Sequence[Tensor]:
    """SPLIT: equal parts along the axis that comes first."""
    count = op.options("SplitOptions").NumSplits()
    _check_count(op, count)
    return tf.split(op.input(1), count, op.numbers(0)[0])


def split_v(op: Operator) -> Sequence[Tensor]:
    """SPLIT_V: parts of given sizes along an axis."""
    return tf.split(op.input(0), op.numbers(1), op.numbers(2)[0])


def gather(op: Operator) -> Tensor:
    """GATHER along an axis, within so many dimensions of batches."""
    options = op.options("GatherOptions")
    # one image has one row of indices; of more, each image takes all, if the file did not count it among the batches
    return tf.gather(op.input(0), op.input(1), axis=options.Axis(), batch_dims=options.BatchDims())


def rearrange_blocks(name: str, options: str) -> Callable[[Operator], Tensor]:
    """Return the row of SPACE_TO_DEPTH or DEPTH_TO_SPACE."""

    def row(op: Operator) -> Tensor:
        return getattr(tf.raw_ops, name)(input=op.input(0), block_size=op.options(options).BlockSize())

    return row
