"""What is random in a model's graph: dropout is bypassed before the import, and the rest is said after it."""

import functools
from typing import Any, Callable, Collection, Dict, List, Mapping, Optional, Set

import numpy as np

from .._tf import tf
from .._types import GraphDef, NodeDef, Tensor
from ..errors import MissingFeed, ModelError, UntrustedModel
from ..graphs.branches import functions_run, is_run, library_of
from ..graphs.feeds import plan
from ..graphs.graph_defs import dtype_of, nodes_by_name, op_name, set_inputs, tensor_name
from ..graphs.op_types import BRANCHES, CALLS, SIZES, UNFED
from ..graphs.randomness import (
    Dropout,
    Get,
    Value,
    constant_value,
    dropouts,
    has_constant_seed,
    is_drawn,
    is_random,
)
from ..graphs.walk import ancestors, reachable, read_by
from ..model import Model
from .parts import Parts

BYPASSED = "dropout bypassed"
NAMED = 3  # operations that a line names


def bypass_dropout(graph_def: GraphDef, needed: Set[str], parts: Parts) -> List[str]:
    """Let what dropouts read pass as it is, where they are at work whatever is fed; say where.

    Those that a placeholder controls, the share kept or the branch that they are in, are left: it is fed so that
    they do nothing. So are those whose numbers are the same in each run.
    """
    if parts.keep_dropout or not _draws(graph_def):
        return []

    def read(name: str) -> Optional[np.ndarray]:
        return parts.weights[name]() if name in parts.weights else None

    nodes, library, names = nodes_by_name(graph_def), library_of(graph_def), sorted(needed)
    value = constant_value(nodes.get, read)
    gone = [one for one in _at_work(names, nodes.get, value) if is_run(one.name, nodes.get, value)]
    for one in gone:
        _bypass(nodes[one.name], one, graph_def.node.add, "{}")
    for name, run in functions_run(names, nodes.get, value, library).items():
        if run:
            gone += _bypass_in_function(library[name])
    if not gone:
        return []
    return [
        f"{BYPASSED} at {_in_words([one.name for one in gone])}, where it was left at work for good "
        f"({_shares(gone)} kept at random): keep_dropout=True keeps it"
    ]


def _draws(graph_def: GraphDef) -> bool:
    """Whether an operation of a graph, or of its functions, draws numbers, whether it is run or not."""
    bodies = graph_def.node, *(function.node_def for function in graph_def.library.function)
    return any(map(is_random, {node.op for nodes in bodies for node in nodes}))


def _at_work(names: List[str], get: Get, value: Value) -> List[Dropout]:
    """Return the dropouts that leave out something, at random anew in each run."""
    known = [one for one in dropouts(names, get, value) if one.mask.keep is not None and 0 < one.mask.keep < 1]
    drawn = {one.name: get(one.mask.random) for one in known}
    return [one for one in known if not has_constant_seed(drawn[one.name], get)]


def _bypass_in_function(function: Any) -> List[Dropout]:
    """Bypass the dropouts of a function, whose nodes name outputs as `node:output:0`."""
    nodes = {node.name: node for node in function.node_def}
    gone = _at_work(sorted(nodes), nodes.get, _constants(nodes))
    for one in gone:
        _bypass(nodes[one.name], one, function.node_def.add, "{}:output:0")
        output = f"{one.name}:{'output' if one.factor == 1 else 'z'}:0"
        for node in function.node_def:
            set_inputs(node, [output if name.startswith(one.name + ":") else name for name in node.input])
        for key, name in function.ret.items():
            if name.startswith(one.name + ":"):
                function.ret[key] = output
    return gone


def _bypass(node: NodeDef, dropout: Dropout, add: Callable[..., NodeDef], written: str) -> None:
    """Turn a product with a mask into what is kept, or where that was not scaled into its mean."""
    waits = [name for name in node.input if name.startswith("^")]
    kind = node.attr["T"].type
    dtype = dtype_of(kind, f"{node.name!r}, a {node.op},")
    if not dtype.is_floating:
        raise ModelError(f"{node.name!r}, a {node.op} of a dropout, is of type {dtype.name}: a damaged graph")
    node.op = "Identity" if dropout.factor == 1 else "Mul"
    node.attr.clear()
    node.attr["T"].type = kind
    if dropout.factor == 1:
        set_inputs(node, [dropout.kept, *waits])
        return
    mean = add(name=node.name + "/slimcam/kept", op="Const")
    mean.attr["dtype"].type = kind
    share = np.array(dropout.factor, dtype.as_numpy_dtype)
    mean.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(share))
    set_inputs(node, [dropout.kept, written.format(mean.name), *waits])


