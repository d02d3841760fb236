"""A model with a manifest: a folder whose manifest.json says all that load() would otherwise be told or infer."""

import dataclasses
import json
import os
from typing import Any, Dict, Optional, Tuple

from ..errors import ModelError
from ..files.digests import file_digest
from .checkpoint import read_checkpoint
from .frozen import is_frozen, read_frozen
from .options import LoadOptions
from .parts import Parts

MANIFEST = "manifest.json"
FORMAT = 1
_KEYS = ("format", "net", "arguments", "num_classes", "size", "preprocess", "labels", "layer", "sources", "sha256")
_OPTIONS = ("net", "arguments", "num_classes", "size", "preprocess", "layer")  # those of load() that it answers


def is_checkpoint(path: str) -> bool:
    """Whether the path is a folder whose manifest names a checkpoint first, or such a checkpoint."""
    place = _find(path)
    return place is not None and not is_frozen(os.path.join(*place))


def is_frozen_graph(path: str) -> bool:
    """Whether the path is a folder whose manifest names a frozen graph first, or such a graph."""
    place = _find(path)
    return place is not None and is_frozen(os.path.join(*place))


def _find(path: str) -> Optional[Tuple[str, str]]:
    """Return a folder with a manifest and the source in it that `path` means, the folder's first or a file of it."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    if not os.path.isfile(os.path.join(folder, MANIFEST)):
        return None
    sources = list(_manifest(folder)["sources"].values())
    if folder == path:
        return folder, sources[0]
    return (folder, os.path.basename(path)) if os.path.basename(path) in sources else None


def _manifest(folder: str) -> Dict[str, Any]:
    path = os.path.join(folder, MANIFEST)
    try:
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: not a manifest: {error}") from error
    manifest = manifest if isinstance(manifest, dict) else {}
    if manifest.get("format", FORMAT) != FORMAT:
        raise ModelError(f"{path}: of format {manifest['format']}; this slimcam reads format {FORMAT}")
    missing = [key for key in _KEYS if key not in manifest]
    if missing:
        raise ModelError(f"{path}: not a manifest: without {', '.join(missing)}")
    if not manifest["sources"]:
        raise ModelError(f"{path}: it names no source")
    return manifest


def read_manifest(path: str, options: LoadOptions) -> Parts:
    """Read the source that `path` names, by the manifest; what the caller says goes before what the manifest says."""
    folder, source = _find(path) or ("", path)
    manifest = _manifest(folder)
    _check(folder, source, manifest["sha256"])
    unsaid = {key: manifest[key] for key in _OPTIONS if getattr(options, key) is None}
    place = os.path.join(folder, source)
    read = read_frozen if is_frozen(place) else read_checkpoint
    parts = read(place, dataclasses.replace(options, **unsaid))
    preprocess, layer = manifest["preprocess"], manifest["layer"]
    return dataclasses.replace(
        parts,
        preprocess=preprocess,
        labels=manifest["labels"],
        layer=layer,
        why=[*parts.why, f"labels, layer {layer!r}, preprocess {preprocess!r}: as {MANIFEST} says"],
    )


def _check(folder: str, source: str, digests: Dict[str, str]) -> None:
    """Raise ModelError where a file of the source is missing or is not the one that the manifest was written for."""
    for name in sorted(digests):
        if name != source and not name.startswith(source + "."):
            continue
        try:
            digest = file_digest(os.path.join(folder, name))
        except OSError as error:
            raise ModelError(f"{os.path.join(folder, name)}: {error.strerror}; {MANIFEST} names it") from error
        if digest != digests[name]:
            raise ModelError(f"{os.path.join(folder, name)}: damaged: its sha256 is not the one in {MANIFEST}")
