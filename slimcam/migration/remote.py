"""Record in another Python: the interpreter of an old program, that has TensorFlow 1 and need not have slimcam.

That interpreter records with this slimcam: a folder with nothing but a link to the package is put on its path, so that
none of our other packages get there. What to record goes in as JSON on stdin, and comes back as remote_protocol has it.
"""

import contextlib
import json
import os
import pathlib
import shutil
import tempfile
from typing import Any, Dict, Iterator, Optional, Sequence, Union

import numpy as np

from .. import errors
from .._types import ImagesLike, PathLike, TargetLike, TensorLike
from ..errors import InterpreterError
from ..inputs.others import plain
from . import interpreter
from .golden import check_place

# Text, as it is run by another Python, where remote_worker is the program and this module is not imported.
PROGRAM = """
import sys
sys.path[:] = [sys.argv[1]] + [place for place in sys.path if place] + [""]
from slimcam.migration import remote_worker
remote_worker.main()
"""


def record_in(
    python: PathLike,
    model: Any,
    photos: ImagesLike,
    out: PathLike,
    layers: Union[TensorLike, Sequence[TensorLike], None] = None,
    target: TargetLike = None,
    overwrite: bool = False,
    **options: Any,
) -> str:
    """Do slimcam.record() in the interpreter `python`, and return `out`.

    `model` is a path; `photos` are paths or arrays; `target` is a word of the command line (`281`, `flower`, `top3`,
    `mean:TENSOR`), a class, or what golden.json has for one. `options` are record()'s and load()'s.

    Raises InterpreterError where that interpreter lacks something or fails, and whatever record() raises there.
    """
    check_place(out, overwrite)
    program = interpreter.find_program(python)
    if not isinstance(model, (str, os.PathLike)):
        raise InterpreterError(
            f"{program}: {type(model).__name__} is a live object, which no other interpreter can be given: save the "
            "model, and give its path"
        )
    interpreter.check(program, interpreter.probe(program))
    with _package_folder() as folder:
        request = {"model": os.fspath(model), "out": os.fspath(out), "layers": layers, "target": target, **options}
        request["photos"] = _as_paths(photos, folder)
        ended = interpreter.run(program, ["-c", PROGRAM, folder], _as_json(program, request))
    return _reply(program, ended)


@contextlib.contextmanager
def _package_folder() -> Iterator[str]:
    """Give a folder that holds the package slimcam, and nothing else, to be put on a path; it goes afterwards."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with tempfile.TemporaryDirectory(prefix="slimcam-") as folder:
        place = os.path.join(folder, os.path.basename(package))
        try:
            os.symlink(package, place, target_is_directory=True)
        except (OSError, NotImplementedError):  # Windows lets only some users link
            shutil.copytree(package, place, ignore=shutil.ignore_patterns("__pycache__"))
        yield folder


def _as_paths(photos: ImagesLike, folder: str) -> Any:
    """Return photos as JSON can hold them: paths as they are, arrays as files in a folder."""
    photos = plain(photos, "the image")
    if isinstance(photos, (str, os.PathLike)):
        return os.fspath(photos)
    if isinstance(photos, np.ndarray):
        return _save(photos, folder, "photos")
    return [
        os.fspath(one)
        if isinstance(one, (str, os.PathLike))
        else _save(np.asarray(plain(one, f"photo {i}")), folder, f"photo-{i}")
        for i, one in enumerate(photos)
    ]


def _save(array: np.ndarray, folder: str, name: str) -> Dict[str, str]:
    """Write an array to a file, and return what a request has for it."""
    path = str(pathlib.Path(folder, f"{name}.npy"))
    np.save(path, array, allow_pickle=False)
    return {"array": path}


def _as_json(program: str, request: Dict[str, Any]) -> str:
    """Return a request as JSON; raise InterpreterError for what JSON cannot hold."""

    def path(value: Any) -> str:
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        raise TypeError(f"{value!r} cannot be given to another interpreter: name what it can find there")

    try:
        return json.dumps(request, default=path)
    except (TypeError, ValueError) as error:
        raise InterpreterError(f"{program}: {error}") from error


def _reply(program: str, ended: interpreter.ProcessResult) -> str:
    """Return the folder that was written, or raise what was raised there."""
    last: Optional[Any] = ended.messages[-1] if ended.messages else None
    reply: Dict[str, Any] = last if isinstance(last, dict) else {}
    if "out" in reply and ended.status == 0:
        return str(reply["out"])
    try:
        error = errors.from_json(reply)
    except (KeyError, TypeError, ValueError):
        error = InterpreterError(
            f"{program}: recording ended with status {ended.status}", interpreter.tail(ended.stderr)
        )
    if isinstance(error, errors.MissingPackage):
        error = InterpreterError(f"{program}: {str(error).replace('pip install', f'{program} -m pip install')}")
    raise error
