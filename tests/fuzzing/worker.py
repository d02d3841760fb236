"""The process that runs cases: a line of JSON in, a line of JSON out, until it is stopped or a case kills it.

{"kind": …, "seed": …, "number": …} runs a case of that number, {"path": …} a kept one; with "pack", the case is only
written to that file. The answer is {"outcome": …, "detail": …, "recipe": …}; {"at": "truth"} before it says that
slimcam is done with the case and TensorFlow itself is asked.
"""

import base64
import faulthandler
import gc
import json
import os
import resource
import sys
import warnings
from typing import Any

MEMORY = 4 * 2**30  # bytes of address space beyond those of a process that has done nothing yet
FILE = 2**30  # bytes of the largest file that may be written


def main(folder: str) -> None:
    """Answer lines; cases lie in `folder` while they run."""
    answers = os.fdopen(os.dup(1), "w")
    log = os.open(os.path.join(folder, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    faulthandler.enable()
    warnings.simplefilter("ignore")
    from . import judging, kinds
    from .case import pack, unpack

    _limit()
    gc.freeze()  # TensorFlow itself is some hundred thousand objects, which need not be looked through each time

    def answer(**what: Any) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    answer(at="start")
    place = os.path.join(folder, "case")
    for line in sys.stdin:
        asked = json.loads(line)
        if "path" in asked:
            kind, case = unpack(asked["path"])
        else:
            kind, case = asked["kind"], kinds.make(asked["kind"], asked["seed"], asked["number"])
        if "pack" in asked:
            answer(packed=base64.b64encode(pack(kind, case, asked["pack"])).decode(), recipe=case.recipe)
            continue
        os.ftruncate(log, 0)
        outcome = judging.judge(kind, case, place, lambda: answer(at="truth"))
        _forget()
        answer(outcome=outcome.name, detail=outcome.detail[:600], recipe=f"{case.base}: {case.recipe}"[:300])


def _limit() -> None:
    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _forget() -> None:
    """Let go of the graphs of a case, which are circles."""
    from slimcam._tf import tf1

    tf1.reset_default_graph()
    gc.collect()


if __name__ == "__main__":
    main(sys.argv[1])
