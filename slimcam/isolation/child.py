"""Child: a process with limits that answers requests, and what becomes of it: killed, late, out of memory, closed."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import weakref
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from .. import errors
from ..errors import ModelError
from ..inputs.image_input import BYTES_A_RUN
from . import messages
from .limits import LINUX

PROGRAM = """
import json, sys
settings = json.loads(sys.argv[1])
sys.path[:] = settings.pop("path")
from slimcam.isolation import guardian
guardian.fork(settings.pop("pipe"), settings["end"], settings.pop("scratch"))
from slimcam.cli import isolated_worker
isolated_worker.main(**settings)
"""
START = 600.0  # seconds until TensorFlow is imported, which takes 60 from a slow disk
GRACE = 20.0  # seconds in which a child reads a file, or says by itself what is wrong: TensorFlow waits 10 for memory
ORDERLY = 10.0  # seconds in which a child is ended by its guardian, which then removes its folder
SLACK = 256 << 20  # bytes that a file of the child's own may have beside twice the model's: what Keras unpacks

# Of the environment: how programs are found and how TensorFlow runs, and none of what is nobody's business.
ENVIRONMENT = ("PATH", "HOME", "LANG", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "KERAS_HOME", "KERAS_BACKEND")
PREFIXES = ("LC_", "TF_", "CUDA_", "XLA_", "OMP_", "MKL_", "OPENBLAS_", "KMP_")

# What Python, NumPy and TensorFlow read as they are imported, and after.
SYSTEM = (
    *("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system"),
    *("/dev/urandom", "/dev/random", "/dev/null", "/dev/zero"),
    *("~/.keras/keras.json", "/tmp/.keras/keras.json"),
)

# What a child may call while it answers: of its arguments, a function to be called with none, and whether that is
# progress, which renews the time that the child has, and after which it can be stopped.
Calls = Mapping[str, Callable[[Any], Callable[[], bool]]]


class Child:
    """A process of its own, which is asked by `call`; it ends with `close`, or with this process."""

    def __init__(
        self, source: str, paths: Sequence[str], own_code: bool, memory: int, timeout: Optional[float], size: int
    ) -> None:
        """Start it for the model at `source`; it may read `paths`.

        `own_code`: it imports modules of the caller's program. `memory` is in bytes, `timeout` in seconds a run, None
        for no bound, `size` in bytes of the model.
        """
        if os.name != "posix":
            raise ModelError(f"isolated= needs a system like Linux or macOS: {sys.platform} has no limits on a process")
        if not sys.executable:
            raise ModelError("isolated= starts another Python, and this one does not know its program (sys.executable)")
        self.source, self._timeout, self._memory = source, timeout, memory
        self._turn, self._pid, self._why = threading.RLock(), os.getpid(), ""
        scratch = os.path.join(tempfile.gettempdir(), f"slimcam-{uuid.uuid4().hex}")  # which its guardian makes
        limits = {
            "reads": [*readable(own_code), *paths, scratch],
            "writes": [scratch, "/dev/null"],
            "data": memory,
            "file": 2 * size + SLACK,
        }
        self._end, theirs = socket.socketpair()
        pipe, held = os.pipe()  # its guardian sees the other end close as this process ends
        settings = {"path": search_path(), "end": theirs.fileno(), "limits": limits, "pipe": pipe, "scratch": scratch}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, json.dumps(settings)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment(scratch),
                pass_fds=[theirs.fileno(), pipe],
                start_new_session=True,  # Ctrl-C is for this process, which then ends it
            )
        os.close(pipe)
        self._finalizer = weakref.finalize(self, _end, self._process, self._end, held, scratch, os.getpid())
        started = self._exchange(None, START, {})
        self.lacks = [str(one) for one in started["lacks"]]

    def call(self, name: str, *arguments: Any, count: int = 0, runs: int = 1, calls: Optional[Calls] = None) -> Any:
        """Return what the child answers, in the time of so many `runs` and of `count` bytes of images.

        A run takes BYTES_A_RUN of these. Raises the error of slimcam's that was raised there; ModelError where it
        ended, is late, or makes no sense; and what one of `calls` raises.
        """
        patience = None if self._timeout is None else self._timeout * (runs + count // BYTES_A_RUN) + GRACE
        return self._exchange((name, arguments), patience, calls or {})

    def close(self) -> None:
        """End it; a call under way is an error."""
        self._why = self._why or "the model is closed; load it again"
        self._finalizer()

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return not self._finalizer.alive

    def check(self) -> None:
        """Raise ModelError where it has ended, or belongs to the process that this one was forked from."""
        if os.getpid() != self._pid:
            raise ModelError(f"{self.source} was loaded before this process was forked: load it here")
        if self.closed:
            raise ModelError(self._why)

    def _exchange(self, request: Any, patience: Optional[float], calls: Calls) -> Any:
        """Send a request, if there is one, and return the answer; give the warnings that came with it."""
        with self._turn:
            self.check()
            try:
                deadline = _after(patience)
                if request is not None:
                    messages.send_request(self._end, request, deadline)
                reply, error = self._reply(deadline, patience, calls)
                if error is None and "error" in reply:
                    error = errors.from_json(reply["error"])
                if error is None:
                    value = reply["value"]
                    given = [errors.warning_from_json(one) for one in reply.get("warnings", ())]
            except errors.SlimcamError:
                raise
            except messages.TooLate:
                error = self._gone(f"took more than {patience:g} s and was ended: give timeout=, in seconds, if it may")
            except messages.Ended:
                error = self._gone(self._last_words())
            except messages.NO_ANSWER as wrong:
                error = self._gone(f"sent what is no answer ({type(wrong).__name__}), and was ended")
            except BaseException:  # Ctrl-C: the answer would be taken for that of the next request
                self._gone("was interrupted, and ended")
                raise
        if error is not None:
            raise error from None
        for category, text in given:
            errors.warn(text, category)
        return value

    def _reply(
        self, deadline: Optional[float], patience: Optional[float], calls: Calls
    ) -> Tuple[Any, Optional[BaseException]]:
        """Return the answer to a request; what the child calls until then is called here.

        Where that raises, or Ctrl-C comes meanwhile, the child is told to stop, and this error returned as well.
        """
        stopped: Optional[BaseException] = None
        while True:
            try:
                if calls:
                    messages.wait(self._end, deadline)
            except KeyboardInterrupt as error:
                if stopped is not None:
                    raise
                stopped, deadline = error, _after(GRACE)
                continue
            reply = messages.receive_reply(self._end, deadline)
            if "call" not in reply:
                return reply, stopped
            call, progress = calls[reply["call"]](reply["arguments"]), False
            try:
                progress = call()
            except BaseException as error:  # of the caller's own function: it is raised when the child has stopped
                stopped, progress, deadline = stopped or error, True, _after(GRACE)
            if progress and stopped is None:
                deadline = _after(patience)
            messages.send_request(self._end, stopped is None or not progress, deadline)

    def unreadable(self, wrong: Exception) -> ModelError:
        """Return the error for an answer that does not hold what was asked for; the child ends."""
        return self._gone(f"sent what is no answer ({type(wrong).__name__}), and was ended")

    def _gone(self, what: str) -> ModelError:
        self._why = self._why or f"{self.source}: its process {what}"
        self._finalizer()
        return ModelError(self._why)

    def _last_words(self) -> str:
        """Say how the process ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        status = self._process.returncode
        memory = f"{self._memory / (1 << 30):.3g} GiB"
        if status == messages.NO_MEMORY:
            return f"takes more memory than {memory}: give memory=, in GiB"
        if status is None or status >= 0:
            return "ended" if status is None else f"ended with status {status}"
        name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
        return f"was ended by {name}: a crash, or more memory than {memory}, of which memory= gives more, in GiB"


