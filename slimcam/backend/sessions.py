"""Which session holds the weights of a graph, for `slimcam.backend`, and Keras' switches of the process.

A session of a graph is, in this order: the default session; the one that a Keras 2 of the process holds; the one that
`set_session` was given, or that was used here before. A session of another graph is no candidate, and a Keras
is never asked for one while it holds another graph's: it would drop that, and all weights in it. Only where a Keras
holds none yet, and the graph has variables, it makes its own, so that its models and `slimcam.backend` agree.

What is remembered is kept on the graph itself and goes with it.
"""

import contextlib
import warnings
from typing import Any, Iterator, Optional, Sequence, Union

from .._tf import (
    give_session,
    held_session,
    imported_keras2,
    initialise_all,
    is_closed,
    keras2,
    keras2_name,
    let_initialise,
    phase_scope,
    tf1,
)
from .._types import Graph, KerasModule, Session, Tensor
from ..errors import MissingPackage, TargetError

_KEPT = "_slimcam_session"  # an attribute: a mapping from graph to session would keep both for ever

BUILD_IN_A_GRAPH = (
    f"build the model by {keras2_name()} inside `with tf.Graph().as_default():`, or use slimcam.GradCAM(model) for "
    "its maps"
)


def session_of(graph: Graph) -> Session:
    """Return the session for a graph, with Keras' variables initialised that have no value yet."""
    session = existing_session(graph)
    if session is None:
        session = tf1.Session(graph=graph, config=tf1.ConfigProto(allow_soft_placement=True))
    keep_used(session)
    initialise(session)
    return session


def existing_session(graph: Graph) -> Optional[Session]:
    """Return the session that there is for a graph, or None; no variable is touched."""
    default = tf1.get_default_session()
    if default is not None and default.graph is graph:
        return default
    holds = [(keras, held_session(keras)) for keras in imported_keras2()]
    for _, held in holds:
        if held is not None and held.graph is graph:
            return held
    remembered = _remembered(graph)
    if remembered is not None:
        return remembered
    return _from_keras([keras for keras, held in holds if held is None], graph)


def _remembered(graph: Graph) -> Optional[Session]:
    session = getattr(graph, _KEPT, None)
    return None if session is None or is_closed(session) else session


def _from_keras(kerases: Sequence[KerasModule], graph: Graph) -> Optional[Session]:
    """Return the session that Kerases without one make for a graph of variables, and share; or None."""
    weights = graph.get_collection(tf1.GraphKeys.GLOBAL_VARIABLES)
    if not (kerases and weights) or tf1.get_default_session() is not None:
        return None
    with graph.as_default():
        let_initialise(kerases[0])
    held = held_session(kerases[0])
    if held is None or held.graph is not graph:
        return None
    for keras in kerases[1:]:
        give_session(keras, held)
    return held


def keep(session: Session) -> None:
    """Remember the session for its graph, as long as the graph lives."""
    setattr(session.graph, _KEPT, session)


def keep_used(session: Session) -> None:
    """Remember a session that was used; one that is the default for a while does not take another's place."""
    if session is not tf1.get_default_session() or _remembered(session.graph) is None:
        keep(session)


def initialise(session: Session) -> None:
    """Initialise variables as Keras does before each run: those that it made and that have no value in the session."""
    with session.graph.as_default(), session.as_default():
        for keras in imported_keras2():
            let_initialise(keras)


def get_session(op_input_list: Any = ()) -> Session:
    """Return the session of the default graph, all variables of which then have a value, as in Keras 2.2.

    Raises TargetError in eager mode, where there is none.
    """
    default = tf1.get_default_session()
    if default is None and tf1.executing_eagerly():
        raise TargetError(f"K.get_session: TensorFlow runs eagerly and has no session: {BUILD_IN_A_GRAPH}")
    session = session_of(tf1.get_default_graph() if default is None else default.graph)
    for keras in imported_keras2():
        if held_session(keras) is None:
            give_session(keras, session)  # or its models would run in another one, away from the queues of this one
        initialise_all(session, keras)
    return session


def set_session(session: Session) -> None:
    """Use a session for its graph from now on, in Keras too."""
    keep(session)
    for keras in imported_keras2():
        give_session(keras, session)


def clear_session() -> None:
    """Drop Keras' session and the default graph, as Keras does."""
    for keras in imported_keras2():
        keras.backend.clear_session()


def learning_phase() -> Union[Tensor, int]:
    """Return Keras' learning phase of the default graph: a placeholder, or 0 or 1 where it was set or runs eagerly.

    It is that of a `keras` of its own (2.0 to 2.3), where one is imported, else of tf.keras or tf_keras.
    """
    try:
        return _keras().backend.learning_phase()
    except MissingPackage:
        if tf1.executing_eagerly():
            return 0
        raise


def set_learning_phase(value: int) -> None:
    """Set the learning phase of the default graph, 0 or 1, in each Keras 2 of the process."""
    with quiet():
        for keras in imported_keras2() or [keras2()]:
            keras.backend.set_learning_phase(value)


@contextlib.contextmanager
def learning_phase_scope(value: int) -> Iterator[None]:
    """Set the learning phase of the default graph for a while, in each Keras 2 of the process."""
    with contextlib.ExitStack() as scopes:
        with quiet():
            for keras in imported_keras2() or [keras2()]:
                scopes.enter_context(phase_scope(keras, value))
        yield


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence Keras where it says that what was asked for is an old way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _keras() -> KerasModule:
    return (imported_keras2() or [keras2()])[0]
