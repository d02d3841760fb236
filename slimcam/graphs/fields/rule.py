"""What rules have in common: what they take and return, the values of parameters, and sights joined into one."""

from typing import Callable, Dict, List, Optional, Sequence, Union

import numpy as np

from ..._tf import tf
from ..._types import Operation, Tensor
from .reach import unite
from .sight import Sight

Sights = Dict[int, Sight]
Constant = Callable[[Tensor], np.ndarray]
Rule = Callable[[Operation, Sights, Constant], Union[Sight, List[Optional[Sight]]]]


class NoRule(Exception):
    """What a rule does not know of an operation of its type."""


def constant(tensor: Tensor, value: Optional[Callable[[Tensor], np.ndarray]] = None) -> np.ndarray:
    """Return the value of a tensor that is a constant of the graph; else as `value` gives it, or raise NoRule."""
    array = tf.get_static_value(tensor)
    if array is not None:
        return np.asarray(array)
    if value is None:
        raise NoRule(f"the value of {tensor.name!r} is known in a run only")
    return np.asarray(value(tensor))


def is_constant(tensor: Tensor) -> bool:
    """Whether a tensor's value is known without a run."""
    return tf.get_static_value(tensor) is not None


def ints(tensor: Tensor, known: Constant) -> List[int]:
    return [int(one) for one in known(tensor).reshape(-1)]


def only(sights: Sights, number: int = 0) -> Sight:
    """Return the sight of the one input that may depend on the image."""
    if list(sights) != [number]:
        raise NoRule("weights or parameters depend on the image")
    return sights[number]


def join(some: Sequence[Sight]) -> Sight:
    dims = []
    for axis in range(2):
        along = {sight.dims[axis] for sight in some} - {None}
        if len(along) > 1:
            raise NoRule("rows of one input are not rows of the other")
        dims.append(along.pop() if along else None)
    rows, columns = (unite([sight.reaches[axis] for sight in some]) for axis in range(2))
    return Sight((rows, columns), (dims[0], dims[1]))
