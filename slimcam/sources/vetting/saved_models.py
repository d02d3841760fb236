"""What a SavedModel of functions does when TensorFlow 2 loads it: all of its library, but for what saves and restores.

tf.saved_model.load makes each function of the library, and calls those that make and initialise tables and other
resources. What a Saver calls is in every file, for tf.train.Checkpoint's sake and TensorFlow Serving's. It is not
called here, so that saving and restoring are no reason to refuse a file.
"""

import os
from typing import Any, Dict, List, Optional, Set

from ...errors import UntrustedModel
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
    saving, own = _savers(meta), _reads_own_asset(folder, meta)
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


def _savers(meta: Any) -> Set[str]:
    """Return the functions that are there to save and to restore, and that no other function, nor any object, calls."""
    ends = {op_name(meta.saver_def.save_tensor_name), op_name(meta.saver_def.restore_op_name)}
    calls = calls_of_functions(meta.graph_def)
    savers = {one for node in meta.graph_def.node if node.name in ends for one in called_functions(node, calls)}
    return savers.difference(meta.object_graph_def.concrete_functions, *calls.values())


def _reads_own_asset(folder: str, meta: Any) -> Set[str]:
    """Return the nodes, as findings have them, that fill a table from a file of `assets/` that the SavedModel names.

    Such a node reads an argument of its function, which is bound to an asset of the object graph; no function calls it.
    """
    called = {one for several in calls_of_functions(meta.graph_def).values() for one in several}
    found: Set[str] = set()
    for function in meta.graph_def.library.function:
        name = function.signature.name
        arguments = [one.name for one in function.signature.input_arg]
        for node in function.node_def:
            if node.op in FROM_TEXT and name not in called and node.input[_FILE_NAME] in arguments:
                position = arguments.index(node.input[_FILE_NAME]) - len(arguments)
                asset = _bound_asset(meta, name, position)
                if asset is not None and _is_inside(folder, asset):
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
    assets = os.path.realpath(os.path.join(folder, "assets"))
    return os.path.realpath(os.path.join(assets, name)).startswith(os.path.join(os.path.realpath(folder), ""))
