"""A `.meta` file: the graph of an old program, its training and all, with the checkpoint beside it."""

import functools
import os
import re
from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from .._tf import tf, tf1
from .._types import GraphDef, NodeDef
from ..errors import ModelError
from ..files.reading import read_bytes
from ..graphs import graph_defs
from ..graphs.graph_defs import STANDS_IN, cut_to, dims_of, op_name, set_inputs, without_variables
from ..graphs.import_checks import check_inputs, check_operations, restate_swish, training_norms, unknown_node
from ..graphs.importing import import_graph
from ..graphs.newer_attributes import without_newer_attributes
from ..graphs.op_types import VARIABLES
from ..graphs.walk import reachable
from ..graphs.writes import without_writes
from . import infer
from .frozen import MOST
from .image_nodes import ImageNode, ImageNodes
from .options import LoadOptions, names_of
from .parts import Parts
from .variables import Variables, open_checkpoint, prefix_of
from .vetting.inert import vetted

_GRADIENTS = re.compile(r"(^|/)gradients(_\d+)?/")  # the scope of tf.gradients, and so of every optimizer
_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"  # what a checkpoint of objects, not of a graph's variables, holds


def is_meta(path: str) -> bool:
    """Whether the path is that of a `.meta` file."""
    return path.endswith(".meta") and os.path.isfile(path)


def read_meta(path: str, options: LoadOptions) -> Parts:
    """Read the graph, cut down to what the logits need, with the values of the checkpoint of the same name.

    The option `checkpoint` is another one. Raises ModelError where the file is no MetaGraphDef, or the checkpoint is
    not there or lacks a variable that the logits need.
    """
    meta = read_meta_graph(path)
    prefix = os.fspath(options.checkpoint or path[: -len(".meta")])
    if prefix_of(prefix) is None:
        raise ModelError(
            f"{path}: no checkpoint {prefix!r} beside it (.index and .data files, or a V1 file): say checkpoint="
        )
    ops = meta.meta_info_def.stripped_op_list.op
    saved = open_checkpoint(prefix, options, None if options.checkpoint else path)
    input = names_of(options.input)
    return with_values(path, meta.graph_def, options, saved, input, options.logits, ops=ops)


def read_meta_graph(path: str) -> Any:
    """Parse a MetaGraphDef; raise ModelError for a file that is none, or not a whole one."""
    meta, data = tf1.MetaGraphDef(), read_bytes(path, ModelError, MOST)
    try:
        meta.ParseFromString(data)
    except Exception as error:  # protobuf raises DecodeError, by version from different modules
        raise ModelError(f"{path}: not a MetaGraphDef, or a damaged one ({type(error).__name__})") from error
    if not meta.graph_def.node:
        raise ModelError(f"{path}: not a MetaGraphDef (it has no nodes)")
    check_inputs(path, meta.graph_def)
    return meta


def with_values(
    source: str,
    graph_def: GraphDef,
    options: LoadOptions,
    saved: Variables,
    input: Sequence[str],
    logits: Optional[str],
    outputs: Optional[List[str]] = None,
    within: Optional[List[str]] = None,
    ops: Iterable[Any] = (),
) -> Parts:
    """Cut a graph of variables down to what its logits, or `outputs`, need, and take their values from a checkpoint.

    Where neither is given, logits are looked for in what the tensors `within` need, or in all; `ops` are its OpDefs.
    By `options` all that does more than compute is kept from running, or is not.
    """
    judged = vetted(source, graph_def, options)
    why_attributes = without_newer_attributes(graph_def, ops)
    graph_def, input, end_points = _feed_after_pipelines(without_writes(graph_def), input)
    asked = [logits] if logits else outputs
    wanted, because, no_logits = (asked, "", "") if asked else _logits(source, graph_def, input, within)
    logits = logits if asked or no_logits else wanted[0]
    needed = graph_defs.needed_nodes(graph_def, wanted)
    if logits is not None and not needed:  # the name is not an operation's
        wanted, needed = [node.name for node in graph_def.node], {node.name for node in graph_def.node}
    check_operations(source, graph_def, needed, wanted[0])
    names = _names_of_variables(source, graph_def, needed, saved, wanted[0])
    cut = without_variables(graph_def, wanted)
    why = [f"{len(names)} variables: their values in {saved.path}", *saved.said, *restate_swish(cut, stale=True)]
    return Parts(
        source,
        cut,
        {name: functools.partial(saved.read, name) for name in names},
        {name: saved.shapes[name] for name in names},
        input=input,
        logits=logits,
        why_logits=because,
        no_logits=no_logits,
        outputs=[] if logits else wanted,
        end_points=end_points,
        output_kind=infer.output_kind_in(graph_def, logits) if logits else "",
        judged=judged,
        why=[*why, *why_attributes, *_training_note(training_norms(graph_def, needed))],
    )


