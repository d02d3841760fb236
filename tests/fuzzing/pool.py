"""Workers, and bounds on what a case may take: this process imports nothing that a case could break."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from typing import Any, Dict, Optional

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROCESSOR, CLOCK = 20.0, 90.0  # seconds that a case may take
START = 180.0  # seconds in which a worker imports what it needs
RECYCLED = 2000  # cases after which a worker makes way for a fresh one: TensorFlow keeps something of each graph
ENVIRONMENT = {
    **{"TF_CPP_MIN_LOG_LEVEL": "1", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "", "PYTHONHASHSEED": "0"},
    **{"OMP_NUM_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "OPENCV_LOG_LEVEL": "OFF"},
}


class Worker:
    """A process that runs cases one after another, by a Python that has TensorFlow; a context manager."""

    def __init__(self, python: str) -> None:
        self._python = python
        self._process: Optional[subprocess.Popen] = None
        self._cases = 0
        self.folder = tempfile.mkdtemp(prefix="slimcam-fuzz-")

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, **asked: Any) -> Dict[str, str]:
        """Run a case; return outcome, detail and recipe. A worker that dies or hangs of it is replaced."""
        process = self._running()
        self._cases += 1
        began, used, at = time.monotonic(), _processor_time(process.pid), ""
        self._say(process, asked)
        while True:
            line = self._line(process, 0.5)
            if line is None:
                spent = _processor_time(process.pid) - used
                if spent > PROCESSOR or time.monotonic() - began > CLOCK:
                    return self._ended("hang", f"{spent:.0f} s of the processor", at)
            elif not line:
                status = process.wait()
                return self._ended("crash", f"exit status {status}: {self._last_words()}", at)
            else:
                answer = json.loads(line)
                if "outcome" in answer or "packed" in answer:
                    return answer
                at = answer["at"]

    def pack(self, seen: str, **asked: Any) -> bytes:
        """Return a case as a zip file; b"" for one that cannot be made again."""
        return base64.b64decode(self.run(pack=seen, **asked).get("packed", ""))

    def _ended(self, outcome: str, detail: str, at: str) -> Dict[str, str]:
        """Return the outcome of a case that killed its worker: slimcam's own, or what TensorFlow did after it."""
        self._stop()
        if at == "truth":
            return {
                "outcome": "said",
                "detail": f"nobody can check: TensorFlow itself ends in a {outcome}",
                "recipe": "",
            }
        return {"outcome": outcome, "detail": detail, "recipe": ""}

    def _running(self) -> subprocess.Popen:
        if self._cases >= RECYCLED:
            self._stop()
        if self._process is None:
            self._cases = 0
            path = os.pathsep.join((ROOT, os.path.join(ROOT, "tests")))
            environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": path}
            shutil.rmtree(os.path.join(self.folder, "case"), ignore_errors=True)
            self._process = subprocess.Popen(
                [self._python, "-m", "fuzzing.worker", self.folder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self.folder,
                env=environment,
            )
            if not self._line(self._process, START):
                raise RuntimeError(f"{self._python} cannot run the fuzzer: {self._last_words()}")
        return self._process

    def _say(self, process: subprocess.Popen, asked: Dict[str, Any]) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass

    def _line(self, process: subprocess.Popen, seconds: float) -> Optional[bytes]:
        """Return the next line, b"" at the end, None after so many seconds without."""
        assert process.stdout is not None
        ready = select.select([process.stdout], [], [], seconds)[0]
        return process.stdout.readline() if ready else None

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    stream.close()  # type: ignore[union-attr]
        self._process = None

    def _last_words(self) -> str:
        """Return what a dead worker wrote that tells most."""
        try:
            with open(os.path.join(self.folder, "log"), errors="replace") as file:
                lines = [line.strip() for line in file if line.strip()]
        except OSError:
            return ""
        telling = [one for one in lines if "Check failed" in one or "Fatal Python error" in one or "Error" in one]
        own = [one for one in lines if one.startswith("File") and f"{os.sep}slimcam{os.sep}" in one][:1]
        return " | ".join([*(telling[:1] or lines[-1:]), *own])


def _processor_time(pid: int) -> float:
    """Return the seconds that a process has computed for."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
