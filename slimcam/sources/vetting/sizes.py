"""How much memory operations take that make much of little: constants of one number, fills, tiles, ranges.

What counts is what the file itself says; a size that is computed from the images is bounded when it runs.
"""

import math
import struct
from typing import Callable, Dict, Iterable, List, Mapping, Optional

from ..._types import Graph, NodeDef, Tensor
from ...errors import UntrustedModel
from ...graphs.graph_defs import op_name
from . import Finding, error_of
from .constants import KINDS, count_of
from .structure import CONSTANTS

# Bytes that a file's constants may come to beyond what it holds of them, and a tensor that it asks for.
MOST_BYTES = 1 << 30
MOST_VALUES = 1 << 31  # of a tensor of which TensorFlow finds the shape, for one image
_EACH = 4  # bytes of a value, where nothing says it
_ENDLESS = 1 << 62
_MOST_READ = 64  # numbers that a size is made of

Nodes = Mapping[str, NodeDef]


def problem_of_size(node: NodeDef, nodes: Nodes) -> str:
    """Return what a node asks for that is too large, in words that follow "which"; "" for nothing."""
    count = COUNTS[node.op](node, nodes) if node.op in COUNTS else None
    size = 0 if count is None else count * _bytes_of(node)
    return fills(size) if size > MOST_BYTES else ""


def fills(size: int) -> str:
    """Return what it means to take so many bytes, in words that follow "which"."""
    return f"fills {size / 2**30:.3g} GiB of memory"


def check_tensors(source: str, graph: Graph) -> None:
    """Raise UntrustedModel for a graph of which TensorFlow knows that a tensor in it is too large, of one image."""
    for op in graph.get_operations():
        if op.type not in _NO_LARGER:
            check_sizes(source, op.outputs)


def check_sizes(source: str, tensors: Iterable[Tensor], most: int = MOST_VALUES, where: str = "") -> None:
    """Raise UntrustedModel for a tensor of which TensorFlow knows that it has more than so many values, of one image.

    `where` is what it is called, where that is not the operation's name.
    """
    for tensor in tensors:
        count, shape = 1, tensor.shape
        for size in shape.as_list() if shape.rank else ():
            count *= size or 1
        if count > most:
            finding = Finding(where or tensor.op.name, tensor.op.type, fills(count * max(tensor.dtype.size or 1, 1)))
            raise UntrustedModel(error_of(source, [finding]), [finding])


# Common operations whose results are no larger than what they read, or are constants, which are counted as they are.
_NO_LARGER = frozenset(
    (
        *("Const", "Identity", "IdentityN", "Placeholder", "VarHandleOp", "ReadVariableOp", "NoOp", "Assert", "Switch"),
        *("Relu", "Relu6", "Sigmoid", "Tanh", "Softmax", "Rsqrt", "BiasAdd", "Reshape", "Squeeze", "ExpandDims"),
        *("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "MaxPool", "AvgPool", "Mean", "Sum", "Max"),
        *("Shape", "StridedSlice", "Slice", "Transpose", "Enter", "Exit", "NextIteration", "Merge"),
    )
)


def _bytes_of(node: NodeDef) -> int:
    for name in ("dtype", "T", "output_type", "Tidx"):
        if name in node.attr and node.attr[name].type in KINDS:
            return max(KINDS[node.attr[name].type].bytes, 1)
    return _EACH


def _numbers(node: NodeDef, index: int, nodes: Nodes, packed: bool = True) -> Optional[List[float]]:
    """Return the few numbers that an input holds, where the file says them: a constant, or, if `packed`, several."""
    one = nodes.get(op_name(node.input[index])) if index < len(node.input) else None
    for _ in range(8):  # operations that hand a tensor on
        if one is None or one.op not in ("Identity", "Cast", "Snapshot", "StopGradient"):
            break
        one = nodes.get(op_name(one.input[0])) if one.input else None
    if one is None:
        return None
    if one.op == "Pack":
        parts = [_numbers(one, i, nodes, False) for i in range(min(len(one.input), _MOST_READ))] if packed else []
        known = [part for part in parts if part is not None]
        return [number for part in known for number in part] if known else None  # the unknown count as one
    return _values(one) if one.op in CONSTANTS else None


def _values(node: NodeDef) -> Optional[List[float]]:
    """Return the numbers of a small sound constant."""
    count, tensor = count_of(node), node.attr["value"].tensor
    kind = KINDS[tensor.dtype]
    if count > _MOST_READ or not kind.bytes or kind.each > 1:
        return None
    if tensor.tensor_content:
        code = _CODES.get(tensor.dtype)
        return None if code is None else list(struct.unpack(f"<{count}{code}", tensor.tensor_content))
    values = list(getattr(tensor, kind.field, ()))
    return values + values[-1:] * (count - len(values)) if values else [0.0] * count


_CODES = {1: "f", 2: "d", 3: "i", 9: "q", 22: "I", 23: "Q"}  # types of sizes, as the struct module calls them


def _product(index: int) -> Callable[[NodeDef, Nodes], Optional[int]]:
    """Return what counts the values of a tensor whose shape, or a part of it, an input is."""

    def product(node: NodeDef, nodes: Nodes) -> Optional[int]:
        count = 1
        for number in _numbers(node, index, nodes) or ():
            count *= max(_whole(number), 1)
        return count

    return product


def _whole(number: float) -> int:
    """Return a size as a whole number: infinity, and what is no number, as one that nothing has."""
    return int(number) if math.isfinite(number) else _ENDLESS


def _of_range(node: NodeDef, nodes: Nodes) -> Optional[int]:
    start, limit, delta = (_numbers(node, i, nodes) for i in range(3))
    if not start or not limit or not delta or not delta[0]:
        return None
    return max(_whole((limit[0] - start[0]) / delta[0]), 0)


def _of_margins(node: NodeDef, nodes: Nodes) -> Optional[int]:
    """Return the product of what each axis is at least, padded before and after by the numbers of a table."""
    margins, count = _numbers(node, 1, nodes) or [], 1
    for before, after in zip(margins[::2], margins[1::2]):
        count *= max(_whole(before) + _whole(after), 1)
    return count


# By type, what counts the values that an operation makes, or some factor of them.
COUNTS: Dict[str, Callable[[NodeDef, Nodes], Optional[int]]] = {
    **dict.fromkeys(
        (
            *("Fill", "RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal", "Empty"),
            *("ParameterizedTruncatedNormal", "StatelessRandomUniform", "StatelessRandomNormal", "RandomGamma"),
            *("StatelessTruncatedNormal", "StatelessRandomUniformInt", "StatelessRandomUniformFullInt"),
            *("StatelessRandomUniformV2", "StatelessRandomNormalV2", "StatelessTruncatedNormalV2", "RandomPoissonV2"),
            *("StatelessRandomUniformIntV2", "StatelessRandomUniformFullIntV2", "Conv2DBackpropInput"),
        ),
        _product(0),
    ),
    **dict.fromkeys(
        (
            *("BroadcastTo", "Tile", "OneHot", "ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic"),
            *("ResizeArea", "TensorListReserve", "SparseToDense", "Multinomial"),
        ),
        _product(1),
    ),
    **dict.fromkeys(("LinSpace", "ScatterNd"), _product(2)),
    **dict.fromkeys(("TensorArrayV3", "TensorArrayV2", "TensorArray"), _product(0)),
    "CropAndResize": _product(3),
    "Range": _of_range,
    **dict.fromkeys(("Pad", "PadV2", "MirrorPad"), _of_margins),
}
