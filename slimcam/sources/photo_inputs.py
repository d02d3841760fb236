"""From photos to the inputs of a graph: the preprocessing is joined to each before the import, ImageInputs come after.

A graph's input becomes a placeholder of any batch size that reads the prepared photos where nobody feeds it.
"""

from typing import Dict, List, NamedTuple, Optional, Tuple

from .._tf import tf, tf1
from .._types import DType, Graph, GraphDef, NodeDef, Tensor
from ..graphs.graph_defs import cut_to, needed_nodes, shape_and_dtype
from ..graphs.op_types import DECODERS
from ..inputs import preprocess
from ..inputs.image_input import ImageInput, PhotoPipeline
from .parts import Parts

Shape = Optional[List[Optional[int]]]


class Joint(NamedTuple):
    """How one input of a GraphDef was joined to photos."""

    name: str  # the input's node
    photos: Optional[PhotoPipeline] = None  # None: only arrays can be fed, or encoded photos
    default: Optional[Tensor] = None  # the photos as the net takes them, which the node reads
    takes_files: bool = False  # the node takes the photos as files
    batch: int = 0  # how many images the graph was made for at once, 0 for any number


def join_photos(graph_def: GraphDef, name: str, parts: Parts) -> Joint:
    """Make an input's node read the preprocessing, built in the default graph, where nothing else is fed."""
    node = next(node for node in graph_def.node if node.name == name)
    shape, dtype = shape_and_type(node, parts)
    if dtype == tf.string:
        return Joint(name, takes_files=True)
    if shape is None or len(shape) not in (3, 4):
        return Joint(name)
    batch = shape[0] or 0 if len(shape) == 4 else 0
    height, width, channels = shape[-3:]
    photos, prepared = None, None
    if parts.preprocess is not None and channels in (1, 3, None):
        size = (height, width) if height and width else None
        row = preprocess.find(parts.preprocess)
        with tf1.name_scope("slimcam/photos"):
            pixels, sizes, prepared = preprocess.prepare(row, size, channels or 3, dtype)
            prepared = prepared[0] if len(shape) == 3 else prepared
        photos = PhotoPipeline(None, pixels, sizes, row, size)
    _set_input(node, dtype, shape if len(shape) == 3 else [None, *shape[1:]], prepared)
    return Joint(name, photos, prepared, batch=batch)


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
    return ImageInput(tensor, photos, single, source)


def _photos_of(name: str) -> str:
    return f"slimcam_photos/{name}"


def shape_and_type(node: NodeDef, parts: Parts) -> Tuple[Shape, DType]:
    """Return shape and dtype of the input's node; what it leaves open is filled by what the caller said."""
    shape, dtype = shape_and_dtype(node)
    if shape is None and not node.op.startswith("Placeholder"):
        shape = _static_shape(parts.graph_def, node.name)
    if parts.size and not shape:
        return [None, parts.size, parts.size, 3], dtype
    if parts.size and shape is not None and len(shape) in (3, 4):
        shape[-3:-1] = [side or parts.size for side in shape[-3:-1]]
    return shape, dtype


def _static_shape(graph_def: GraphDef, name: str) -> Shape:
    """Return the shape that TensorFlow works out for a tensor inside the graph, None where it cannot."""
    part = cut_to(graph_def, needed_nodes(graph_def, [name]))
    with tf1.Graph().as_default() as graph:
        tf1.import_graph_def(part, name="")
    shape = graph.get_tensor_by_name(name + ":0").shape
    return None if shape.rank is None else shape.as_list()


def _set_input(node: NodeDef, dtype: DType, shape: List[Optional[int]], prepared: Optional[Tensor]) -> None:
    """Turn a node into a placeholder, which reads the prepared photos where nobody feeds it."""
    del node.input[:]
    node.attr.clear()
    node.op = "Placeholder" if prepared is None else "PlaceholderWithDefault"
    node.attr["dtype"].type = dtype.as_datatype_enum
    node.attr["shape"].shape.CopyFrom(tf.TensorShape(shape).as_proto())
    if prepared is not None:
        node.input.append(_photos_of(node.name))
