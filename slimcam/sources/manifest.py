"""A checkpoint in a box: a folder whose manifest.json says all that load() would otherwise be told or infer."""

import json
import os
from typing import Any, Dict, Optional, Tuple

from ..errors import ModelError
from ..files.digests import file_digest
from .assembly import Parts
from .checkpoint import read_checkpoint
from .frozen import is_frozen, read_frozen

MANIFEST = "manifest.json"
FORMAT = 1
_KEYS = ("format", "net", "arguments", "num_classes", "size", "preprocess", "labels", "layer", "sources", "sha256")


def _find(path: str) -> Optional[Tuple[str, str]]:
    """Return the folder of a box and the source in it that `path` means: a file of it, or the folder's first."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    if not os.path.isfile(os.path.join(folder, MANIFEST)):
        return None
    return folder, "" if folder == path else os.path.basename(path)


def is_manifest(path: str) -> bool:
    """Whether the path is a folder with a manifest, or one of the sources that such a manifest names."""
    found = _find(path)
    return found is not None and (not found[1] or found[1] in _manifest(found[0])["sources"].values())


def _manifest(folder: str) -> Dict[str, Any]:
    path = os.path.join(folder, MANIFEST)
    try:
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: not a manifest: {error}") from error
    held = manifest if isinstance(manifest, dict) else {}
    if held.get("format", FORMAT) != FORMAT:
        raise ModelError(f"{path}: of format {held['format']}; this slimcam reads format {FORMAT}")
    missing = [key for key in _KEYS if key not in held]
    if missing:
        raise ModelError(f"{path}: not a manifest: without {', '.join(missing)}")
    if not held["sources"]:
        raise ModelError(f"{path}: it names no source")
    return held


def read_manifest(path: str, **options: Any) -> Parts:
    """Read the source that `path` names, by the manifest; what the caller says goes before what the manifest says."""
    folder, source = _find(path) or (path, "")
    manifest = _manifest(folder)
    source = source or next(iter(manifest["sources"].values()))
    _check(folder, source, manifest["sha256"])
    said = {key: value for key, value in options.items() if value is not None}
    told = {key: manifest[key] for key in ("net", "arguments", "num_classes", "size", "preprocess", "layer")}
    full = os.path.join(folder, source)
    parts = (read_frozen if is_frozen(full) else read_checkpoint)(full, **{**told, **said})
    parts.preprocess, parts.labels, parts.layer = manifest["preprocess"], manifest["labels"], manifest["layer"]
    parts.why.append(f"labels, layer {parts.layer!r}, preprocess {parts.preprocess!r}: as {MANIFEST} says")
    return parts


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
