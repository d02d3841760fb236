"""What a graph does not say in so many words: which tensor is fed with images, and which holds the logits.

Each inference comes with the words that `model.why` shows. Where two answers are possible there is none: the error
lists both and asks.
"""

import re
from typing import Any, Dict, List, Optional, Set, Tuple

from .._tf import tf
from ..errors import ModelError, UnknownName
from ..graphs import walk
from ..graphs.op_types import DECODERS, FLATTENING, LOSSES, PIPELINES, PLACEHOLDERS, PROBABILITIES
from ..suggest import nearest


def shape_and_type(node: Any) -> Tuple[Optional[List[Optional[int]]], Any]:
    """Return the shape (None where unknown) and dtype that a GraphDef's input node declares."""
    key = next(key for key in ("dtype", "T", "DstT") if key in node.attr)
    dtype = tf.as_dtype(node.attr[key].type)
    proto = node.attr["shape"].shape if "shape" in node.attr else None
    if node.op == "Const":
        proto = node.attr["value"].tensor.tensor_shape
    if proto is None or proto.unknown_rank:
        return None, dtype
    return [dim.size if dim.size >= 0 else None for dim in proto.dim], dtype


def before(graph_def: Any, names: List[str]) -> Set[str]:
    """Return the names of the nodes that the nodes `names` depend on, and these themselves."""
    inputs = {node.name: node.input for node in graph_def.node}
    seen: Set[str] = set()
    stack = [name.split(":")[0] for name in names]
    while stack:
        name = stack.pop()
        if name not in seen and name in inputs:
            seen.add(name)
            stack.extend(other.lstrip("^").split(":")[0] for other in inputs[name])
    return seen


def input_nodes(
    graph_def: Any, given: Optional[str], inputs: List[str], logits: Optional[str], named: str
) -> Tuple[List[Any], str]:
    """Return the nodes that images are fed to, and why they are taken for that.

    `given` is the one that was asked for, and comes first; `inputs` are what the source says of all inputs.
    """
    nodes = {node.name: node for node in graph_def.node}
    said = {name.split(":")[0]: None for name in inputs}
    found = {key: why for key, why in _image_inputs(nodes).items() if not said or key in said}
    if len(found) > 1 and not said and logits is not None:
        needed = before(graph_def, [logits])
        found = {key: why for key, why in found.items() if key in needed}
    order = sorted(found, key=list(said).index) if said else sorted(found, key=_by_number)
    if given is not None:
        op = _named(nodes, given)
        behind = before(graph_def, [op])
        others = [key for key in order if key not in behind]
        return [nodes[key] for key in [op, *others]], f"input {op + ':0'!r}: {named}"
    if order:
        names = ", ".join(repr(op + ":0") for op in order)
        why = found[order[0]] if len(order) == 1 else f"the {len(order)} placeholders of images"
        return [nodes[op] for op in order], f"input {names}: {why}"
    places = [node.name + ":0" for node in graph_def.node if node.op.startswith("Placeholder")]
    raise ModelError(
        f"no placeholder takes images (placeholders: {', '.join(places) or 'none'}): say input={_from_pipelines(nodes)}"
    )


def _from_pipelines(nodes: Dict[str, Any]) -> str:
    """Return the tensors that come out of a training program's input pipeline, each of which could be fed."""
    readers = [
        n.name for n in nodes.values() if any(_op(i) in nodes and nodes[_op(i)].op in PIPELINES for i in n.input)
    ]
    return " or ".join(repr(name + ":0") for name in readers[:4])


def _op(name: str) -> str:
    return name.lstrip("^").split(":")[0]