def _training_note(norms: List[str]) -> List[str]:
    if not norms:
        return []
    return [
        f"{len(norms)} batch norms such as {norms[0]!r} are in training mode for good: "
        "each map depends on the other images of its batch; export the graph for inference"
    ]


def _names_of_variables(source: str, graph_def: GraphDef, needed: Set[str], saved: Variables, wanted: str) -> List[str]:
    """Return the names of the variables needed; raise ModelError where the checkpoint lacks one, or its shape."""
    nodes = [node for node in graph_def.node if node.op in VARIABLES and node.name in needed]
    missing = [node.name for node in nodes if node.name not in saved.shapes]
    if missing:
        has = f"it has {', '.join(sorted(saved.shapes)[:3])}, …" if saved.shapes else "it is not there, or is empty"
        if _OBJECTS in saved.shapes:
            has = "it is one of objects, without the graph's names: save the model as .h5, or by a tf.train.Saver"
        raise ModelError(
            f"{source}: the checkpoint {saved.path} lacks {len(missing)} of {len(nodes)} variables that "
            f"{wanted!r} needs, such as {missing[0]!r}; {has}"
        )
    for node in nodes:
        shape, own = tf.TensorShape(dims_of(node.attr["shape"].shape)), tf.TensorShape(saved.shapes[node.name])
        if not shape.is_compatible_with(own):
            raise ModelError(
                f"{source}: {node.name!r} has the shape {shape} in the graph and {own} in the checkpoint {saved.path}: "
                "it is another model's"
            )
    return [node.name for node in nodes]


def _logits(
    source: str, graph_def: GraphDef, input: Sequence[str], within: Optional[List[str]]
) -> Tuple[List[str], str, str]:
    """Find the logits in the graph before it is cut, and why they are taken for that; else what it ends in.

    The last of what is returned is why there are no logits, "" where there are.
    """
    kept = graph_defs.needed_nodes(graph_def, within) if within else {node.name for node in graph_def.node}
    kept -= gradients(graph_def)
    unknown = unknown_node(graph_def, kept)
    if unknown is not None:
        raise ModelError(
            f"{source}: {unknown.name!r} is a {unknown.op}, which TensorFlow {tf.__version__} does not have: "
            "say logits=, so that only what they need is imported"
        )
    part = cut_to(graph_def, kept)
    starts = _starts(part, input)
    with tf1.Graph().as_default() as graph:
        try:
            import_graph(part)
        except ValueError as error:
            raise ModelError(
                f"{source}: TensorFlow {tf.__version__} cannot import all of this graph: {error}; "
                "say logits=, so that only what they need is imported"
            ) from error
        places = [graph.get_tensor_by_name(node.name + ":0") for node in starts]
        ahead = infer.Ahead(graph, places)
        tensor, why = infer.logits(ahead, None, "")
        if tensor is None:
            return within or [end.name for end in infer.ends(ahead)], "", why
    return [tensor.name], why.split(": ", 1)[1], ""


