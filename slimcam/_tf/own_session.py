"""The session of a model: its runs end in time, and what becomes of them from other threads or a fork is said.

TensorFlow's threads do not come along when a process forks: whatever it is then asked to run waits for ever. And from
one run of an infinite loop no thread of Python comes back, unless the session itself has a deadline.
"""

import contextlib
import math
import os
import threading
import time
from typing import Any, Callable, Iterator, Optional

from .._types import Graph, Session
from ..errors import ModelError
from .core import tf, tf1

NO_MEMORY = "a run takes more memory than it may: give fewer or smaller images, or more memory= where it is isolated"

_process: Optional[int] = None  # in which TensorFlow's threads were started by us


def check_process() -> None:
    """Raise ModelError where this process was forked from one in which models were loaded."""
    if _process not in (None, os.getpid()):
        raise ModelError(
            "this process was forked from one that had loaded a model, and TensorFlow's threads do not come along: "
            'start it by multiprocessing.get_context("spawn"), or load models in forked processes only'
        )


def check_timeout(timeout: Optional[float]) -> None:
    """Raise ModelError for what is no time that a run may take."""
    number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if timeout is not None and not (number and 0 < timeout < math.inf):
        raise ModelError(f"timeout={timeout!r}: give seconds, more than 0, or None for no bound")


def deadline(session: Session) -> Callable[[], None]:
    """Return what raises ModelError once the time of a run of a session is over: for what runs beside the session."""
    timeout: Optional[float] = getattr(session, "timeout", None)
    start = time.monotonic()

    def check() -> None:
        if timeout is not None and time.monotonic() - start > timeout:
            raise _late(timeout)

    return check


def _late(timeout: Optional[float]) -> ModelError:
    return ModelError(f"a run took more than {timeout:g} s: give timeout=, in seconds, if it may")


class OwnSession(tf1.Session):
    """A session whose runs raise ModelError where time or memory does not suffice, or where it is closed.

    `timeout` is in seconds, None for no bound. TensorFlow looks at it between operations and rounds of loops, so one
    operation that never ends is not ended. Any number of threads may run and close it. `few_runs` is for one that
    need not run fast, but soon: TensorFlow does not optimise its graph.
    """

    _session = None  # which TensorFlow reads when a session goes that was never made

    def __init__(self, graph: Graph, timeout: Optional[float], few_runs: bool = False) -> None:
        global _process
        check_process()
        super().__init__(graph=graph, config=_config(timeout, few_runs))
        _process, self.timeout, self._closing = os.getpid(), timeout, threading.Lock()

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Run as any session does."""
        check_process()
        try:
            return super().run(fetches, feed_dict, options, run_metadata)
        except tf.errors.DeadlineExceededError as error:
            raise _late(self.timeout) from error
        except tf.errors.ResourceExhaustedError as error:
            raise ModelError(NO_MEMORY) from error
        except (tf.errors.CancelledError, RuntimeError) as error:
            if not self._closed:
                raise
            raise ModelError("the model is closed; load it again") from error

    def close(self) -> None:
        """Close it, once; runs under way end with an error."""
        with self._closing:
            super().close()


@contextlib.contextmanager
def for_few_runs(session: Session) -> Iterator[Session]:
    """Yield a session of the same graph that begins sooner and runs slower; the same one where it may hold a state.

    Before a first run TensorFlow looks for what to make faster (Grappler): a third of the time in which 2.21 loads a
    graph frozen for one image, an Inception v3 or a MobileNet, for the runs that see whether it takes several. On
    1.15.5 it costs nothing that can be seen.
    """
    operations = {op.type: op for op in session.graph.get_operations()}
    if not isinstance(session, OwnSession) or any(op.op_def.is_stateful for op in operations.values()):
        yield session
        return
    with OwnSession(session.graph, session.timeout, few_runs=True) as other:
        yield other


def _config(timeout: Optional[float], few_runs: bool) -> Any:
    """Place operations of graphs frozen on a GPU where there is none, leave a GPU's memory to others, end runs.

    TensorFlow's optimizer of loops (1.15 to 2.21) aborts the process where a loop's condition is no scalar, which the
    run itself finds to be an error; without it a run makes the same numbers.
    """
    config = tf1.ConfigProto(allow_soft_placement=True)
    config.gpu_options.allow_growth = True
    rewrite = config.graph_options.rewrite_options
    rewrite.loop_optimization = rewrite.OFF
    rewrite.disable_meta_optimizer = few_runs
    if timeout is not None:
        config.operation_timeout_in_ms = max(1, round(timeout * 1000))
    return config
