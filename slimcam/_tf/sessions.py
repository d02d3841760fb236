"""TensorFlow's sessions: whether one is closed, what it fuses, and runs that are prepared."""

import atexit
import functools
import importlib
import weakref
from typing import Any, Callable, List, Mapping, Optional, Sequence

import numpy as np

from .._types import Operation, Session, Tensor
from .core import tf, tf1


def is_closed(session: Session) -> bool:
    """Whether a session was closed; no version says it publicly, and what runs like a session may not at all."""
    return bool(getattr(session, "_closed", False))


# --- fusion
# TensorFlow 2.21 makes one operation of a convolution and `x * sigmoid(x)`, and of the latter alone ("remapping"), even
# where a tensor in between is fetched or fed, and then misses that.

MISSED = tf.errors.InvalidArgumentError  # what a run raises then, as for other reasons


def run_each(session: Session, tensors: Sequence[Tensor], feeds: Mapping[Tensor, Any]) -> List[np.ndarray]:
    """Run tensors in one run, and one by one where that misses one that was fused with others."""
    try:
        return session.run(list(tensors), feeds)
    except MISSED:
        return [session.run(tensor, feeds) for tensor in tensors]


def without_fusion() -> Any:
    """Return the configuration of a session that fuses nothing."""
    config = tf1.ConfigProto()
    config.graph_options.rewrite_options.remapping = config.graph_options.rewrite_options.OFF
    return config


# --- prepared runs


def prepared_run(
    session: Session,
    feeds: Sequence[Tensor],
    fetches: Sequence[Tensor],
    targets: Sequence[Operation],
    options: Optional[Any] = None,
) -> Callable[..., List[np.ndarray]]:
    """Return a function of arrays, one for each of the tensors `feeds`, of their exact types, to the list of `fetches`.

    Keras runs its functions by the same private method of a session (1.8 on): a call costs about 20 microseconds, where
    `session.run` and `make_callable` take 80. A session that lacks it, as a wrapped one may, gets the latter.
    """
    make = getattr(session, "_make_callable_from_options", None)
    if make is None:
        run = session.make_callable([*fetches, *targets], feed_list=feeds, accept_options=True)
        return functools.partial(run, options=options)
    request = importlib.import_module("tensorflow.core.protobuf.config_pb2").CallableOptions()
    request.feed.extend(tensor.name for tensor in feeds)
    request.fetch.extend(tensor.name for tensor in fetches)
    request.target.extend(op.name for op in targets)
    if options is not None:
        request.run_options.CopyFrom(options)
    prepared = make(request)
    _PREPARED.add(prepared)
    return prepared


_PREPARED: Any = weakref.WeakSet()


@atexit.register
def _let_go() -> None:
    """Keep 1.15 from complaining as Python ends: what it would release a prepared run with is gone by then."""
    for prepared in list(_PREPARED):
        prepared._handle = None
