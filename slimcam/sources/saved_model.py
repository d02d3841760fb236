"""A SavedModel: a folder with saved_model.pb and variables/, of TensorFlow 1 or 2."""

import os
from dataclasses import replace
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Sequence, Tuple

from .._tf import eager, frozen, inlines_functions, let_go, saved_model_proto, tf
from .._types import GraphDef, Tensor
from ..errors import ModelError, SlimcamError, UnknownName
from ..graphs.graph_defs import dtype_of, needed_nodes
from ..graphs.import_checks import check_inputs, check_operations, restate_swish
from ..suggest import nearest
from ..text.printable import first_line
from .meta_graph import with_values
from .options import LoadOptions, Tags, names_of
from .parts import Parts
from .variables import Variables, open_checkpoint
from .vetting import refuse
from .vetting.files import check_files, saved_model_files
from .vetting.inert import vetted
from .vetting.saved_models import vet_functions

FILES = ("saved_model.pb", "saved_model.pbtxt")
DEFAULT = "serving_default"


def is_saved_model(path: str) -> bool:
    """Whether the path is a SavedModel's folder, or its saved_model.pb."""
    return any(os.path.isfile(os.path.join(folder_of(path), name)) for name in FILES)


def folder_of(path: str, also: Sequence[str] = ()) -> str:
    """Return the folder that a path means: itself, or where the file lies that it names, one of FILES or of `also`."""
    return os.path.dirname(path) or "." if os.path.basename(path) in (*FILES, *also) else path


def read_saved_model(path: str, options: LoadOptions) -> Parts:
    """Read a graph by its tags (else "serve", or the only one) and a signature (else serving_default, or the only one).

    Raises ModelError for tags that no graph has, UnknownName for another signature.
    """
    folder = folder_of(path)
    said = refuse(path, check_files(path, saved_model_files(folder), folder), options)
    meta = graph_of_tags(folder, options.tags, ("serve",))
    if meta.HasField("object_graph_def") and len(meta.object_graph_def.nodes):
        parts = _read_functions(folder, meta, options)
        return replace(parts, why=[*parts.why, *said])
    chosen, because = signature_of(folder, dict(meta.signature_def), options.signature)
    inputs, outputs = named_by_keys(chosen)
    scores = [key for key in outputs if _is_score(chosen.outputs[key])]
    wanted, logits = _outputs_to_explain(outputs, scores, options.logits)
    saved = variables_in(folder, options)
    within = list(outputs.values()) if wanted is None else None
    input = [inputs.get(name, name) for name in names_of(options.input)]
    ops = meta.meta_info_def.stripped_op_list.op
    parts = with_values(folder, meta.graph_def, options, saved, input, logits, wanted, within, ops)
    tags = sorted(meta.meta_info_def.tags)
    why = [f"tags {', '.join(tags) or 'none'}; {because}", *in_words(inputs, outputs), *parts.why, *said]
    keys = {key: name for key, name in outputs.items() if name in (wanted or ())}
    return replace(parts, inputs=list(inputs.values()), end_points={**parts.end_points, **keys}, why=why)


def _outputs_to_explain(
    outputs: Dict[str, str], scores: List[str], logits: Optional[str]
) -> Tuple[Optional[List[str]], Optional[str]]:
    """Return the output that the signature's key `logits`, or its only (N, classes), means; and `logits` if it is none.

    Of several (N, classes) all outputs are returned, and nothing is taken for the logits.
    An output is explained before its softmax; a tensor that is named itself is explained as it is.
    """
    if logits in outputs:
        return [outputs[logits]], None
    if logits is not None:
        return None, logits
    if len(scores) > 1:
        return list(outputs.values()), None
    return ([outputs[scores[0]]] if scores else None), None


def in_words(inputs: Dict[str, str], outputs: Dict[str, str]) -> List[str]:
    """Return what the keys of a signature stand for, in words, nothing where there are none."""
    sides = (("inputs", inputs), ("outputs", outputs))
    words = [f"{side} {', '.join(f'{key!r} is {name!r}' for key, name in of.items())}" for side, of in sides if of]
    return ["its " + "; its ".join(words)] if words else []


def named_by_keys(signature: Any) -> Tuple[Dict[str, str], Dict[str, str]]:
    """Return the names of the tensors that a signature's keys stand for, of the inputs and of the outputs."""
    sides = ({}, {}) if signature is None else (signature.inputs, signature.outputs)
    inputs, outputs = ({key: info.name for key, info in sorted(side.items())} for side in sides)
    return inputs, outputs


def variables_in(folder: str, options: LoadOptions) -> Variables:
    """Return the variables of a SavedModel's folder, none where it has none."""
    prefix = os.path.join(folder, "variables", "variables")
    if not os.path.exists(prefix + ".index"):
        return Variables(prefix, {}, _none)
    return open_checkpoint(prefix, options, folder)


def _none(name: str) -> NoReturn:
    raise KeyError(name)


def meta_graphs(folder: str) -> Sequence[Any]:
    """Return all graphs of a SavedModel; raise ModelError for what is none."""
    try:
        return saved_model_proto(folder).meta_graphs
    except Exception as error:  # TensorFlow raises IOError, protobuf its own, by version from different modules
        raise ModelError(f"{folder}: not a SavedModel that can be read: {first_line(error)}") from error


