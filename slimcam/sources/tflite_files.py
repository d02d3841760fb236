"""A .tflite file: its graph rebuilt, where that gives its own numbers."""

import contextlib
import os
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from ..errors import ModelError, SlimcamError
from ..graphs.graph_defs import op_name
from . import tflite_flex as flex
from .options import LoadOptions, names_of
from .parts import Parts
from .tflite_graph import RebuiltGraph, rebuild
from .tflite_metadata import preparation, read_metadata
from .tflite_reader import LiteModel, read_file
from .vetting import Verdict, refuse
from .vetting.graphs import judge_graph
from .vetting.inert import vetted
from .vetting.structure import check_structure

ENDINGS = (".tflite", ".lite")


def is_tflite(path: str) -> bool:
    """Whether the name is that of a TensorFlow Lite model."""
    return path.endswith(ENDINGS) and not os.path.isdir(path)


def verdict_of(path: str, allow: Sequence[str] = ()) -> Verdict:
    """Return the verdict on a file: what it borrows of TensorFlow, then its graph rebuilt, which never runs.

    It is rebuilt where all that it borrows computes, or is allowed.

    Raises ModelError for a file that is no .tflite or a damaged one.
    """
    lite = read_file(path)
    verdict = flex.verdict_of(path, lite)
    if verdict.allowing(allow).refused:
        return verdict
    with _whatever_damage_leads_to(path):
        graph_def = rebuild(path, lite).graph_def
        return judge_graph(graph_def, check_structure(path, graph_def)).verdict()


def read_tflite(path: str, options: LoadOptions) -> Parts:
    """Read a file's graph. Its tensors keep their names, whole or as the first that is a fused one's own.

    Raises ModelError for a file that is no .tflite or a damaged one, and, where its outputs or the logits asked for
    cannot be had in floating point, with the first reason.
    """
    lite = read_file(path)
    with _whatever_damage_leads_to(path):
        return _parts(path, lite, options)


@contextlib.contextmanager
def _whatever_damage_leads_to(path: str) -> Iterator[None]:
    try:
        yield
    except SlimcamError:
        raise
    except Exception as error:  # of TensorFlow, NumPy, flatbuffers: whatever no converter writes leads to
        raise ModelError(f"{path}: a damaged .tflite model ({type(error).__name__}: {error})") from error


def _parts(path: str, lite: LiteModel, options: LoadOptions) -> Parts:
    refuse(path, flex.verdict_of(path, lite), options)
    rebuilt = rebuild(path, lite, options.trusted)
    judged = vetted(path, rebuilt.graph_def, options)
    logits, outputs = _to_explain(lite, options.logits)
    for number in [*logits, *outputs]:
        if number not in rebuilt.tensors:
            raise ModelError(f"{path}: {rebuilt.missing.get(number, 'nothing gives its output')}")
    in_graph = rebuilt.tensors
    keys = lite.input_keys
    preprocess, labels, why, notes = _of_metadata(path, lite, outputs, options)
    return Parts(
        path,
        rebuilt.graph_def,
        input=[in_graph[keys[name]] if name in keys else name for name in names_of(options.input)],
        logits=in_graph[logits[0]] if logits else None if outputs else options.logits,
        inputs=[in_graph[number] for number in lite.inputs],
        outputs=[in_graph[number] for number in outputs],
        end_points=_end_points(lite, rebuilt),
        why=[f"{len(lite.operators)} operators of TensorFlow Lite, rebuilt in TensorFlow's own", *rebuilt.why, *why],
        preprocess=preprocess,
        labels=labels,
        judged=judged,
        notes=notes,
    )


def _of_metadata(
    path: str, lite: LiteModel, outputs: List[int], options: LoadOptions
) -> Tuple[Optional[str], Optional[List[str]], List[str], List[str]]:
    """Return preprocessing and labels as the metadata has them, with the words for `why` and `notes`."""
    output = outputs[0] if len(outputs) == 1 else None
    said = read_metadata(path, lite, output)
    preprocess, labels, why, notes = None, None, [], []
    classes = None if output is None else next(iter(lite.tensors[output].shape[::-1]), None)
    if said.labels is not None and len(said.labels) == classes and options.labels is None:
        labels = said.labels
        why.append(f"labels: {said.named!r} in the file, as its metadata says")
    if said.normalisation is not None and options.preprocess is None:
        mean, deviation = (part[0] if len(part) == 1 else part for part in said.normalisation)
        formula = f"(x - {mean}) / {deviation}"
        preprocess = preparation(said.normalisation)
        if preprocess is not None:
            why.append(f"preprocess {preprocess!r}: its metadata says {formula}")
        else:
            preprocess = "none"
            notes.append(
                f"photos are fed as 0 to 255, though its metadata says {formula}, which no preprocess= does: "
                "give arrays that are prepared so"
            )
    return preprocess, labels, [*why, *notes], notes


def _to_explain(lite: LiteModel, name: Optional[str]) -> Tuple[List[int], List[int]]:
    """Return the tensor that `logits` names, else the outputs, or the only one of those that is (N, classes).

    A key of the signature is an output, and explained before its softmax as any other.
    """
    if name in lite.output_keys:
        return [], [lite.output_keys[name]]
    if name is not None:
        return [i for i, one in enumerate(lite.tensors) if one.name == name][:1], []
    scores = [n for n in lite.outputs if len(lite.tensors[n].shape) == 2 and lite.tensors[n].dtype.startswith("float")]
    return [], scores if len(scores) == 1 else lite.outputs


def _end_points(lite: LiteModel, rebuilt: RebuiltGraph) -> Dict[str, str]:
    """Return what the file calls its tensors and outputs, where the graph calls them otherwise, and those names too."""
    points: Dict[str, str] = {}
    for number, tensor in rebuilt.tensors.items():
        name = lite.tensors[number].name
        if tensor != name + ":0" and tensor.endswith(":0"):
            points[op_name(tensor)] = tensor
        if tensor != name + ":0":
            points[name] = tensor
    points.update({key: rebuilt.tensors[n] for key, n in lite.output_keys.items() if n in rebuilt.tensors})
    return points
