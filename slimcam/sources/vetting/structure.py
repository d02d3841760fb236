"""What is wrong with a graph's proto in a way that TensorFlow aborts, hangs or raises out of its depth: a ModelError.

TensorFlow checks most of a GraphDef as it imports it. It does not check that a constant's two types are one, follows
functions that call themselves until the stack ends, expands functions that call functions however many copies that
makes, lists as many tensors as a node says that it has, and lets attributes that only its own executor writes say where
memory lies. All that is looked at here, on the protos alone, in time in proportion to the file.
"""

from typing import Any, Collection, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from ..._types import GraphDef, NodeDef
from ...errors import ModelError
from .constants import contents_of, problem_of_constant
from .loops import check_loops
from .operators_computing import CALLING, COMPUTING
from .windows import WINDOWS, problem_of_windows
from .words import WORDS, no_text

CONSTANTS = ("Const", "HostConst")
MOST_NODES = 1 << 20  # that functions may come to, expanded; and no more than this many times those that the file has
MOST_COPIES = 1000
MOST_TENSORS = 1 << 20  # that nodes may say they have beyond what they read
# How many rounds of a loop run at once; TensorFlow makes room for each before the first, or, for 0, for none.
ROUNDS = ("parallel_iterations", "_parallel_iterations")
MOST_ROUNDS = 1 << 12
# By what attributes operations say how many tensors they read or give, in the registries of 1.15.5 and 2.21.
COUNTS = frozenset(
    (
        *("N", "NN", "M", "num", "n_a", "n_b", "num_split", "num_splits", "num_outputs", "num_outs", "num_partitions"),
        *("num_args", "num_host_args", "num_params", "num_params_weights", "num_params_biases", "num_features"),
        *("num_sparse", "num_sparse_features", "num_sparse_features_with_values", "num_dense_features", "num_groups"),
        *("num_bucketized_features", "num_side_inputs", "num_devices", "num_replicas", "num_computations"),
        *("num_tables", "num_streams", "num_sc_per_chip", "num_row_partition_tensors", "top_paths", "task_count"),
        *("Nsparse", "Ndense", "Ncontext_sparse", "Ncontext_dense", "Nfeature_list_sparse", "Nfeature_list_dense"),
        *("Nresources", "Nordering_token", "NumTables", "NumVariables", "NumDynamicShapes", "NumLearningRateTags"),
        *("RAGGED_RANK", "PARAMS_RAGGED_RANK", "OUTPUT_RAGGED_RANK", "output_ragged_rank"),
    )
)
# What a Saver noted of a node's tensors. TensorFlow believes it: by another number of images than there are it divides
# gradients. So the number is taken for a note of what images come from alone.
_SHAPES = "_output_shapes"
_FEEDING = ("Placeholder", "Iterator", "QueueDequeue", "Parse", "Decode", "Const", "Var")
# Notes on a node that mean something to who reads a graph; all others are the executor's own, or a compiler's.
_NOTES = frozenset(
    (
        *(_SHAPES, "_class", "_gradient_op_type", "_lower_using_switch_merge", "_num_original_outputs"),
        *("_read_only_resource_inputs", "_stateful_parallelism", "_parallel_iterations", "_user_specified_name"),
        *("_has_manual_control_dependencies", "_disable_call_shape_inference", "_construction_context"),
        *("_handle_dtypes", "_handle_shapes"),
    )
)


def check_structure(source: str, graph_def: GraphDef) -> Dict[str, int]:
    """Raise ModelError for a graph that TensorFlow is not to see; drop the executor's own notes, in place.

    Returns, by names as findings have them, the bytes that constants take beyond those that the file holds of them.
    """
    unheld: Dict[str, int] = {}
    signatures = [function.signature for function in graph_def.library.function]
    counts = COUNTS.union(arg.number_attr for one in signatures for arg in (*one.input_arg, *one.output_arg))
    telling = counts.union(WORDS, ROUNDS, WINDOWS)
    tensors = 0  # that nodes say they have beyond what they read
    for function, nodes in bodies(graph_def):
        names: Set[str] = set()
        for node in nodes:
            name, size = node.name, 0
            special = [key for key in node.attr if key[:1] == "_" or key in telling]
            if special:
                tensors += sum(max(node.attr[key].i - len(node.input), 0) for key in special if key in counts)
            problem = "is there twice" if name in names else _problem_of(node, special)
            if tensors > MOST_TENSORS and not problem:
                problem = f"says that it has more tensors than any: {tensors} with those before"
            if node.op in CONSTANTS and not problem:
                problem, size = contents_of(node)
            if problem:
                where = f"in the function {function!r}, " if function else ""
                raise ModelError(f"{source}: a damaged graph: {where}{name!r} {problem}")
            if size:
                unheld[f"{function}/{name}" if function else name] = size
            names.add(name)
    for function in graph_def.library.function:
        for number in function.arg_attr:
            _drop_notes(function.arg_attr[number].attr, list(function.arg_attr[number].attr))
    for _, nodes in bodies(graph_def):
        check_loops(source, nodes)
    if len(graph_def.library.function):
        _check_signatures(source, graph_def)
        _check_calls(source, graph_def)
    return unheld


def bodies(graph_def: GraphDef) -> Iterator[Tuple[str, Sequence[NodeDef]]]:
    """Yield the nodes of the graph, of the name "", and of each function."""
    yield "", graph_def.node
    for function in graph_def.library.function:
        yield function.signature.name, function.node_def


