"""The sessions of Keras 2, which hold the weights of its models in graphs."""

import contextlib
import warnings
from typing import Iterator, Optional

from .._types import Graph, KerasModule, Session
from .core import eager, tf1
from .keras import imported_keras2, keras2
from .keras_backend import backend_module


def let_initialise(keras: KerasModule) -> None:
    """Let a Keras 2 find or make its session, and give variables without a value their first ones there.

    Keras 2.3 refuses on TensorFlow 2, where it leaves sessions to tf.keras.
    """
    with contextlib.suppress(RuntimeError):
        backend_module(keras).get_session()


def initialise_all(session: Session, keras: KerasModule) -> None:
    """Give each variable of a session's graph that has no value its first one, as Keras 2.2's get_session does.

    Later ones ask for the variables that Keras made. None does after `manual_variable_initialization(True)`.
    """
    with session.graph.as_default():
        fresh = [one for one in tf1.global_variables() if not getattr(one, "_keras_initialized", False)]
        if session.graph.finalized or getattr(backend_module(keras), "_MANUAL_VAR_INIT", False) or not fresh:
            return
        valued = session.run([tf1.is_variable_initialized(one) for one in fresh])
        session.run([one.initializer for one, has_value in zip(fresh, valued) if not has_value])
        for one in fresh:
            one._keras_initialized = True


def eager_phase() -> int:
    """Return the learning phase that was set for models that run eagerly, 0 where none was."""
    with eager():
        phases = [backend_module(keras).learning_phase() for keras in imported_keras2()]
    return next((int(phase) for phase in phases if isinstance(phase, (bool, int))), 0)


@contextlib.contextmanager
def phase_scope(keras: KerasModule, value: int) -> Iterator[None]:
    """Set a Keras 2's learning phase of the default graph for a while; a `keras` of its own has no such context."""
    backend = backend_module(keras)
    if hasattr(backend, "learning_phase_scope"):
        with contextlib.ExitStack() as scope:
            with warnings.catch_warnings():  # Keras says that this is an old way
                warnings.simplefilter("ignore")
                scope.enter_context(backend.learning_phase_scope(value))
            yield
        return
    phases, graph = backend._GRAPH_LEARNING_PHASES, tf1.get_default_graph()
    before = phases.get(graph)
    phases[graph] = value
    try:
        yield
    finally:
        phases.pop(graph) if before is None else phases.update({graph: before})


def give_session(keras: KerasModule, session: Session) -> None:
    """Let a Keras 2 hold a session from now on; Keras 2.3 refuses on TensorFlow 2, as above."""
    with contextlib.suppress(RuntimeError):
        backend_module(keras).set_session(session)


def keras_session(graph: Graph, keras: KerasModule) -> Optional[Session]:
    """Return the session in which a Keras 2 holds the weights of a graph, or None where there is none to be found.

    It is the default session, or Keras' own one of the process; to ask Keras for that while it holds another graph's
    would make it drop the other one with all its weights.
    """
    default = tf1.get_default_session()
    held = held_session(keras) if default is None else default
    if held is not None and held.graph is not graph:
        return None
    if held is not None and graph.finalized:
        return held
    with graph.as_default():
        return backend_module(keras).get_session()  # gives variables their first values


def held_session(keras: KerasModule) -> Optional[Session]:
    """Return the session that a Keras 2 holds for the process, or None; nothing is made.

    Keras keeps it in `_SESSION`, which is the session itself to 2.2 and has it as an attribute of the thread after
    that; Keras 2.3 keeps none, it uses that of tf.keras.
    """
    own, theirs = backend_module(keras), backend_module(keras2())
    held = getattr(own if hasattr(own, "_SESSION") else theirs, "_SESSION", None)
    return held if held is None or hasattr(held, "run") else getattr(held, "session", None)
