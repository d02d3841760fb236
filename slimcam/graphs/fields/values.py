"""Rules for what is done value by value, and for what mixes all values."""

from typing import List, Optional

from ..._types import Operation
from .. import op_types
from .rule import Constant, NoRule, Sights, join, only
from .sight import Sight


def each(op: Operation, sights: Sights, known: Constant) -> Sight:
    """Value by value; several inputs are broadcast, their last dimensions being one."""
    rank = op.outputs[0].shape.rank
    some = []
    for i, sight in sights.items():
        lower = op.inputs[i].shape.rank
        if lower != rank and sight.dims != (None, None):
            if None in (rank, lower):
                raise NoRule("its dimensions are not known")
            sight = sight.moved(lambda dim, more=rank - lower: dim + more)  # type: ignore[misc]
        some.append(sight)
    return join(some)


def first(op: Operation, sights: Sights, known: Constant) -> Sight:
    return only(sights)


def along_last(op: Operation, sights: Sights, known: Constant) -> Sight:
    """A softmax: each value depends on all along the last dimension."""
    sight, last = only(sights), op.inputs[0].shape.rank - 1
    rows, columns = (reach.everywhere() if dim == last else reach for reach, dim in zip(sight.reaches, sight.dims))
    return Sight((rows, columns), sight.dims)


def norm(op: Operation, sights: Sights, known: Constant) -> Sight:
    """In training a norm's mean and variance are those of all places."""
    sight = each(op, sights, known)
    if op.type in op_types.FUSED_NORMS and op.get_attr("is_training"):
        rows, columns = (reach.everywhere() for reach in sight.reaches)
        return Sight((rows, columns), sight.dims)
    return sight


def product_of_matrices(op: Operation, sights: Sights, known: Constant) -> Sight:
    """A dense layer on the last dimension keeps the others; any other product mixes all."""
    turned = any(key in op.node_def.attr and op.get_attr(key) for key in ("transpose_a", "adj_x"))
    rank = op.inputs[0].shape.rank
    if list(sights) == [0] and not turned and rank is not None and rank - 1 not in sights[0].dims:
        return sights[0]
    return join([sight.blind() for sight in sights.values()])


def forward(op: Operation, sights: Sights, known: Constant) -> List[Optional[Sight]]:
    """Several values that are each one of the inputs; None for one that does not depend on the image."""
    return [sights.get(i) for i in range(len(op.inputs))]
