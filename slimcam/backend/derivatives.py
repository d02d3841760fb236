"""Gradients of graph tensors and of KerasTensors, and what to say of one that does not exist."""

import re
import warnings
from typing import List, Optional, Sequence, Union

from .._tf import tf1
from .._types import BackendTensor, Tensor
from ..errors import TargetError
from ..graphs.walk import ancestors
from . import lowering
from .symbols import check_symbolic, in_one_graph, last_none, lower


def gradients(
    loss: BackendTensor, variables: Union[BackendTensor, Sequence[BackendTensor]]
) -> List[Optional[BackendTensor]]:
    """Return the gradient of `loss`, summed, by each of `variables`, in a list; None where it does not depend on one.

    Of a None it warns, with the way out. Raises TargetError for an eager tensor, an array or a model, which no graph
    leads to, and for an eager model's tensor that the loss does not depend on.
    """
    losses = list(loss) if isinstance(loss, (list, tuple)) else [loss]
    wanted = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    for one in losses:
        check_symbolic("K.gradients", "the loss", one)
    for i, one in enumerate(wanted):
        check_symbolic("K.gradients", f"variable {i}", one)
    try:
        both = lower([*losses, *wanted])
    except TargetError as error:
        ends = lower(losses)
        parted = [start for start in map(lower, ([one] for one in wanted)) if start[0].graph is not ends[0].graph]
        raise TargetError(_no_way(ends, parted[0][0])) from error
    made = in_one_graph(_gradients, [losses, wanted])
    ends, starts = both[: len(losses)], both[len(losses) :]
    for start, gradient in zip(starts, made):
        if gradient is None:
            last_none[:] = [_no_way(ends, start)]
            warnings.warn(last_none[0], stacklevel=2)
    return made


def _gradients(losses: List[Tensor], variables: List[Tensor]) -> List[Optional[Tensor]]:
    lowering.check_differentiable(losses, variables)
    return tf1.gradients(losses, variables, colocate_gradients_with_ops=True)


def _no_way(ends: Sequence[Tensor], start: Tensor) -> str:
    """Return why the gradient of a loss by a tensor does not exist, and what to take instead."""
    loss, name, before = ends[0], start.name, ancestors(ends)
    if start.op in before:
        return (
            f"K.gradients: {loss.name!r} depends on {name!r} only by operations without a gradient (an argmax, a "
            "rounding, a comparison, a whole number), so its gradient is None: take the scores before these"
        )
    parts = [re.escape(part) + r"(_\d+)?" for part in start.op.name.split("/")[-2:]]
    call = re.compile("(.*/)?" + "/".join(parts))
    twins = sorted(op.outputs[0].name for op in before if op.outputs and call.fullmatch(op.name))
    way = (
        f"the layer was called again there, which made {twins[0]!r}: loss.graph.get_tensor_by_name({twins[0]!r})"
        if twins
        else "take the layer's output, layer.get_output_at(-1), in the model that the loss was made from"
    )
    return f"K.gradients: {loss.name!r} does not depend on {name!r}, so its gradient is None: {way}"
