"""What a method takes for granted of the part of a net behind the layer, proved on the graph."""

from typing import Callable, Dict, List

from .. import targets
from .._tf import tf
from .._types import Operation
from ..errors import LayerError, TargetError
from ..graphs.copying import ops_between
from .resolve import Query

# What may stand between a layer and logits that are weights times its means: one average, then sums of products.
AVERAGES = "Mean", "AvgPool"
PRODUCTS = "MatMul", "Conv2D", "BiasAdd", "Add", "AddV2"
RESTATING = "Reshape", "Squeeze", "ExpandDims", "Identity", "Shape", "StridedSlice", "Pack"


def check_head(head: str, query: Query) -> None:
    """Raise what a row of HEADS raises where something else lies behind the layer; "" asks for nothing."""
    if head:
        HEADS[head](query)


def check_class(query: Query) -> None:
    """Raise TargetError where no class is explained, which could be compared with others."""
    if isinstance(query.target, targets.Score):
        raise TargetError(f"{query.target!r} is no class, to be compared with others: give a class as the target")


def check_average_and_dense(query: Query) -> None:
    """Raise LayerError where the logits are no dense layer of the layer's means."""
    why = not_average_and_dense(query)
    if why:
        raise LayerError(
            f"cam needs a global average and a dense layer behind {query.layer_name!r}, and {why}: "
            "method='gradcam' needs neither"
        )


def not_average_and_dense(query: Query) -> str:
    """Return why the logits are no dense layer of the layer's means (Zhou et al. 2016, section 2); "" if they are."""
    if isinstance(query.target, targets.Score):
        return f"{query.target!r} is no class"
    inside = ops_between(query.layer, query.score_tensor, [tensor.name for tensor in query.hold])[0]
    others = [op for op in inside if op.type not in (*AVERAGES, *PRODUCTS, *RESTATING)]
    if others:
        return f"{others[0].name!r} is {others[0].type}"
    averages = [op for op in inside if op.type in AVERAGES]
    if len(averages) != 1 or not _averages_all(averages[0], query):
        return f"{len(averages)} operations average" if len(averages) != 1 else f"{averages[0].name!r} leaves places"
    before = ops_between(query.layer, averages[0].outputs[0])[0]
    weighing = [op for op in before if op.type in PRODUCTS]
    if weighing:
        return f"{weighing[0].name!r} comes before the average"
    several = [op for op in inside if op.type in ("MatMul", "Conv2D")]
    return "" if len(several) == 1 else f"{len(several)} operations weigh"


def _averages_all(op: Operation, query: Query) -> bool:
    """Whether an average leaves one place of rows and columns."""
    if op.type == "AvgPool":
        shape = op.outputs[0].shape.as_list() if op.outputs[0].shape.rank == 4 else []
        return (shape[2:] if query.channels_first else shape[1:3]) == [1, 1]
    return sorted(_axes(op)) == ([2, 3] if query.channels_first else [1, 2])


def _axes(op: Operation) -> List[int]:
    """Return the dimensions that a Mean is over; none where a graph works them out."""
    value = tf.get_static_value(op.inputs[1])
    return [] if value is None else [int(axis) % 4 for axis in value.reshape(-1)]


HEADS: Dict[str, Callable[[Query], None]] = {"cam": check_average_and_dense, "class": check_class}
