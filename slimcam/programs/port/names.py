"""What the whole name of an old library is today: asked of the libraries that are installed."""

import functools
import importlib
from types import ModuleType
from typing import Any, List, NamedTuple, Optional

from ..._tf import keras1, tensorflow1
from ..._tf.keras1.paths import PARTS as KERAS_PARTS
from ..._tf.tensorflow1 import contrib
from ..._tf.tensorflow1.private_paths import FIRST, MOVED
from ...errors import SlimcamError
from .. import gone

OURS = "slimcam.legacy.tensorflow1"
COMPAT = "tensorflow.compat.v1"

# What of tf_slim runs by itself today; the rest needs what slimcam.slim() mends since TensorFlow 2.13.
_NEEDS_MENDING = {
    "batch_norm",
    "optimize_loss",
    "nets",
    "learning",
    "evaluation",
    "queues",
    "prefetch_queue",
    "dataset",
}
_OPTIMIZERS = ("Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Nadam", "Optimizer", "RMSprop", "SGD")


class Today(NamedTuple):
    """Where a name is today: a module, and a dotted name in it, "" for the module itself."""

    module: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.module}.{self.name}".rstrip(".")


class Gone(NamedTuple):
    """A name that is nowhere, and why."""

    why: str


@functools.lru_cache(maxsize=None)
def today(name: str) -> Any:
    """Return a Today, a Gone, or None for a name that is what it was. `name` is whole: "numpy.float"."""
    top, _, rest = name.partition(".")
    if top == "tensorflow":
        return _tensorflow(rest)
    if top == "keras":
        return _keras(rest)
    row = gone.row_of(name)
    if row is None or row.stand_in == "*":
        return None
    module, _, last = row.stand_in.partition(":")
    if not module:
        return Gone(gone.missing(row).partition(" ")[2])
    if module.startswith("="):
        return Today(module[1:], last)
    return Today(f"slimcam.programs.gone.{module}", last)


def is_module(found: Today) -> bool:
    """Return whether this is a module, of which a name can be missing."""
    at: Any = importlib.import_module(found.module)
    for part in found.name.split(".") if found.name else ():
        at = getattr(at, part)
    return isinstance(at, ModuleType)


def _has(module: str, name: str) -> bool:
    """Return whether a module, installed here, has a dotted name."""
    try:
        at: Any = importlib.import_module(module)
        for part in name.split(".") if name else ():
            at = getattr(at, part)
    except Exception:  # libraries raise their own where a lazy part is asked for
        return False
    return True


def _module_of(path: str) -> Optional[Today]:
    """Return a module, or a name of one, by its whole path, where it is installed."""
    if _has(path, ""):
        return Today(path)
    module, _, name = path.rpartition(".")
    return Today(module, name) if module and _has(module, name) else None


# --- TensorFlow


def _tensorflow(rest: str) -> Any:
    tensorflow1.lead_to_keras2()  # as the ported programs do, by TF_USE_LEGACY_KERAS
    if rest.startswith("contrib."):
        return _contrib(rest[len("contrib.") :])
    if rest.split(".")[0] == "keras" and rest != "keras":
        return _keras(rest[len("keras.") :])
    if rest.startswith(("python.", "core.")):
        there = _module_of(f"tensorflow.{rest}")
        if there:
            return there
        module, _, name = rest.partition(".")[2].rpartition(".")
        moved = MOVED.get(module, "").lstrip(".")
        for place in (moved, "", *FIRST):
            inner = f"{place}.{name}".lstrip(".")
            if _has(COMPAT, inner):
                return Today(COMPAT, inner)
    elif _has(COMPAT, rest):
        return Today(COMPAT, rest)
    return _of_slimcam(rest)


def _of_slimcam(rest: str) -> Any:
    """Return where slimcam has a name of TensorFlow 1, or why nothing has it."""
    try:
        at: Any = tensorflow1.view()
        for part in rest.split("."):
            at = getattr(at, part)
    except (SlimcamError, ImportError, AttributeError) as error:
        return Gone(_after_name(str(error)))
    return Today(OURS, rest)


def _after_name(message: str) -> str:
    """Return an error's text without the name at its start."""
    first, _, rest = message.partition(" ")
    return rest if "." in first and rest.startswith("went ") else message


def _contrib(rest: str) -> Any:
    part, _, name = rest.partition(".")
    steps = [step for step in name.split(".") if step not in contrib.FOLDERS and step != part]
    if name.startswith("python.") and steps:
        name = ".".join(steps)
    if part == "slim" and not name:
        return Today("tf_slim")
    if name.split(".")[0] not in _NEEDS_MENDING and part in contrib.PARTS:
        for home in contrib.PARTS[part]:
            if home.startswith("tf_slim"):
                for module in ("tf_slim", home):
                    if name and _has(module, name):
                        return Today(module, name)
            elif home.startswith(contrib.OURS):
                if hasattr(contrib.home_of(home), name.split(".")[0]):
                    break  # slimcam's comes before TensorFlow's
            elif home.startswith("."):
                inner = ".".join(filter(None, (home[1:], name)))
                if name and _has(COMPAT, inner):
                    return Today(COMPAT, inner)
        if not name and contrib.PARTS[part][0] == f"tf_slim.{part}":
            return Today(f"tf_slim.{part}")
    return _of_slimcam(f"contrib.{rest}")


# --- Keras


def _keras(rest: str) -> Any:
    if not rest:
        return Today("tf_keras")
    first, _, last = rest.rpartition(".")
    if rest.split(".")[0] == "backend":
        return _backend(".".join(step for step in rest.split(".")[1:] if step not in ("tensorflow_backend", "common")))
    if first == "optimizers" and last in _OPTIMIZERS:
        return Today("tf_keras.optimizers.legacy", last)
    for path in _paths(rest):
        found = _module_of(f"tf_keras.{path}")
        if found:
            return found
    try:
        keras1.module(f"keras.{first}" if first else "keras")
        getattr(keras1.view(first), last)
    except (SlimcamError, ImportError, AttributeError, AssertionError) as error:
        return Gone(_after_name(str(error)))
    return Gone("is what `slimcam run` has of Keras 1; Keras 2 has no such name")


def _paths(rest: str) -> List[str]:
    """Return where a path of keras 2.2 may be today: as it is, and by the table of its parts."""
    found = [rest]
    parts = [part for part in KERAS_PARTS if rest == part or rest.startswith(part + ".")]
    for part in sorted(parts, key=len, reverse=True)[:1]:
        row, last = KERAS_PARTS[part], rest[len(part) + 1 :]
        if last in row.names:
            found.append(row.names[last].lstrip("@"))
        found += [f"{home.lstrip('@')}.{last}".rstrip(".") for home in row.homes]
    return list(dict.fromkeys(found))


def _backend(name: str) -> Any:
    if not name or _has("tf_keras.backend", name):
        return Today("tf_keras.backend", name)
    return (
        Today("slimcam.backend", name) if _has("slimcam.backend", name) else Gone("is no name of Keras 2.2's backend")
    )
