"""Another Python: run it, and find out whether it can run slimcam.

It is asked what it has in words that Python 2 understands too, and what it lacks is reported with the pip line.
"""

import os
import shutil
import subprocess
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._packages import REQUIREMENTS, TENSORFLOW_1, pip_line
from .._types import PathLike
from ..errors import InterpreterError
from .remote_protocol import MARK, messages_in

OLDEST = (3, 7)
OLDEST_TENSORFLOW = (1, 15)
LINES = 20  # of the output of a program that failed
PATIENCE = 600  # seconds for the question what there is; TensorFlow takes 60 to import from a slow disk
# What slimcam imports; tf_slim last, as it imports TensorFlow.
MODULES = (*(name for name in REQUIREMENTS if name != "tf_slim"), "tensorflow", "tf_slim")
PROBE = """
import json, sys
sys.path[:] = [place for place in sys.path if place]
def report(name, version, error):
    sys.stdout.write({mark!r} + json.dumps([name, version, error]) + "\\n")
    sys.stdout.flush()
report("python", ".".join(map(str, sys.version_info[:3])), None)
for name in {names!r} if sys.version_info >= {oldest!r} else ():
    report(name, None, "ends Python as it is imported")
    try:
        report(name, str(getattr(__import__(name), "__version__", "")), None)
    except ImportError as error:
        absent = getattr(error, "name", None) == name
        report(name, None, "missing" if absent else "%s: %s" % (type(error).__name__, error))
    except Exception as error:
        report(name, None, "%s: %s" % (type(error).__name__, error))
"""
OURS = "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS", "__PYVENV_LAUNCHER__"  # not for another Python


class ProcessResult(NamedTuple):
    """How another interpreter ended."""

    status: int
    messages: List[Any]  # what it sent by the protocol
    stdout: str
    stderr: str


class Module(NamedTuple):
    """A module in another interpreter: its version, or what is wrong with it."""

    version: Optional[str]
    error: Optional[str]


def find_program(python: PathLike) -> str:
    """Return the path of an interpreter; raise InterpreterError where there is none."""
    path = os.path.expanduser(os.fspath(python))
    if os.path.isdir(path):
        raise InterpreterError(f"{path}: a folder: give the interpreter in it, {os.path.join(path, 'bin', 'python')}")
    program = shutil.which(path)
    if program is None and os.path.exists(path):
        raise InterpreterError(f"{path}: not a program that can be run: give a Python interpreter")
    if program is None:
        raise InterpreterError(f"{path}: no such interpreter: give the path of a Python")
    return os.path.abspath(program)


def run(program: str, arguments: List[str], stdin: str, patience: Optional[float] = None) -> ProcessResult:
    """Run an interpreter in an environment without what is only for ours; wait `patience` seconds, or for ever."""
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
    return ProcessResult(done.returncode, list(messages_in(stdout)), stdout, stderr)


def probe(python: PathLike) -> Dict[str, Module]:
    """Return what an interpreter has: "python", and each of MODULES unless that Python is too old.

    Raises InterpreterError for what is no Python interpreter, and for one that ends as it imports a module.
    """
    program = find_program(python)
    ended = run(program, ["-"], PROBE.format(mark=MARK, names=MODULES, oldest=OLDEST), PATIENCE)
    modules = {one[0]: Module(*one[1:]) for one in ended.messages if isinstance(one, list) and len(one) == 3}
    if "python" not in modules:
        raise InterpreterError(
            f"{program}: not a Python interpreter: it was asked for its version, and ended with status {ended.status}",
            tail(ended.stderr or ended.stdout),
        )
    if ended.status:
        name = list(modules)[-1]
        line = f": {_pip_line(program, [name], modules)}" if name in MODULES else ""
        raise InterpreterError(
            f"{program} ended with status {ended.status} as it imported {name}{line}", tail(ended.stderr)
        )
    return modules


def check(program: str, modules: Dict[str, Module]) -> None:
    """Raise InterpreterError for all that an interpreter lacks, with the pip line."""
    python = modules["python"].version
    if _version(python) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise InterpreterError(
            f"{program}: Python {python}, and slimcam needs {oldest} or newer: give a Python {oldest} with "
            f"{TENSORFLOW_1[0]}, which runs what older ones ran"
        )
    wrong = {name: error for name, (_, error) in modules.items() if error}
    tensorflow = modules["tensorflow"].version
    if tensorflow is not None and _version(tensorflow) < OLDEST_TENSORFLOW:
        wrong["tensorflow"] = f"{tensorflow}, and slimcam needs 1.15 or newer"
    # one that only lacks another of them is not to blame
    own = {k: error for k, error in wrong.items() if not any(f"No module named {name!r}" in error for name in wrong)}
    if own:
        lacks = ", ".join(name if error == "missing" else f"{name} ({error})" for name, error in own.items())
        line = _pip_line(program, list(own), modules)
        raise InterpreterError(f"{program} (Python {python}) lacks {lacks}: {line}")


def tail(text: str) -> str:
    """Return the end of what a program printed."""
    return "\n".join(text.strip().splitlines()[-LINES:])[-LINES * 200 :]


def _pip_line(program: str, names: List[str], modules: Dict[str, Module]) -> str:
    return pip_line(*names, python=_version(modules["python"].version), program=program)


def _version(text: Optional[str]) -> Tuple[int, ...]:
    """Return major and minor version, such as (2, 13) of "2.13.0rc1"."""
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in (text or "").split(".")[:2])