def gradients(graph_def: GraphDef) -> Set[str]:
    """Return the nodes of tf.gradients and what reads them: a gradient can have the shape of logits."""
    readers = graph_defs.readers(graph_def)
    starts = [node.name for node in graph_def.node if _GRADIENTS.search(node.name)]
    return set(reachable(starts, lambda name: readers.get(name, ())))


def _starts(graph_def: GraphDef, input: Sequence[str]) -> List[ImageNode]:
    """Return the nodes that images are fed to; where there are none, name the tensors of the pipeline in the error."""
    try:
        return infer.input_nodes(ImageNodes(graph_def), input)
    except ModelError as error:
        choices = [] if input else _pipeline_images(graph_def)
        if not choices:
            raise
        problem = str(error).split(": say input=")[0]
        raise ModelError(f"{problem}: say input={' or '.join(map(repr, choices[:4]))}") from error


def _types(node: NodeDef) -> List[int]:
    """Return the types of what an iterator or a queue gives, [] for any other node."""
    if node.op != "IteratorGetNext" and not node.op.startswith("QueueDequeue"):
        return []
    key = "output_types" if "output_types" in node.attr else "component_types"
    return list(node.attr[key].list.type)


def _shapes(node: NodeDef) -> List[Any]:
    key = "output_shapes" if "output_shapes" in node.attr else "_output_shapes"  # the latter is a Saver's note
    return list(node.attr[key].list.shape)


def _pipeline_images(graph_def: GraphDef) -> List[str]:
    """Return the tensors with the shape of images that a pipeline gives, those that one operation makes of them first.

    A tensor of unknown shape is not among them.
    """
    pipelines = {node.name: node for node in graph_def.node if _types(node) and STANDS_IN not in node.attr}
    reading = [n for n in graph_def.node if any(op_name(i) in pipelines for i in n.input)]
    return [
        f"{node.name}:{k}"
        for node in [*reading, *pipelines.values()]
        for k, shape in enumerate(_shapes(node))
        if len(shape.dim) == 4 and shape.dim[3].size in (1, 3, -1)
    ]


def _feed_after_pipelines(graph_def: GraphDef, input: Sequence[str]) -> Tuple[GraphDef, List[str], Dict[str, str]]:
    """Put placeholders where tensors of pipelines are read; return the graph, the names to feed, and what stood for."""
    names, stand_for = [], {}
    for one in input:
        graph_def, name, replaced = _feed_after_pipeline(graph_def, one)
        names.append(name)
        stand_for.update(replaced)
    return graph_def, names, stand_for


def _feed_after_pipeline(graph_def: GraphDef, input: str) -> Tuple[GraphDef, str, Dict[str, str]]:
    """Put a placeholder where the tensor `input` of an iterator or a queue is read: of several, one cannot be fed.

    Returns the graph, the placeholder's name and what the tensor's name stands for; for any other input, all as it is.
    """
    name, _, number = input.partition(":")
    node = next((node for node in graph_def.node if node.name == name), None)
    index = int(number) if number.isdigit() else 0
    if node is None or index >= len(_types(node)):
        return graph_def, input, {}
    changed = tf1.GraphDef()
    changed.CopyFrom(graph_def)
    names = {one.name for one in graph_def.node}
    own = f"{name}_{index}"
    while own in names:
        own += "_"
    replaced = {f"{name}:{index}", *([name] if index == 0 else [])}
    for one in changed.node:
        set_inputs(one, [own if read in replaced else read for read in one.input])
    place = changed.node.add(name=own, op="Placeholder")
    place.attr["dtype"].type = _types(node)[index]
    shapes = _shapes(node)
    if index < len(shapes):
        place.attr["shape"].shape.CopyFrom(shapes[index])
    else:
        place.attr["shape"].shape.unknown_rank = True
    return changed, own + ":0", {f"{name}:{index}": own + ":0"}
