"""Convolutions with dilations, made of plain ones where TensorFlow has no right values or gradients of them.

A convolution of every d-th pixel is a plain one of images that are made of every d-th pixel: SpaceToBatchND, the
convolution without padding, BatchToSpaceND, as tf.nn.convolution of TensorFlow 1 writes it.
"""

import functools
from typing import Any, Callable, Iterable, List, NamedTuple, Sequence, Set, Tuple

from .._tf import dilates, tf, tf1
from .._types import GraphDef, NodeDef, Tensor
from .graph_defs import op_name, set_inputs

IMAGES, KERNEL = "images", "kernel"
_DILATED = ("Conv2D", "DepthwiseConv2dNative")
MOST = 1 << 15  # of a stride or a dilation: no image has more rows


class Plain(NamedTuple):
    """What stands in a dilated convolution's place: nodes that read IMAGES and KERNEL, each after what it reads."""

    nodes: Sequence[NodeDef]  # each of one output, the last of which is the convolution's
    outputs: Sequence[str]  # the names of these, as functions write them


def without_dilation(graph_def: GraphDef, needed: Set[str]) -> List[str]:
    """Rewrite dilated convolutions that cannot be trusted, of a graph and of its functions, in place; say which."""
    rewritten = []
    wrong = [node for node in _wrong_ones(graph_def.node) if node.name in needed]
    loops = bool(wrong) and any(node.op == "Enter" for node in graph_def.node)
    for node in wrong:
        _rewrite(node, graph_def.node.add, waits=loops)
        rewritten.append(node.name)
    for function in graph_def.library.function:
        for node in _wrong_ones(function.node_def):
            _rewrite(node, function.node_def.add, in_function=True)
            rewritten.append(f"{function.signature.name}/{node.name}")
    if not rewritten:
        return []
    return [
        f"dilated convolutions ({len(rewritten)}, such as {rewritten[0]!r}) are computed by plain ones of every second "
        f"pixel, or third and so on: TensorFlow {tf.__version__} has no right gradients of them here"
    ]


def _wrong_ones(nodes: Iterable[NodeDef]) -> List[NodeDef]:
    """Return the dilated convolutions, of some nodes, of which TensorFlow has no right values or gradients."""
    return [node for node in nodes if node.op in _DILATED and _is_wrong(node)]


def _is_wrong(node: NodeDef) -> bool:
    if node.attr["data_format"].s == b"NCHW":
        return False
    strides, rates = node.attr["strides"].list.i, node.attr["dilations"].list.i
    if len(strides) != 4 or len(rates) != 4 or not all(0 < one <= MOST for one in (*strides, *rates)):
        return False  # damaged, which the import says, or left out: no dilation
    return any(rate > 1 for rate in rates) and not dilates(node.op)


def _rewrite(node: NodeDef, add: Callable[[], NodeDef], in_function: bool = False, waits: bool = False) -> None:
    """Let a node be the last of what computes the same.

    In a graph with loops constants wait for the images, since an operation's inputs have to be of one loop.
    """
    attributes = node.attr
    numbers = (tuple(attributes[name].list.i) for name in ("strides", "dilations", "explicit_paddings"))
    plain = _plain(node.op, attributes["T"].type, attributes["padding"].s.decode(), *numbers)
    data, prefix, names = list(node.input), f"{node.name}/slimcam/", [one.name for one in plain.nodes]
    written = [f":{output}:0" if in_function else "" for output in plain.outputs]
    reads = {name: prefix + name + end for name, end in zip(names, written)}
    reads.update({IMAGES: data[0], KERNEL: data[1]})
    for one in plain.nodes:
        last = one is plain.nodes[-1]
        copy, name = (node, node.name) if last else (add(), prefix + one.name)
        copy.CopyFrom(one)
        copy.name = name
        after = data[2:] if last else ["^" + op_name(data[0])] if waits and not one.input else []
        set_inputs(copy, [*(reads[read] for read in one.input), *after])


@functools.lru_cache(maxsize=None)
def _plain(
    op: str, dtype: int, padding: str, strides: Tuple[int, ...], rates: Tuple[int, ...], explicit: Tuple[int, ...]
) -> Plain:
    """Build what a dilated convolution stands for, of images and kernels of any size."""
    with tf1.Graph().as_default() as graph:
        images, kernel = (tf1.placeholder(dtype, [None] * 4, name) for name in (IMAGES, KERNEL))
        pads, crops = [], []
        for axis in (1, 2):
            # TensorFlow 1.15 infers what is made of the shape of one image, not of one whose batch is not known, and
            # only where it is read once
            size = tf.shape(tf.reduce_max(images, 0))[axis - 1]
            extent = (tf.shape(kernel)[axis - 1] - 1) * rates[axis]
            before, after = _padding(size, extent, strides[axis], padding, explicit[2 * axis : 2 * axis + 2])
            rest = -(size + before + after) % rates[axis]  # to a multiple of the dilation
            pads.append([before, after + rest])
            crops.append([0, rest])
        split = tf1.space_to_batch_nd(images, rates[1:3], tf.stack(pads))
        convolved = getattr(tf.raw_ops, op)(input=split, filter=kernel, strides=[1] * 4, padding="VALID")
        joined = tf1.batch_to_space_nd(convolved, rates[1:3], tf.stack(crops))
        if max(strides) > 1:
            joined = joined[:, :: strides[1], :: strides[2]]
        operations = [one for one in graph.get_operations() if one.type != "Placeholder"]
    return Plain([one.node_def for one in operations], [one.op_def.output_arg[0].name for one in operations])


def _padding(size: Tensor, extent: Tensor, stride: int, padding: str, explicit: Sequence[int]) -> Tuple[Any, Any]:
    """Return how many pixels a kernel, `extent` + 1 of them wide, is given before and after those of the images."""
    if padding != "SAME":
        return (explicit[0], explicit[1]) if padding == "EXPLICIT" else (0, 0)
    total = tf.maximum((-(-size // stride) - 1) * stride + extent + 1 - size, 0)
    return total // 2, total - total // 2
