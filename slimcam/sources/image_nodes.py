"""What images are fed to: nodes of a GraphDef, the shape that images have there, and by what it is known.

A placeholder may say no shape: TensorFlow to 1.0 writes none where it means "any", and graphs that were optimised for
inference lose theirs. It may also take images with their values in a row, (N, h * w * C). What else tells, in this
order: what a Saver noted of each tensor (`_output_shapes`), the first Reshape to (N, h, w, C) that reads it, and the
kernel of the first convolution, which tells the channels.
"""

from types import MappingProxyType
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Set, Tuple

import numpy as np

from .._tf import tf, tf1
from .._types import ArrayReader, DType, GraphDef, NodeDef
from ..graphs.graph_defs import Dims, cut_to, needed_among, op_name, shape_and_dtype, wiring_of
from ..graphs.importing import import_graph
from ..graphs.op_types import (
    ADDITIONS,
    BOUNDS,
    CONVOLUTIONS,
    DECODERS,
    DEPTHWISE,
    DIVISIONS,
    FUSED_NORMS,
    MERGES,
    PADS,
    PARSERS,
    PLACEHOLDERS,
    READS,
    RESIZES,
    SWITCHES,
    VARIABLES,
)
from ..graphs.walk import reachable

CHANNELS = (1, 3, 4)  # of what is taken for images where nothing else says so
# Operations after which images are images still, with the same number of values or of channels.
_SAME = ("Identity", "Cast", "StopGradient", "FakeQuantWithMinMaxVars", "Sub", "Mul", *ADDITIONS, *DIVISIONS, *BOUNDS)
_SAME_VALUES = (*_SAME, *SWITCHES, *MERGES)
_SAME_CHANNELS = (*_SAME_VALUES, *FUSED_NORMS, *RESIZES, *PADS)
_SHAPING = ("Reshape", "ExpandDims")
_FAR = 24  # operations that are looked at behind an input


class ImageNode(NamedTuple):
    """A node that images are fed to."""

    name: str
    dtype: DType
    shape: Dims  # (N, h, w, C), or (h, w, C) of one alone; None where nothing tells it
    because: str = ""  # what tells that it takes images
    declared: bool = True  # the graph itself says that it takes this shape, any side where a side is None
    values: Dims = None  # the node's own shape where that is another one: (N, h * w * C)


