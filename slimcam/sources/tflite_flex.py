"""Operators that a .tflite file borrows of TensorFlow ("flex"): their custom options hold the very NodeDef."""

from typing import List

from .._tf import tf1
from .._types import Tensor
from ..graphs.graph_defs import drop, set_inputs
from .tflite_operator import Operator

PREFIX = "Flex"


def borrowed(op: Operator) -> List[Tensor]:
    """Import the node of a borrowed operator and return its outputs; the options are [type, NodeDef] as flexbuffers."""
    from flatbuffers import flexbuffers  # of what the package tflite requires

    graph_def = tf1.GraphDef()
    node = graph_def.node.add()
    node.ParseFromString(flexbuffers.GetRoot(op.own.custom).AsVector[1].AsStringBytes)
    node.name = node.op
    drop(node, "_class")
    names = [f"input_{place}" for place in range(len(op.own.inputs))]
    set_inputs(node, names)
    (operation,) = tf1.import_graph_def(
        graph_def, input_map=dict(zip(names, op.inputs())), return_elements=[node.name], name=""
    )
    return list(operation.outputs)
