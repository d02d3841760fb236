"""What a SavedModel of functions does when TensorFlow 2 loads it: all of its library, but for what saves and restores.

tf.saved_model.load makes each function of the library, and calls those that make and initialise tables and other
resources. What a Saver calls is in every file, for tf.train.Checkpoint's sake and TensorFlow Serving's; to 2.12 there
is also a copy of what fills a table, which the graph calls. They are not called here, where the graph never runs, so
that saving, restoring and filling are no reason to refuse a file, unless an object names such a function.
"""

import os
from typing import Any, Dict, List, Optional, Set

from ...errors import UntrustedModel
from ...files.reading import leads_out
from ...graphs.graph_defs import op_name
from ..options import LoadOptions
from . import Finding, Verdict, error_of
from .files import LINKS
from .graphs import judge_bodies
from .operators import SAVING
from .structure import CONSTANTS, called_functions, calls_of_functions, check_structure

FROM_TEXT = frozenset(("InitializeTableFromTextFile", "InitializeTableFromTextFileV2"))
_FILE_NAME = 1  # the input of the latter that is the file's name


def vet_functions(folder: str, meta: Any, options: LoadOptions) -> None:
    """Raise UntrustedModel where a MetaGraphDef with an object graph does more than compute as it is loaded, or run.

    Raises ModelError for a damaged one.
    """
    refused = judge_functions(folder, meta).allowing(options.allow or ()).refused
    if refused and not options.trusted:
        raise UntrustedModel(error_of(folder, refused), refused)


def judge_functions(folder: str, meta: Any) -> Verdict:
    """Judge the functions of a MetaGraphDef, and the constants of its graph; raise ModelError for a damaged one."""
    unheld = check_structure(folder, meta.graph_def)
    alone = _of_the_graph_alone(meta)
    saving, own = _savers(meta, alone), _reads_own_asset(folder, meta, alone)
    refused = [
        Finding("the SavedModel", f"the asset {one.filename!r}", "leads out of its folder", LINKS)
        for one in meta.asset_file_def
        if not _is_inside(folder, one.filename)
    ]
    said: List[Finding] = []
    for name, verdict in judge_bodies(meta.graph_def, unheld).items():
        for one in verdict.refused:
            saves = name in saving and one.what in SAVING
            if not saves and one.where not in own and (name or one.what in CONSTANTS):
                refused.append(one)
        said.extend(verdict.said)
    return Verdict(refused, said)


def _of_the_graph_alone(meta: Any) -> Set[str]:
    """Return the functions that only nodes of the graph call, or nothing: no other function, and no object names them.

    Objects find functions by name in all of the library, whether they have arguments bound or not.
    """
    calls, objects = calls_of_functions(meta.graph_def), meta.object_graph_def
    named = {one.bare_concrete_function.concrete_function_name for one in objects.nodes}
    named.update(*(one.function.concrete_functions for one in objects.nodes))
    return set(calls).difference(named, objects.concrete_functions, *calls.values())


def _savers(meta: Any, alone: Set[str]) -> Set[str]:
    """Return the functions, of those that only the graph calls, that are there to save and to restore."""
    ends = {op_name(meta.saver_def.save_tensor_name), op_name(meta.saver_def.restore_op_name)}
    return {one for node in meta.graph_def.node if node.name in ends for one in called_functions(node, alone)} & alone


def _reads_own_asset(folder: str, meta: Any, alone: Set[str]) -> Set[str]:
    """Return the nodes, as findings have them, that fill a table from a file of `assets/` that the SavedModel names.

    Such a node reads an argument of its function, which is bound to an asset of the object graph, or which only the
    graph gives; no function calls it.
    """
    called = {one for several in calls_of_functions(meta.graph_def).values() for one in several}
    found: Set[str] = set()
    for function in meta.graph_def.library.function:
        name = function.signature.name
        arguments = [one.name for one in function.signature.input_arg]
        for node in function.node_def if name not in called else ():
            place = node.input[_FILE_NAME] if node.op in FROM_TEXT and len(node.input) > _FILE_NAME else None
            if place not in arguments:
                continue
            asset = None if name in alone else _bound_asset(meta, name, arguments.index(place) - len(arguments))
            if name in alone or (asset is not None and _is_inside(folder, asset)):
                found.add(f"{name}/{node.name}")
    return found


def _bound_asset(meta: Any, function: str, position: int) -> Optional[str]:
    """Return the file of the asset that an argument of a function, counted from the last, is bound to."""
    concrete: Dict[str, Any] = meta.object_graph_def.concrete_functions
    bound = list(concrete[function].bound_inputs) if function in concrete else []
    nodes, assets = meta.object_graph_def.nodes, meta.asset_file_def
    if -position > len(bound) or not 0 <= bound[position] < len(nodes):
        return None
    node = nodes[bound[position]]
    index = node.asset.asset_file_def_index
    return assets[index].filename if node.HasField("asset") and 0 <= index < len(assets) else None


def _is_inside(folder: str, name: str) -> bool:
    """Whether a file of `assets/`, by the name that the SavedModel has for it, lies in its folder."""
    return not leads_out(os.path.join(folder, "assets", name), [os.path.realpath(folder)])
