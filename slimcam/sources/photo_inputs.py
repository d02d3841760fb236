"""From photos to the inputs of a graph: the preprocessing is joined to each before the import, ImageInputs come after.

A graph's input becomes a placeholder of any batch size that reads the prepared photos where nobody feeds it. Where it
takes the values of images in a row, such a placeholder of images is put before it, so that all else is as for images.
"""

from typing import Dict, List, NamedTuple, Optional

from .._tf import tf, tf1
from .._types import DType, Graph, GraphDef, NodeDef, Tensor
from ..graphs.graph_defs import Dims, set_inputs
from ..graphs.op_types import DECODERS
from ..inputs import preprocess
from ..inputs.image_input import ImageInput, PhotoPipeline
from .image_nodes import ImageNode
from .parts import Parts


class Joint(NamedTuple):
    """How one input of a GraphDef was joined to photos."""

    node: ImageNode  # the input
    name: str  # the node that images are fed to: the input itself, or one before it
    photos: Optional[PhotoPipeline] = None  # None: only arrays can be fed, or encoded photos
    default: Optional[Tensor] = None  # the photos as the net takes them, which the node reads
    takes_files: bool = False  # the node takes the photos as files
    batch: int = 0  # how many images the graph was made for at once, 0 for any number
    no_photos: str = ""  # why photos cannot be fed, and what to do


def join_photos(graph_def: GraphDef, image: ImageNode, parts: Parts) -> Joint:
    """Make an input's node read the preprocessing, built in the default graph, where nothing else is fed."""
    node = next(node for node in graph_def.node if node.name == image.name)
    if image.dtype == tf.string:
        return Joint(image, image.name, takes_files=True)
    shape, dtype = shape_with_size(image, parts.size), image.dtype
    if shape is None or len(shape) not in (3, 4):
        return Joint(image, image.name, no_photos=_what_lacks(image, shape))
    batch = shape[0] or 0 if len(shape) == 4 else 0
    height, width, channels = shape[-3:]
    photos, prepared, lacks = None, None, _what_lacks(image, shape)
    if not lacks and parts.preprocess is not None:
        size = (height, width) if height and width else None
        row = preprocess.find(parts.preprocess)
        with tf1.name_scope("slimcam/photos"):
            pixels, sizes, prepared = preprocess.prepare(row, size, channels or 3, dtype)
            prepared = prepared[0] if len(shape) == 3 else prepared
        photos = PhotoPipeline(None, pixels, sizes, row, size, "; ".join(parts.notes))
    if image.values is not None:
        node = _before(graph_def, node, image)
    _set_input(node, dtype, shape if len(shape) == 3 else [None, *shape[1:]], prepared)
    _drop_waits(graph_def, node.name)
    return Joint(image, node.name, photos, prepared, batch=batch, no_photos=lacks)


def prepared_photos(joints: List[Joint]) -> Dict[str, Tensor]:
    """Map the names that the changed nodes read to the prepared photos, for the import."""
    return {_photos_of(joint.name): joint.default for joint in joints if joint.default is not None}


def image_input(graph: Graph, joint: Joint, source: str) -> ImageInput:
    """Return an input for images, once its graph is imported."""
    tensor = graph.get_tensor_by_name(joint.name + ":0")
    photos, single = joint.photos, tensor.shape.rank == 3
    if joint.takes_files:
        photos = PhotoPipeline(tensor)
        single = tensor.shape.rank == 0 or any(op.type in DECODERS for op in tensor.consumers())
    values = None if joint.name == joint.node.name else graph.get_tensor_by_name(joint.node.name + ":0")
    return ImageInput(tensor, photos, single, source, values, joint.no_photos)


def _photos_of(name: str) -> str:
    return f"slimcam_photos/{name}"


def shape_with_size(image: ImageNode, size: Optional[int]) -> Dims:
    """Return the shape of images at a node; a side that it leaves open is `size`, where the caller said that."""
    shape = image.shape
    if size and not shape:
        return [None, size, size, 3]
    if size and shape is not None and len(shape) in (3, 4):
        return [*shape[:-3], *(side or size for side in shape[-3:-1]), shape[-1]]
    return shape


def _what_lacks(image: ImageNode, shape: Dims) -> str:
    """Return why photos cannot be fed to a node, and what to do, "" where they can."""
    name, arrays = repr(image.name + ":0"), "give floating point (N, h, w, C), fed as is"
    if shape is None or (not image.declared and None in shape[-3:-1]):
        return f"nothing says what size {name} takes: load it with size=, the side of its images in pixels, or {arrays}"
    if len(shape) not in (3, 4):
        return f"{name} takes {tuple(shape)}, which are no photos: {arrays}"
    if shape[-1] not in (1, 3, None) and shape[-3] in (1, 3):
        return (
            f"{name} takes its channels before rows and columns, {tuple(shape)}, and photos have them last: give "
            "floating point of that shape, fed as is"
        )
    if shape[-1] not in (1, 3, None):
        return f"{name} takes {shape[-1]} channels, which photos do not have: {arrays}"
    return ""


def _before(graph_def: GraphDef, node: NodeDef, image: ImageNode) -> NodeDef:
    """Put a node before one that takes the values of images in a row, which reshapes its images; return it."""
    names = {one.name for one in graph_def.node}
    name = f"{node.name}_images"
    while name in names:
        name += "_"
    dims = graph_def.node.add(name=f"{name}/values", op="Const")
    dims.attr["dtype"].type = tf.int32.as_datatype_enum
    row = [-1, *(image.values or [])[1:]]
    dims.attr["value"].tensor.CopyFrom(tf1.make_tensor_proto(row, tf.int32))
    node.op = "Reshape"
    node.attr.clear()
    node.attr["T"].type = image.dtype.as_datatype_enum
    node.attr["Tshape"].type = tf.int32.as_datatype_enum
    del node.input[:]
    node.input.extend([name, dims.name])
    return graph_def.node.add(name=name)


def _drop_waits(graph_def: GraphDef, name: str) -> None:
    """Let no node wait for a placeholder: what stands in its place would prepare photos then, although it is fed."""
    waits = f"^{name}"
    for node in graph_def.node:
        if waits in node.input:
            set_inputs(node, [one for one in node.input if one != waits])


def _set_input(node: NodeDef, dtype: DType, shape: List[Optional[int]], prepared: Optional[Tensor]) -> None:
    """Turn a node into a placeholder, which reads the prepared photos where nobody feeds it."""
    del node.input[:]
    node.attr.clear()
    node.op = "Placeholder" if prepared is None else "PlaceholderWithDefault"
    node.attr["dtype"].type = dtype.as_datatype_enum
    node.attr["shape"].shape.CopyFrom(tf.TensorShape(shape).as_proto())
    if prepared is not None:
        node.input.append(_photos_of(node.name))
