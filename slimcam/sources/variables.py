"""The variables of a checkpoint, V1 or V2, by its prefix, its folder or one of its files."""

import contextlib
import glob
import os
import re
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .._tf import tf1
from ..errors import ModelError
from ..files.reading import folders_of, leads_out, regular
from ..text.printable import first_line
from .options import LoadOptions
from .vetting import refuse
from .vetting.checkpoints import check_index
from .vetting.files import check_files

_MOST_STATE = 1 << 22  # bytes of a folder's `checkpoint` file, which lists all checkpoints
_ENDING = re.compile(r"\.(index|meta|data-\d{5}-of-\d{5})$")
_CHANGED = "{}: the checkpoint changed while it was read: load it again, or a copy that nobody writes to"
_SHARD = re.compile(r"-(\d{5}|\?{5})-of-(\d{5})$")  # the ending of a file of a V1 checkpoint in several, or of all


class Variables(NamedTuple):
    """The variables of a checkpoint."""

    path: str
    shapes: Dict[str, List[int]]
    read: Callable[[str], np.ndarray]
    said: Sequence[str] = ()  # what was let through though it is not the checkpoint's own


def prefix_of(path: str) -> Optional[str]:
    """Return the prefix of the checkpoint that `path` names: the prefix itself, one of its files, or its folder.

    Of a V1 checkpoint in several shards it is the pattern that TensorFlow reads all by, "name-?????-of-00002".
    """
    if os.path.isdir(path):
        return _in_folder(path)
    # without its ending first: an .index is a table as well, and would pass for a V1 file
    for candidate in (_ENDING.sub("", path), path):
        if os.path.isfile(candidate + ".index"):
            return candidate
        shards = _shards(candidate)
        if shards is not None or _is_v1(candidate):
            return shards or candidate
    return None


def _shards(path: str) -> Optional[str]:
    """Return the pattern of the shards of a V1 checkpoint: `path` is what comes before, one of them, or the pattern.

    Raises ModelError where there are shards of several checkpoints, or not all of one.
    """
    given = _SHARD.search(path)
    base = path if given is None else path[: given.start()]
    files = [file for file in glob.glob(glob.escape(base) + "-?????-of-?????") if _SHARD.search(file) and _is_v1(file)]
    counts = sorted({file[-5:] for file in files if given is None or file.endswith(given.group(2))})
    patterns = [f"{base}-?????-of-{count}" for count in counts]
    if len(patterns) > 1:
        raise ModelError(f"{base}: shards of {len(patterns)} checkpoints: load {' or '.join(patterns)}")
    for pattern, count in zip(patterns, counts):
        missing = [i for i in range(int(count)) if f"{base}-{i:05d}-of-{count}" not in files]
        if missing:
            raise ModelError(
                f"{pattern}: {len(missing)} of {int(count)} shards are not there, such as {missing[0]:05d}"
            )
    return next(iter(patterns), None)


def _in_folder(folder: str) -> Optional[str]:
    """Return the latest checkpoint by the folder's `checkpoint` file, also where the folder was moved since.

    Raises ModelError where it names one that is not there, or one elsewhere: TensorFlow follows such a name, and so a
    stranger's folder could pass for a model of the caller's own.
    """
    recorded = _latest(folder)
    if not recorded:
        return None
    beside = os.path.join(folder, os.path.basename(recorded))
    if prefix_of(beside):
        return prefix_of(beside)
    place = os.path.normpath(os.path.join(folder, recorded))
    if not leads_out(place, folders_of(folder)):
        if prefix_of(place):
            return prefix_of(place)
    elif prefix_of(place):
        raise ModelError(f"{folder}: its 'checkpoint' file names {recorded!r}, outside of the folder: load that itself")
    raise ModelError(f"{folder}: its 'checkpoint' file names {os.path.basename(recorded)!r}, which is not there")


