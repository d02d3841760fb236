"""Where weights live.

Weights up to LARGE are constants in the graph: TensorFlow folds them, and oneDNN keeps convolution kernels in its own
order, which makes InceptionV3 on TensorFlow 2.21 about 15 % faster than with variables. Larger ones (the first dense
layer of a VGG16 has 411 MB) are variables of the model's own session, which nothing assigns after loading: as a
constant, such an array is copied into the graph, into its optimised copies and into each executor. On TensorFlow 2.21,
loading and first running VGG16's dense layers took 14 s and 7 GB with constants, and 0.8 s and 1.7 GB with variables.
Both start fast, cannot drift, and need no graph but the model's own.
"""

import functools
from typing import Callable, Dict, Iterable, Mapping, Optional, Tuple

import numpy as np

from .._tf import tf, tf1
from .._types import ArrayReader, GraphDef, Session, Tensor
from ..graphs import dense_gradient as dense
from ..graphs import norm_gradient as norm
from ..graphs.graph_defs import empty_like, unplace

LARGE = 16 << 20  # bytes

Assign = Callable[[Optional[Iterable[str]]], None]  # reads and assigns the variables of these names, or all


def without_large(graph_def: GraphDef, given: Mapping[str, ArrayReader]) -> Tuple[GraphDef, Dict[str, ArrayReader]]:
    """Return a copy of a GraphDef without its large constants, device names and colocations; and all weights."""
    weights = dict(given)
    left = []
    for node in graph_def.node:
        tensor = node.attr["value"].tensor if node.op == "Const" else None
        if node.name in given and node.op != "VarHandleOp":
            continue
        if tensor is not None and len(tensor.tensor_content) > LARGE:
            weights[node.name] = functools.partial(tf.make_ndarray, tensor)
            continue
        left.append(node)
    kept = empty_like(graph_def)
    kept.node.extend(left)
    for node in kept.node:
        unplace(node)
        dense.mark(node)
        norm.mark(node)
    return kept, weights


def place(
    session: Session, weights: Mapping[str, ArrayReader], live: bool
) -> Tuple[Dict[str, Tensor], Dict[str, Tensor]]:
    """Put weights into the default graph under their own names: the large ones, if `live` all, as variables.

    Returns what reads them, and the handles of those that are variables.
    """
    tensors: Dict[str, Tensor] = {}
    handles: Dict[str, Tensor] = {}
    waiting: Dict[str, np.ndarray] = {}  # let go before much more is read, as a net's largest two are large

    def assign() -> None:
        values = {name: functools.partial(waiting.__getitem__, name) for name in waiting}
        assigning(session, {name: handles[name] for name in waiting}, values)(None)
        waiting.clear()

    for name, read in weights.items():
        array = read()
        if not live and array.nbytes <= LARGE:
            tensors[name] = tf.constant(array, name=name)
            continue
        dtype = tf.as_dtype(array.dtype)
        shared = {"dtype": dtype, "shape": array.shape, "shared_name": name}
        handles[name] = tf.raw_ops.VarHandleOp(name=f"slimcam/{name}", **shared)
        tensors[name] = tf.raw_ops.ReadVariableOp(resource=handles[name], dtype=dtype, name=name)
        waiting[name] = array
        del array
        if sum(one.nbytes for one in waiting.values()) > LARGE:
            assign()
    assign()
    return tensors, handles


def assigning(session: Session, handles: Mapping[str, Tensor], weights: Mapping[str, ArrayReader]) -> Assign:
    """Build what assigns variables; return a function that reads and assigns those of the names given, or all."""
    assigns = {}
    for name, handle in handles.items():
        dtype, shape = tf.as_dtype(handle.op.get_attr("dtype")), tf.TensorShape(handle.op.get_attr("shape"))
        value = tf1.placeholder(dtype, shape, name="slimcam/value")
        assigns[name] = tf.raw_ops.AssignVariableOp(resource=handle, value=value, name="slimcam/assign"), value

    def assign(names: Optional[Iterable[str]]) -> None:
        operations, feeds = [], {}
        for name in assigns if names is None else names:
            operation, value = assigns[name]
            operations.append(operation)
            feeds[value] = weights[name]()
            if sum(array.nbytes for array in feeds.values()) > LARGE:
                session.run(operations, feeds)
                operations, feeds = [], {}
        if operations:
            session.run(operations, feeds)

    return assign
