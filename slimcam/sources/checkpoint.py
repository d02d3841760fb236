"""A TF-Slim checkpoint: variables by name, and a net of the registry or of the user's own that they belong to.

The net is built once in a graph of its own, for inference; that graph is then cut down to what its end points need,
and the checkpoint's values take the variables' places. No session ever holds the variables themselves.
"""

import functools
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .. import nets
from .._tf import tf1
from .._types import ArrayReader, GraphDef
from ..errors import ModelError
from ..graphs.graph_defs import needed_nodes, without_variables
from . import infer
from .options import LoadOptions
from .parts import Parts
from .prepared import assumed_for
from .variables import Variables, open_checkpoint, prefix_of

# What training leaves in a checkpoint beside the net: counters and the optimisers' slots.
_TRAINING = ("global_step", "Momentum", "RMSProp", "Adam", "Adagrad", "Adadelta", "Ftrl", "beta1_power", "beta2_power")


def is_checkpoint(path: str) -> bool:
    """Whether there is a checkpoint at the path."""
    return prefix_of(path) is not None


def read_checkpoint(path: str, options: LoadOptions) -> Parts:
    """Build the net and give its variables the checkpoint's values; raise ModelError where they do not fit."""
    saved = open_checkpoint(path, options)
    net, num_classes, why = options.net, options.num_classes, [*saved.said]
    if net is None:
        net = _only_fit(saved)
        why.append(f"net {net!r}: the only one that the checkpoint's variables fit")
    row = nets.NETS.get(net) if isinstance(net, str) else None
    if num_classes is None:
        num_classes, because = _count_classes(row, saved)
        why.append(because)
    built = _build(net, row, num_classes, options.arguments or {}, options.size)
    built, notes = _without_missing(built, saved, [options.logits or built.logits, options.layer])
    why.extend(notes)
    weights, notes = _match(built.variables, saved, options.moving_averages, net)
    why.extend(notes)
    of_row = {key: getattr(row, key) for key in ("preprocess", "layer") if row and getattr(options, key) is None}
    why.extend(f"{key} {value!r}: as {net} is registered" for key, value in of_row.items())
    notes = [assumed_for(row)] if row and options.net is None and options.preprocess is None else []
    return Parts(
        saved.path,
        without_variables(built.graph_def, built.ends),
        weights,
        input=options.input or built.input,
        logits=options.logits or built.logits,
        named_by="as asked" if options.input or options.logits else "as the net is built",
        end_points=built.end_points,
        output_kind=_output_kind(built.graph_def, options.logits or built.logits),
        why=why,
        notes=notes,
        **of_row,
    )


def _output_kind(graph_def: GraphDef, logits: str) -> str:
    """Return what is made of the logits: a softmax where a net gives them alone, as slim's signature has it."""
    kind = infer.output_kind_in(graph_def, logits)
    return "softmax" if kind == "linear" else kind


def _only_fit(saved: Variables) -> str:
    fitting = nets.nets_fitting(saved.shapes)
    if len(fitting) == 1:
        return fitting[0]
    raise ModelError(f"{saved.path}: say net=; its variables fit {', '.join(fitting) or 'no net that slimcam knows'}")


def _count_classes(row: Optional[nets.Net], saved: Variables) -> Tuple[Optional[int], str]:
    if row is not None:
        for head in (row.head, row.head + nets.AVERAGE):
            if head in saved.shapes:
                count = saved.shapes[head][-1]
                return count, f"num_classes {count}: the length of {head!r}"
        return row.classes, f"num_classes {row.classes}: as {row.name} was released"
    return None, "num_classes: the function's own default"


class NetGraph(NamedTuple):
    """A net in a GraphDef, its variables still without values."""

    graph_def: GraphDef
    variables: Dict[str, List[int]]
    input: str
    logits: str
    end_points: Dict[str, str]
    ends: List[str]  # tensors that the graph is kept for