def _by_number(name: str) -> List[Any]:
    """Order input_10 after input_2."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _named(nodes: Dict[str, Any], name: str) -> str:
    op = name.split(":")[0]
    if op not in nodes:
        raise UnknownName(f"input={name!r}: no such tensor; {nearest(op, nodes)}")
    if not any(key in nodes[op].attr for key in ("dtype", "T", "DstT")):
        raise ModelError(f"input={name!r}: a {nodes[op].op} cannot be fed; name a tensor with one type")
    return op


def _image_inputs(nodes: Dict[str, Any]) -> Dict[str, str]:
    found = {}
    for node in nodes.values():
        if node.op in DECODERS:
            source = nodes.get(node.input[0].split(":")[0])
            if source is not None and source.op in ("Placeholder", "Const"):
                found[source.name] = f"an encoded photo, which {node.op} reads"
        if node.op not in PLACEHOLDERS:
            continue
        shape, dtype = shape_and_type(node)
        if dtype == tf.string and (shape is None or len(shape) <= 1):
            if node.op == "PlaceholderWithDefault":
                continue  # a Saver's file name
            found.setdefault(node.name, "the only placeholder for encoded photos")
        elif shape is not None and _is_image(shape) and (dtype.is_floating or dtype == tf.uint8):
            found[node.name] = f"the only placeholder of images, {dtype.name} {tuple(shape)}"
    return found


def _is_image(shape: List[Optional[int]]) -> bool:
    return len(shape) == 4 or (len(shape) == 3 and shape[-1] in (1, 3, 4))


def logits(graph: Any, starts: List[Any], name: Optional[str], named: str) -> Tuple[Any, str]:
    """Return the (N, classes) tensor that the softmax reads, or that nothing reads, and why it is taken for that."""
    if name is not None:
        op = name.split(":")[0]
        try:
            tensor = graph.get_tensor_by_name(name if ":" in name else name + ":0")
        except (KeyError, ValueError):
            known = [o.name for o in graph.get_operations()]
            raise UnknownName(f"logits={name!r}: no such tensor; {nearest(op, known)}") from None
        return tensor, f"logits {tensor.name!r}: {named}"
    after = [op for op in walk.after(start.op for start in starts) if op.outputs]
    ending = [op for op in after if op.type in LOSSES or (op.type in PROBABILITIES and _is_end(op))]
    soft = {_unfolded(op.inputs[0]).name: op for op in ending}
    if len(soft) == 1:
        found, op = next(iter(soft.items()))
        return graph.get_tensor_by_name(found), f"logits {found!r}: what {op.name} ({op.type}) reads"
    ends = [op.outputs[0].name for op in after if not soft and _is_score(op) and not op.outputs[0].consumers()]
    if len(ends) == 1:
        return graph.get_tensor_by_name(ends[0]), f"logits {ends[0]!r}: the only (N, classes) that nothing reads"
    choice = ", ".join(map(repr, sorted(soft) or ends))
    if choice:
        raise ModelError(f"the logits could be {choice}: say logits=")
    raise ModelError(f"nothing of shape (N, classes) comes after {starts[0].name!r}: say logits=")


def _is_end(op: Any) -> bool:
    """Whether a softmax is the last that happens to scores, not an attention or a gate within the net."""
    readers = list(op.outputs[0].consumers())
    while readers:
        if any(c.type not in (*FLATTENING, "TopKV2", "ArgMax", "Max", "Shape") for c in readers):
            return False
        readers = [c for reader in readers for out in reader.outputs for c in out.consumers() if c.type != "TopKV2"]
    rank = op.inputs[0].shape.rank
    return rank is None or rank == 2 or _unfolded(op.inputs[0]).shape.rank == 2


def _unfolded(tensor: Any) -> Any:
    """Go back over the Reshape that slim puts before its softmax."""
    while tensor.op.type in ("Reshape", "Identity") and tensor.op.inputs[0].shape.rank == 2:
        tensor = tensor.op.inputs[0]
    return tensor


def _is_score(op: Any) -> bool:
    shape = op.outputs[0].shape
    return shape.rank == 2 and op.outputs[0].dtype.is_floating and (shape.as_list()[1] or 0) > 0


def logits_of_output(output: Any) -> Tuple[Any, str]:
    """Return what a model's output is before its softmax or sigmoid, in the output's shape, and why.

    An output that is neither is returned itself. A new operation, slimcam/logits, is made where the shapes differ.
    """
    tensor = output
    while tensor.op.type in (*FLATTENING, "Cast"):
        tensor = tensor.op.inputs[0]
    if tensor.op.type not in PROBABILITIES:
        return output, f"logits {output.name!r}: the model's output"
    why = f"what {tensor.op.name} ({tensor.op.type}) reads"
    scores = tensor.op.inputs[0]
    if output.shape.rank != scores.shape.rank and output.shape.rank == 2:
        scores = tf.reshape(scores, tf.shape(output), name="slimcam/logits")
        scores.set_shape(output.shape)
        why += ", in the output's shape"
    return scores, f"logits {scores.name!r}: {why}"
