"""Gradients of graph tensors and of KerasTensors."""

from typing import Any, List, Optional, Sequence, Union

from .._tf import tf1
from .._types import BackendTensor
from . import lowering
from .symbols import check_symbolic, in_one_graph


def gradients(
    loss: BackendTensor, variables: Union[BackendTensor, Sequence[BackendTensor]]
) -> List[Optional[BackendTensor]]:
    """Return the gradient of `loss`, summed, by each of `variables`, in a list; None where it does not depend on one.

    Raises TargetError for an eager tensor, an array or a model, which no graph leads to.
    """
    wanted = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    for one in loss if isinstance(loss, (list, tuple)) else [loss]:
        check_symbolic("K.gradients", "the loss", one)
    for i, one in enumerate(wanted):
        check_symbolic("K.gradients", f"variable {i}", one)
    return in_one_graph(_gradients, [loss, wanted])


def _gradients(loss: Any, variables: List[BackendTensor]) -> List[BackendTensor]:
    lowering.check_differentiable(loss if isinstance(loss, (list, tuple)) else [loss], variables)
    return tf1.gradients(loss, variables, colocate_gradients_with_ops=True)
