"""Whether convolutions may read images of no channels, by the nodes of a file alone.

TensorFlow infers sizes only as it imports a graph. What is followed here, back from each convolution, are operations
that keep a last size which is not 0; where another one is met, images may have no channels.
"""

from typing import Mapping, Optional, Sequence

import numpy as np

from .._tf import tf
from .._types import NodeDef
from .graph_defs import dims_of, op_name
from .op_types import (
    ACTIVATIONS,
    ADDITIONS,
    AVG_POOLS,
    BOUNDS,
    CONCATS,
    CONVOLUTIONS,
    DEPTHWISE,
    DIVISIONS,
    FORWARDING,
    LOOPING,
    MERGES,
    NORMS,
    PADS,
    PLACEHOLDERS,
    READS,
    RESIZES,
    SWITCHES,
    WEIGHTS,
)
from .walk import reachable

# These give what has channels if all that they read has, those if the first of it has, the last of them by a layout.
_OF_ALL = frozenset((*ADDITIONS, *DIVISIONS, *BOUNDS, *MERGES, *CONCATS, "Mul", "Sub", "SquaredDifference"))
_OF_FIRST = frozenset(
    (
        *(*READS, *ACTIVATIONS, *FORWARDING, *LOOPING, *SWITCHES, *PADS, *RESIZES),
        *("Cast", "LRN", "ExpandDims", "Exp", "Log", "Neg", "Rsqrt", "Sqrt", "Square", "Abs"),
    )
)
_LAID_OUT = frozenset((*NORMS, *AVG_POOLS, *DEPTHWISE, "MaxPool", "BiasAdd"))


class _Unsure(Exception):
    """A tensor may have no channels."""


def may_lack(convolutions: Sequence[NodeDef], nodes: Mapping[str, NodeDef], given: Mapping[str, bool]) -> bool:
    """Whether one of these, which are among the nodes, may read images of no channels.

    `given` says of tensors that are not among the nodes whether they are known to have channels.
    """

    def behind(name: str) -> Sequence[str]:
        node = nodes.get(op_name(name))
        if node is None:
            if given.get(op_name(name), False):
                return []
            raise _Unsure
        return _behind(node, nodes)

    try:
        for node in convolutions:
            _check_convolution(node, nodes, given)
        reachable([node.input[0] for node in convolutions], behind)
    except _Unsure:
        return True
    return False


def _behind(node: NodeDef, nodes: Mapping[str, NodeDef]) -> Sequence[str]:
    """Return of what a node keeps channels: nothing where it has some in any case."""
    op, read = node.op, node.input
    if op in _OF_FIRST:
        return read[:1]
    if op in _OF_ALL:
        return [name for name in read if not name.startswith("^")]
    if op in PLACEHOLDERS or op in WEIGHTS:
        _check_sizes(node)
        return []
    if op in CONVOLUTIONS:  # whose own images are looked at as well
        _check_layout(node)
        return []
    if op in _LAID_OUT:
        _check_layout(node)
        return read[:1]
    if op == "Split":  # into equal parts
        return read[1:2]
    if op == "Reshape" and len(read) > 1 and _gives_channels(nodes.get(op_name(read[1]))):
        return []
    raise _Unsure


def _check_sizes(node: NodeDef) -> None:
    """Raise _Unsure where a node holds or is fed values of which a size is 0."""
    shape = node.attr["value"].tensor.tensor_shape if node.op == "Const" else node.attr["shape"].shape
    if 0 in (dims_of(shape) or ()):
        raise _Unsure


def _check_layout(node: NodeDef) -> None:
    """Raise _Unsure where an operation's channels are not its images' last size."""
    if "data_format" in node.attr and node.attr["data_format"].s not in (b"", b"NHWC", b"NDHWC"):
        raise _Unsure


def _check_convolution(node: NodeDef, nodes: Mapping[str, NodeDef], given: Mapping[str, bool]) -> None:
    """Raise _Unsure where a convolution's kernel is no weight, or has a size of 0."""
    _check_layout(node)
    name = op_name(node.input[1]) if len(node.input) > 1 else ""
    for _ in range(4):
        if name in nodes and nodes[name].op in READS and nodes[name].input:
            name = op_name(nodes[name].input[0])
    if name in nodes and nodes[name].op in WEIGHTS:
        _check_sizes(nodes[name])
    elif name in nodes or not given.get(name, False):
        raise _Unsure


def _gives_channels(shape: Optional[NodeDef]) -> bool:
    """Whether a shape that a tensor is given says all sizes but the first, and none is 0."""
    if shape is None or shape.op != "Const":
        return False
    sizes = np.ravel(tf.make_ndarray(shape.attr["value"].tensor))
    return bool((sizes[1:] > 0).all())
