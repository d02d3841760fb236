"""What a graph says of itself where no model can be made of it: placeholders, what images are fed to, and its ends."""

from typing import List, NamedTuple, Optional, Tuple

from .._tf import tf, tf1
from .._types import Graph, GraphDef, NodeDef, Tensor
from ..graphs.graph_defs import STANDS_IN, Dims, cut_to, readers, shape_and_dtype
from ..graphs.import_checks import unknown_nodes
from ..graphs.importing import import_graph
from ..graphs.newer_attributes import without_newer_attributes
from ..graphs.op_types import LOSSES, PLACEHOLDERS, PROBABILITIES
from ..graphs.walk import reachable
from ..graphs.writes import without_writes
from . import frozen, infer, meta_graph, saved_model
from .image_nodes import ImageNodes
from .options import LoadOptions
from .verdicts import vet_links
from .vetting import refuse
from .vetting.inert import vetted


class TensorSummary(NamedTuple):
    """A tensor of a graph."""

    name: str
    dtype: str
    shape: Optional[Tuple[Optional[int], ...]]  # None where it is not known
    why: str = ""  # what tells that images are fed to it, or that it holds scores


class GraphSummary(NamedTuple):
    """What a graph says of itself."""

    operations: int
    placeholders: List[TensorSummary]
    images: List[TensorSummary]  # those of them that images are fed to
    scores: List[TensorSummary]  # what a softmax, a sigmoid or a loss reads
    ends: List[TensorSummary]  # numbers that nothing reads
    lacking: str = ""  # the operation that this TensorFlow does not have; what needs it is not among scores and ends


def summary_of(path: str, options: Optional[LoadOptions] = None) -> Optional[GraphSummary]:
    """Return what the graph in a file says, None for what holds no graph of TensorFlow 1.

    Raises ModelError for a file that cannot be read, UntrustedModel for a link out of its folder.
    """
    refuse(path, vet_links(path), options or LoadOptions())
    if meta_graph.is_meta(path):
        return _summary(path, meta_graph.read_meta_graph(path).graph_def)
    if saved_model.is_saved_model(path):
        folder = saved_model.folder_of(path)
        return _summary(path, saved_model.graph_of_tags(folder, None, ("serve",)).graph_def)
    return _summary(path, frozen.read_graph_def(path)) if frozen.is_frozen(path) else None


def _summary(source: str, graph_def: GraphDef) -> GraphSummary:
    count = len(graph_def.node)
    vetted(source, graph_def, LoadOptions())  # it is imported, though it does not run
    without_newer_attributes(graph_def)
    graph_def = without_writes(graph_def)
    image_nodes, producer = ImageNodes(graph_def), graph_def.versions.producer
    places = [(n, *shape_and_dtype(n, producer)) for n in graph_def.node if n.op in PLACEHOLDERS and not _stands_in(n)]
    placeholders = [TensorSummary(f"{node.name}:0", dtype.name, _dims(shape)) for node, shape, dtype in places]
    images = [TensorSummary(f"{i.name}:0", i.dtype.name, _dims(i.shape), i.because) for i in image_nodes.all().values()]
    graph, lacking = _import_part(graph_def)
    starts = [op.outputs[0] for op in graph.get_operations() if op.type in PLACEHOLDERS]
    # not what a Saver restores from, nor what is in the places of operations that do not run
    starts = [start for start in starts if start.dtype != tf.string and not _stands_in(start.op.node_def)]
    scores = [
        TensorSummary(*_of(op.inputs[0]), f"what {op.name} ({op.type}) reads")
        for op in graph.get_operations()
        if op.type in (*PROBABILITIES, *LOSSES)
    ]
    ends = [TensorSummary(*_of(end)) for end in infer.ends(infer.Ahead(graph, starts))]
    return GraphSummary(count, placeholders, images, list(dict.fromkeys(scores)), ends, lacking)


def _stands_in(node: NodeDef) -> bool:
    return STANDS_IN in node.attr


def _import_part(graph_def: GraphDef) -> Tuple[Graph, str]:
    """Return as much of a graph as this TensorFlow can import, and which operation it lacks."""
    names = {node.name for node in graph_def.node} - meta_graph.gradients(graph_def)
    unknown = [node for node in unknown_nodes(graph_def) if node.name in names]
    reading = readers(graph_def) if unknown else {}
    lacking: List[str] = []

    def after(name: str) -> List[str]:
        return [one for one in reading.get(name, ()) if one in names]  # behind what is gone all is gone

    for node in unknown:
        if node.name in names:
            lacking.append(f"{node.name!r}, a {node.op}")
            behind: List[str] = reachable([node.name], after)
            names.difference_update(behind)
    graph = tf1.Graph()
    with graph.as_default():
        try:
            import_graph(cut_to(graph_def, names))
        except ValueError as error:
            lacking.append(str(error))
            return tf1.Graph(), ", ".join(lacking)
    return graph, ", ".join(lacking)


def _of(tensor: Tensor) -> Tuple[str, str, Optional[Tuple[Optional[int], ...]]]:
    return tensor.name, tensor.dtype.name, None if tensor.shape.rank is None else tuple(tensor.shape.as_list())


def _dims(shape: Dims) -> Optional[Tuple[Optional[int], ...]]:
    return None if shape is None else tuple(shape)