def _after(patience: Optional[float]) -> Optional[float]:
    """Return the time that is so many seconds from now; None for no bound."""
    return None if patience is None else time.monotonic() + patience


def _end(process: Any, end: socket.socket, pipe: int, scratch: str, pid: int) -> None:
    """End a child and remove what it wrote; in a process that was forked since, leave both alone."""
    if os.getpid() != pid:
        return
    os.close(pipe)  # by which its guardian does all this
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)  # wakes who waits for it; closing would not
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(ORDERLY)
    if process.poll() is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)  # with what it may have started where the system allows for that
    process.wait()
    end.close()
    shutil.rmtree(scratch, ignore_errors=True)


def environment(scratch: str) -> Dict[str, str]:
    """Return the environment of a child: nothing that is secret, no GPU, and its own folder for temporary files."""
    kept = {k: value for k, value in os.environ.items() if k in ENVIRONMENT or k.startswith(PREFIXES)}
    own = {"TMPDIR": scratch, "PYTHONDONTWRITEBYTECODE": "1", "CUDA_VISIBLE_DEVICES": "-1"}
    return {**kept, **own}


def search_path() -> List[str]:
    """Return where a child imports from: as this process, from slimcam's folder too."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = [os.path.abspath(place) for place in sys.path]
    return path if package in path else [*path, package]


def readable(own_code: bool) -> List[str]:
    """Return what a child may read beside the model: Python and its packages, and what these read.

    The current folder and the program's own only where code of theirs is asked for.
    """
    path = search_path()
    if not own_code:
        path = [place for place in path if os.path.isdir(place) and place not in (os.getcwd(), _of_program())]
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = [sys.prefix, sys.exec_prefix, sys.base_prefix, package, *path]
    libraries = [place for place in os.environ.get("LD_LIBRARY_PATH", "").split(":") if place]
    home = os.environ.get("KERAS_HOME")
    own = [os.path.join(home, "keras.json")] if home else []
    every = [*folders, *libraries, *own, *(os.path.expanduser(one) for one in SYSTEM)]
    return list(dict.fromkeys(every)) if LINUX else []


def _of_program() -> str:
    """Return the folder of the program that runs, which Python puts on its path."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.dirname(os.path.abspath(main)) if main else os.getcwd()
