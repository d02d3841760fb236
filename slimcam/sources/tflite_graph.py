"""The graph of a .tflite model as a GraphDef: each operator by its row of OPERATORS, in TensorFlow's own operations.

A .tflite file is made for one image at a time. Its sizes are opened for more as the graph is rebuilt, where the file
writes them down; whether the graph then takes more is seen, as of any other, by `batches`.
"""

import re
from typing import Any, Dict, List, NamedTuple, Set

import numpy as np

from .._tf import tf, tf1
from .._types import GraphDef, Tensor
from ..errors import ModelError
from ..graphs.graph_defs import op_name, set_inputs
from ..text.printable import first_line
from . import tflite_flex as flex
from .tflite_operator import Operator, dequantise
from .tflite_operators import ACTIVATIONS, OPERATORS
from .tflite_reader import NO_TENSOR, LiteModel, LiteOperator
from .vetting.sizes import check_sizes

# What others are fused to: a fused operation has the names of all that it was, in this converter's order.
_PRODUCTS = ("MatMul", "Conv2D", "depthwise", "DepthwiseConv2dNative", "separable_conv2d", "convolution")
MOST_VALUES = 1 << 28  # of a tensor, for one image: such files are made for phones
_FROM_FLOAT = "load the model that it was converted from, or convert that again without converter.optimizations"


class RebuiltGraph(NamedTuple):
    """A graph, what the tensors of the file are called in it by their numbers, and why others are not in it."""

    graph_def: GraphDef
    tensors: Dict[int, str]
    missing: Dict[int, str]
    why: List[str]


def rebuild(path: str, lite: LiteModel, trusted: bool = False) -> RebuiltGraph:
    """Return the graph of what can be rebuilt; `missing` says why for what cannot, and for what depends on it.

    Raises UntrustedModel for a tensor that is too large, unless the file is trusted: TensorFlow may compute it already
    where the next operation is made.
    """
    constants = {i: one.value for i, one in enumerate(lite.tensors) if one.value is not None}
    widened = _dequantise(lite, constants)
    tensors: Dict[int, Tensor] = {}
    missing: Dict[int, str] = {}
    with tf1.Graph().as_default() as graph:
        for number in lite.inputs:
            one = lite.tensors[number]
            shape = [None, *one.shape[1:]] if one.shape[:1] == [1] else one.shape
            tensors[number] = tf1.placeholder(one.dtype, shape, name=f"input_{number}")
        for i, operator in enumerate(lite.operators):
            if all(number in constants for number in operator.outputs):
                continue
            problem = next((missing[number] for number in operator.inputs if number in missing), "")
            problem = problem or _problem(lite, operator)
            if not problem:
                try:
                    with tf1.name_scope(f"operator_{i}"):
                        results = _results(Operator(lite, operator, constants, tensors))
                except Exception as error:  # of TensorFlow, NumPy, flatbuffers: whatever wrong options lead to
                    text = first_line(error)
                    problem = f"{operator.type}, which gives {lite.result_of(operator)!r}, cannot be rebuilt: {text}"
                else:
                    if not trusted:
                        check_sizes(path, results, MOST_VALUES, lite.result_of(operator))
                    tensors.update(zip(operator.outputs, results))
            missing.update({number: problem for number in operator.outputs if number not in tensors})
        graph_def = graph.as_graph_def()
    names = _rename(graph_def, lite, tensors)
    _set_shapes(graph_def, {names[tensors[n].op.name]: lite.tensors[n].shape for n in lite.inputs})
    there = {n: f"{names[tensor.op.name]}:{tensor.value_index}" for n, tensor in tensors.items()}
    return RebuiltGraph(graph_def, there, missing, widened)


def _results(op: Operator) -> List[Tensor]:
    """Return an operator's outputs, after the activation that is fused to it."""
    row = flex.import_borrowed if op.own.is_custom else OPERATORS[op.own.type]
    results: Any = row(op)
    results = list(results) if isinstance(results, (list, tuple)) else [results]
    fused = getattr(op.own.options, "FusedActivationFunction", None)
    if fused is not None:
        if fused() not in ACTIVATIONS:
            raise ModelError("the activation that is fused to it is one that TensorFlow Lite itself leaves out")
        results = [ACTIVATIONS[fused()](tensor) for tensor in results]
    return results