def _latest(folder: str) -> str:
    """Return the name of the latest checkpoint as the folder's `checkpoint` file has it, "" without one."""
    path = os.path.join(folder, "checkpoint")
    if not os.path.isfile(path) or leads_out(path, folders_of(folder)):
        return ""
    if regular(path, ModelError).st_size > _MOST_STATE:
        return ""
    try:
        state = tf1.train.get_checkpoint_state(folder)
        recorded = "" if state is None else str(state.model_checkpoint_path)
        if "\0" in recorded:
            raise ValueError("no path has a zero byte")
    except ValueError as error:
        raise ModelError(f"{folder}: its 'checkpoint' file is damaged: name the checkpoint itself") from error
    return recorded


def _is_v1(path: str) -> bool:
    """Whether a file is a V1 checkpoint, by the magic number that ends every table file."""
    if not os.path.isfile(path):  # a pipe would wait
        return False
    try:
        with open(path, "rb") as file:
            file.seek(-8, os.SEEK_END)
            return file.read() == bytes.fromhex("57fb808b247547db")
    except OSError:
        return False


def files_of(prefix: str) -> List[str]:
    """Return the files of a checkpoint, by its prefix, or, of V1, its file or the pattern of its shards."""
    if os.path.isfile(prefix + ".index"):
        return [prefix + ".index", *sorted(glob.glob(glob.escape(prefix) + ".data-?????-of-?????"))]
    base, ending = prefix[: -len("-?????-of-00000")], prefix[-len("-?????-of-00000") :]
    return sorted(glob.glob(glob.escape(base) + ending)) if "?????" in ending else [prefix]


def open_checkpoint(path: str, options: Optional[LoadOptions] = None, home: Optional[str] = None) -> Variables:
    """Read the names and shapes in a checkpoint of format V1 or V2; raise ModelError where it cannot be read.

    Its files lie in the folder of `path`, or of the model `home` that it belongs to: UntrustedModel for others.
    """
    prefix = prefix_of(path)
    if prefix is None:
        raise ModelError(
            f"{path}: no checkpoint there (a prefix with .index and .data files, a V1 file or its shards, or a folder)"
        )
    own = files_of(prefix)
    said = refuse(path, check_files(path, own, home), options or LoadOptions())
    check_index(prefix, own)
    files = _files(prefix)
    with _readable(prefix, files):
        reader = tf1.train.NewCheckpointReader(prefix)
        shapes = reader.get_variable_to_shape_map()

    def read(name: str) -> np.ndarray:
        with _readable(prefix, files):
            return np.asarray(reader.get_tensor(name))

    return Variables(prefix, shapes, read, said)


def _files(prefix: str) -> Dict[str, Tuple[int, ...]]:
    """Return the files of a checkpoint, with what of each is another where it was written since."""
    base = glob.escape(prefix.replace("?????", "\0")).replace("\0", "?????")
    paths = [*glob.glob(base), *glob.glob(base + ".index"), *glob.glob(base + ".data-?????-of-?????")]
    return {path: _state(path) for path in paths}


def _state(path: str) -> Tuple[int, ...]:
    try:
        state = os.stat(path)
    except OSError:  # it vanished a moment ago
        return ()
    return state.st_ino, state.st_size, state.st_mtime_ns


@contextlib.contextmanager
def _readable(prefix: str, files: Dict[str, Tuple[int, ...]]) -> Iterator[None]:
    """Turn what TensorFlow raises on a damaged file, by version one of tf.errors or a RuntimeError, into ModelError.

    Raises ModelError, too, where a file is not what it was when the checkpoint was opened: TensorFlow reads on, and a
    block of another checkpoint has a checksum that fits.
    """
    try:
        yield
        changed = _files(prefix) != files
    except Exception as error:
        if _files(prefix) != files:
            raise ModelError(_CHANGED.format(prefix)) from error
        first = first_line(error)
        raise ModelError(f"{prefix}: the checkpoint cannot be read: {first}") from error
    if changed:
        raise ModelError(_CHANGED.format(prefix))
