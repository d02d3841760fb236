"""Reading that may crash or hang the process is done in a fork of it.

HDF5 follows what a file says of itself: of a damaged file it reads outside of its memory, or goes round for ever, and
no exception tells; older TensorFlows divide by a size of a graph that is 0. A fork costs some milliseconds and shares
what was imported. Where the system has none, as Windows, the process reads itself.
"""

import contextlib
import faulthandler
import gc
import json
import math
import os
import select
import signal
import sys
import threading
import time
import warnings
from typing import Any, Callable, ContextManager, List, Optional

_PATIENCE = 10  # times its share of a processor that a fork may take by the clock: a busy machine is no hang
_FORKING = threading.Lock()  # warnings and the collector are switched off for the whole process for a moment


class Died(Exception):
    """The fork died; the text says how."""


class TookLong(Died):
    """The fork was not done in its time."""


def in_fork(read: Callable[[], Any], seconds: float, lock: ContextManager[Any]) -> Any:
    """Return what a function returns in a fork of this process; raises Died where that dies.

    It has so many seconds of a processor, and ten times as many by the clock.

    `lock` is the one that the function takes, and other threads: held by one of them, it would stay shut in the fork.

    It comes as JSON: plain values, with lists for tuples; nothing that a process with broken memory sends does more.
    What it raises is raised here as the process itself calls it, and so where there are no forks.
    """
    reader, writer = os.pipe()
    with lock:
        child = _fork()
    if child == 0:
        _run(read, writer, seconds)
    os.close(writer)
    try:
        data = b"" if child is None else _result(child, reader, seconds)
    finally:
        os.close(reader)
    return json.loads(data.decode()) if data else read()


def _result(child: int, reader: int, seconds: float) -> bytes:
    """Return the bytes that a child writes before it ends; raises Died for one that is killed, here or by itself."""
    end = time.monotonic() + seconds * _PATIENCE
    parts: List[bytes] = []
    while select.select([reader], [], [], max(0.0, end - time.monotonic()))[0]:
        part = os.read(reader, 1 << 16)
        if not part:
            status = os.waitpid(child, 0)[1]
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
                break
            if os.WIFSIGNALED(status):
                raise Died(f"crashes with signal {os.WTERMSIG(status)}")
            return b"".join(parts)
        parts.append(part)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    raise TookLong(f"takes more than {seconds:.0f} seconds")


def _fork() -> Optional[int]:
    """Return what os.fork does, None where there is none; the child collects no garbage.

    A session that were deleted there would wait for threads that only its parent has.
    """
    child = None
    with _FORKING, warnings.catch_warnings():
        # of locks that other threads hold, from Python 3.12 on: the child takes that alone which its caller names
        warnings.simplefilter("ignore", DeprecationWarning)
        collects = gc.isenabled()
        gc.disable()
        try:
            child = os.fork()
        except (AttributeError, OSError):
            pass
        finally:
            if collects and child != 0:
                gc.enable()
    return child


def _bound(seconds: float) -> None:
    """Let this process end after so many seconds of a processor, without a file of its memory."""
    import resource  # Windows, which has no forks either, lacks it

    with contextlib.suppress(ValueError, OSError):  # a limit that is lower already
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _run(read: Callable[[], Any], writer: int, seconds: float) -> None:
    """Run a function in the child, which prints nothing, send what it returns, and end."""
    try:
        faulthandler.disable()
        _bound(seconds)
        with open(os.devnull, "w", encoding="utf-8") as silent:
            sys.stdout = sys.stderr = silent
            os.dup2(silent.fileno(), 1)
            os.dup2(silent.fileno(), 2)
            data = json.dumps(read()).encode()
            while data:
                data = data[os.write(writer, data) :]
    finally:
        os._exit(0)
