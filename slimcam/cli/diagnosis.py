"""What works on this machine: `slimcam doctor`. Each row is tried, not looked up."""

import importlib
import platform
import sys
from types import ModuleType
from typing import Callable, List, NamedTuple

from .._packages import installed_version, pip_line
from ..errors import MissingPackage, SlimcamError


class Finding(NamedTuple):
    """One thing that slimcam depends on."""

    what: str
    version: str
    state: str
    remedy: str  # a pip line, or "" where nothing is wrong


def examine() -> List[Finding]:
    """Try Python, TensorFlow, tf_slim, Keras and the libraries of slimcam itself, in that order."""
    python = platform.python_version()
    state = "works" if sys.version_info >= (3, 7) else "too old: slimcam needs 3.7"
    findings = [Finding("Python", python, state, "")]
    findings += [_try("TensorFlow", "tensorflow", _run_session), _try("tf_slim", "tf_slim", _build_batch_norm)]
    if findings[1].state == "works":
        findings.append(_keras())
    return findings + [_try(name, name, lambda _: None) for name in ("numpy", "cv2", "click", "tabulate", "tqdm")]


def _try(what: str, name: str, trial: Callable[[ModuleType], None]) -> Finding:
    """Import a module and try it."""
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        other = (error.name or name).split(".")[0]
        if other != name and installed_version(name):  # it is there, and what it imports itself is not
            return Finding(what, installed_version(name) or "-", f"needs {other}", "")
        return Finding(what, "-", f"missing ({error})", pip_line(name))
    version = _version(module)
    try:
        trial(module)
    except SlimcamError as error:
        return Finding(what, version, str(error).split(": pip")[0], _pip_line_of(error))
    except Exception as error:  # whatever breaks here is what the user wants to read
        text = (str(error).splitlines() or [""])[0]
        return Finding(what, version, f"broken: {type(error).__name__}: {text}", pip_line(name))
    return Finding(what, version, "works", "")


def _version(module: ModuleType) -> str:
    """Return the version that a package was installed as, or what it says of itself."""
    return installed_version(module.__name__) or str(getattr(module, "__version__", "?"))


def _run_session(tensorflow: ModuleType) -> None:
    """Raise an error where a session or a gradient does not work."""
    from .._tf import tf1

    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf1.float32, [])
        if session.run(tf1.gradients(x * x, x)[0], {x: 3.0}) != 6.0:
            raise ArithmeticError("the gradient of x * x at 3 is not 6")


def _build_batch_norm(tf_slim: ModuleType) -> None:
    """Raise an error where tf_slim cannot build what nets are full of."""
    from .._tf import slim, tf1

    with tf1.Graph().as_default():
        slim().batch_norm(tf1.placeholder(tf1.float32, [None, 4, 4, 3]), is_training=False)


def _keras() -> Finding:
    """Keras 2, which old .h5 files need: TensorFlow's own to 2.15, tf_keras after that."""
    from .._tf import keras2, keras_version

    try:
        keras = keras2()
    except MissingPackage as error:
        return Finding("Keras 2", "-", "tf_keras is missing", _pip_line_of(error))
    home = "tf_keras" if keras.__name__ == "tf_keras" else "TensorFlow's own"
    return Finding("Keras 2", keras_version(keras), f"works ({home})", "")


def _pip_line_of(error: SlimcamError) -> str:
    """Return the pip line that an error's message ends with, "" where it has none."""
    _, pip, end = str(error).partition("pip ")
    return pip + end
