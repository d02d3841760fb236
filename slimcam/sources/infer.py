"""What a graph does not say in so many words: which tensor is fed with images, and which holds the logits.

Each inference comes with the words that `model.why` shows. Where two answers are possible there is none: the error
lists both and asks.
"""

import re
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple, Union

from .._tf import tf
from .._types import Graph, GraphDef, NodeDef, Operation, Tensor
from ..errors import ModelError, UnknownName
from ..graphs import walk
from ..graphs.graph_defs import STANDS_IN, needed_among, nodes_by_name, op_name, readers, shape_and_dtype, tensor_name
from ..graphs.op_types import (
    CONVOLUTIONS,
    DEPTHWISE,
    FLATTENING,
    LOSSES,
    MATRIX_PRODUCTS,
    OUTPUT_KINDS,
    PIPELINES,
    PLACEHOLDERS,
    PROBABILITIES,
    SIZES,
    UPDATES,
)
from ..suggest import nearest
from .image_nodes import ImageNode, ImageNodes

_FEW = 64  # no exporter writes as many
_WEIGHING = (*MATRIX_PRODUCTS, *CONVOLUTIONS, *DEPTHWISE, *PROBABILITIES, *LOSSES)
_AFTER_SCORES = (*FLATTENING, "TopKV2", "ArgMax", "Max", *SIZES)  # what may follow on probabilities that are the result


def input_nodes(
    known: ImageNodes, given: Sequence[str] = (), inputs: Sequence[str] = (), logits: Optional[str] = None
) -> List[ImageNode]:
    """Return the nodes that images are fed to; raise ModelError where nothing tells of any.

    `given` are those that were asked for, and come first; `inputs` are what the source says of all inputs.
    """
    listed = [op_name(name) for name in inputs]
    images = {name: image for name, image in known.all().items() if not listed or name in listed}
    if not listed and logits is not None and len(images) > 1:
        among = needed_among(known.nodes, [logits])
        images = {name: image for name, image in images.items() if name in among} or images
    order = sorted(images, key=listed.index if listed else _by_number)
    if given:
        asked = [_op_of_input(known.nodes, name) for name in given]
        behind = needed_among(known.nodes, asked)
        return [*map(known.node, asked), *(images[name] for name in order if name not in behind)]
    if order:
        return [images[name] for name in order]
    own = [node for node in known.nodes.values() if node.op in PLACEHOLDERS and STANDS_IN not in node.attr]
    places = [_placeholder_in_words(node, known.graph_def) for node in own]
    choice = f"say input={_from_pipelines(known.nodes)}"
    raise ModelError(f"no placeholder takes images (placeholders: {', '.join(places) or 'none'}): {choice}")


def inputs_in_words(images: Sequence[ImageNode], given: Sequence[str], named: str) -> str:
    """Return which nodes images are fed to, and why they are taken for that."""
    if given:
        asked = [image.name for image in images][: len(given)]
        return f"input {', '.join(repr(name + ':0') for name in asked)}: {named}"
    names = ", ".join(repr(image.name + ":0") for image in images)
    why = images[0].because if len(images) == 1 else f"the {len(images)} placeholders of images"
    return f"input {names}: {why}"


def _placeholder_in_words(node: NodeDef, graph_def: GraphDef) -> str:
    """Return a placeholder's name and shape."""
    shape, dtype = shape_and_dtype(node, graph_def.versions.producer)
    return f"{node.name}:0 {dtype.name} {'of any shape' if shape is None else tuple(shape)}"


