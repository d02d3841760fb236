"""From a GraphDef and its weights to a Model: the way that all sources share."""

import functools
from typing import Dict, Iterable, List, Mapping, Optional, Tuple

from .._tf import OwnSession, tf, tf1
from .._types import Graph, GraphDef, Session, Tensor
from ..errors import ModelError
from ..graphs.darkflow import read_yolo
from ..graphs.detection import find_suppression
from ..graphs.feeds import STAND_INS
from ..graphs.graph_defs import op_name
from ..graphs.importing import import_graph
from ..graphs.walk import ancestors, between, is_of_unit_length
from ..inputs.image_input import ImageInput
from ..layers.names import Call, Calls
from ..layers.shared import may_be_shared, shared_calls
from ..layers.tensor_names import TensorNames
from ..model import Model
from ..text.printable import escape
from . import infer
from .batches import check_images, of_any_size
from .finiteness import Counts, count_constants, counting, say_what_is_not_finite
from .image_nodes import ImageNode, ImageNodes
from .labels import read_labels
from .mending import mend
from .options import names_of
from .parts import Parts
from .photo_inputs import Joint, image_input, join_photos, prepared_photos
from .prepared import with_preparation
from .randomness import say_what_is_random
from .vetting.guards import stand_guard
from .vetting.inert import errors_of, refuse_needed
from .vetting.sizes import check_tensors
from .weights import Assign, assigning, place, without_large


def assemble(parts: Parts) -> Model:
    """Import the graph, put its weights into it, join the preprocessing to its inputs, and find its logits."""
    why_mended = mend(parts)
    given = names_of(parts.input)
    known = ImageNodes(parts.graph_def, parts.weights)
    nodes = infer.input_nodes(known, given, parts.inputs, parts.logits)
    check_images(parts.source, nodes)
    parts = with_preparation(parts, nodes, known.wiring)
    graph, session, joints, reload_weights, counts = _import_graph(parts, nodes)
    with graph.as_default():
        inputs = [image_input(graph, joint, parts.source) for joint in joints]
        calls = _calls(graph, parts)
        ahead = infer.Ahead(graph, [one.tensor for one in inputs])
        logits, why_logits = _rows_of_logits(ahead, calls, parts)
    if parts.judged is not None and not parts.judged.trusted:
        check_tensors(parts.source, graph)
    outputs = _outputs(ahead, logits, parts)
    ends = outputs if logits is None else [logits]
    why_judged = [] if parts.judged is None else refuse_needed(parts.source, parts.judged, ends, _are_named(parts))
    needed = _needed_inputs(inputs, ends, len(given))
    why_inputs = infer.inputs_in_words([nodes[i] for i in needed], given, parts.named_by)
    inputs, made_for = [inputs[i] for i in needed], max(joints[i].batch for i in needed)
    inputs, why_batch = of_any_size(session, inputs, ends, made_for, parts.source)
    if calls is None and may_be_shared(known.wiring):
        calls = _calls_by_weights(inputs, ends)
    names = _names(graph, inputs, calls, parts)
    model = Model(
        graph,
        session,
        inputs,
        logits,
        names,
        outputs=outputs,
        layer=None if parts.layer is None else names.tensor(parts.layer),
        why=[*parts.why, *why_mended, why_inputs, why_logits, *why_batch, *why_judged],
        source=parts.source,
        no_logits=why_logits if logits is None else "",
        output_kind=parts.output_kind or ("linear" if logits is None else infer.output_kind(logits)),
        notes=list(parts.notes),
        eager=parts.eager,
    )
    _complete(model, parts, reload_weights, counts)
    return model


