"""Subgraph: the operations between tensors that agree and a stage, run again with a change.

A change is either a value put in place of an inner tensor, in the model's own session, or other attributes of
operations, for which the subgraph is copied to a graph that lives for one run.
"""

from dataclasses import dataclass, field
from typing import Callable, Collection, Dict, List, Mapping, Optional

import numpy as np

from ..._tf import MISSED, tf, tf1, without_fusion
from ..._types import GraphDef, NodeDef, Operation, Tensor
from ...graphs.graph_defs import drop, set_inputs, unplace
from ...graphs.op_types import PLACEHOLDERS, REF_VARIABLES
from ...graphs.walk import after, flow

SMALL = 1000  # numbers; an array up to this size is a constant in a copy, as shapes and axes must be
LEAVES = ("Const", "ReadVariableOp", *REF_VARIABLES)  # what gives a weight its value

Run = Callable[[List[Tensor], Mapping[Tensor, np.ndarray]], List[np.ndarray]]


@dataclass
class Subgraph:
    """What makes `tensor` from the tensors `starts`."""

    tensor: Tensor
    ops: List[Operation]  # in the order of the flow; of them, the weights are no part
    starts: Dict[Tensor, np.ndarray]  # tensors and their values
    evaluate: Run = field(repr=False)
    among: Collection[Operation] = field(default=(), repr=False)  # the same operations
    _values: Dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    _behind: Optional[List[Operation]] = field(default=None, repr=False)

    def value(self, tensor: Tensor) -> np.ndarray:
        """Return what a tensor of the subgraph or one of its weights is, unchanged."""
        if tensor.name not in self._values:
            self._values[tensor.name] = self.run_tensor(tensor, self.starts)
        return self._values[tensor.name]

    def run(self, replaced: Mapping[Tensor, np.ndarray]) -> Optional[np.ndarray]:
        """Return what the subgraph's tensor becomes with inner tensors replaced; None where they do not fit."""
        try:
            return self.run_tensor(self.tensor, {**self.starts, **replaced})
        except (ValueError, TypeError, tf.errors.OpError):
            return None

    def run_tensor(self, tensor: Tensor, replaced: Mapping[Tensor, np.ndarray]) -> np.ndarray:
        """Run one tensor, with tensors replaced; in a copy where TensorFlow fuses the tensor, or one of those."""
        try:
            return self.evaluate([tensor], replaced)[0]
        except MISSED:
            if tensor.op.type in LEAVES + PLACEHOLDERS:
                raise
            return self.run_in_copy(tensor, replaced)

    def inner(self) -> List[Tensor]:
        """Return the subgraph's floating-point tensors, its starts first."""
        outputs = [out for op in self.ops for out in op.outputs[:1] if out.dtype.is_floating]
        return [tensor for tensor in self.starts if tensor.dtype.is_floating] + outputs

    def of(self, *types: str) -> List[Operation]:
        """Return the subgraph's operations of these types."""
        return [op for op in self.ops if op.type in types]

    def behind(self) -> List[Operation]:
        """Return the operations that make the subgraph's weights, before who uses them."""
        if self._behind is None:
            edges = [t for op in self.ops for t in op.inputs if t.op not in self.among and t not in self.starts]
            self._behind = flow(edges)
        return self._behind

    def weights(self) -> List[Tensor]:
        """Return the floating-point constants and variables that the subgraph reads, in the order of the flow."""
        leaves = [op.outputs[0] for op in self.behind() if op.type in LEAVES and op.outputs]
        return [tensor for tensor in leaves if tensor.dtype.is_floating]

    def run_edited(
        self,
        change: Callable[[NodeDef], None],
        replaced: Optional[Mapping[Tensor, np.ndarray]] = None,
        added: Optional[Mapping[str, np.ndarray]] = None,
        single: bool = False,
    ) -> Optional[np.ndarray]:
        """Return what the subgraph's tensor becomes in a copy whose nodes (NodeDef) `change` has edited.

        Arrays in `replaced` may have any shape. Names in `added` begin with "edge/", and an edited node may read them.
        `single` gives the copy all of its inputs as float32. None where the copy cannot be built or run.
        """
        try:
            return self.run_in_copy(self.tensor, {**self.starts, **(replaced or {})}, change, added, single)
        except (ValueError, TypeError, tf.errors.OpError):
            return None

    def run_in_copy(
        self,
        tensor: Tensor,
        given: Mapping[Tensor, np.ndarray],
        change: Optional[Callable[[NodeDef], None]] = None,
        added: Optional[Mapping[str, np.ndarray]] = None,
        single: bool = False,
    ) -> np.ndarray:
        """Return a tensor's value in a copy of what lies between it and the tensors `given`."""
        values = {one.name: array for one, array in given.items()}
        if tensor.name in values:
            return values[tensor.name]
        ops = {op for op in flow([tensor], values) if op.inputs and op.type not in LEAVES + PLACEHOLDERS}
        graph_def = tf1.GraphDef(versions=tensor.graph.graph_def_versions)
        edges: Dict[str, np.ndarray] = {}
        for op in ops:
            node = graph_def.node.add()
            copy_node(op, node, ops, values)
            read = dict(zip(node.input, op.inputs))
            if change is not None:
                change(node)
            for name in node.input:
                if name in (added or {}):
                    edges[name] = (added or {})[name]
                elif name.startswith("edge/"):
                    edges[name] = values[read[name].name] if read[name].name in values else self.value(read[name])
        if any(attr.func.name or attr.list.func for node in graph_def.node for attr in node.attr.values()):
            graph_def.library.CopyFrom(tensor.graph.as_graph_def().library)
        return run_copy(graph_def, edges, tensor.name, single)


def copy_node(op: Operation, node: NodeDef, ops: Collection[Operation], given: Collection[str]) -> None:
    """Write an operation as a node; what it reads from outside `ops`, or is given, comes from a node `edge/…`."""
    node.CopyFrom(op.node_def)
    unplace(node)
    drop(node, "_output_shapes")
    outside = {tensor.name for tensor in op.inputs if tensor.op not in ops or tensor.name in given}
    reads = ["edge/" + t.name.replace(":", "/") if t.name in outside else t.name for t in op.inputs]
    set_inputs(node, reads + ["^" + other.name for other in op.control_inputs if other in ops])


def run_copy(graph_def: GraphDef, edges: Mapping[str, np.ndarray], name: str, single: bool = False) -> np.ndarray:
    """Import nodes into a graph of their own, feed it the arrays of its edges, and return one tensor's value."""
    feeds, given = {}, {}
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph, config=without_fusion()) as session:
        for edge, array in edges.items():
            array = array.astype(np.float32) if single and tf.as_dtype(array.dtype).is_floating else array
            if array.size <= SMALL:
                given[edge] = tf.constant(array)
            else:
                given[edge] = tf1.placeholder(array.dtype)
                feeds[given[edge]] = array
        tf1.import_graph_def(graph_def, name="", input_map=given)
        return session.run(name, feeds)


def subgraph_between(starts: Mapping[Tensor, np.ndarray], tensor: Tensor, evaluate: Run) -> Subgraph:
    """Return the subgraph between `starts` (tensors and their values) and a tensor; the weights are no part of it."""
    moving = set(after(one.op for one in starts))
    cut = {one.name for one in starts}
    ops = [op for op in flow([tensor], cut) if op in moving]
    read = {one.name for op in ops for one in op.inputs} | {tensor.name}
    return Subgraph(tensor, ops, {one: array for one, array in starts.items() if one.name in read}, evaluate, set(ops))
