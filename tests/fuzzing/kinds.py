"""The kinds of what is changed, one row each."""

from random import Random
from typing import Any, Callable, Dict, NamedTuple, Optional

from . import allowed, arrays, checkpoints, documents, graph_truth, graphs, keras_kinds, photos, runs, tflite_files
from .case import Case
from .runs import Came


class Kind(NamedTuple):
    """One kind of file."""

    bases: Callable[[], Dict[str, Case]]  # whole ones, by name
    mutate: Callable[[Random, Case], Case]
    run: Callable[[str, Dict[str, Any]], Came] = runs.explain  # in the case's folder: the path, and options of load()
    truth: Optional[Callable[[str, Case, Came], bool]] = None  # whether TensorFlow itself makes the same of the file
    lie: Callable[[Case, Came], str] = lambda case, came: (
        ""
    )  # what was taken though a checksum or a word says otherwise
    allowing: Callable[[str], Dict[str, Case]] = lambda kind: {}  # whole ones that are loaded with a word of allow=
    checked: bool = False  # the file has checksums throughout: whatever is read otherwise is a lie


ALLOWING: Dict[str, Any] = {"allowing": allowed.bases, "lie": allowed.beyond}

KINDS: Dict[str, Kind] = {
    "graph": Kind(graphs.frozen_bases, graphs.mutate, truth=graph_truth.truth, **ALLOWING),
    "meta": Kind(graphs.meta_bases, graphs.mutate, truth=graph_truth.truth, **ALLOWING),
    "saved_model": Kind(graphs.saved_model_bases, graphs.mutate, truth=graph_truth.truth, **ALLOWING),
    "checkpoint": Kind(checkpoints.bases, checkpoints.mutate, checked=True),
    "keras": Kind(keras_kinds.bases, keras_kinds.mutate, truth=keras_kinds.truth),
    "tflite": Kind(tflite_files.bases, tflite_files.mutate, truth=tflite_files.truth),
    "manifest": Kind(documents.manifest_bases, documents.change_manifest, lie=documents.unverified),
    "labels": Kind(documents.label_bases, documents.change_labels, documents.explain_labels),
    "golden": Kind(documents.golden_bases, documents.change_golden, documents.verify, lie=documents.lying),
    "array": Kind(arrays.bases, arrays.mutate, arrays.explain, arrays.truth),
    "photo": Kind(photos.bases, photos.mutate, photos.explain, photos.truth),
}

_BASES: Dict[str, Dict[str, Case]] = {}
_ALLOWING: Dict[str, Dict[str, Case]] = {}


def bases(kind: str) -> Dict[str, Case]:
    """Return the whole ones of a kind, made once."""
    if kind not in _BASES:
        _BASES[kind] = KINDS[kind].bases()
    return _BASES[kind]


def allowing(kind: str) -> Dict[str, Case]:
    """Return those of a kind that are loaded with a word of allow=, made once."""
    if kind not in _ALLOWING:
        _ALLOWING[kind] = KINDS[kind].allowing(kind)
    return _ALLOWING[kind]


def make(kind: str, seed: int, number: int) -> Case:
    """Return a case by its number."""
    random = Random(f"{kind} {seed} {number} allow")  # of its own, so that all other cases stay what they were
    if random.random() < allowed.SHARE and allowing(kind):
        return allowed.with_word(random, KINDS[kind].mutate(random, allowed.choose(random, allowing(kind))))
    random = Random(f"{kind} {seed} {number}")
    base = bases(kind)[random.choice(sorted(bases(kind)))]
    return KINDS[kind].mutate(random, base)
