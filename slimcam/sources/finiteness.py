"""Weights that are no numbers: counted as they are read, and said. TensorFlow may hide them: its ReLU makes NaN 0."""

import functools
from typing import Dict, Mapping, Optional, Tuple

import numpy as np

from .._tf import tf
from .._types import ArrayReader, DType, GraphDef
from ..graphs.graph_defs import dtype_of
from ..graphs.walk import ancestors
from ..methods.evidence import plain
from ..model import Model

NAMED = 3  # weights that a line names

Counts = Dict[str, Tuple[int, int]]  # by the weights' names: how many are NaN or infinite, and of how many


def counting(weights: Mapping[str, ArrayReader], counts: Counts) -> Dict[str, ArrayReader]:
    """Return the same readers, which enter into `counts` what they read."""

    def read(name: str, own: ArrayReader) -> np.ndarray:
        array = own()
        _count(name, array, counts)
        return array

    return {name: functools.partial(read, name, own) for name, own in weights.items()}


def count_constants(graph_def: GraphDef, counts: Counts) -> None:
    """Enter into `counts` the arrays of a graph, and of its functions; a bound of one number may be infinite."""
    functions = [node for function in graph_def.library.function for node in function.node_def]
    floating: Dict[int, Optional[DType]] = {}  # by the numbers of types; None for others
    for node in (*graph_def.node, *functions):
        if node.op != "Const":
            continue
        number, tensor = node.attr["dtype"].type, node.attr["value"].tensor
        if number not in floating:
            dtype = dtype_of(number, f"{node.name!r}, a Const,")
            floating[number] = dtype if dtype.is_floating else None
        dtype, content = floating[number], tensor.tensor_content
        if dtype is not None and tensor.tensor_shape.dim:
            # without the copy that make_ndarray makes
            array = np.frombuffer(content, dtype.as_numpy_dtype) if content else tf.make_ndarray(tensor)
            _count(node.name, array, counts)


def _count(name: str, array: np.ndarray, counts: Counts) -> None:
    counts.pop(name, None)
    if array.dtype.kind not in "fV":
        return
    finite = np.isfinite(array if array.dtype == np.float32 else plain(array))
    if not finite.all():
        counts[name] = int((~finite).sum()), array.size


def say_what_is_not_finite(model: Model, counts: Counts) -> None:
    """Set `model.fault`, and with it `model.why` and `model.notes`, to what the weights that are needed lack."""
    for lines in (model.why, model.notes):
        if model.fault in lines:
            lines.remove(model.fault)
    model.fault = ""
    if not counts:
        return
    there = {op.name for op in model.graph.get_operations()}
    needed = {op.name for op in ancestors(model.ends)}
    wrong = {name: count for name, count in counts.items() if name in needed or name not in there}
    if wrong:
        some = [f"{name!r} ({count} of {size} numbers)" for name, (count, size) in wrong.items()]
        rest = f" and {len(some) - NAMED} more" if len(some) > NAMED else ""
        model.fault = (
            f"weights are NaN or infinite: {', '.join(some[:NAMED])}{rest}; no map of this model can be trusted"
        )
        model.why.append(model.fault)
        model.notes.append(model.fault)