class ImageNodes:
    """The nodes of a graph, looked at for what images are fed to; `weights` are the variables cut out of it."""

    def __init__(self, graph_def: GraphDef, weights: Optional[Mapping[str, ArrayReader]] = None) -> None:
        self.graph_def, self.weights = graph_def, weights or {}
        self.wiring = wiring_of(graph_def)
        self.nodes = self.wiring.nodes

    def all(self) -> Dict[str, ImageNode]:
        """Return, by name, the nodes that images are fed to; a placeholder that nothing reads is none of them."""
        images: Dict[str, ImageNode] = {}
        for node in self.nodes.values():
            if node.op in DECODERS:
                source = self.nodes.get(op_name(node.input[0]))
                if source is not None and source.op in ("Placeholder", "Const"):
                    because = f"an encoded photo, which {node.op} reads"
                    images[source.name] = ImageNode(source.name, tf.string, shape_and_dtype(source)[0], because)
            elif node.op in PLACEHOLDERS and node.name not in images and self._readers(node.name):
                image = self._of_files(node) or self._of_pixels(node)
                if image is not None:
                    images[node.name] = image
        return images

    def _readers(self, name: str) -> List[NodeDef]:
        """Return the nodes that read one, those left out that only wait for it."""
        reading = [self.nodes[one] for one in dict.fromkeys(self.wiring.readers.get(name, ()))]
        return [node for node in reading if any(op_name(one) == name for one in node.input if one[:1] != "^")]

    def _of_files(self, node: NodeDef) -> Optional[ImageNode]:
        shape, dtype = shape_and_dtype(node)
        # one with a default is a Saver's file name
        if dtype != tf.string or node.op == "PlaceholderWithDefault" or (shape is not None and len(shape) > 1):
            return None
        if not self._is_decoded(node):
            return None
        return ImageNode(node.name, dtype, shape, "the only placeholder for encoded photos")

    def _is_decoded(self, node: NodeDef) -> bool:
        """Whether a decoder reads what is fed to a node: not the name of a file, nor a record that holds more."""

        def after(name: str) -> List[str]:
            reading = [] if _is_other_file(self.nodes[name].op) else self._readers(name)
            return [one.name for one in reading]

        behind = [self.nodes[name] for name in reachable([node.name], after)]
        within = {name for one in behind for name in _functions(one)}
        decode = {f.signature.name for f in self.graph_def.library.function if _decodes(f.node_def)}
        return _decodes(behind) or bool(within & decode)

    def _of_pixels(self, node: NodeDef) -> Optional[ImageNode]:
        image = self.node(node.name)
        if image.shape is None or not (image.dtype.is_floating or image.dtype == tf.uint8):
            return None
        return image if _is_image(image.shape) else None

    def node(self, name: str) -> ImageNode:
        """Return what is known of a node that images are fed to, whatever it is."""
        node = self.nodes[name]
        shape, dtype = shape_and_dtype(node, self.graph_def.versions.producer)
        if shape is None and node.op not in PLACEHOLDERS:
            shape = self._static(name)
        kind = f"the only placeholder of images, {dtype.name}"
        if dtype == tf.string or (shape is not None and _is_image(shape) and shape[-1] is not None):
            return ImageNode(name, dtype, shape, f"{kind} {shape if shape is None else tuple(shape)}")
        ahead = list(self._ahead(name, shape))
        channels = {dims[-1]: by for dims, by in ahead if dims[-1] is not None}
        if shape is not None and _is_image(shape):
            shape = [*shape[:-1], *channels] if len(channels) == 1 else shape
            return ImageNode(name, dtype, shape, f"{kind} {tuple(shape)}")
        whole = {tuple(dims[1:]): (dims[0], by) for dims, by in ahead if _are_images(dims, shape)}
        if len(whole) == 1:
            ((dims, (count, by)),) = whole.items()
            images = [count if shape is None else shape[0], *dims]
            own = "of any shape" if shape is None else tuple(shape)
            return ImageNode(name, dtype, images, f"{kind} {own}, {by} {tuple(images)}", shape is not None, shape)
        if shape is None and len(channels) == 1:
            ((depth, by),) = channels.items()
            return ImageNode(
                name, dtype, [None, None, None, depth], f"{kind} of any shape, {by} {depth} channels", False
            )
        return ImageNode(name, dtype, shape)

    def _ahead(self, name: str, shape: Dims) -> Iterator[Tuple[List[Optional[int]], str]]:
        """Yield (N, h, w, C) as the operations that read a node take it, None for what they leave open, and the words.

        `shape` is the node's own.
        """
        queue: List[str] = [name]
        seen: Set[str] = set()
        for name in queue:
            for node in self._readers(name):
                first = op_name(node.input[0]) == name
                if node.name in seen or len(seen) > _FAR:
                    continue
                seen.add(node.name)
                if node.op in _SHAPING and first:
                    dims = self._static(node.name, {queue[0]: shape})
                    if dims is not None and len(dims) == 4:
                        yield dims, f"of which {node.name} ({node.op}) makes"
                elif node.op in (*CONVOLUTIONS, *DEPTHWISE) and first:
                    kernel = self._weight_shape(node.input[1])
                    if kernel is not None and len(kernel) == 4 and _channels_last(node):
                        yield [None, None, None, kernel[2]], f"of which {node.name} ({node.op}) takes"
                elif node.op in _SAME_CHANNELS and self._keeps(node, name):
                    queue.append(node.name)

    def _keeps(self, node: NodeDef, name: str) -> bool:
        """Whether what a node gives is made from `name` and weights: in activations / share, the share is no image."""
        if node.op not in _SAME:
            return op_name(node.input[0]) == name or node.op in _SAME_VALUES
        return all(op_name(one) == name or self._weight_shape(one) is not None for one in node.input)

    def _weight_shape(self, name: str) -> Optional[List[int]]:
        """Return the shape of a constant or a variable, also where a read lies between, None of any other tensor."""
        for _ in range(6):
            name = op_name(name)
            node = self.nodes.get(name)
            if node is None:
                return list(self.weights[name]().shape) if name in self.weights else None
            if node.op == "Const":
                return [dim.size for dim in node.attr["value"].tensor.tensor_shape.dim]
            if node.op in VARIABLES:
                return [dim.size for dim in node.attr["shape"].shape.dim]
            if node.op not in (*READS, "Cast", "FakeQuantWithMinMaxVars", "Dequantize", *SWITCHES):
                return None
            name = node.input[0]
        return None

    def _static(self, name: str, shapes: Mapping[str, Dims] = MappingProxyType({})) -> Dims:
        """Return the shape that TensorFlow finds for a tensor, given those of placeholders; None where it cannot."""
        part = cut_to(self.graph_def, needed_among(self.nodes, [name]))
        for node in part.node:
            if node.op in PLACEHOLDERS and shapes.get(node.name) is not None:
                node.attr["shape"].shape.CopyFrom(tf.TensorShape(shapes[node.name]).as_proto())
        with tf1.Graph().as_default() as graph:
            try:
                import_graph(part)
            except ValueError:  # variables that were cut out, say
                return None
        shape = graph.get_tensor_by_name(name + ":0").shape
        return None if shape.rank is None else shape.as_list()


def _decodes(nodes: Iterable[NodeDef]) -> bool:
    return any(node.op in DECODERS for node in nodes)


def _is_other_file(op: str) -> bool:
    """Whether an operation takes file names or records, of which a photo is but a part."""
    return op in (*PARSERS, "ReadFile") or "Dataset" in op or "Iterator" in op


def _functions(node: NodeDef) -> List[str]:
    """Return the names of the functions that a node calls, none for those of a pipeline."""
    return [] if _is_other_file(node.op) else [value.func.name for value in node.attr.values() if value.func.name]


def _is_image(shape: List[Optional[int]]) -> bool:
    return len(shape) == 4 or (len(shape) == 3 and shape[-1] in CHANNELS)


def _are_images(dims: List[Optional[int]], shape: Dims) -> bool:
    """Whether (N, h, w, C) are images of some rows and columns, with as many values each as a row of `shape` has."""
    sizes = [size for size in dims[1:] if size is not None]
    if len(sizes) < 3 or min(sizes[:2]) < 2:
        return False
    row = [size for size in (shape or [])[1:] if size is not None]
    return shape is None or (len(row) == len(shape) - 1 > 0 and np.prod(row) == np.prod(sizes))


def _channels_last(node: NodeDef) -> bool:
    return "data_format" not in node.attr or node.attr["data_format"].s in (b"", b"NHWC")