def _dequantise(lite: LiteModel, constants: Dict[int, np.ndarray]) -> List[str]:
    """Add to the constants what DEQUANTIZE makes of others, which is exact, and say so."""
    types = []
    for operator in lite.operators:
        number = operator.inputs[0] if operator.inputs else NO_TENSOR
        if operator.type == "DEQUANTIZE" and number in constants:
            constants[operator.outputs[0]] = dequantise(lite.tensors[number], constants[number])
            types.append(lite.tensors[number].dtype)
    return [
        f"{types.count(one)} weights of {one}: as the file itself turns them into float32" for one in sorted({*types})
    ]


def _problem(lite: LiteModel, operator: LiteOperator) -> str:
    """Return why an operator is not rebuilt, "" where it may be."""
    if operator.is_custom:
        if flex.is_borrowed(operator):
            return ""
        return (
            f"the custom operator {operator.type!r} is not TensorFlow Lite's own, and the file does not say what it "
            "computes: load the model that it was converted from"
        )
    read = [lite.tensors[number] for number in operator.inputs if number >= 0]
    whole = [one for one in read if one.scale.size and not one.dtype.startswith("float")]
    if operator.type == "QUANTIZE":
        whole = [lite.tensors[number] for number in operator.outputs]
    if whole and operator.type != "DEQUANTIZE":
        one = whole[0]
        if all(other.value is not None for other in whole):
            return (
                f"quantised: {one.name!r} holds {one.dtype} weights, and TensorFlow Lite rounds what they are "
                f"multiplied by to whole numbers as well, so that no graph of floats gives its scores: {_FROM_FLOAT}"
            )
        return (
            f"quantised: {one.name!r} and what comes of it are whole numbers ({one.dtype}), which have no gradient: "
            f"{_FROM_FLOAT}"
        )
    packed = next((one for one in read if one.packed), None)
    if packed is not None:
        return f"{packed.name!r} is packed ({packed.dtype}, or sparse), which slimcam does not unpack: {_FROM_FLOAT}"
    if operator.type not in OPERATORS:
        return f"it needs {operator.type}, which slimcam does not rebuild: load the model that it was converted from"
    return ""


# --- names


def own_name(name: str) -> str:
    """Return what an operation of a graph can be called after a tensor of a file, "" for a name without letters.

    A fused tensor is called "conv/Relu;conv/BiasAdd;conv/Conv2D": it is what came last, and not the product.
    """
    parts = [part for part in name.split(";") if part]
    fused = [part for part in parts if part.split(":")[0].rsplit("/", 1)[-1] not in _PRODUCTS]
    first = (fused or parts or [""])[0]
    first = re.sub(r":\d+$", "", first)
    return re.sub(r"[^A-Za-z0-9_.\\/>-]", "_", first).lstrip("_\\/>-")


def _rename(graph_def: GraphDef, lite: LiteModel, tensors: Dict[int, Tensor]) -> Dict[str, str]:
    """Call operations as the file calls their tensors; return the new names by the old."""
    wanted: Dict[str, str] = {}
    for number, tensor in tensors.items():
        if len(tensor.op.outputs) == 1:
            wanted.setdefault(tensor.op.name, own_name(lite.tensors[number].name) or f"tensor_{number}")
    taken: Set[str] = set()
    names: Dict[str, str] = {}
    for old in [*wanted, *(node.name for node in graph_def.node if node.name not in wanted)]:
        names[old] = _free(wanted.get(old) or _helper_name(old, lite), taken)
        taken.add(names[old])
    for node in graph_def.node:
        node.name = names[node.name]
        reads = []
        for name in node.input:
            old = op_name(name)
            reads.append(name.replace(old, names[old], 1))
        set_inputs(node, reads)
    return names


def _helper_name(old: str, lite: LiteModel) -> str:
    """Return what a constant, or one of the operations that an operator takes, is called: after a tensor."""
    kind, number, rest = re.findall(r"^(constant|operator)_(\d+)(?:_\d+)?(.*)$", old)[0]
    if kind == "constant":
        return own_name(lite.tensors[int(number)].name) or old
    operator = lite.operators[int(number)]
    return (own_name(lite.result_of(operator)) or old) + rest


def _free(name: str, taken: Set[str]) -> str:
    free, count = name, 0
    while free in taken:
        count += 1
        free = f"{name}_{count}"
    return free


def _set_shapes(graph_def: GraphDef, shapes: Dict[str, Any]) -> None:
    """Give the placeholders the sizes of the file again."""
    for node in graph_def.node:
        if node.name in shapes:
            node.attr["shape"].shape.CopyFrom(tf.TensorShape(shapes[node.name]).as_proto())
