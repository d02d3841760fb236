"""ENGINES: where evidence comes from."""

import importlib
from typing import TYPE_CHECKING, Dict

from ..errors import UnknownName
from ..suggest import nearest

if TYPE_CHECKING:
    from .engine import Engine

# What is run; the module of that name holds the ENGINE. It is imported when it is asked for, so that the command line
# can list the names without waiting for TensorFlow.
ENGINES: Dict[str, str] = {
    "graph": "the model's graph, by a session",
    "tape": "the Keras model that the graph was traced from, eagerly, by tf.GradientTape",
}


def find_engine(name: str) -> "Engine":
    """Return the engine of a row of ENGINES; raise UnknownName for another name."""
    if name not in ENGINES:
        raise UnknownName(f"no engine {name!r} (there are {', '.join(ENGINES)}); {nearest(name, ENGINES)}")
    engine: Engine = importlib.import_module(f".{name}", __name__).ENGINE
    return engine