def _complete(model: Model, parts: Parts, reload_weights: Assign, counts: Counts) -> None:
    """Give a model its labels and how its weights are read again, and say of it what only the whole of it tells."""
    say_what_is_random(model, parts)
    say_what_is_not_finite(model, counts)
    if parts.live:
        model.reload_weights = functools.partial(_reload, reload_weights, counts)
    if parts.labels is not None:
        model.labels = read_labels(parts.labels, None if model.logits is None else model.classes)
    # names of nodes and layers, and what metadata says, are the file's
    model.why, model.notes = [*map(escape, model.why)], [*map(escape, model.notes)]


def _are_named(parts: Parts) -> bool:
    """Whether the caller or the file says what the model gives, and nothing was inferred."""
    return bool((parts.logits and not parts.why_logits) or (parts.outputs and not parts.no_logits))


def _names(graph: Graph, inputs: List[ImageInput], calls: Optional[Calls], parts: Parts) -> TensorNames:
    end_points = {name: _tensor_of(graph, tensor, parts) for name, tensor in parts.end_points.items()}
    return TensorNames(graph, [one.tensor for one in inputs], calls, end_points)


def _tensor_of(graph: Graph, name: str, parts: Parts) -> Tensor:
    """Return a tensor that a file names, in a signature say; raise ModelError where its graph has none of that name."""
    try:
        return graph.get_tensor_by_name(name)
    except (KeyError, ValueError) as error:
        raise ModelError(f"{parts.source}: it names {name!r}, and its graph has no such tensor: say logits=") from error


def _reload(reload_weights: Assign, counts: Counts, model: Model) -> None:
    """Read the weights of a model again, and say it where they are no numbers now."""
    reload_weights(None)
    say_what_is_not_finite(model, counts)


def _import_graph(parts: Parts, inputs: List[ImageNode]) -> Tuple[Graph, Session, List[Joint], Assign, Counts]:
    """Return a graph of its own with its session, how photos are joined to `inputs`, what assigns its weights.

    The last of what is returned is how many of its weights are no numbers.
    """
    counts: Counts = {}
    graph_def, weights = without_large(parts.graph_def, parts.weights)
    weights = counting(weights, counts)
    count_constants(graph_def, counts)
    graph = tf1.Graph()
    with graph.as_default():
        session = OwnSession(graph, parts.timeout)
        # a frozen graph may hold others, without a value, that its logits do not need
        own = [node.name for node in graph_def.node if node.op == "VarHandleOp" and node.name in weights]
        placed = {name: read for name, read in weights.items() if name not in own}
        tensors, variables = place(session, placed, parts.live)
        joints = [join_photos(graph_def, image, parts) for image in inputs]
        _import(graph_def, {**_read_ones(tensors, graph_def), **prepared_photos(joints)}, parts.source)
        if parts.judged is not None and not parts.judged.trusted:
            stand_guard(graph, graph_def)
        variables.update({name: graph.get_tensor_by_name(name + ":0") for name in own})
        assign = assigning(session, variables, weights)
        assign(own)
    if parts.judged is not None:
        STAND_INS[graph] = errors_of(parts.source, parts.judged)
    return graph, session, joints, assign, counts


def _read_ones(tensors: Mapping[str, Tensor], graph_def: GraphDef) -> Dict[str, Tensor]:
    """Return the tensors that a GraphDef reads by their names: TensorFlow takes no others."""
    read = {op_name(name) for node in graph_def.node for name in node.input} if tensors else set()
    return {name: tensor for name, tensor in tensors.items() if name in read}


def _import(graph_def: GraphDef, tensors: Mapping[str, Tensor], source: str) -> None:
    """Import a GraphDef into the default graph, with tensors of that in the places of the names that it lacks."""
    try:
        import_graph(graph_def, tensors)
    except ValueError as error:
        raise ModelError(f"{source}: TensorFlow {tf.__version__} cannot import this graph: {error}") from error