def _from_pipelines(nodes: Mapping[str, NodeDef]) -> str:
    """Return the tensors that come out of a training program's input pipeline, each of which could be fed."""
    given = {name for name, node in nodes.items() if STANDS_IN not in node.attr}
    readers = [
        n.name for n in nodes.values() if any(nodes[i].op in PIPELINES for i in map(op_name, n.input) if i in given)
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


class Ahead:
    """What comes after tensors of a graph: walked when it is first asked for, and anew once operations were added."""

    def __init__(self, graph: Graph, starts: Sequence[Tensor]) -> None:
        self.graph, self.starts = graph, starts
        self._ops: List[Operation] = []
        self._consumers: Dict[Operation, List[Operation]] = {}
        self._walked_at = -1  # how many operations the graph had then

    @property
    def ops(self) -> List[Operation]:
        """The operations that depend on the tensors, by name."""
        there = self.graph.get_operations()
        if len(there) != self._walked_at:
            self._consumers = walk.all_consumers(there)
            self._ops = walk.after_in((start.op for start in self.starts), self._consumers)
            self._walked_at = len(there)
        return self._ops

    def reads_none(self, ops: Iterable[Operation]) -> bool:
        """Whether nothing reads any of some operations."""
        return self._consumers.keys().isdisjoint(ops)

    @property
    def unread(self) -> List[Operation]:
        """Those of them that nothing reads."""
        return [op for op in self.ops if op not in self._consumers]


def logits(ahead: Ahead, name: Optional[str], named: str) -> Tuple[Optional[Tensor], str]:
    """Return the (N, classes) tensor that the softmax reads, or that nothing reads, and why it is taken for that.

    Where there is none, or several could be, it is None, and the words say so.
    """
    graph = ahead.graph
    if name is not None:
        op = op_name(name)
        try:
            tensor = graph.get_tensor_by_name(tensor_name(name))
        except (KeyError, ValueError):
            known = [o.name for o in graph.get_operations()]
            raise UnknownName(f"logits={name!r}: no such tensor; {nearest(op, known)}") from None
        if not tensor.dtype.is_floating:
            raise ModelError(f"logits={name!r}: {tensor.dtype.name} {tensor.shape}, no scores: name floating point")
        return tensor, f"logits {tensor.name!r}: {named}"
    ending = [op for op in ahead.ops if op.type in LOSSES or _is_loss(op)] + _last_probabilities(ahead)
    soft = {_before_reshape(op.inputs[0]).name: op for op in sorted(ending, key=lambda op: op.name)}
    if len(soft) == 1:
        scores, op = next(iter(soft.items()))
        return graph.get_tensor_by_name(scores), f"logits {scores!r}: what {op.name} ({op.type}) reads"
    firsts = [op.outputs[0] for op in ahead.ops if op.outputs] if not soft else []
    ends = [tensor.name for tensor in firsts if not tensor.consumers() and _is_score(tensor)]
    if len(ends) == 1:
        return graph.get_tensor_by_name(ends[0]), f"logits {ends[0]!r}: the only (N, classes) that nothing reads"
    choice = ", ".join(map(repr, sorted(soft) or ends))
    if choice:
        return None, f"the logits could be {choice}: say logits="
    return None, f"nothing of shape (N, classes) comes after {ahead.starts[0].name!r}: say logits="


def ends(ahead: Ahead) -> List[Tensor]:
    """Return the numbers that depend on some tensors and that nothing reads: what a graph computes of them."""
    return [
        out
        for op in ahead.unread
        if op.type not in UPDATES
        for out in op.outputs
        if out.dtype.is_floating or out.dtype.is_integer
    ]


def _last_probabilities(ahead: Ahead) -> List[Operation]:
    """Return the softmaxes that are the last that happens to scores, not attentions or gates within the net.

    A program that trains may also make a loss of one, or count what is right: numbers without further weights.
    """
    soft = [op for op in ahead.ops if op.type in PROBABILITIES and _is_of_scores(op.inputs[0])]
    if ahead.reads_none(soft):
        return soft
    computed_with = _behind(op for op in ahead.ops if op.type not in _AFTER_SCORES)
    last = [op for op in soft if op not in computed_with]
    if len(last) == len(soft):
        return last
    weighed = _behind(op for op in ahead.ops if op.type in _WEIGHING)
    kept = _behind(op for op in ahead.unread if any(map(_is_large, op.outputs)))
    return [op for op in soft if op not in computed_with or (op not in weighed and op not in kept)]


def _behind(ops: Iterable[Operation]) -> Set[Operation]:
    """Return what any of some operations is made from."""
    first = [other for op in ops for other in walk.read_by(op.inputs)]
    return set(walk.reachable(first, lambda op: walk.read_by(op.inputs)))


def _is_of_scores(tensor: Tensor) -> bool:
    """Whether a softmax of a tensor may be one of scores."""
    return tensor.shape.rank is None or is_scores(tensor) or is_scores(_before_reshape(tensor))


def _is_large(tensor: Tensor) -> bool:
    """Whether a tensor is more than a number, or one for each image, as far as is known."""
    return tensor.dtype.is_floating and (tensor.shape.rank is None or tensor.shape.rank > 1)


def _is_loss(op: Operation) -> bool:
    """Whether an operation is the one of tf.nn.sigmoid_cross_entropy_with_logits that reads nothing but the logits."""
    return op.type == "ZerosLike" and "logistic_loss/" in op.name and is_scores(op.inputs[0])


def is_scores(tensor: Tensor) -> bool:
    """Whether a tensor is (N, classes), or (N, 1, 1, classes)."""
    return tensor.shape.rank == 2 or (tensor.shape.rank == 4 and tensor.shape.as_list()[1:3] == [1, 1])


def as_rows(logits: Tensor, why: str) -> Tuple[Tensor, str]:
    """Return logits of (N, 1, 1, classes) as (N, classes), by a new operation slimcam/logits, and the words for it."""
    if logits.shape.rank != 4 or not is_scores(logits):
        return logits, why
    rows = tf.reshape(logits, [-1, logits.shape.as_list()[-1] or tf.shape(logits)[-1]], name="slimcam/logits")
    return rows, f"{why}, {logits.shape} flattened to {rows.shape}"


def _before_reshape(tensor: Tensor) -> Tensor:
    """Go back over the Reshape that slim puts before its softmax, and a few operations that copy."""
    for _ in range(_FEW):
        if tensor.op.type not in ("Reshape", "Identity") or tensor.op.inputs[0].shape.rank != 2:
            break
        tensor = tensor.op.inputs[0]
    return tensor


def _is_score(tensor: Tensor) -> bool:
    return is_scores(tensor) and tensor.dtype.is_floating and (tensor.shape.as_list()[-1] or 0) > 0


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