def _in_words(names: List[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(map(repr, names[:NAMED])) + (f" and {rest} more" if rest > 0 else "")


def _shares(gone: List[Dropout]) -> str:
    return ", ".join(dict.fromkeys(f"{one.mask.keep:.4g}" for one in gone))


# --- after the import


def say_what_is_random(model: Model, parts: Parts) -> None:
    """Add to `model.why` and `model.notes` what is random on the way to the logits, so that no two maps are equal."""
    if model.eager is not None and any(line.startswith(BYPASSED) for line in model.why):
        note = "engine='tape' runs the Keras model itself, with its dropout at work: its maps differ from run to run"
        _say(note, model)
    drawn = random_operations(model, parts.graph_def)
    if not drawn:
        return
    kept = "; dropout is kept, as asked" if parts.keep_dropout else ""
    names = _in_words([f"{name} ({op})" for name, op in drawn.items()])
    line = f"scores and maps differ from run to run{kept}: random numbers come from {names}"
    _say(line, model)


def _say(line: str, model: Model) -> None:
    model.randomness = line
    model.why.append(line)
    model.notes.append(line)


def random_operations(model: Model, graph_def: GraphDef) -> Dict[str, str]:
    """Return the operations that draw numbers for what the model computes, by name, with their types.

    `graph_def` is the one that was imported: what prepares photos, with loops of its own, is not looked at.
    Those that do not matter are left out: in a dropout that keeps everything, as its placeholder is fed, in a branch
    that is not run, or with a constant seed. Where the caller has to say the share or the branch, it is the caller's.
    """
    if not _draws(graph_def):
        return {}
    library = library_of(graph_def)
    cut = {one.tensor.name for one in model.inputs}
    ends = read_by(model.ends, cut)
    before = reachable(ends, lambda op: [] if op.type in SIZES else read_by(op.inputs, cut))
    if not any(is_random(op.type) or op.type in (*CALLS, *BRANCHES, *library) for op in before):
        return {}
    get, value, names = _node_of(model), _value_of(model, cut), [op.name for op in before]
    idle = {one.mask.random for one in dropouts(names, get, value) if _keeps_all(model, one, cut)}
    mattering = [name for name in names if name not in idle and _is_anew(name, get) and is_run(name, get, value)]
    drawn = {name: get(name).op for name in mattering}  # type: ignore[union-attr]
    for name, run in functions_run(names, get, value, library).items():
        if run:
            drawn.update(_drawn_in_function(name, library[name]))
    return drawn


def _is_anew(name: str, get: Get) -> bool:
    node = get(name)
    return node is not None and is_drawn(node) and not has_constant_seed(node, get)


def _drawn_in_function(name: str, function: Any) -> Dict[str, str]:
    """Return what draws numbers for what a function returns."""
    nodes = {node.name: node for node in function.node_def}

    def before(one: str) -> List[str]:
        node = nodes.get(one)
        return [] if node is None or node.op in SIZES else [op_name(read) for read in node.input if read[0] != "^"]

    idle = {one.mask.random for one in dropouts(nodes, nodes.get, _constants(nodes)) if one.mask.keep in (0, 1)}
    leading = reachable(map(op_name, function.ret.values()), before)
    return {f"{name}/{one}": nodes[one].op for one in leading if one not in idle and _is_anew(one, nodes.get)}


def _constants(nodes: Mapping[str, NodeDef]) -> Value:
    """Return the Value of a function's nodes by its constants."""
    return constant_value(nodes.get, lambda name: None)


def _keeps_all(model: Model, dropout: Dropout, cut: Collection[str]) -> bool:
    """Whether a dropout, as it is fed, does nothing, or is the caller's to say."""
    if dropout.mask.keep is not None:
        return dropout.mask.keep in (0, 1)
    share = model.graph.get_tensor_by_name(tensor_name(dropout.mask.share))
    return any(op.type in UNFED for op in ancestors([share], cut))


def _node_of(model: Model) -> Get:
    @functools.lru_cache(maxsize=None)
    def get(name: str) -> Optional[NodeDef]:
        try:
            return model.graph.get_operation_by_name(name).node_def
        except (KeyError, ValueError):
            return None

    return get


def _value_of(model: Model, cut: Collection[str]) -> Value:
    """Return the Value of numbers as the session gives them with what is fed by default; images tell none."""
    numbers: Dict[str, Optional[float]] = {}

    def value(name: str) -> Optional[float]:
        name = tensor_name(name)
        if name not in numbers:
            numbers[name] = run(model.graph.get_tensor_by_name(name))
        return numbers[name]

    def run(tensor: Tensor) -> Optional[float]:
        if not (tensor.dtype.is_floating or tensor.dtype.is_bool) or (tensor.shape.num_elements() or 1) > 1:
            return None
        before = ancestors([tensor])
        if any(out.name in cut for op in before for out in op.outputs) or any(is_random(op.type) for op in before):
            return None
        try:
            array = model.session.run(tensor, {one.tensor: one.value for one in plan([tensor], [])})
        except (MissingFeed, UntrustedModel, tf.errors.OpError):
            return None
        return float(array.reshape(-1)[0]) if array.size == 1 else None

    return value
