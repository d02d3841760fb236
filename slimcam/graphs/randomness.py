"""What is random in a graph: dropout, by all the ways in which it was ever written, and whatever else draws numbers.

A graph is read node by node, through a function from names to NodeDefs: so graphs before their import are read as those
after it, and as the bodies of functions. Whether a dropout or a branch is at work depends on numbers, `Value`, that are
read from the graph alone, or by a session with what it is fed.

    TensorFlow to 1.12   (x / keep) * floor(keep + uniform)
    1.13 to 2.13         (x * 1 / keep) * cast(uniform >= rate)
    from 2.14 on         select(uniform >= rate, x * 1 / keep, 0)
    by hand              x * cast(uniform < keep) / keep, x * select(uniform <= keep, 1, 0), a binomial as the mask
"""

from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .._tf import tf
from .._types import NodeDef
from .graph_defs import op_name
from .op_types import (
    ADDITIONS,
    COMPARISONS,
    DIVISIONS,
    RANDOM_PREFIXES,
    RANDOM_TYPES,
    RESTATING,
    SELECTS,
    UNIFORM,
)
from .walk import reachable

DRAWN_EVENLY = (*UNIFORM, "StatefulUniform")
# Where a binomial's inputs have how often it is drawn and how likely a one is; drawn once it is a mask.
BINOMIAL = {"StatelessRandomBinomial": (2, 3), "StatefulRandomBinomial": (3, 4)}
DEEPEST = 12  # operations from a product back to what it is made from
ROUNDING = 1e-4  # how far 1 / keep, in whatever precision, may be from what is divided by

Get = Callable[[str], Optional[NodeDef]]
Value = Callable[[str], Optional[float]]  # the number that a tensor is everywhere, None where that is not known


class Mask(NamedTuple):
    """A tensor that is `scale` with a chance of `keep`, and else 0."""

    random: str  # the operation that draws it
    keep: Optional[float]  # None: not known
    share: str  # the tensor that says it
    scale: float = 1.0


class Dropout(NamedTuple):
    """An operation that multiplies by a mask."""

    name: str
    mask: Mask
    kept: str  # the tensor that stands in its place where nothing is dropped
    factor: float = 1.0  # what that one is then still to be multiplied by


def is_random(op: str) -> bool:
    """Whether operations of a type draw numbers."""
    return op.startswith(RANDOM_PREFIXES) or op in RANDOM_TYPES


def has_constant_seed(node: NodeDef, get: Get) -> bool:
    """Whether a random operation gives the same numbers in each run: a stateless one whose seed is a constant."""
    if not node.op.startswith("Stateless"):
        return False
    seed = slice(1, 4) if node.op.endswith(("V2", "V3")) else slice(2, 3) if "Multinomial" in node.op else slice(1, 2)
    behind = reachable([op_name(name) for name in node.input[seed]], lambda name: _read_by(get(name)))
    read = [get(name) for name in behind]
    return all(one is not None and (one.op == "Const" or (one.input and not is_drawn(one))) for one in read)


def is_drawn(node: NodeDef) -> bool:
    """Whether a node draws numbers itself; what makes a generator's key of a seed, or the shape of others, does not."""
    if node.op.startswith("StatelessRandomGet") or node.op == "RandomDataset":
        return False
    return is_random(node.op) and not (node.op.startswith("Fractional") and node.attr["deterministic"].b)


def _data(node: NodeDef) -> List[str]:
    """Return what a node reads, without what it waits for."""
    return [name for name in node.input if not name.startswith("^")]


def _read_by(node: Optional[NodeDef]) -> List[str]:
    return [] if node is None else [op_name(name) for name in node.input]


# --- numbers


def constant_value(get: Get, read: Callable[[str], Optional[np.ndarray]]) -> Value:
    """Return the Value of a graph by its constants, and its variables as `read` gives them by name, None for others."""

    numbers: Dict[str, Optional[float]] = {}

    def value(name: str, most: int = DEEPEST) -> Optional[float]:
        if op_name(name) not in numbers:
            numbers[op_name(name)] = None if not most else work_out(op_name(name), most - 1)
        return numbers[op_name(name)]

    def work_out(name: str, most: int) -> Optional[float]:
        node = get(name)
        if node is None or node.op in ("VarHandleOp", "Const"):
            array = (
                tf.make_ndarray(node.attr["value"].tensor) if node is not None and node.op == "Const" else read(name)
            )
            return None if array is None else _one_number(array)
        inputs = _data(node)
        if node.op in (*RESTATING, "ReadVariableOp", "StopGradient", "BroadcastTo"):
            return value(inputs[0], most)
        if node.op == "Fill":
            return value(inputs[1], most)
        if node.op in ("OnesLike", "ZerosLike"):
            return float(node.op == "OnesLike")
        function = _ARITHMETIC.get(node.op)
        if function is None or function.nin != len(inputs):  # the latter of a damaged graph
            return None
        operands: List[float] = []
        for one in inputs:
            number = value(one, most)
            if number is None:
                return None
            operands.append(number)
        with np.errstate(all="ignore"):
            return float(function(*map(np.float64, operands)))

    return value


_ARITHMETIC: Dict[str, np.ufunc] = {
    **dict.fromkeys(ADDITIONS, np.add),
    **dict.fromkeys(DIVISIONS, np.divide),
    **dict.fromkeys(("Reciprocal", "Inv"), np.reciprocal),
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Neg": np.negative,
    "LogicalNot": np.logical_not,
    "LogicalAnd": np.logical_and,
    "LogicalOr": np.logical_or,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
}


