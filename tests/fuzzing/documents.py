"""Kinds: manifests, labels and recordings, changed key by key, line by line and array by array."""

import hashlib
import io
import json
import os
import tempfile
from random import Random
from typing import Any, Dict

import numpy as np

import slimcam
from slimcam import migration

from .case import Case, listing
from .graphs import frozen_bases
from .mutations import damage, json_case, lines_case
from .runs import PHOTO, Came, explain_photos, loaded

ALLOWED = {"preprocess": "squash"}


def whole() -> Case:
    """Return the frozen graph that documents are about."""
    return frozen_bases()["plain"]


# --- manifests


def manifest_bases() -> Dict[str, Case]:
    """Return folders of a graph, or of a checkpoint, with a manifest."""
    data = whole().files["model.pb"]
    manifest = {
        **{"format": 1, "net": "own", "arguments": {}, "num_classes": 3, "size": 8, "preprocess": "squash"},
        **{"labels": ["cat", "dog", "eel"], "layer": "relu1", "sources": {"pb": "model.pb"}},
        **{"sha256": {"model.pb": hashlib.sha256(data).hexdigest()}},
    }
    files = {"model.pb": data, "manifest.json": json.dumps(manifest).encode()}
    return {name: Case(files, entry, {}, name) for name, entry in (("folder", "."), ("file", "model.pb"))}


def change_manifest(random: Random, case: Case) -> Case:
    """Change the manifest; the graph at times, which its sha256 then does not fit."""
    if random.random() < 0.1:
        return case.with_file("model.pb", *damage(random, case.files["model.pb"]))
    return case.with_file("manifest.json", *json_case(random, case.files["manifest.json"]))


def unverified(case: Case, came: Came) -> str:
    """Return what is silently wrong of a manifest that was taken: a graph that no sha256 vouches for, unsaid."""
    try:
        digest = json.loads(case.files["manifest.json"].decode())["sha256"]["model.pb"]
    except (ValueError, KeyError, TypeError, RecursionError):
        digest = None
    fits = digest == hashlib.sha256(case.files["model.pb"]).hexdigest()
    # a manifest that can no longer be told from another program's is not heeded, which is said
    words = "sha256", "manifest.json: not heeded"
    return "" if fits or any(word in line for line in came.said for word in words) else "no sha256"


# --- labels


def label_bases() -> Dict[str, Case]:
    """Return files of labels: a line a class, and numbered."""
    texts = {
        "plain": "cat\ndog\neel\n",
        "numbered": "0 cat\n1 dog\n2 eel\n",
        "colons": "0: cat, puss\n1: dog\n2: eel\n",
    }
    data = whole().files["model.pb"]
    return {
        name: Case({"model.pb": data, "labels.txt": text.encode()}, "model.pb", {"labels": "labels.txt"}, name)
        for name, text in texts.items()
    }


def change_labels(random: Random, case: Case) -> Case:
    """Change a line or a byte."""
    return case.with_file("labels.txt", *lines_case(random, case.files["labels.txt"]))


def explain_labels(path: str, options: Dict[str, Any]) -> Came:
    """Explain, and say the labels, each of which is to be found again by its own words."""
    with loaded(path, options) as model:
        labels = list(model.labels or [])
        for i, label in enumerate(labels):
            assert labels.count(label) > 1 or model.class_id(label) == i
        came = explain_photos(model, [PHOTO])
    return came._replace(said=[*came.said, *labels])


# --- recordings


def golden_bases() -> Dict[str, Case]:
    """Return recordings of a photo: by the winning class, and by a class that is named."""
    found = {}
    model = whole()
    for name, target in (("winner", None), ("named", 1)):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "golden")
            with slimcam.load(model.write(folder), **ALLOWED) as net:
                migration.record(net, [PHOTO], out, target=target)
            files = {f"golden/{one}": data for one, data in listing(out).items()}
        found[name] = Case({**model.files, **files}, "model.pb", {}, name)
    return found


def change_golden(random: Random, case: Case) -> Case:
    """Change golden.json, or golden.npz, at times so that its digest fits again."""
    header, arrays = "golden/golden.json", "golden/golden.npz"
    if random.random() < 0.6:
        return case.with_file(header, *json_case(random, case.files[header]))
    if random.random() < 0.4:
        data, recipe = damage(random, case.files[arrays])
    else:
        data, recipe = change_npz(random, case.files[arrays])
    changed = case.with_file(arrays, data, recipe)
    if random.random() < 0.7:
        record = json.loads(case.files[header].decode())
        record["npz"].update(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
        changed = changed.with_file(header, json.dumps(record).encode(), "its digest fits")
    return changed


def change_npz(random: Random, data: bytes) -> Any:
    """Change an array of an npz: another type, shape or value, or none."""
    with np.load(io.BytesIO(data)) as packed:
        arrays = dict(packed)
    name = random.choice(sorted(arrays))
    array = arrays[name]
    ways = {
        "taken out": lambda: arrays.pop(name),
        "of objects": lambda: arrays.update({name: np.array([{}], object)}),
        "NaN": lambda: arrays.update({name: np.full(array.shape, np.nan)}),
        "of strings": lambda: arrays.update({name: np.array(["x"])}),
        "of records": lambda: arrays.update({name: np.zeros(2, "i4,f4")}),
        "empty": lambda: arrays.update({name: array[:0]}),
        "of one more axis": lambda: arrays.update({name: array[None]}),
        "twice as large": lambda: arrays.update({name: array * 2}),
        "float16": lambda: arrays.update({name: array.astype(np.float16)}),
        "big-endian": lambda: arrays.update({name: array.astype(array.dtype.newbyteorder(">"))}),
        "in Fortran's order": lambda: arrays.update({name: np.asfortranarray(array)}),
        "of many zeros": lambda: arrays.update({name: np.zeros(2**24, np.float32)}),
        "beside another": lambda: arrays.update({"other": array}),
    }
    way = random.choice(sorted(ways))
    ways[way]()
    memory = io.BytesIO()
    np.savez_compressed(memory, **arrays)
    return memory.getvalue(), f"{name} {way}"


def verify(path: str, options: Dict[str, Any]) -> Came:
    """Verify a recording; what it came to is the report, row by row."""
    with loaded(path, {**ALLOWED, **options}) as model:
        report = migration.verify("golden", model)
    rows = np.array([[row.relative, row.tolerance] for row in report.rows], np.float64)
    said = [report.table(), "passed" if report.passed else "failed"]
    return Came({"passed": np.float32([report.passed]), "rows": rows}, said, finite=not report.passed)


def lying(case: Case, came: Came) -> str:
    """Return what is silently wrong of a recording that passed: what its maps are made from is said otherwise."""
    if not came.numbers["passed"][0]:
        return ""
    now, before = (json.loads(one.files["golden/golden.json"].decode()) for one in (case, golden_of(case.base)))
    for document in (now, before):  # one target of all photos, or a list with one of each
        target, count = document["target"], len(before["photos"])
        document["target"] = target if isinstance(target, list) else [target] * count
    keys = [key for key in ("format", "version", "target", "dialect", "method", "engine") if now[key] != before[key]]
    return f"passed with another {', '.join(keys)}" if keys else ""


_GOLDENS: Dict[str, Case] = {}


def golden_of(base: str) -> Case:
    """Return a base of recordings, made once."""
    if not _GOLDENS:
        _GOLDENS.update(golden_bases())
    return _GOLDENS[base]
