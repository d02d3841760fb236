"""The gradient of one operation alone, as TensorFlow has it."""

from typing import List, Optional, Sequence

from ..._tf import gradient_of, tf
from ..._types import Operation, Tensor

_SAME = ("Identity", "StopGradient", "PreventGradient", "PlaceholderWithDefault", "CheckNumerics", "Snapshot")


def vjp(op: Operation, inputs: Sequence[Tensor], given: Sequence[Optional[Tensor]]) -> List[Tensor]:
    """Return what an operation gives back to some of its inputs for what its outputs are given.

    An input that gets nothing back gets zeros.
    """
    if op.type in _SAME:
        return [given[0]]
    if op.type == "IdentityN":
        return [tf.zeros_like(one) if back is None else back for one, back in zip(op.inputs, given)]
    back = gradient_of(op, given)
    shares = [next(got for got, read in zip(back, op.inputs) if read is one) for one in inputs]
    return [tf.zeros_like(one) if got is None else got for one, got in zip(inputs, shares)]
