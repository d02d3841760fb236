"""The order in which kernels are stored: flipped, with their axes swapped, their channels in another order."""

import functools
import itertools
from typing import Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np

from ..._types import Operation, Tensor
from ...graphs.op_types import FLATTENING
from ...graphs.walk import source
from .case import Case, Trial, Trials
from .subgraph import Subgraph

READERS = ("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "MatMul", "BatchMatMul", "BatchMatMulV2")

Order = Callable[[np.ndarray], np.ndarray]
Orders = Iterator[Tuple[str, Order]]

_FLIPS: Dict[str, Order] = {
    "by 180 degrees": lambda kernel: kernel[::-1, ::-1],
    "upside down": lambda kernel: kernel[::-1],
    "left to right": lambda kernel: kernel[:, ::-1],
}
_SWAPS: Dict[str, Order] = {
    "height and width": lambda kernel: kernel.swapaxes(0, 1),
    "input and output channels": lambda kernel: kernel.swapaxes(2, 3),
    "height and width, and input and output channels": lambda kernel: kernel.transpose(1, 0, 3, 2),
    "height and width, and turned by 180 degrees": lambda kernel: kernel.swapaxes(0, 1)[::-1, ::-1],
    "height and width, and turned by 90 degrees": lambda kernel: kernel.swapaxes(0, 1)[::-1],
    "height and width, and turned by 270 degrees": lambda kernel: kernel.swapaxes(0, 1)[:, ::-1],
}


def flip(case: Case) -> Trials:
    """Flip B's kernels along their height, their width or both."""
    return _in_orders(case, _flips)


def transpose(case: Case) -> Trials:
    """Swap axes of B's kernels, or read them as if they had been stored with their axes in another order."""
    return _in_orders(case, _transposes)


def reorder(case: Case) -> Trials:
    """Reverse the channels of B's kernels, or put A's in B's place channel for channel."""
    return _in_orders(case, _reorders)


def _in_orders(case: Case, orders: Callable[[Case, Operation, np.ndarray], Orders]) -> Trials:
    """Try each of B's kernels in each other order, one at a time."""
    for op, tensor in kernels(case.b):
        kernel = case.b.value(tensor)
        tried = {kernel.tobytes()}
        for text, order in orders(case, op, kernel):
            other = order(kernel)
            if other.shape == kernel.shape and other.tobytes() not in tried:
                tried.add(other.tobytes())
                yield Trial(f"{text} ({op.name})", case.b.run({tensor: other}))


def kernels(subgraph: Subgraph) -> List[Tuple[Operation, Tensor]]:
    """Return the operations of a subgraph that read a kernel, each with it."""
    pairs = []
    for op in subgraph.of(*READERS):
        outside = [t for t in op.inputs if t.op not in subgraph.among and t not in subgraph.starts]
        fixed = [t for t in outside if t.dtype.is_floating]
        if len(fixed) == 1 and (fixed[0].shape.rank or 0) >= 2:
            pairs.append((op, fixed[0]))
    return pairs


def _flips(case: Case, op: Operation, kernel: np.ndarray) -> Orders:
    if kernel.ndim == 4:
        yield from _FLIPS.items()


def _transposes(case: Case, op: Operation, kernel: np.ndarray) -> Orders:
    if kernel.ndim == 2:
        yield "input and output swapped", lambda kernel: kernel.T
        yield "stored as output by input", lambda kernel: kernel.reshape(kernel.shape[::-1]).T
        yield from _flatten_orders(case.b, op)
        return
    for text, order in _SWAPS.items():
        yield f"{text} swapped", order
    for axes in itertools.permutations(range(4)):
        # the numbers as they lie in memory belong to a kernel of other axes
        yield f"stored with its axes in the order {axes}", functools.partial(_as_stored, axes=axes)


def _as_stored(kernel: np.ndarray, axes: Tuple[int, ...]) -> np.ndarray:
    """Return a kernel whose numbers lie in memory as those of one with its axes in another order."""
    return kernel.reshape([kernel.shape[i] for i in axes]).transpose(np.argsort(axes))


def _flatten_orders(subgraph: Subgraph, op: Operation) -> Orders:
    """Yield the order of a dense kernel for maps that were flattened with their channels first, and the reverse."""
    tensor = next(tensor for tensor in op.inputs if tensor.op in subgraph.among or tensor in subgraph.starts)
    maps = source(tensor, FLATTENING)
    if maps.shape.rank != 4:
        return
    h, w, c = subgraph.value(maps).shape[1:]
    if h * w == 1:
        return
    shapes = {"channels first": ((c, h, w), (1, 2, 0)), "channels last": ((h, w, c), (2, 0, 1))}
    for text, (shape, axes) in shapes.items():
        order = functools.partial(_moved_rows, shape=shape, axes=axes)
        yield f"B's rows are those of maps flattened with {text}", order


def _moved_rows(kernel: np.ndarray, shape: Tuple[int, ...], axes: Tuple[int, ...]) -> np.ndarray:
    """Return a dense kernel whose rows are for maps of a shape, for these with their axes in another order."""
    if kernel.shape[0] != np.prod(shape):
        return kernel
    return kernel.reshape(*shape, -1).transpose(*axes, 3).reshape(kernel.shape)


def _reorders(case: Case, op: Operation, kernel: np.ndarray) -> Orders:
    """Yield kernels with their input or output channels reversed, or in the order of A's same channels."""
    for axis, which in ((-2, "input"), (-1, "output")):
        yield f"{which} channels reversed", functools.partial(np.flip, axis=axis)
        for theirs in (case.a.value(tensor) for _, tensor in kernels(case.a)):
            order = _same_rows(theirs, kernel, axis) if theirs.shape == kernel.shape else None
            if order is not None:
                text = f"{which} channels in the order {_short(order)} of A's"
                yield text, functools.partial(np.take, indices=np.argsort(order), axis=axis)


def _same_rows(a: np.ndarray, b: np.ndarray, axis: int) -> Optional[List[int]]:
    """Return which channel of `a` each channel of `b` is, None where they are not the same ones."""
    rows = {row.tobytes(): i for i, row in enumerate(np.moveaxis(a, axis, 0))}
    same = [rows[row.tobytes()] for row in np.moveaxis(b, axis, 0) if row.tobytes() in rows]
    return same if len(set(same)) == b.shape[axis] else None


def _short(order: List[int]) -> str:
    return str(order) if len(order) <= 8 else str(order[:8])[:-1] + ", …]"
