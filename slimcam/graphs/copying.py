"""Copies of a part of a `tf.Graph`, and of its head for many classes in one backward pass.

Gradients of k classes are k backward passes from the logits to the layer. What lies between the two, the head, is
small; so it is copied once, onto activations that are repeated k times, and one pass with k rows per image does for
all. On InceptionV3 and TensorFlow 2.21 that halves what Top(5) costs.
"""

from typing import Callable, Collection, Dict, List, Mapping, Optional, Sequence, Tuple

from .._tf import tf, tf1
from .._types import NodeDef, Operation, Tensor
from . import walk
from .graph_defs import add_copy, op_name, set_inputs
from .op_types import PLACEHOLDERS


def repeated_head(layer: Tensor, logits: Tensor, k: int) -> Optional[Tuple[Tensor, Tensor]]:
    """Copy the head into the default graph; return the activations, each image's k rows one by one, and their logits.

    Returns None where the head reads anything of the images beside the layer, so that rows would not match.
    """
    inside, outside = ops_between(layer, logits)
    if not inside or any(op.type in PLACEHOLDERS for op in walk.ancestors(outside.values())):
        return None
    rows = tf.range(tf.shape(layer)[0] * k) // k
    repeated = tf.gather(layer, rows, name="repeated")
    if layer.shape.rank is not None:
        repeated.set_shape([None, *layer.shape.as_list()[1:]])
    return repeated, copy_ops(inside, logits, {**outside, layer.name: repeated})


def ops_between(layer: Tensor, output: Tensor, cut: Collection[str] = ()) -> Tuple[List[Operation], Dict[str, Tensor]]:
    """Return the operations from a tensor to another, and by name the tensors that they read beside these.

    What lies behind the tensors named in `cut` is not among them.
    """
    after = set(walk.after([layer.op]))
    inside = [op for op in walk.ancestors([output], cut=(layer.name, *cut)) if op in after]
    read = [tensor for op in inside for tensor in op.inputs if tensor is not layer]
    return inside, {tensor.name: tensor for tensor in read if tensor.op not in after or tensor.name in cut}


def copy_ops(
    inside: Sequence[Operation],
    output: Tensor,
    mapped: Mapping[str, Tensor],
    edit: Callable[[NodeDef], None] = lambda node: None,
) -> Tensor:
    """Copy operations into the default graph, on the tensors `mapped`, and return the copy of `output`.

    `edit` may change each one's node before it is copied.
    """
    return copy_tensors(inside, [output], mapped, edit)[0]


def copy_tensors(
    inside: Sequence[Operation],
    outputs: Sequence[Tensor],
    mapped: Mapping[str, Tensor],
    edit: Callable[[NodeDef], None] = lambda node: None,
) -> List[Tensor]:
    """Do as copy_ops, and return the copies of several tensors."""
    copy = tf1.GraphDef(versions=outputs[0].graph.graph_def_versions)
    names = {op.name for op in inside}
    for op in inside:
        node = add_copy(copy, op.node_def)
        set_inputs(node, [name for name in node.input if not name.startswith("^") or op_name(name) in names])
        edit(node)
    return tf1.import_graph_def(copy, name="head", input_map=mapped, return_elements=[one.name for one in outputs])
