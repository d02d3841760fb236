"""What a graph does not say in so many words: which tensor is fed with images, and which holds the logits.

Each inference comes with the words that `model.why` shows. Where two answers are possible there is none: the error
lists both and asks.
"""

import re
from typing import Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .._tf import tf
from .._types import Graph, GraphDef, NodeDef, Operation, Tensor
from ..errors import ModelError, UnknownName
from ..graphs import walk
from ..graphs.graph_defs import needed_nodes, nodes_by_name, op_name, readers, shape_and_dtype
from ..graphs.op_types import (
    DECODERS,
    FLATTENING,
    LOSSES,
    OUTPUT_KINDS,
    PIPELINES,
    PLACEHOLDERS,
    PROBABILITIES,
    UPDATES,
)
from ..suggest import nearest


def input_nodes(
    graph_def: GraphDef, given: Optional[str], inputs: Sequence[str], logits: Optional[str], named: str
) -> Tuple[List[NodeDef], str]:
    """Return the nodes that images are fed to, and why they are taken for that.

    `given` is the one that was asked for, and comes first; `inputs` are what the source says of all inputs.
    """
    nodes = nodes_by_name(graph_def)
    listed = [op_name(name) for name in inputs]
    because = {key: why for key, why in _image_inputs(nodes).items() if not listed or key in listed}
    if len(because) > 1 and not listed and logits is not None:
        among = needed_nodes(graph_def, [logits])
        because = {key: why for key, why in because.items() if key in among}
    order = sorted(because, key=listed.index if listed else _by_number)
    if given is not None:
        op = _op_of_input(nodes, given)
        behind = needed_nodes(graph_def, [op])
        others = [key for key in order if key not in behind]
        return [nodes[key] for key in [op, *others]], f"input {op + ':0'!r}: {named}"
    if order:
        names = ", ".join(repr(op + ":0") for op in order)
        why = because[order[0]] if len(order) == 1 else f"the {len(order)} placeholders of images"
        return [nodes[op] for op in order], f"input {names}: {why}"
    places = [node.name + ":0" for node in graph_def.node if node.op.startswith("Placeholder")]
    raise ModelError(
        f"no placeholder takes images (placeholders: {', '.join(places) or 'none'}): say input={_from_pipelines(nodes)}"
    )


def _from_pipelines(nodes: Mapping[str, NodeDef]) -> str:
    """Return the tensors that come out of a training program's input pipeline, each of which could be fed."""
    readers = [
        n.name for n in nodes.values() if any(nodes[i].op in PIPELINES for i in map(op_name, n.input) if i in nodes)
    ]
    return " or ".join(repr(name + ":0") for name in readers[:4])