def _build(
    net: Any, row: Optional[nets.Net], num_classes: Optional[int], arguments: Dict[str, Any], size: Optional[int]
) -> NetGraph:
    """Build a net for inference in a graph of its own."""
    side = size or nets.image_size(net)
    with tf1.Graph().as_default() as graph:
        images = tf1.placeholder(tf1.float32, [None, side, side, 3], name="input")
        logits, end_points = nets.build(net, images, num_classes, **arguments)
        variables = {v.op.name: v.shape.as_list() for v in tf1.global_variables()}
        points = {name: tensor.name for name, tensor in end_points.items() if hasattr(tensor, "op")}
        if row is not None:
            logits = graph.get_tensor_by_name(row.logits)
        ends = [logits.name, *points.values()] + ([row.layer] if row is not None and ":" in row.layer else [])
    return NetGraph(graph.as_graph_def(), variables, images.name, logits.name, points, ends)


def _without_missing(built: NetGraph, saved: Variables, also: List[Optional[str]]) -> Tuple[NetGraph, List[str]]:
    """Leave out end points beside the logits whose variables are not there: auxiliary heads are often not saved."""
    missing = {name for name in built.variables if name not in saved.shapes and name + nets.AVERAGE not in saved.shapes}
    essential = [built.end_points.get(name, name) for name in (built.logits, *also) if name]
    spare = missing - needed_nodes(built.graph_def, essential)
    if not spare or missing != spare:
        return built, []
    points = {k: t for k, t in built.end_points.items() if not spare & needed_nodes(built.graph_def, [t])}
    gone = sorted(set(built.end_points) - set(points))
    lost = {built.end_points[name] for name in gone}
    variables = {name: shape for name, shape in built.variables.items() if name not in spare}
    ends = [name for name in built.ends if name not in lost]
    left = built._replace(variables=variables, end_points=points, ends=ends)
    return left, [f"without the end points {', '.join(gone)}: the checkpoint lacks their {len(spare)} variables"]


def _match(
    variables: Dict[str, List[int]], saved: Variables, averages: bool, net: Any
) -> Tuple[Dict[str, ArrayReader], List[str]]:
    """Return how each variable's value is read, or raise ModelError with all that is missing, misshapen and extra."""
    names = {}
    for name in variables:
        averaged = averages and name + nets.AVERAGE in saved.shapes
        names[name] = name + nets.AVERAGE if averaged else name
    missing = [name for name, source in names.items() if source not in saved.shapes]
    misshapen = [
        f"{source} {saved.shapes[source]}, not {variables[name]}"
        for name, source in names.items()
        if source in saved.shapes and list(saved.shapes[source]) != list(variables[name])
    ]
    used = set(names.values()) | set(names)
    extra = [name for name in sorted(saved.shapes) if name not in used and not _of_training(name)]
    if missing or misshapen:
        raise ModelError(_misfit(saved, net, {"missing": missing, "misshapen": misshapen, "extra": extra}))
    count = sum(source.endswith(nets.AVERAGE) for source in names.values())
    why = [f"{count} of {len(names)} variables: their moving averages"] if count else []
    if extra:
        why.append(f"left unused: {_some(extra)}")
    return {name: functools.partial(saved.read, source) for name, source in names.items()}, why


def _of_training(name: str) -> bool:
    return name.rsplit("/", 1)[-1].rstrip("_0123456789") in _TRAINING or name.endswith(nets.AVERAGE)


def _misfit(saved: Variables, net: Any, kinds: Dict[str, List[str]]) -> str:
    lists = "; ".join(f"{len(names)} {kind}: {_some(names)}" for kind, names in kinds.items() if names)
    fitting = nets.nets_fitting(saved.shapes)
    ends = f"it fits net={', '.join(map(repr, fitting))}" if fitting else "it fits no net that slimcam knows"
    return f"{saved.path} is not a checkpoint of {getattr(net, '__name__', net)}: {lists}; {ends}"


def _some(names: List[str], most: int = 4) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
