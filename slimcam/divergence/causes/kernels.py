"""The order in which kernels are stored: turned round, with their axes swapped, their channels in another order."""

import functools
import itertools
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np

from ...graphs.op_types import FLATTENING
from ...graphs.walk import source
from ..sides import Found
from .case import Case
from .subgraph import Region

READERS = ("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "MatMul", "BatchMatMul", "BatchMatMulV2")

Order = Callable[[np.ndarray], np.ndarray]

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


def flipped(case: Case) -> Optional[Found]:
    """Flip B's kernels along their height, their width or both."""
    return case.named("flipped kernel", _tries(case, _flips))


def transposed(case: Case) -> Optional[Found]:
    """Swap axes of B's kernels, or read them as if they had been stored with their axes in another order."""
    return case.named("transposed kernel", _tries(case, _transposes))


def reordered(case: Case) -> Optional[Found]:
    """Reverse the channels of B's kernels, or put A's in B's place channel for channel."""
    return case.named("order of kernel channels", _tries(case, _reorders))


def _tries(case: Case, orders: Any) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    """Yield B's stage with each of its kernels in each other order, one a time."""
    for op, tensor in kernels(case.b):
        kernel = case.b.value(tensor)
        tried = {kernel.tobytes()}
        for text, order in orders(case, op, kernel):
            made = order(kernel)
            if made.shape == kernel.shape and made.tobytes() not in tried:
                tried.add(made.tobytes())
                yield f"{text} ({op.name})", case.b.run({tensor: made})


def kernels(region: Region) -> List[Tuple[Any, Any]]:
    """Return the operations of a region that read a kernel, each with it."""
    found = []
    for op in region.of(*READERS):
        fixed = [t for t in op.inputs if t.op not in region.among and t not in region.starts and t.dtype.is_floating]
        if len(fixed) == 1 and (fixed[0].shape.rank or 0) >= 2:
            found.append((op, fixed[0]))
    return found


def _flips(case: Case, op: Any, kernel: np.ndarray) -> Iterator[Tuple[str, Order]]:
    if kernel.ndim == 4:
        yield from _FLIPS.items()


def _transposes(case: Case, op: Any, kernel: np.ndarray) -> Iterator[Tuple[str, Order]]:
    if kernel.ndim == 2:
        yield "input and output swapped", lambda kernel: kernel.T
        yield "stored as output by input", lambda kernel: kernel.reshape(kernel.shape[::-1]).T
        yield from _flattened(case.b, op)
        return
    for text, order in _SWAPS.items():
        yield f"{text} swapped", order
    for axes in itertools.permutations(range(4)):
        # the numbers as they lie in memory belong to a kernel of other axes
        yield f"stored with its axes in the order {axes}", functools.partial(_stored, axes=axes)


def _stored(kernel: np.ndarray, axes: Tuple[int, ...]) -> np.ndarray:
    """Return a kernel whose numbers lie in memory as those of one with its axes in another order."""
    return kernel.reshape([kernel.shape[i] for i in axes]).transpose(np.argsort(axes))


def _flattened(region: Region, op: Any) -> Iterator[Tuple[str, Order]]:
    """Yield the order of a dense kernel for maps that were flattened with their channels first, and the reverse."""
    tensor = next(tensor for tensor in op.inputs if tensor.op in region.among or tensor in region.starts)
    maps = source(tensor, FLATTENING)
    if maps.shape.rank != 4:
        return
    h, w, c = region.value(maps).shape[1:]
    if h * w == 1:
        return
    shapes = {"channels first": ((c, h, w), (1, 2, 0)), "channels last": ((h, w, c), (2, 0, 1))}
    for text, (shape, axes) in shapes.items():

        def order(kernel: np.ndarray, shape: Any = shape, axes: Any = axes) -> np.ndarray:
            if kernel.shape[0] != np.prod(shape):
                return kernel
            return kernel.reshape(*shape, -1).transpose(*axes, 3).reshape(kernel.shape)

        yield f"B's rows are those of maps flattened with {text}", order


def _reorders(case: Case, op: Any, kernel: np.ndarray) -> Iterator[Tuple[str, Order]]:
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
    found = [rows.get(row.tobytes()) for row in np.moveaxis(b, axis, 0)]
    return None if None in found or len(set(found)) < len(found) else found  # type: ignore[return-value]


def _short(order: List[int]) -> str:
    return str(order) if len(order) <= 8 else str(order[:8])[:-1] + ", …]"