def _by_number(name: str) -> List[Union[int, str]]:
    """Order input_10 after input_2."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _op_of_input(nodes: Mapping[str, NodeDef], name: str) -> str:
    op = op_name(name)
    if op not in nodes:
        raise UnknownName(f"input={name!r}: no such tensor; {nearest(op, nodes)}")
    if not any(key in nodes[op].attr for key in ("dtype", "T", "DstT")):
        raise ModelError(f"input={name!r}: a {nodes[op].op} cannot be fed; name a tensor with one type")
    return op


def _image_inputs(nodes: Mapping[str, NodeDef]) -> Dict[str, str]:
    because: Dict[str, str] = {}
    for node in nodes.values():
        if node.op in DECODERS:
            source = nodes.get(op_name(node.input[0]))
            if source is not None and source.op in ("Placeholder", "Const"):
                because[source.name] = f"an encoded photo, which {node.op} reads"
        if node.op not in PLACEHOLDERS:
            continue
        shape, dtype = shape_and_dtype(node)
        if dtype == tf.string and (shape is None or len(shape) <= 1):
            if node.op == "PlaceholderWithDefault":
                continue  # a Saver's file name
            because.setdefault(node.name, "the only placeholder for encoded photos")
        elif shape is not None and _is_image(shape) and (dtype.is_floating or dtype == tf.uint8):
            because[node.name] = f"the only placeholder of images, {dtype.name} {tuple(shape)}"
    return because


def _is_image(shape: List[Optional[int]]) -> bool:
    return len(shape) == 4 or (len(shape) == 3 and shape[-1] in (1, 3, 4))


def logits(graph: Graph, starts: Sequence[Tensor], name: Optional[str], named: str) -> Tuple[Optional[Tensor], str]:
    """Return the (N, classes) tensor that the softmax reads, or that nothing reads, and why it is taken for that.

    Where there is none, or several could be, it is None, and the words say so.
    """
    if name is not None:
        op = op_name(name)
        try:
            tensor = graph.get_tensor_by_name(name if ":" in name else name + ":0")
        except (KeyError, ValueError):
            known = [o.name for o in graph.get_operations()]
            raise UnknownName(f"logits={name!r}: no such tensor; {nearest(op, known)}") from None
        return tensor, f"logits {tensor.name!r}: {named}"
    after = [op for op in walk.after(start.op for start in starts) if op.outputs]
    ending = [op for op in after if op.type in LOSSES or (op.type in PROBABILITIES and _is_end(op))]
    soft = {_before_reshape(op.inputs[0]).name: op for op in ending}
    if len(soft) == 1:
        found, op = next(iter(soft.items()))
        return graph.get_tensor_by_name(found), f"logits {found!r}: what {op.name} ({op.type}) reads"
    ends = [op.outputs[0].name for op in after if not soft and _is_score(op) and not op.outputs[0].consumers()]
    if len(ends) == 1:
        return graph.get_tensor_by_name(ends[0]), f"logits {ends[0]!r}: the only (N, classes) that nothing reads"
    choice = ", ".join(map(repr, sorted(soft) or ends))
    if choice:
        return None, f"the logits could be {choice}: say logits="
    return None, f"nothing of shape (N, classes) comes after {starts[0].name!r}: say logits="


def ends(starts: Sequence[Tensor]) -> List[Tensor]:
    """Return the numbers that depend on the tensors `starts` and that nothing reads: what a graph computes of them."""
    after = walk.after(start.op for start in starts)
    return [
        out
        for op in after
        if not walk.consumers(op) and op.type not in UPDATES
        for out in op.outputs
        if out.dtype.is_floating or out.dtype.is_integer
    ]


def _is_end(op: Operation) -> bool:
    """Whether a softmax is the last that happens to scores, not an attention or a gate within the net."""
    readers = list(op.outputs[0].consumers())
    while readers:
        if any(reader.type not in (*FLATTENING, "TopKV2", "ArgMax", "Max", "Shape") for reader in readers):
            return False
        readers = [after for reader in readers for after in walk.consumers(reader) if after.type != "TopKV2"]
    rank = op.inputs[0].shape.rank
    return rank is None or rank == 2 or _before_reshape(op.inputs[0]).shape.rank == 2


def _before_reshape(tensor: Tensor) -> Tensor:
    """Go back over the Reshape that slim puts before its softmax."""
    while tensor.op.type in ("Reshape", "Identity") and tensor.op.inputs[0].shape.rank == 2:
        tensor = tensor.op.inputs[0]
    return tensor


def _is_score(op: Operation) -> bool:
    shape = op.outputs[0].shape
    return shape.rank == 2 and op.outputs[0].dtype.is_floating and (shape.as_list()[1] or 0) > 0


def logits_of_output(output: Tensor) -> Tuple[Tensor, str]:
    """Return what a model's output is before its softmax or sigmoid, in the output's shape, and why.

    An output that is neither is returned itself. A new operation, slimcam/logits, is made where the shapes differ.
    """
    tensor = walk.source(output, (*FLATTENING, "Cast"))
    if tensor.op.type not in PROBABILITIES:
        return output, f"logits {output.name!r}: the model's output"
    why = f"what {tensor.op.name} ({tensor.op.type}) reads"
    scores = tensor.op.inputs[0]
    if output.shape.rank != scores.shape.rank and output.shape.rank == 2:
        scores = tf.reshape(scores, tf.shape(output), name="slimcam/logits")
        scores.set_shape(output.shape)
        why += ", in the output's shape"
    return scores, f"logits {scores.name!r}: {why}"


def output_kind(logits: Tensor) -> str:
    """Return what a graph makes of its logits, "softmax" or "sigmoid", and "linear" for nothing that is either.

    A loss that takes logits says it as well, where a graph of training has no more than that.
    """
    reading = [(op.type, op.name) for op in walk.readers(walk.source(logits, FLATTENING), (*FLATTENING, "Cast"))]
    return _kind_of(reading)


def output_kind_in(graph_def: GraphDef, logits: str) -> str:
    """Return what `output_kind` would of the tensor of that name, of a graph before it is cut down to it."""
    nodes, reading = nodes_by_name(graph_def), readers(graph_def)

    def after(name: str) -> List[str]:
        return reading.get(name, []) if nodes[name].op in (*FLATTENING, "Cast") or name == start else []

    start = op_name(logits)
    return _kind_of([(nodes[name].op, name) for name in walk.reachable([start], after)[1:]]) if start in nodes else ""


def _kind_of(reading: Sequence[Tuple[str, str]]) -> str:
    """Return what the operations that read logits, by types and names, make of them."""
    kinds = {OUTPUT_KINDS[op] for op, _ in reading if op in OUTPUT_KINDS}
    if not kinds:  # tf.nn.sigmoid_cross_entropy_with_logits is no operation but a scope of several
        kinds = {"softmax" for op, _ in reading if op in LOSSES}
        kinds |= {"sigmoid" for _, name in reading if "logistic_loss" in name}
    return kinds.pop() if len(kinds) == 1 else "linear"
