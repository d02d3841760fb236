"""Run one old program, as Python would run it, in its own world: `run(Program(...))`."""

import os
import runpy
import sys
import traceback
import types
from typing import Any, NamedTuple, Optional, Sequence

from ..errors import GoneModule, GoneName, MissingPackage, SourceError
from . import source, world

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
OURS = (HERE, os.path.join(os.path.dirname(os.path.dirname(HERE)), "modules") + os.sep)

FROZEN = ("<frozen runpy>", "<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")


class Program(NamedTuple):
    """What to run: a path, or a module's name; its arguments; how."""

    path: str
    arguments: Sequence[str] = ()
    is_module: bool = False
    figures: Optional[str] = None  # a folder for a notebook's figures
    old_packages: Sequence[str] = ()  # installed ones that belong to the program


def run(program: Program) -> None:
    """Run a program in this process, which belongs to it from now on. What it raises goes through.

    Its tracebacks show its own lines, and libraries'; a name that went and has no stand-in ends it with one line.
    """
    sys.excepthook = show
    world.enter(program.old_packages)
    source.convert_imports()
    sys.argv[:] = [program.path, *program.arguments]
    if program.is_module:
        sys.path.insert(0, os.getcwd())
        runpy.run_module(program.path, run_name="__main__", alter_sys=True)
        return
    sys.path.insert(0, os.path.dirname(os.path.realpath(program.path)))
    if program.path.endswith(".ipynb"):
        from . import notebooks

        notebooks.run(program.path, main_module(program.path), program.figures)
        return
    code = source.code_of(program.path)
    exec(code, main_module(program.path).__dict__)


def main_module(path: str) -> types.ModuleType:
    """Return a new `__main__` for a program to run in."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=sys.modules["builtins"], __cached__=None)
    sys.modules["__main__"] = main
    return main


def show(kind: Any, error: BaseException, trace: Any) -> None:
    """Print an error that ended a program: its own traceback; for a name that went, one line."""
    if isinstance(error, (GoneName, GoneModule, MissingPackage, SourceError)):
        print(f"slimcam: {_where(trace)}{error.on_one_line()}", file=sys.stderr)
        return
    trace = _without_ours(error, trace)
    # as sys.__excepthook__ would, which before Python 3.13 cannot show the lines of a notebook's cells
    traceback.print_exception(kind, error.with_traceback(trace), trace)


def _without_ours(error: BaseException, trace: Any) -> Any:
    """Return a traceback without slimcam's frames between the program and the libraries; causes alike."""
    for one in (error.__cause__, error.__context__):
        if one is not None:
            one.__traceback__ = _without_ours(one, one.__traceback__)
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    rest = None
    others = [one for one in frames if not _is_ours(one)]
    # where all frames are ours, the fault is the source's own, which has no frame, or slimcam's
    for one in reversed(others or ([] if isinstance(error, SyntaxError) else frames)):
        rest = types.TracebackType(rest, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return rest


def _is_ours(trace: Any) -> bool:
    path = trace.tb_frame.f_code.co_filename
    return path.startswith(OURS) or os.path.basename(path) == "runpy.py" or path in FROZEN


def _where(trace: Any) -> str:
    """Return "program.py:12: ", the last line of the program on the way to an error."""
    place = ""
    while trace is not None:
        if world.is_program(trace.tb_frame.f_globals) and not _is_ours(trace):
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}: "
        trace = trace.tb_next
    return place
