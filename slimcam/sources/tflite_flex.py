"""Operators that a .tflite file borrows of TensorFlow ("flex"): their custom options hold the very NodeDef."""

from typing import List

from .._tf import tf1
from .._types import GraphDef, Tensor
from ..errors import SlimcamError
from ..graphs.graph_defs import drop, set_inputs
from .tflite_operator import Operator
from .tflite_reader import LiteModel, LiteOperator
from .vetting import Verdict
from .vetting.graphs import judge_graph
from .vetting.structure import check_structure

PREFIX = "Flex"


def is_borrowed(operator: LiteOperator) -> bool:
    """Whether an operator is one of TensorFlow's."""
    return operator.is_custom and operator.type.startswith(PREFIX) and bool(operator.custom)


def import_borrowed(op: Operator) -> List[Tensor]:
    """Import the node of a borrowed operator, which was judged, and return its outputs."""
    graph_def = _graph_of(op.own.custom)
    check_structure("", graph_def)
    (node,) = graph_def.node
    node.name = node.op
    names = [f"input_{place}" for place in range(len(op.own.inputs))]
    set_inputs(node, names)
    (operation,) = tf1.import_graph_def(
        graph_def, input_map=dict(zip(names, op.inputs())), return_elements=[node.name], name=""
    )
    return list(operation.outputs)


def verdict_of(path: str, lite: LiteModel) -> Verdict:
    """Judge all nodes that a file borrows, as those of a graph are; each is called as the tensor that it gives.

    Raises ModelError for a damaged one. One that cannot be read is not rebuilt, which says why.
    """
    verdict = Verdict()
    for operator in filter(is_borrowed, lite.operators):
        try:
            graph_def = _graph_of(operator.custom)
            graph_def.node[0].name = lite.result_of(operator)
            verdict = verdict.joined(judge_graph(graph_def, check_structure(path, graph_def)).verdict())
        except SlimcamError:
            raise
        except Exception:  # of flatbuffers and protobuf
            continue
    return verdict


def _graph_of(options: bytes) -> GraphDef:
    """Return a graph of the one node that an operator's options hold, [type, NodeDef] as flexbuffers."""
    from flatbuffers import flexbuffers  # of what the package tflite requires

    graph_def = tf1.GraphDef()
    node = graph_def.node.add()
    node.ParseFromString(flexbuffers.GetRoot(options).AsVector[1].AsStringBytes)
    drop(node, "_class")
    return graph_def
