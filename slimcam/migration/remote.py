"""Record in another Python: the interpreter of an old program, that has TensorFlow 1 and need not have slimcam.

That interpreter is first asked what it has, in words that Python 2 understands too. Then it records, with this slimcam:
a folder with nothing but a link to the package is put on its path, so that none of our other packages get there.
What it is told goes in as JSON on stdin, and what it answers comes out as lines of JSON behind a mark, as TensorFlow
itself prints whatever it likes.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from .. import errors
from .._packages import PYTHON37, TF_SLIM
from ..errors import InterpreterError

MARK = "slimcam: "
OLDEST = (3, 7)
OLDEST_TENSORFLOW = (1, 15)
LINES = 20  # of what a program said as it failed
PATIENCE = 600  # seconds for the question what there is; TensorFlow takes 60 to import from a slow disk
# What slimcam imports, and what brings it.
PACKAGES = {
    "numpy": "numpy>=1.17",
    "cv2": "opencv-python-headless>=4.5",
    "click": "click>=8.0",
    "tqdm": "tqdm>=4.60",
    "tabulate": "tabulate>=0.8.10",
    "tensorflow": "tensorflow",
    "tf_slim": TF_SLIM,
}
PROBE = """
import json, sys
sys.path[:] = [place for place in sys.path if place]
def tell(name, version, error):
    sys.stdout.write({mark!r} + json.dumps([name, version, error]) + "\\n")
    sys.stdout.flush()
tell("python", ".".join(map(str, sys.version_info[:3])), None)
for name in {names!r} if sys.version_info >= {oldest!r} else ():
    tell(name, None, "ends Python as it is imported")
    try:
        tell(name, str(getattr(__import__(name), "__version__", "")), None)
    except ImportError as error:
        absent = getattr(error, "name", None) == name
        tell(name, None, "missing" if absent else "%s: %s" % (type(error).__name__, error))
    except Exception as error:
        tell(name, None, "%s: %s" % (type(error).__name__, error))
"""
RECORD = """
import sys
sys.path[:] = [sys.argv[1]] + [place for place in sys.path if place] + [""]
from slimcam.targets.as_text import read_target
from slimcam.migration.remote_worker import answer
answer(read_target)
"""
OURS = "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS", "__PYVENV_LAUNCHER__"  # not for another Python


class Ended(NamedTuple):
    """How another interpreter ended."""

    status: int
    told: List[Any]  # what it said behind the mark
    stdout: str
    stderr: str


def record_in(
    python: Any, model: Any, photos: Any, out: Any, layers: Any = None, target: Any = None, **options: Any
) -> str:
    """Do slimcam.record() in the interpreter `python`, and return `out`.

    `model` is a path; `photos` are paths or arrays; `target` is a word of the command line (`281`, `flower`, `top3`,
    `mean:TENSOR`), a class, or what golden.json has for one. `options` are record()'s and load()'s.

    Raises InterpreterError where that interpreter lacks something or fails, and whatever record() raises there.
    """
    program = _program(python)
    if not isinstance(model, (str, os.PathLike)):
        raise InterpreterError(
            f"{program}: {type(model).__name__} is a live object, which no other interpreter can be given: save the "
            "model, and give its path"
        )
    _check(program, probe(program))
    with _folder() as folder:
        asked = {"model": os.fspath(model), "out": os.fspath(out), "layers": layers, "target": target, **options}
        asked["photos"] = _as_paths(photos, folder)
        ended = _run(program, ["-c", RECORD, folder], _as_json(program, asked))
    return _answered(program, ended)


def probe(python: Any) -> Dict[str, Any]:
    """Return what an interpreter has: {"python": (version, None), "numpy": (None, what is wrong with it), …}.

    Raises InterpreterError for what is no Python interpreter.
    """
    program = _program(python)
    ended = _run(program, ["-"], PROBE.format(mark=MARK, names=list(PACKAGES), oldest=OLDEST), PATIENCE)
    found = {one[0]: (one[1], one[2]) for one in ended.told if isinstance(one, list) and len(one) == 3}
    if "python" not in found:
        raise InterpreterError(
            f"{program}: not a Python interpreter: it was asked for its version, and ended with status {ended.status}: "
            f"{_tail(ended.stderr or ended.stdout)}"
        )
    if ended.status:
        name = list(found)[-1]
        line = _pip_line(program, [name], _version(found["python"][0])) if name in PACKAGES else ""
        raise InterpreterError(
            f"{program} ended with status {ended.status} as it imported {name}: {line}\n{_tail(ended.stderr)}"
        )
    return found


def _check(program: str, found: Dict[str, Any]) -> None:
    """Raise InterpreterError for all that an interpreter lacks, with the pip line."""
    version = _version(found["python"][0])
    if version < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise InterpreterError(
            f"{program}: Python {found['python'][0]}, and slimcam needs {wanted} or newer: give a Python {wanted} with "
            f"{PYTHON37[0]}, which runs what older ones ran"
        )
    wrong = {name: found[name][1] for name in PACKAGES if found[name][1]}
    tensorflow = found["tensorflow"][0]
    if tensorflow is not None and _version(tensorflow) < OLDEST_TENSORFLOW:
        wrong["tensorflow"] = f"{tensorflow}, and slimcam needs 1.15 or newer"
    # one that only lacks another of them is not to blame
    own = {k: why for k, why in wrong.items() if not any(f"No module named {name!r}" in why for name in wrong)}
    if own:
        lacks = ", ".join(name if why == "missing" else f"{name} ({why})" for name, why in own.items())
        line = _pip_line(program, own, version)
        raise InterpreterError(f"{program} (Python {found['python'][0]}) lacks {lacks}: {line}")


def _pip_line(program: str, names: Iterable[str], version: Tuple[int, ...]) -> str:
    """Return the line that brings packages to an interpreter of some version."""
    wanted: List[str] = []
    for name in names:
        wanted += PYTHON37 if name == "tensorflow" and version < (3, 8) else [PACKAGES[name]]
    return f"{program} -m pip install " + " ".join(f'"{one}"' for one in wanted)


def _version(text: str) -> Tuple[int, ...]:
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in text.split(".")[:2])


def _program(python: Any) -> str:
    """Return the path of an interpreter; raise InterpreterError where there is none."""
    given = os.path.expanduser(os.fspath(python))
    if os.path.isdir(given):
        raise InterpreterError(f"{given}: a folder: give the interpreter in it, {os.path.join(given, 'bin', 'python')}")
    found = shutil.which(given)
    if found is None and os.path.exists(given):
        raise InterpreterError(f"{given}: not a program that can be run: give a Python interpreter")
    if found is None:
        raise InterpreterError(f"{given}: no such interpreter: give the path of a Python")
    return os.path.abspath(found)


def _run(program: str, arguments: List[str], stdin: str, patience: Optional[float] = None) -> Ended:
    """Run an interpreter in an environment without what is only for ours."""
    environment = {key: value for key, value in os.environ.items() if key not in OURS}
    try:
        done = subprocess.run(
            [program, *arguments],
            input=stdin.encode("ascii"),
            capture_output=True,
            env=environment,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InterpreterError(f"{program}: no answer in {patience:g} s: is it a Python interpreter?") from error
    except OSError as error:
        raise InterpreterError(f"{program}: cannot be run: {error.strerror or error}") from error
    stdout, stderr = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return Ended(done.returncode, list(_told(stdout)), stdout, stderr)


def _told(stdout: str) -> Iterator[Any]:
    for line in stdout.splitlines():
        _, mark, text = line.partition(MARK)
        if mark:
            with contextlib.suppress(ValueError):
                yield json.loads(text)


@contextlib.contextmanager
def _folder() -> Iterator[str]:
    """Give a folder that holds the package slimcam, and nothing else, to be put on a path; it goes afterwards."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with tempfile.TemporaryDirectory(prefix="slimcam-") as folder:
        place = os.path.join(folder, os.path.basename(package))
        try:
            os.symlink(package, place, target_is_directory=True)
        except (OSError, NotImplementedError):  # Windows lets only some users link
            shutil.copytree(package, place, ignore=shutil.ignore_patterns("__pycache__"))
        yield folder