def graph_of_tags(folder: str, tags: Optional[Tags], default: Sequence[str]) -> Any:
    """Return the graph that has the tags asked for, else `default`; raise ModelError with all that there are."""
    graphs = meta_graphs(folder)
    wanted = {tags} if isinstance(tags, str) else set(tags or ())
    asked = wanted or set(default)
    fitting = [graph for graph in graphs if set(graph.meta_info_def.tags) == asked]
    fitting = fitting or [graph for graph in graphs if asked <= set(graph.meta_info_def.tags)]
    fitting = fitting or ([] if wanted else list(graphs))
    if len(fitting) == 1:
        check_inputs(folder, fitting[0].graph_def)
        return fitting[0]
    sets = " or ".join(repr(sorted(graph.meta_info_def.tags)) for graph in graphs)
    problem = f"no graph with the tags {sorted(wanted)}" if not fitting else f"{len(fitting)} graphs"
    raise ModelError(f"{folder}: {problem}: say tags={sets}")


def signature_of(
    folder: str, signatures: Dict[str, Any], name: Optional[str], default: str = DEFAULT
) -> Tuple[Any, str]:
    """Return a signature by name, else the default one, else the only one, None where there is none; and the words."""
    own = {key: value for key, value in signatures.items() if not key.startswith("__")}
    if name is None and not own:
        return None, "no signature"
    key = name or (next(iter(own)) if len(own) == 1 else default)
    if key not in own:
        known = ", ".join(map(repr, sorted(own))) or "none"
        ends = nearest(key, own) if name is not None else "say signature="
        raise UnknownName(f"{folder}: no signature {key!r} (there are {known}); {ends}")
    return own[key], f"signature {key!r}"


def _is_score(info: Any) -> bool:
    shape = info.tensor_shape
    dtype = dtype_of(info.dtype, f"an output of its signature, {info.name!r},")
    return dtype.is_floating and (shape.unknown_rank or len(shape.dim) == 2)


def _read_functions(folder: str, meta: Any, options: LoadOptions) -> Parts:
    """Read a SavedModel of TensorFlow 2: a function, its calls expanded and its variables made constants."""
    if not inlines_functions():
        raise ModelError(
            f"{folder}: a SavedModel of functions, which TensorFlow {tf.__version__} does not lay open: "
            "load it on TensorFlow 2.1 or newer, or save the model as .h5 or as a frozen graph"
        )
    tags = sorted(meta.meta_info_def.tags)
    vet_functions(folder, meta, options)
    with eager():
        function = _load_function(folder, tags, options.signature)
    graph_def, keyed = function.graph_def, function.keyed
    judged = vetted(folder, graph_def, options)
    wanted, logits = _outputs_to_explain(keyed, function.scores, options.logits)
    ends = wanted or ([logits] if logits is not None else function.outputs)
    check_operations(folder, graph_def, needed_nodes(graph_def, ends), ends[0])
    words = [f"tags {', '.join(tags)}; {function.because}", *in_words(function.named, keyed)]
    return Parts(
        folder,
        graph_def,
        input=[function.named.get(name, name) for name in names_of(options.input)],
        logits=logits,
        inputs=function.inputs,
        outputs=wanted or [],
        end_points=keyed,
        why=[*words, *restate_swish(graph_def, stale=False)],
        judged=judged,
    )


class _Function(NamedTuple):
    """A function of a SavedModel as a graph of its own, with its tensors' names."""

    graph_def: GraphDef
    inputs: List[str]
    named: Dict[str, str]  # of those, by key
    outputs: List[str]
    keyed: Dict[str, str]  # of those, by key
    scores: List[str]  # keys of (N, classes)
    because: str  # which function it is, in words


def _load_function(folder: str, tags: List[str], signature: Optional[str]) -> _Function:
    """Load eagerly; raise ModelError where the file is damaged, its weights not whole, or an operation not known."""
    try:
        loaded = tf.saved_model.load(folder, tags)
        function, because = signature_of(folder, dict(loaded.signatures), signature)
        if function is None:
            calls = getattr(vars(loaded).get("__call__"), "concrete_functions", None)
            if not calls:
                raise ModelError(f"{folder}: no signature and no __call__: save it with signatures=")
            function, because = calls[0], "no signature: its __call__"
        graph_def, inputs, names = frozen(function)
        keyed = dict(zip(_keys(function.structured_outputs, len(names), "output"), names))
        named = dict(zip(_keys(function.structured_input_signature[1], len(inputs), "input"), inputs))
        scores = [key for key, tensor in zip(keyed, function.outputs) if _is_score_tensor(tensor)]
        let_go(loaded)
    except SlimcamError:
        raise
    except Exception as error:  # TensorFlow raises whatever it comes upon: KeyError, AttributeError, its own errors
        first = (f"{type(error).__name__}: {error}".splitlines())[0]
        raise ModelError(f"{folder}: TensorFlow {tf.__version__} cannot load it: {first}") from error
    return _Function(graph_def, inputs, named, names, keyed, scores, because)


def _is_score_tensor(tensor: Tensor) -> bool:
    return tensor.dtype.is_floating and tensor.shape.rank in (None, 2)


def _keys(structured: Any, count: int, side: str) -> List[str]:
    """Return what a function calls its inputs or outputs, in the order of the graph's."""
    if isinstance(structured, dict) and len(structured) == count:
        return sorted(structured)
    return [f"{side}_{i}" for i in range(count)]
