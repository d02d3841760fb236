"""How a convolution or a pool is padded: SAME, VALID, or by numbers that a program gives.

With SAME, TensorFlow pads as little as the stride allows, and an odd pixel at the end; a ZeroPadding of (1, 1) before
a VALID convolution of stride 2 is another grid.
"""

import functools
import itertools
from typing import Iterator, List, Optional, Tuple

import numpy as np

from ..._types import NodeDef, Operation, Tensor
from ...graphs.op_types import PADS
from ...graphs.walk import data_format
from .case import Case, Trial, Trials
from .subgraph import Subgraph

PADDED = ("Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool")
MOST = 40  # trials of one operation

Pads = Tuple[Tuple[int, int], ...]  # rows before and after, columns before and after
Padding = Tuple[str, Pads]  # "SAME" or "VALID", after these pads
NONE: Pads = ((0, 0), (0, 0))


def change_padding(case: Case) -> Trials:
    """Pad what a convolution or a pool of B reads in other ways: SAME, VALID, or by numbers for each side."""
    theirs = _padded_ops(case.a)
    for i, op in enumerate(_padded_ops(case.b)):
        known = theirs[i] if i < len(theirs) and theirs[i].type == op.type else None
        bare, own = pads_of(case.b, op)
        array = case.b.value(bare)
        for kind, pads in _ways(bare, op, case.a, case.b, known):
            if (kind, pads) != own:
                larger = np.pad(array, ((0, 0), *pads, (0, 0)), mode="constant")
                change = functools.partial(_set_padding, name=op.name, kind=kind)
                text = f"{_describe(kind, pads)} in A, {_describe(*own)} in B"
                yield Trial(text, case.b.run_edited(change, {op.inputs[0]: larger}))


def _padded_ops(subgraph: Subgraph) -> List[Operation]:
    return [op for op in subgraph.of(*PADDED) if data_format(op) != "NCHW"]


def pads_of(subgraph: Subgraph, op: Operation) -> Tuple[Tensor, Padding]:
    """Return what an operation reads before it is padded, and its padding."""
    kind = op.get_attr("padding").decode()
    tensor = op.inputs[0]
    if kind == "EXPLICIT":
        numbers = [int(n) for n in op.get_attr("explicit_paddings")]
        return tensor, ("VALID", ((numbers[2], numbers[3]), (numbers[4], numbers[5])))
    if tensor.op.type in PADS and tensor.op in subgraph.among:
        table = subgraph.value(tensor.op.inputs[1])
        return tensor.op.inputs[0], (kind, tuple((int(one), int(two)) for one, two in table[1:3]))
    return tensor, (kind, NONE)


def _ways(bare: Tensor, op: Operation, a: Subgraph, b: Subgraph, known: Optional[Operation]) -> Iterator[Padding]:
    """Yield paddings, that of A's operation first; then those that give its size, where that is known."""
    if known is not None:
        yield pads_of(a, known)[1]
    yield from (("SAME", NONE), ("VALID", NONE))
    size = b.value(bare).shape[1:3]
    wanted = a.value(known.outputs[0]).shape[1:3] if known is not None else ()
    reach, strides = _reach(b, op), op.get_attr("strides")[1:3]
    sides: List[List[Tuple[int, int]]] = []
    for axis in (0, 1):
        pairs = [(p, q) for p in range(reach[axis]) for q in range(reach[axis]) if abs(p - q) <= 1]
        gives = {pair: (size[axis] + sum(pair) - reach[axis]) // strides[axis] + 1 for pair in pairs}
        sides.append([pair for pair in pairs if not wanted or gives[pair] == wanted[axis]])
    both = [pads for pads in itertools.product(*sides) if pads != NONE]
    both.sort(key=lambda pads: (pads[0] != pads[1], sum(abs(p - q) for p, q in pads)))
    for pads in both[:MOST]:
        yield "VALID", pads


def _reach(subgraph: Subgraph, op: Operation) -> List[int]:
    """Return how many rows and columns an operation sees at once."""
    if "Pool" in op.type:
        return [int(n) for n in op.get_attr("ksize")[1:3]]
    kernel, dilations = subgraph.value(op.inputs[1]).shape[:2], op.get_attr("dilations")[1:3]
    return [(int(n) - 1) * int(d) + 1 for n, d in zip(kernel, dilations)]


def _set_padding(node: NodeDef, name: str, kind: str) -> None:
    if node.name == name:
        node.attr["padding"].s = kind.encode()
        if "explicit_paddings" in node.attr:
            del node.attr["explicit_paddings"].list.i[:]


def _describe(kind: str, pads: Pads) -> str:
    if pads == NONE:
        return kind
    same = len({number for pair in pads for number in pair}) == 1
    numbers = str(pads[0][0]) if same else str(pads[0] if pads[0] == pads[1] else pads)
    return f"{kind} after pads of {numbers}"