def _as_paths(photos: Any, folder: str) -> Any:
    """Return photos as JSON can tell them: paths as they are, arrays as files in a folder."""
    if isinstance(photos, (str, os.PathLike)):
        return os.fspath(photos)
    if isinstance(photos, np.ndarray):
        return _saved(photos, folder, "photos")
    return [
        os.fspath(one) if isinstance(one, (str, os.PathLike)) else _saved(np.asarray(one), folder, f"photo-{i}")
        for i, one in enumerate(photos)
    ]


def _saved(array: np.ndarray, folder: str, name: str) -> Dict[str, str]:
    path = str(pathlib.Path(folder, f"{name}.npy"))
    np.save(path, array, allow_pickle=False)
    return {"array": path}


def _as_json(program: str, asked: Dict[str, Any]) -> str:
    def path(value: Any) -> str:
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        raise TypeError(f"{value!r} cannot be given to another interpreter: name what it can find there")

    try:
        return json.dumps(asked, default=path)
    except (TypeError, ValueError) as error:
        raise InterpreterError(f"{program}: {error}") from error


def _answered(program: str, ended: Ended) -> str:
    """Return the folder that was written, or raise what was raised there."""
    answer = ended.told[-1] if ended.told and isinstance(ended.told[-1], dict) else {}
    if "out" in answer and ended.status == 0:
        return str(answer["out"])
    kind = getattr(errors, str(answer.get("error")), None)
    if kind is None:
        raise InterpreterError(f"{program}: recording ended with status {ended.status}: {_tail(ended.stderr)}")
    if kind is errors.MissingPackage:
        raise InterpreterError(f"{program}: {answer['message'].replace('pip install', f'{program} -m pip install')}")
    if kind is errors.MissingFeed:
        raise errors.MissingFeed(answer["message"], None, [errors.Remedy(*remedy) for remedy in answer["remedies"]])
    raise kind(answer["message"])


def _tail(text: str) -> str:
    """Return the end of what a program said."""
    return "\n".join(text.strip().splitlines()[-LINES:])[-LINES * 200 :] or "it said nothing"
