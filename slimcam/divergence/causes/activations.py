"""Activations that lack, that stand twice, or that stand where another did."""

import math
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np

from ...graphs.op_types import RESTATING
from ...graphs.walk import readers, source
from ..drift import far
from ..sides import Found
from .case import TOLERANCE, Case
from .subgraph import Region

Function = Callable[[np.ndarray], np.ndarray]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))


def _softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


def _elu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _erf(x: np.ndarray) -> np.ndarray:
    """The error function to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26)."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    return np.sign(x) * (1 - series * np.exp(-x * x))


def _leaky(slope: float) -> Function:
    return lambda x: np.where(x > 0, x, slope * x)


ACTIVATIONS: Dict[str, Function] = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "softmax": _softmax,
    "elu": _elu,
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "softplus": _softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "swish": lambda x: x * _sigmoid(x),
    "hard sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "hard swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "gelu": lambda x: 0.5 * x * (1 + _erf(x / math.sqrt(2))),
    "gelu (by tanh)": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "leaky relu of 0.2": _leaky(0.2),
    "leaky relu of 0.3": _leaky(0.3),
    "leaky relu of 0.1": _leaky(0.1),
    "leaky relu of 0.01": _leaky(0.01),
    "exponential": lambda x: np.exp(np.minimum(x, 80)),
    "log": lambda x: np.log(np.maximum(x, 1e-37)),
}
# Which operation says that an activation is there.
OPERATIONS = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softmax": "softmax",
    "Elu": "elu",
    "Selu": "selu",
    "Softplus": "softplus",
    "Softsign": "softsign",
}
PARTS = ("Erf", "LeakyRelu", "Maximum", "Minimum", "Exp")  # what other activations are made of
MOST = 4  # tensors of a region where an activation is tried, besides those that it starts from


def missing(case: Case) -> Optional[Found]:
    """Put an activation after one of B's tensors."""
    tries = _inserted(case.b, case.a)
    return case.named("missing activation", ((f"B lacks a {what}", out) for what, out in tries))


def doubled(case: Case) -> Optional[Found]:
    """Leave out of B an activation that stands twice in a row; or put A's into A once more, which makes it B."""
    found = case.named("doubled activation", _left_out(case, True))
    if found is not None or _count(case.b) <= _count(case.a):
        return found
    tries = _inserted(case.a, case.b, list(case.parted.a.values.values()))
    made = ((f"B has a {what} (in A), which is one already", out) for what, out in tries)
    return case.named("doubled activation", made, case.b_value())


def extra(case: Case) -> Optional[Found]:
    """Leave out of B an activation; or put one into A, which makes it B: some are more than one operation."""
    found = case.named("extra activation", _left_out(case, False))
    if found is not None or _count(case.b) <= _count(case.a):
        return found
    tries = _inserted(case.a, case.b)
    made = ((f"B has a {what} (in A) that A has not", out) for what, out in tries)
    return case.named("extra activation", made, case.b_value())


def another(case: Case) -> Optional[Found]:
    """Put another activation in the place of B's."""
    return case.named("another activation", _exchanged(case))


def _count(region: Region) -> int:
    return len(region.of(*OPERATIONS, *PARTS))


def named(op: Any) -> str:
    """Return the activation that an operation is, "" for none."""
    return OPERATIONS.get(op.type, "")


def apply(name: str, array: np.ndarray) -> np.ndarray:
    """Return an activation of an array, in the array's own type."""
    with np.errstate(all="ignore"):
        return ACTIVATIONS[name](array.astype(np.float32)).astype(array.dtype)


def _first(region: Region) -> List[str]:
    """Return the names of all activations, those that a region has first."""
    there = {named(op) for op in region.ops}
    return sorted(ACTIVATIONS, key=lambda name: name not in there)


def _inserted(
    region: Region, model: Region, values: Optional[List[np.ndarray]] = None
) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    """Yield a region with an activation after one of its tensors, at first where a region that has one has it.

    Many places give the same: a sigmoid may stand before a max pool or after it. With `values`, an activation is put
    only after what is one of these after the same activation.
    """
    tensors = region.inner()
    count = len(region.starts)
    places = [*tensors[:count], *tensors[max(count, len(tensors) - MOST) :]]
    if not any(source(op.inputs[0], RESTATING) in model.starts for op in model.ops if named(op)):
        places.reverse()
    names = _first(model)
    for tensor in places:
        array = region.value(tensor)
        same = [one for one in values or () if one.shape == array.shape]
        for name in names if array.ndim >= 2 else ():
            if values is not None and not any(far(array, apply(name, one)) < TOLERANCE for one in same):
                continue
            yield f"{name} after {tensor.op.name}", region.run({tensor: apply(name, array)})


def _left_out(case: Case, twice: bool) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    for op in case.b.ops:
        if named(op) and twice == _beside_same(op):
            text = f"{named(op)} of {named(op)} in B" if twice else f"B has a {named(op)} that A has not"
            yield f"{text} ({op.name})", case.b.run({op.outputs[0]: case.b.value(op.inputs[0])})


def _beside_same(op: Any) -> bool:
    """Whether an activation reads one of its kind, or is read by one."""
    before = source(op.inputs[0], RESTATING).op
    return before.type == op.type or any(reader.type == op.type for reader in readers(op.outputs[0], RESTATING))


def _exchanged(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    for op in case.b.ops:
        if named(op):
            for name in _first(case.a):
                if name != named(op):
                    made = apply(name, case.b.value(op.inputs[0]))
                    yield f"{name} in A, {named(op)} in B", case.b.run({op.outputs[0]: made})
    # B's own may be more than one operation: any of its first tensors may be where it ends
    inner = [tensor for tensor in case.b.inner() if tensor not in case.b.starts] if _count(case.b) else []
    for start in case.b.starts:
        for tensor in inner[:MOST]:
            for name in _first(case.a) if case.b.value(tensor).shape == case.b.starts[start].shape else ():
                yield f"{name} in A", case.b.run({tensor: apply(name, case.b.starts[start])})
