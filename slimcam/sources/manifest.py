"""A model with a manifest: a folder whose manifest.json says all that load() would otherwise be told or infer.

It may come from a stranger: it names rows of the registry with plain values, and files of its own folder, each with its
sha256. Another program's manifest.json is none of ours, and heeded by nobody.
"""

import dataclasses
import math
import os
import re
from typing import Any, Callable, Dict, List, Optional, Tuple

from .. import nets
from ..errors import ModelError, SlimcamError, UntrustedModel
from ..files.digests import file_digest
from ..files.reading import folders_of, leads_out, read_json
from ..inputs.names import PREPROCESSING
from .checkpoint import read_checkpoint
from .frozen import is_frozen, read_frozen
from .options import LoadOptions
from .parts import Parts
from .variables import files_of, prefix_of
from .vetting import Finding, Verdict
from .vetting.files import own_file

MANIFEST = "manifest.json"
FORMAT = 1
_OPTIONS = ("net", "arguments", "num_classes", "size", "preprocess", "layer")  # those of load() that it answers
_MOST_CLASSES, _MOST_PIXELS = 1_000_000, 4096  # of a side


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_plain(value: Any) -> bool:
    """Whether a value is a scalar: text, true or false, null, or a finite number."""
    return value is None or isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))


def _up_to(most: int) -> Callable[[Any], bool]:
    return lambda value: value is None or (type(value) is int and 0 < value <= most)


