"""How a convolution or a pool is padded: SAME, VALID, or by numbers that a program gives.

With SAME, TensorFlow pads as little as the stride allows, and an odd pixel at the end; a ZeroPadding of (1, 1) before
a VALID convolution of stride 2 is another grid.
"""

import itertools
from typing import Any, Iterator, List, Optional, Tuple

import numpy as np

from ...graphs.op_types import PADS
from ...graphs.walk import data_format
from ..sides import Found
from .case import Case
from .subgraph import Region

PADDED = ("Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool")
MOST = 40  # trials of one operation

Pads = Tuple[Tuple[int, int], ...]  # rows before and after, columns before and after
NONE: Pads = ((0, 0), (0, 0))


def padding(case: Case) -> Optional[Found]:
    """Pad what a convolution or a pool of B reads in other ways: SAME, VALID, or by given numbers on each side."""
    return case.named("padding", _padded(case))


def _padded(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    theirs = _padded_ops(case.a)
    for i, op in enumerate(_padded_ops(case.b)):
        known = theirs[i] if i < len(theirs) and theirs[i].type == op.type else None
        bare, own = pads_of(case.b, op)
        array = case.b.value(bare)
        for kind, pads in _ways(bare, op, case.a, case.b, known):
            if (kind, pads) != own:
                given = np.pad(array, ((0, 0), *pads, (0, 0)), mode="constant")
                change = lambda node, name=op.name, kind=kind: _set_padding(node, name, kind)  # noqa: E731
                made = case.b.rebuilt(change, {op.inputs[0]: given})
                yield f"{_said(kind, pads)} in A, {_said(*own)} in B", made


def _padded_ops(region: Region) -> List[Any]:
    return [op for op in region.of(*PADDED) if data_format(op) != "NCHW"]


def pads_of(region: Region, op: Any) -> Tuple[Any, Tuple[str, Pads]]:
    """Return what an operation reads before it is padded, and its padding: "SAME" or "VALID", after these pads."""
    kind = op.get_attr("padding").decode()
    tensor = op.inputs[0]
    if kind == "EXPLICIT":
        numbers = [int(n) for n in op.get_attr("explicit_paddings")]
        return tensor, ("VALID", ((numbers[2], numbers[3]), (numbers[4], numbers[5])))
    if tensor.op.type in PADS and tensor.op in region.among:
        table = region.value(tensor.op.inputs[1])
        return tensor.op.inputs[0], (kind, tuple((int(one), int(two)) for one, two in table[1:3]))
    return tensor, (kind, NONE)


def _ways(bare: Any, op: Any, a: Region, b: Region, known: Optional[Any]) -> Iterator[Tuple[str, Pads]]:
    """Yield paddings, that of A's operation first; then those that give its size, where that is known."""
    if known is not None:
        yield pads_of(a, known)[1]
    yield from (("SAME", NONE), ("VALID", NONE))
    size = b.value(bare).shape[1:3]
    made = a.value(known.outputs[0]).shape[1:3] if known is not None else ()
    reach, strides = _reach(b, op), op.get_attr("strides")[1:3]
    sides: List[List[Tuple[int, int]]] = []
    for axis in (0, 1):
        pairs = [(p, q) for p in range(reach[axis]) for q in range(reach[axis]) if abs(p - q) <= 1]
        gives = {pair: (size[axis] + sum(pair) - reach[axis]) // strides[axis] + 1 for pair in pairs}
        sides.append([pair for pair in pairs if not made or gives[pair] == made[axis]])
    both = [pads for pads in itertools.product(*sides) if pads != NONE]
    both.sort(key=lambda pads: (pads[0] != pads[1], sum(abs(p - q) for p, q in pads)))
    for pads in both[:MOST]:
        yield "VALID", pads


def _reach(region: Region, op: Any) -> List[int]:
    """Return how many rows and columns an operation sees at once."""
    if "Pool" in op.type:
        return [int(n) for n in op.get_attr("ksize")[1:3]]
    kernel, dilations = region.value(op.inputs[1]).shape[:2], op.get_attr("dilations")[1:3]
    return [(int(n) - 1) * int(d) + 1 for n, d in zip(kernel, dilations)]


def _set_padding(node: Any, name: str, kind: str) -> None:
    if node.name == name:
        node.attr["padding"].s = kind.encode()
        if "explicit_paddings" in node.attr:
            del node.attr["explicit_paddings"].list.i[:]


def _said(kind: str, pads: Pads) -> str:
    if pads == NONE:
        return kind
    same = len({number for pair in pads for number in pair}) == 1
    numbers = str(pads[0][0]) if same else str(pads[0] if pads[0] == pads[1] else pads)
    return f"{kind} after pads of {numbers}"
