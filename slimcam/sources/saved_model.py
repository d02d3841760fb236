"""A SavedModel: a folder with saved_model.pb and variables/, of TensorFlow 1 or 2."""

import os
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from .._tf import TF_VERSION, eager, frozen, saved_model_proto, tf
from ..errors import ModelError, UnknownName
from ..names import nearest
from .assembly import Parts
from .checkpoint import Variables, open_checkpoint
from .meta_graph import with_values

FILES = ("saved_model.pb", "saved_model.pbtxt")
DEFAULT = "serving_default"

Tags = Union[str, Sequence[str], None]


def is_saved_model(path: str) -> bool:
    """Whether the path is a SavedModel's folder, or its saved_model.pb."""
    return any(os.path.isfile(os.path.join(_folder(path), name)) for name in FILES)


def _folder(path: str) -> str:
    return os.path.dirname(path) or "." if os.path.basename(path) in FILES else path


def read_saved_model(
    path: str,
    input: Optional[str] = None,
    logits: Optional[str] = None,
    tags: Tags = None,
    signature: Optional[str] = None,
    **_: Any,
) -> Parts:
    """Read a graph by its tags (else "serve", or the only one) and a signature (else serving_default, or the only one).

    Raises ModelError for tags that no graph has, UnknownName for another signature.
    """
    folder = _folder(path)
    meta = _meta_graph(folder, tags)
    asked = sorted(meta.meta_info_def.tags)
    if meta.HasField("object_graph_def") and len(meta.object_graph_def.nodes):
        return _read_functions(folder, asked, signature, input, logits)
    chosen, because = _chosen(folder, dict(meta.signature_def), signature)
    outputs = {key: info.name for key, info in chosen.outputs.items()} if chosen is not None else {}
    scores = [key for key in sorted(outputs) if _is_score(chosen.outputs[key])]
    if logits is None and len(scores) > 1:
        raise ModelError(f"{folder}: the signature gives {', '.join(map(repr, scores))}: say logits=")
    wanted = [outputs[scores[0]]] if logits is None and scores else None
    inputs = [info.name for _, info in sorted(chosen.inputs.items())] if chosen is not None else []
    prefix = os.path.join(folder, "variables", "variables")
    held = open_checkpoint(prefix) if os.path.exists(prefix + ".index") else Variables(prefix, {}, _none)
    parts = with_values(folder, meta.graph_def, held, input, outputs.get(str(logits), logits), wanted)
    parts.inputs = inputs
    parts.why.insert(0, f"tags {', '.join(asked) or 'none'}; {because}")
    return parts


def _none(name: str) -> Any:
    raise KeyError(name)


def _meta_graph(folder: str, tags: Tags) -> Any:
    """Return the graph that has the tags asked for; raise ModelError with all that there are."""
    try:
        graphs = saved_model_proto(folder).meta_graphs
    except Exception as error:  # TensorFlow raises IOError, protobuf its own, by version from different modules
        raise ModelError(f"{folder}: not a SavedModel that can be read: {str(error).splitlines()[0]}") from error
    wanted = {tags} if isinstance(tags, str) else set(tags or ())
    found = [graph for graph in graphs if set(graph.meta_info_def.tags) == (wanted or {"serve"})]
    found = found or (
        [graph for graph in graphs if wanted <= set(graph.meta_info_def.tags)] if wanted else list(graphs)
    )
    if len(found) == 1:
        return found[0]
    sets = " or ".join(repr(sorted(graph.meta_info_def.tags)) for graph in graphs)
    held = f"no graph with the tags {sorted(wanted)}" if not found else f"{len(found)} graphs"
    raise ModelError(f"{folder}: {held}: say tags={sets}")


def _chosen(folder: str, signatures: Dict[str, Any], name: Optional[str]) -> Tuple[Any, str]:
    """Return a signature by name, else the default one, else the only one, None where there is none; and the words."""
    own = {key: value for key, value in signatures.items() if not key.startswith("__")}
    if name is None and not own:
        return None, "no signature"
    key = name or (DEFAULT if DEFAULT in own else next(iter(own)))
    if key not in own or (name is None and key != DEFAULT and len(own) > 1):
        known = ", ".join(map(repr, sorted(own)))
        raise UnknownName(f"{folder}: no signature {key!r} (there are {known}); {nearest(key, own)}")
    return own[key], f"signature {key!r}"


def _is_score(info: Any) -> bool:
    shape = info.tensor_shape
    return tf.as_dtype(info.dtype).is_floating and (shape.unknown_rank or len(shape.dim) == 2)


def _read_functions(
    folder: str, tags: List[str], signature: Optional[str], input: Optional[str], logits: Optional[str]
) -> Parts:
    """Read a SavedModel of TensorFlow 2: a function, its calls laid open and its variables made constants."""
    if TF_VERSION < (2, 1):
        raise ModelError(
            f"{folder}: a SavedModel of functions, which TensorFlow {tf.__version__} does not lay open: "
            "load it on TensorFlow 2.1 or newer, or save the model as .h5 or as a frozen graph"
        )
    with eager():
        loaded = tf.saved_model.load(folder, tags)
        function, because = _chosen(folder, dict(loaded.signatures), signature)
        if function is None:
            calls = getattr(vars(loaded).get("__call__"), "concrete_functions", None)
            if not calls:
                raise ModelError(f"{folder}: no signature and no __call__: save it with signatures=")
            function, because = calls[0], "no signature: its __call__"
        graph_def, inputs, names = frozen(function)
        keys = _keys(function.structured_outputs, len(names))
    outputs = dict(zip(keys, names))
    parts = Parts(folder, graph_def, input=input, logits=outputs.get(str(logits), logits), inputs=inputs, outputs=names)
    parts.end_points = outputs
    parts.why.append(f"tags {', '.join(tags)}; {because}")
    return parts


def _keys(structured: Any, count: int) -> List[str]:
    """Return what a function calls its outputs, in the order of the graph's."""
    if isinstance(structured, dict) and len(structured) == count:
        return sorted(structured)
    return [f"output_{i}" for i in range(count)]
