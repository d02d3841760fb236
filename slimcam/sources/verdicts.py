"""The verdict on whatever holds a model, by its path: what is in it beside computing. Nothing is loaded."""

import os
from typing import Any, Callable, Dict, List, Sequence

from .._types import GraphDef
from ..errors import UntrustedModel
from ..graphs.graph_defs import op_name, readers
from ..graphs.import_checks import check_inputs
from ..graphs.walk import reachable
from . import (
    checkpoint,
    frozen,
    hub,
    keras_files,
    keras_nets,
    keras_text,
    manifest,
    meta_graph,
    saved_model,
    tflite_files,
)
from .image_nodes import ImageNodes
from .keras_config import of_keras3
from .keras_trust import verdict_of_config, verdict_of_file
from .loading import source_of
from .variables import files_of, prefix_of
from .vetting import Finding, Verdict
from .vetting.files import check_files, saved_model_files
from .vetting.graphs import judge_graph
from .vetting.inert import is_of_training
from .vetting.saved_models import judge_functions
from .vetting.structure import check_structure


def vet(path: Any, allow: Sequence[str] = ()) -> Verdict:
    """Return what a model's file or folder holds beside computing with tensors; it is read, and never run.

    `refused` is what load() does not run unless it is allowed or trusted, and what another program would run of the
    file; `said` is what computes, but draws random numbers or prints, and what a training program left in its graph.
    What the words `allow` name is said, as load() has it. A link out of the folder is followed by no other means.
    Raises ModelError for a path that holds no model, or a damaged one.
    """
    place = os.fspath(path)
    try:
        verdict = vet_links(place).allowing(allow)
        if not verdict.refused:
            verdict = verdict.joined(_BY_READER.get(source_of(place).read, _of_data)(place, allow))
    except UntrustedModel as error:
        verdict = Verdict(error.findings)
    return verdict.allowing(allow)


def vet_links(path: str) -> Verdict:
    """Return which files of a model are links that lead out of its folder; none of them is opened.

    Raises ModelError for a file that is none: a pipe, a device.
    """
    files = _FILES.get(source_of(path).read)
    return Verdict() if files is None else files(path)


def _files_of_checkpoint(path: str) -> Verdict:
    return check_files(path, files_of(prefix_of(path) or path))


def _files_of_manifest(path: str) -> Verdict:
    place = manifest.source_in(path)
    return Verdict() if frozen.is_frozen(place) else _files_of_checkpoint(place)


def _files_of_meta(path: str) -> Verdict:
    """Judge the checkpoint beside a graph, where there is one."""
    prefix = prefix_of(path[: -len(".meta")])
    return Verdict() if prefix is None else check_files(prefix, files_of(prefix), path)


def _files_of_saved_model(path: str) -> Verdict:
    folder = saved_model.folder_of(path, (hub.MODULE,))
    return check_files(path, saved_model_files(folder), folder)


def _of_data(path: str, allow: Sequence[str]) -> Verdict:
    """Judge what holds numbers alone: a checkpoint."""
    return Verdict()


def _of_manifest(path: str, allow: Sequence[str]) -> Verdict:
    """Judge a manifest, and the graph that it names."""
    verdict, place = manifest.verdict_of(path), manifest.source_in(path)
    return verdict.joined(_of_frozen(place, allow)) if frozen.is_frozen(place) else verdict


def _of_frozen(path: str, allow: Sequence[str]) -> Verdict:
    return _of_graph(path, frozen.read_graph_def(path))


def _of_meta(path: str, allow: Sequence[str]) -> Verdict:
    return _of_graph(path, meta_graph.read_meta_graph(path).graph_def)


def _of_saved_model(path: str, allow: Sequence[str]) -> Verdict:
    """Judge each graph of a SavedModel, or of a TF Hub module, whatever its tags are."""
    folder, verdict = saved_model.folder_of(path, (hub.MODULE,)), Verdict()
    for meta in saved_model.meta_graphs(folder):
        check_inputs(folder, meta.graph_def)
        of_functions = meta.HasField("object_graph_def") and len(meta.object_graph_def.nodes)
        if of_functions:
            check_structure(folder, meta.graph_def)
        verdict = verdict.joined(judge_functions(folder, meta) if of_functions else _of_graph(folder, meta.graph_def))
    return verdict


def _of_graph(source: str, graph_def: GraphDef) -> Verdict:
    """Judge a graph; a Saver and an input pipeline, as training leaves them, are refused where images meet them."""
    judged = judge_graph(graph_def, check_structure(source, graph_def))
    verdict = judged.verdict()
    if not verdict.refused:
        return verdict
    met = _behind_images(graph_def)
    refused: List[Finding] = []
    said: List[Finding] = list(verdict.said)
    for name, findings in judged.refused.items():
        for one in findings:
            if is_of_training(one) and name not in met:
                said.append(one._replace(why=f"{one.why}, as training left it: it is never run"))
            else:
                refused.append(one)
    return Verdict(refused, said)


def _behind_images(graph_def: GraphDef) -> Dict[str, None]:
    """Return the nodes that anything waits for, or reads, that is computed from images."""
    reading = readers(graph_def)
    inputs = {node.name: [op_name(one) for one in node.input] for node in graph_def.node}
    computed = reachable(list(ImageNodes(graph_def).all()), lambda name: reading.get(name, ()))
    return dict.fromkeys(reachable(list(computed), lambda name: inputs.get(name, ())))


def _of_keras_file(path: str, allow: Sequence[str]) -> Verdict:
    verdict = verdict_of_file(path)  # first: it says which files can be read at all
    config, version = keras_files.configuration_in(path)
    return verdict if config is None else verdict.joined(verdict_of_config(config, keras3=of_keras3(version)))


def _of_architecture(path: str, allow: Sequence[str]) -> Verdict:
    config, version = keras_text.read_text(path)
    return verdict_of_config(config, keras3=of_keras3(version))


_FILES: Dict[Callable[..., Any], Callable[[str], Verdict]] = {
    manifest.read_manifest: _files_of_manifest,
    meta_graph.read_meta: _files_of_meta,
    saved_model.read_saved_model: _files_of_saved_model,
    hub.read_hub_module: _files_of_saved_model,
    checkpoint.read_checkpoint: _files_of_checkpoint,
}
_BY_READER: Dict[Callable[..., Any], Callable[[str, Sequence[str]], Verdict]] = {
    manifest.read_manifest: _of_manifest,
    frozen.read_frozen: _of_frozen,
    meta_graph.read_meta: _of_meta,
    saved_model.read_saved_model: _of_saved_model,
    hub.read_hub_module: _of_saved_model,
    keras_files.read_file: _of_keras_file,
    keras_nets.read_architecture: _of_architecture,
    tflite_files.read_tflite: tflite_files.verdict_of,
}