def _of_text(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


# What each key holds, by a word for it.
_KEYS: Dict[str, Tuple[Callable[[Any], bool], str]] = {
    "format": (lambda value: type(value) is int, "a number"),
    "net": (_is_text, "a name"),
    "arguments": (lambda value: isinstance(value, dict) and all(map(_is_plain, value.values())), "plain values"),
    "num_classes": (_up_to(_MOST_CLASSES), f"a number up to {_MOST_CLASSES}"),
    "size": (_up_to(_MOST_PIXELS), f"a number of pixels up to {_MOST_PIXELS}"),
    "preprocess": (lambda value: value is None or value in PREPROCESSING, f"one of {', '.join(PREPROCESSING)}"),
    "labels": (lambda value: value is None or (isinstance(value, list) and all(map(_is_text, value))), "names"),
    "layer": (lambda value: value is None or _is_text(value), "a name"),
    "sources": (_of_text, "names of files"),
    "sha256": (_of_text, "a sha256 for each file"),
}


def is_checkpoint(path: str) -> bool:
    """Whether the path is a folder whose manifest names a checkpoint first, or such a checkpoint."""
    place = _find(path)
    return place is not None and not is_frozen(os.path.join(*place))


def is_frozen_graph(path: str) -> bool:
    """Whether the path is a folder whose manifest names a frozen graph first, or such a graph."""
    place = _find(path)
    return place is not None and is_frozen(os.path.join(*place))


def foreign(path: str) -> List[str]:
    """Return the words for `model.why` where another program's manifest.json lies beside a model."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    if not os.path.isfile(os.path.join(folder, MANIFEST)) or _read(folder) is not None:
        return []
    return [f"{os.path.join(folder, MANIFEST)}: not heeded, as it is no manifest of slimcam's, or a damaged one"]


def _find(path: str) -> Optional[Tuple[str, str]]:
    """Return a folder with a manifest and the source in it that `path` means, the folder's first or a file of it."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    if not os.path.isfile(os.path.join(folder, MANIFEST)) or _read(folder) is None:
        return None
    sources = list(_manifest(folder)["sources"].values())
    if folder == path:
        return folder, sources[0]
    return (folder, os.path.basename(path)) if os.path.basename(path) in sources else None


def _read(folder: str) -> Optional[Dict[str, Any]]:
    """Return what a folder's manifest.json says if it is one of slimcam's, by its form, else None."""
    path = os.path.join(folder, MANIFEST)
    if leads_out(path, folders_of(folder or ".")):
        return None
    try:
        manifest = read_json(path, ModelError)
    except ModelError:
        return None
    own = isinstance(manifest, dict) and "format" in manifest and ("sources" in manifest or "sha256" in manifest)
    return manifest if own else None


def _manifest(folder: str) -> Dict[str, Any]:
    """Return a manifest of slimcam's, checked; raise ModelError where it is of another format or says no model."""
    path, manifest = os.path.join(folder, MANIFEST), _read(folder)
    if manifest is None:
        raise ModelError(f"{path}: not a manifest")
    if manifest["format"] != FORMAT:
        raise ModelError(f"{path}: of format {manifest['format']}; this slimcam reads format {FORMAT}")
    missing = [key for key in _KEYS if key not in manifest]
    if missing:
        raise ModelError(f"{path}: not a manifest: without {', '.join(missing)}")
    for key, (is_right, what) in _KEYS.items():
        if not is_right(manifest[key]):
            raise ModelError(f"{path}: {key} is {what}, and {manifest[key]!r} is not")
    if not manifest["sources"]:
        raise ModelError(f"{path}: it names no source")
    for name in manifest["sources"].values():
        own_file(folder or ".", name)
    return manifest


def read_manifest(path: str, options: LoadOptions) -> Parts:
    """Read the source that `path` names, by the manifest; what the caller says goes before what the manifest says."""
    folder, source = _find(path) or ("", path)
    manifest = _manifest(folder)
    place = os.path.join(folder, source)
    _check_digests(folder, source, manifest["sha256"])
    if not is_frozen(place):
        _check_net(folder, manifest["net"], options)
    unsaid = {key: manifest[key] for key in _OPTIONS if getattr(options, key) is None}
    read = read_frozen if is_frozen(place) else read_checkpoint
    try:
        parts = read(place, dataclasses.replace(options, **unsaid))
    except SlimcamError:
        raise
    except Exception as error:  # of TF-Slim and TensorFlow: arguments that the net does not take, or not so
        words = f"the net {manifest['net']!r} cannot be built with {manifest['arguments']!r}: {error}"
        raise ModelError(f"{os.path.join(folder, MANIFEST)}: {words}") from error
    preprocess, layer = manifest["preprocess"], manifest["layer"]
    return dataclasses.replace(
        parts,
        preprocess=preprocess,
        labels=manifest["labels"],
        layer=layer,
        why=[*parts.why, f"labels, layer {layer!r}, preprocess {preprocess!r}: as {MANIFEST} says"],
    )


def verdict_of(path: str) -> Verdict:
    """Return the verdict on the manifest that `path` means: its net may be no function, which would be called."""
    folder, source = _find(path) or ("", path)
    net = _manifest(folder)["net"]
    if is_frozen(source) or net in nets.NETS:
        return Verdict()
    return Verdict([_call_of(folder, net)])


def source_in(path: str) -> str:
    """Return the path of the source that `path` means."""
    return os.path.join(*(_find(path) or ("", path)))


def _check_net(folder: str, net: str, options: LoadOptions) -> None:
    """Raise UntrustedModel for a net that is no row of the registry: a function would be imported and called."""
    if options.net is not None or options.trusted or net in nets.NETS:
        return
    raise UntrustedModel(
        f"{os.path.join(folder, MANIFEST)}: the net {net!r} is none that `slimcam nets` lists, and a manifest may name "
        "no function: say net= yourself, or trusted=True if you trust who made it",
        [_call_of(folder, net)],
    )


def _call_of(folder: str, net: str) -> Finding:
    return Finding(os.path.join(folder, MANIFEST), f"the net {net!r}", "would be imported and called")


def _check_digests(folder: str, source: str, digests: Dict[str, str]) -> None:
    """Raise ModelError where a file of the source is missing or is not the one that the manifest was written for."""
    place = os.path.join(folder, source)
    prefix = None if is_frozen(place) else prefix_of(place)
    files = [place] if prefix is None else files_of(prefix)
    names = {os.path.relpath(file, folder or ".").replace(os.sep, "/") for file in files if os.path.lexists(file)}
    listed = {name for name in digests if name == source or name.startswith(source + ".")}
    for name in sorted(names | listed):
        path = own_file(folder or ".", name)
        if not re.fullmatch("[0-9a-f]{64}", digests.get(name, "")):
            raise ModelError(f"{path}: {MANIFEST} has no sha256 of it")
        try:
            digest = file_digest(path)
        except ModelError as error:
            raise ModelError(f"{error}; {MANIFEST} names it") from error
        if digest != digests[name]:
            raise ModelError(f"{path}: damaged: its sha256 is not the one in {MANIFEST}")