def _one_number(array: np.ndarray) -> Optional[float]:
    """Return the number that an array holds in every place, None where there are several."""
    if array.dtype.kind not in "fiub" or not array.size:
        return None
    first = array.reshape(-1)[0]
    return float(first) if (array == first).all() else None


# --- dropout


def dropouts(names: Iterable[str], get: Get, value: Value) -> Iterator[Dropout]:
    """Yield of the operations of these names those that multiply by a mask, whatever share it keeps."""
    for name in names:
        node = get(name)
        if node is None or node.op not in ("Mul", *SELECTS):
            continue
        inputs = _data(node)
        for masking, other in _sides(node.op, inputs, value):
            mask = _mask(masking, get, value)
            if mask is not None and value(other) is None and _mask(other, get, value) is None:
                yield _dropout(name, mask, other, get, value)
                break


def _sides(op: str, inputs: Sequence[str], value: Value) -> List[Tuple[str, str]]:
    """Return what may be a mask, and what it is laid on, of a product or a selection."""
    if op == "Mul":
        return [(inputs[0], inputs[1]), (inputs[1], inputs[0])]
    return [(inputs[0], inputs[1])] if value(inputs[2]) == 0 else []


def _dropout(name: str, mask: Mask, other: str, get: Get, value: Value) -> Dropout:
    """Return what is left of a product without its mask: what was scaled by 1 / keep before, as it was before that."""
    if mask.keep is None:
        return Dropout(name, mask, other)
    factor = mask.keep * mask.scale
    node = get(op_name(other))
    if abs(factor - 1) > ROUNDING and node is not None and node.op in ("Mul", *DIVISIONS):
        for scaled, scale in ((node.input[0], node.input[1]), (node.input[1], node.input[0])):
            number = value(scale)
            if number and (scale == node.input[1] or node.op == "Mul"):
                total = factor * (number if node.op == "Mul" else 1 / number)
                if abs(total - 1) <= ROUNDING:
                    return Dropout(name, mask, scaled)
    return Dropout(name, mask, other, 1.0 if abs(factor - 1) <= ROUNDING else factor)


def _mask(name: str, get: Get, value: Value, most: int = DEEPEST) -> Optional[Mask]:
    """Return what is known of a mask, None for a tensor that is none."""
    node = get(op_name(name))
    if node is None or not most or value(name) is not None:  # a number everywhere is none
        return None
    inputs = _data(node)
    if node.op in RESTATING:
        return _mask(inputs[0], get, value, most - 1)
    if node.op in BINOMIAL:
        count, chance = BINOMIAL[node.op]
        return Mask(node.name, value(inputs[chance]), inputs[chance]) if value(inputs[count]) == 1 else None
    if node.op == "Floor":
        return _floored(get(op_name(inputs[0])), get, value)
    if node.op in COMPARISONS:
        return _compared(node, get, value)
    if node.op == "LogicalNot":
        mask = _mask(inputs[0], get, value, most - 1)
        return mask and mask._replace(keep=None if mask.keep is None else 1 - mask.keep)
    if node.op in SELECTS and value(inputs[2]) == 0 and value(inputs[1]) is not None:
        mask = _mask(inputs[0], get, value, most - 1)
        return mask and mask._replace(scale=value(inputs[1]) or 0.0)
    if node.op in ("Mul", *DIVISIONS):
        for one, other in ((inputs[0], inputs[1]), *([(inputs[1], inputs[0])] if node.op == "Mul" else [])):
            number = value(other)  # first, so that only one of the two is followed: each has two again
            mask = _mask(one, get, value, most - 1) if number else None
            if mask is not None and number:
                return mask._replace(scale=mask.scale * (number if node.op == "Mul" else 1 / number))
    return None


def _floored(node: Optional[NodeDef], get: Get, value: Value) -> Optional[Mask]:
    """Return the mask floor(keep + uniform)."""
    if node is None or node.op not in ADDITIONS:
        return None
    for one, other in (node.input[:2], node.input[1::-1]):
        drawn = _uniform(one, get, value)
        if drawn is not None and drawn[1:] == (0.0, 1.0):
            return Mask(drawn[0], value(other), other)
    return None


def _compared(node: NodeDef, get: Get, value: Value) -> Optional[Mask]:
    """Return the mask of a comparison of uniform numbers with one: true with the chance that is kept."""
    for one, other, more in ((0, 1, node.op.startswith("Greater")), (1, 0, node.op.startswith("Less"))):
        drawn = _uniform(node.input[one], get, value)
        if drawn is not None:
            random, low, high = drawn
            number = value(node.input[other])
            below = None if number is None else min(max((number - low) / (high - low), 0.0), 1.0)
            keep = below if below is None or not more else 1 - below
            return Mask(random, keep, node.input[other])
    return None


def _uniform(name: str, get: Get, value: Value, most: int = DEEPEST) -> Optional[Tuple[str, float, float]]:
    """Return the operation that draws numbers, and the lowest and highest that they are made into; None for others."""
    node = get(op_name(name))
    if node is None or not most:
        return None
    if node.op in DRAWN_EVENLY:
        return node.name, 0.0, 1.0
    if node.op in RESTATING:
        return _uniform(node.input[0], get, value, most - 1)
    if node.op not in ("Mul", *ADDITIONS):
        return None
    for one, other in (node.input[:2], node.input[1::-1]):
        number = value(other)  # first, as in _mask
        drawn = None if number is None or value(one) is not None else _uniform(one, get, value, most - 1)
        if drawn is not None and number is not None:
            random, low, high = drawn
            return (random, low * number, high * number) if node.op == "Mul" else (random, low + number, high + number)
    return None
