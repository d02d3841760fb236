"""What works on this machine: `slimcam doctor`. Each row is tried, not looked up."""

import importlib
import platform
import sys
from types import ModuleType
from typing import Any, Callable, List, NamedTuple

from .._packages import installed_version, pip_line
from ..errors import SlimcamError


class Finding(NamedTuple):
    """One thing that slimcam leans on."""

    what: str
    version: str
    state: str
    mend: str  # a pip line, or "" where nothing is amiss


def examine() -> List[Finding]:
    """Try Python, TensorFlow, tf_slim, Keras and the libraries of slimcam itself, in that order."""
    python = platform.python_version()
    state = "works" if sys.version_info >= (3, 7) else "too old: slimcam needs 3.7"
    findings = [Finding("Python", python, state, "")]
    findings += [_tried("TensorFlow", "tensorflow", _run_session), _tried("tf_slim", "tf_slim", _build_batch_norm)]
    if findings[1].state == "works":
        findings.append(_keras())
    return findings + [_tried(name, name, lambda _: None) for name in ("numpy", "cv2", "click", "tabulate", "tqdm")]


def _tried(what: str, module: str, try_it: Callable[[Any], None]) -> Finding:
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        return Finding(what, "-", f"missing ({error})", pip_line(module))
    version = _version(found)
    try:
        try_it(found)
    except SlimcamError as error:
        text = str(error)
        return Finding(what, version, text.split(": pip")[0], text[text.index("pip ") :] if "pip " in text else "")
    except Exception as error:  # whatever breaks here is what the user wants to be told
        text = (str(error).splitlines() or [""])[0]
        return Finding(what, version, f"broken: {type(error).__name__}: {text}", pip_line(module))
    return Finding(what, version, "works", "")


def _version(module: ModuleType) -> str:
    """Return the version that a package was installed as, or what it says of itself."""
    return installed_version(module.__name__) or str(getattr(module, "__version__", "?"))


def _run_session(tensorflow: Any) -> None:
    from .._tf import tf1

    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf1.float32, [])
        if session.run(tf1.gradients(x * x, x)[0], {x: 3.0}) != 6.0:
            raise ArithmeticError("the gradient of x * x at 3 is not 6")


def _build_batch_norm(tf_slim: Any) -> None:
    from .._tf import slim, tf1

    with tf1.Graph().as_default():
        slim().batch_norm(tf1.placeholder(tf1.float32, [None, 4, 4, 3]), is_training=False)


def _keras() -> Finding:
    """Keras 2, which old .h5 files need: TensorFlow's own to 2.15, tf_keras after that."""
    from .._tf import TF_VERSION, keras_version, tf

    if TF_VERSION < (2, 16):
        return Finding("Keras 2", keras_version(tf.keras), "works (TensorFlow's own)", "")
    try:
        tf_keras = importlib.import_module("tf_keras")
    except ImportError:
        return Finding("Keras 2", "-", "tf_keras is missing", pip_line("tf_keras", tensorflow=TF_VERSION))
    return Finding("Keras 2", tf_keras.__version__, "works (tf_keras)", "")
