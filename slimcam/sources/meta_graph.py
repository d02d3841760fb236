"""A `.meta` file: the graph of an old program, its training and all, with the checkpoint beside it."""

import os
from typing import Any, List, Optional

from .._tf import tf, tf1
from ..errors import ModelError
from . import infer
from .assembly import Parts
from .checkpoint import Variables, open_checkpoint, prefix_of
from .variables import VARIABLES, without_variables


def is_meta(path: str) -> bool:
    """Whether the path is that of a `.meta` file."""
    return path.endswith(".meta") and os.path.isfile(path)


def read_meta(
    path: str, input: Optional[str] = None, logits: Optional[str] = None, checkpoint: Optional[str] = None, **_: Any
) -> Parts:
    """Read the graph, cut down to what the logits need, with the values of the checkpoint of the same name.

    `checkpoint` is another one. Raises ModelError where the file is no MetaGraphDef, or the checkpoint is not there or
    lacks a variable that the logits need.
    """
    meta = tf1.MetaGraphDef()
    try:
        with open(path, "rb") as file:
            meta.ParseFromString(file.read())
    except Exception as error:  # protobuf raises DecodeError, by version from different modules
        raise ModelError(f"{path}: not a MetaGraphDef, or a damaged one ({type(error).__name__})") from error
    if not meta.graph_def.node:
        raise ModelError(f"{path}: not a MetaGraphDef (it has no nodes)")
    prefix = checkpoint or path[: -len(".meta")]
    if prefix_of(prefix) is None:
        raise ModelError(
            f"{path}: no checkpoint {prefix!r} beside it (.index and .data files, or a V1 file): say checkpoint="
        )
    return with_values(path, meta.graph_def, open_checkpoint(prefix), input, logits)


def with_values(
    source: str,
    graph_def: Any,
    held: Variables,
    input: Optional[str],
    logits: Optional[str],
    outputs: Optional[List[str]] = None,
) -> Parts:
    """Cut a graph of variables down to what its logits, or `outputs`, need, and take their values from a checkpoint."""
    wanted = [logits] if logits else outputs or _logits(source, graph_def, input)
    needed = infer.before(graph_def, wanted)
    if logits is not None and not needed:
        wanted, needed = [node.name for node in graph_def.node], {node.name for node in graph_def.node}
    names = [node.name for node in graph_def.node if node.op in VARIABLES and node.name in needed]
    missing = [name for name in names if name not in held.shapes]
    if missing:
        raise ModelError(
            f"{source}: the checkpoint {held.path} lacks {len(missing)} of {len(names)} variables that "
            f"{wanted[0]!r} needs, such as {missing[0]!r}; it has {', '.join(sorted(held.shapes)[:3])}, …"
        )
    weights = {name: _Read(held, name) for name in names}
    parts = Parts(source, without_variables(graph_def, wanted), weights, input=input, logits=logits)
    parts.outputs = [] if logits else wanted
    parts.why.append(f"{len(names)} variables: their values in {held.path}")
    training = [n.name for n in graph_def.node if n.name in needed and n.op.startswith("FusedBatchNorm") and _trains(n)]
    if training:
        parts.why.append(
            f"{len(training)} batch norms such as {training[0]!r} are in training mode for good: "
            "each map hangs on the other images of its batch; export the graph for inference"
        )
    return parts


class _Read:
    """What reads one variable of a checkpoint."""

    def __init__(self, held: Variables, name: str) -> None:
        self._held, self._name = held, name

    def __call__(self) -> Any:
        return self._held.read(self._name)


def _trains(node: Any) -> bool:
    return "is_training" not in node.attr or node.attr["is_training"].b


def _logits(source: str, graph_def: Any, input: Optional[str]) -> List[str]:
    """Find the logits in the graph as it is, before it is cut."""
    nodes, _ = infer.input_nodes(graph_def, input, [], None, "as asked")
    with tf1.Graph().as_default() as graph:
        try:
            tf1.import_graph_def(graph_def, name="")
        except (ValueError, tf.errors.OpError) as error:
            text = str(error).splitlines()[0]
            raise ModelError(
                f"{source}: TensorFlow {tf.__version__} cannot import all of this graph: {text}; "
                "say logits=, so that only what they need is imported"
            ) from error
        found, _ = infer.logits(graph, [graph.get_tensor_by_name(node.name + ":0") for node in nodes], None, "")
    return [found.name]