def _calls(graph: Graph, parts: Parts) -> Optional[Calls]:
    """Return the calls of Keras layers on the model's own graph, where the source knows of any."""
    if not parts.calls:
        return None
    there = {op.name for op in graph.get_operations()}

    def here(tensors: Iterable[Tensor]) -> List[Tensor]:
        return [graph.get_tensor_by_name(tensor.name) for tensor in tensors if tensor.op.name in there]

    moved = [Call(one.path, here(one.inputs), one.start, one.end, here(one.outputs)) for one in parts.calls]
    names = {name: op_name(name) for name in parts.inputs}
    return Calls([call for call in moved if call.outputs], names)


def _calls_by_weights(inputs: List[ImageInput], ends: List[Tensor]) -> Optional[Calls]:
    """Return the calls of layers that share weights, as a graph of which nothing else is known shows them, or None."""
    starts = [one.tensor for one in inputs]
    calls = shared_calls(between(starts, *ends))
    return Calls(calls, {one.tensor.name: one.tensor.op.name for one in inputs}) if calls else None


def _needed_inputs(inputs: List[ImageInput], ends: List[Tensor], asked: int) -> List[int]:
    """Return which inputs the ends need, the first `asked` at any rate; the first where they need none."""
    if len(inputs) == 1:
        return [0]
    behind = ancestors(ends)
    return [i for i, one in enumerate(inputs) if i < asked or one.tensor.op in behind] or [0]


def _rows_of_logits(ahead: infer.Ahead, calls: Optional[Calls], parts: Parts) -> Tuple[Optional[Tensor], str]:
    """Return the logits as (N, classes), None where an embedding or nothing was found, and why."""
    logits, why = _logits(ahead, calls, parts)
    asked = parts.logits is not None and not parts.why_logits
    if logits is None or asked or not is_of_unit_length(logits):
        return (logits, why) if logits is None else infer.as_rows(logits, why)
    return None, f"its output {logits.name!r} is of length 1, a vector to compare photos by, and not (N, classes)"


def _logits(ahead: infer.Ahead, calls: Optional[Calls], parts: Parts) -> Tuple[Optional[Tensor], str]:
    """Return the logits: as asked, or before the softmax of the model's output, or as the graph ends; or None."""
    of_layer = calls.find(parts.logits) if calls is not None and parts.logits is not None else None
    if of_layer is not None:
        return of_layer, f"logits {of_layer.name!r}: {parts.named_by}"
    if parts.no_logits:
        return None, parts.no_logits
    if parts.logits is None and len(parts.outputs) > 1:
        known = {tensor.name: name for name, tensor in (calls.tensors if calls is not None else {}).items()}
        known.update({tensor: name for name, tensor in parts.end_points.items()})
        names = ", ".join(repr(known.get(name, name)) for name in parts.outputs)
        return None, f"the model has {len(parts.outputs)} outputs, {names}: say logits="
    if parts.logits is None and parts.outputs:
        output = _tensor_of(ahead.graph, parts.outputs[0], parts)
        if output.shape.rank not in (None, 2):
            return None, f"the model's output {output.name!r} is {output.shape}, not (N, classes): say logits="
        return infer.logits_of_output(output)
    if parts.logits is None and read_yolo(parts.source) is not None:
        return None, "its output is of detections, as darkflow's .meta beside it says, not (N, classes)"
    suppression = find_suppression(ahead.graph.get_operations()) if parts.logits is None else None
    if suppression is not None:
        boxes, scores = suppression.boxes.name, suppression.box_scores.name
        return None, f"it ends in detections, {boxes!r} and {scores!r}, not in (N, classes)"
    return infer.logits(ahead, parts.logits, parts.why_logits or parts.named_by)


def _outputs(ahead: infer.Ahead, logits: Optional[Tensor], parts: Parts) -> List[Tensor]:
    """Return what the model computes: as its source says, or the logits asked for, or what the graph ends in."""
    if parts.outputs:
        return [_tensor_of(ahead.graph, name, parts) for name in parts.outputs]
    if logits is not None and parts.logits is not None:
        return [logits]
    return infer.ends(ahead) or ([] if logits is None else [logits])