def _problem_of(node: NodeDef, special: Sequence[str]) -> str:
    """Return what is wrong with a node, "" for nothing; drop the executor's own notes, which are among `special`."""
    _drop_notes(node.attr, special)
    if not node.op:
        return "says no operation"
    if _SHAPES in special and not node.op.startswith(_FEEDING):
        for shape in node.attr[_SHAPES].list.shape:
            if len(shape.dim):
                shape.dim[0].size = -1
    if node.op in CONSTANTS:
        return problem_of_constant(node)
    rounds = [node.attr[name].i for name in ROUNDS if name in special]
    if any(not 0 < one <= MOST_ROUNDS for one in rounds):
        return f"runs {rounds[0]} rounds of a loop at once, not 1 to {MOST_ROUNDS}"
    strange = no_text(node, [name for name in special if name in node.attr])
    return f"says {strange} in bytes that are no text" if strange else problem_of_windows(node, special)


def _drop_notes(attributes: Mapping, among: Sequence[str]) -> None:
    """Drop those of the attributes `among` that only the executor writes."""
    for name in among:
        if name.startswith("_") and name not in _NOTES and not name.startswith("_slimcam"):
            del attributes[name]  # type: ignore[attr-defined]


# --- functions


def called_functions(node: NodeDef, library: Collection[str]) -> List[str]:
    """Return the names of the functions that a node calls: by its type, or by an attribute; they need not be there."""
    names = [node.op] if node.op in library else []
    if not names and node.op in COMPUTING and node.op not in CALLING:
        return names
    stack = list(node.attr.values())
    while stack:
        value = stack.pop()
        for function in [value.func, *value.list.func]:
            if function.name:
                names.append(function.name)
                stack.extend(function.attr.values())
    return names


# What reads and gives the tensors of functions, by the attributes that name these and hold the types of those.
_FUNCTIONS = {
    **dict.fromkeys(("If", "StatelessIf"), (("then_branch", "Tin", "Tout"), ("else_branch", "Tin", "Tout"))),
    **dict.fromkeys(("Case", "StatelessCase"), (("branches", "Tin", "Tout"),)),
    **dict.fromkeys(("While", "StatelessWhile"), (("cond", "T", ""), ("body", "T", "T"))),
    **dict.fromkeys(("PartitionedCall", "StatefulPartitionedCall"), (("f", "Tin", "Tout"),)),
}


def _misfit(node: NodeDef, library: Mapping[str, Any]) -> str:
    """Return which function of a library does not take or give what a node says, in words that follow it; "" for none.

    Where a result is missing, what lays branches open in TensorFlow reads outside of its memory.
    """
    for key, reads, gives in _FUNCTIONS.get(node.op, ()):
        for function in [node.attr[key].func, *node.attr[key].list.func]:
            if function.name not in library:
                continue
            signature = library[function.name].signature
            for side, attribute in ((signature.input_arg, reads), (signature.output_arg, gives)):
                own = [one.type for one in side]
                said = list(node.attr[attribute].list.type) if attribute else own[:1] or [0]  # a condition is one value
                is_fixed = all(own) and not any(one.number_attr for one in side)  # and not as the call says
                if own != said and is_fixed:
                    return f"calls {function.name!r}, whose arguments or results are of other numbers or types"
    return ""


def _check_signatures(source: str, graph_def: GraphDef) -> None:
    """Raise ModelError for a call that does not fit its function."""
    library = {function.signature.name: function for function in graph_def.library.function}
    for _, nodes in bodies(graph_def):
        for node in nodes:
            misfit = _misfit(node, library) if node.op in _FUNCTIONS else ""
            if misfit:
                raise ModelError(f"{source}: a damaged graph: {node.name!r} {misfit}")


def _check_calls(source: str, graph_def: GraphDef) -> None:
    """Raise ModelError for functions that call themselves, and for those that come to too many nodes, expanded."""
    library = {function.signature.name: function for function in graph_def.library.function}
    calls = calls_of_functions(graph_def)
    order = callees_first(calls)
    if order is None:
        raise ModelError(f"{source}: a damaged graph: functions of it call themselves, which never ends")
    nodes = {name: len(library[name].node_def) for name in library}
    for name in order:
        nodes[name] += sum(nodes[one] for one in calls[name])
    own = len(graph_def.node) + sum(len(function.node_def) for function in library.values())
    called = [one for node in graph_def.node for one in called_functions(node, library)]
    total = len(graph_def.node) + sum(nodes.get(one, 0) for one in called)
    if total > MOST_NODES and total > MOST_COPIES * own:
        raise ModelError(f"{source}: its {own} nodes call functions within functions, which come to {total} nodes")


def calls_of_functions(graph_def: GraphDef) -> Dict[str, List[str]]:
    """Map the functions of a library to those of it that each calls, once for each call, and to its gradient."""
    library = {function.signature.name: function for function in graph_def.library.function}
    calls: Dict[str, List[str]] = {}
    for name, function in library.items():
        called = [one for node in function.node_def for one in called_functions(node, library)]
        calls[name] = [one for one in called if one in library]
    for gradient in graph_def.library.gradient:
        if gradient.function_name in calls and gradient.gradient_func in library:
            calls[gradient.function_name].append(gradient.gradient_func)
    return calls


def callees_first(calls: Mapping[str, Sequence[str]]) -> Optional[List[str]]:
    """Return functions, each after those that it calls; None where one calls itself, by others or not."""
    order: List[str] = []
    states: Dict[str, bool] = {}  # False: being looked at
    for start in calls:
        stack = [(start, False)]
        while stack:
            name, is_done = stack.pop()
            if is_done:
                states[name] = True
                order.append(name)
            elif name not in states:
                states[name] = False
                stack.append((name, True))
                for one in set(calls[name]):
                    if states.get(one) is False:
                        return None
                    stack.append((one, False))
    return order
