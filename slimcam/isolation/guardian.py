"""The guardian of an isolated model's process: it ends with whoever started it, also by `kill -9`, and leaves nothing.

It is a small Python that forks the worker before anything is imported, waits for the first of two pipes that closes,
the starter's and the worker's, ends the worker, removes its folder, and ends as the worker did. Only Python's own
library is imported here.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def fork(pipe: int, end: int, scratch: str) -> None:
    """Make the folder `scratch` and fork: return in the worker, and guard it in this process until it ends.

    `pipe` is the reading end of what the starter holds the other of; `end` is the worker's socket.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.mkdir(scratch, 0o700)
    alive, held = os.pipe()  # the worker's end closes as it ends
    worker = os.fork()
    if worker:
        os.close(held)
        os.close(end)
        _guard(worker, pipe, alive, scratch)
    os.close(alive)
    os.close(pipe)
    if sys.platform.startswith("linux"):  # should the guardian be killed
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _guard(worker: int, pipe: int, alive: int, scratch: str) -> None:
    """Wait for the end of the worker, or of who started it; end as the worker did."""
    select.select([pipe, alive], [], [])
    ended, _, _ = select.select([alive], [], [], 0)
    if not ended:
        with contextlib.suppress(OSError):
            os.kill(worker, signal.SIGKILL)
    _, status = os.waitpid(worker, 0)
    shutil.rmtree(scratch, ignore_errors=True)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))
