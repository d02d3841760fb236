"""Which files are a model's own: regular ones, in its own folder."""

import os
from typing import Iterable, List, Optional

from ..._types import PathLike
from ...errors import ModelError
from ...files import reading
from . import Finding, Verdict

LINKS = "links"  # the word of allow= for files that links lead to, elsewhere

# What a SavedModel or a TF Hub module has beside each other, folders with all that is in them.
_OF_SAVED_MODELS = (
    *("saved_model.pb", "saved_model.pbtxt", "saved_model.cpb", "fingerprint.pb", "keras_metadata.pb"),
    *("tfhub_module.pb", "variables", "assets", "assets.extra"),
)
_MOST = 100_000  # files of one model


def regular(path: PathLike) -> str:
    """Return the path of a regular file; raise ModelError for what is none: a folder, a pipe, a device, nothing."""
    reading.regular(path, ModelError)
    return os.fspath(path)


def own_file(folder: PathLike, name: str) -> str:
    """Return the path of a file that a model names in its own folder; raise ModelError where it is not in there.

    Refused are names that leave the folder by "..", from the root or through a link.
    """
    return reading.own_file(folder, name, ModelError)


def check_files(given: PathLike, paths: Iterable[str], home: Optional[PathLike] = None) -> Verdict:
    """Return what leads out of a model's folder among its files.

    `given` is the path that the caller gave: a link that it is itself is not followed up. `home` is the folder, or a
    file in it, where that is not `given`. Raises ModelError for a file that is none: a pipe, a device.
    """
    folders = reading.folders_of(given if home is None else home)
    own = os.path.abspath(os.fspath(given))
    refused = []
    for path in paths:
        if os.path.abspath(path) == own:
            continue
        if reading.leads_out(path, folders):
            refused.append(Finding(path, f"a link to {os.path.realpath(path)!r}", "leads out of its folder", LINKS))
        if not os.path.isdir(path):  # a linked folder
            regular(path)
    return Verdict(refused)


def saved_model_files(folder: PathLike) -> List[str]:
    """Return the files that TensorFlow may read of a SavedModel's folder; raise ModelError for far too many."""
    top, paths = os.fspath(folder), []
    for name in _OF_SAVED_MODELS:
        place = os.path.join(top, name)
        if os.path.islink(place) or not os.path.isdir(place):
            paths += [place] if os.path.lexists(place) else []
            continue
        for inner, folders, names in os.walk(place):
            linked = [one for one in folders if os.path.islink(os.path.join(inner, one))]
            paths += [os.path.join(inner, one) for one in (*names, *linked)]
            if len(paths) > _MOST:
                raise ModelError(f"{place}: more than {_MOST} files")
    return paths
