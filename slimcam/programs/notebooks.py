"""Notebooks: their code cells in order, in one namespace, with figures where they are asked for.

Magics and lines for the shell are skipped with a note on stderr, except those that mean something to a program:
%matplotlib, %pylab, %cd, %env, %time and its kin, %%writefile.
"""

import ast
import contextlib
import io
import linecache
import os
import re
import sys
import tokenize
import types
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._packages import pip_line
from ..errors import MissingPackage, SourceError
from . import figures, python2
from .python2_arithmetic import of_python2

_TIMED = ("time", "timeit", "capture", "prun")  # before a statement, or a cell, that is to run
_SILENT = ("matplotlib", "tensorflow_version", "autoreload", "load_ext", "reload_ext", "config", "precision")
_MAGIC = re.compile(r"[%!]|\?{1,2}\w|[\w.]+\?{1,2}$")
_ASSIGNED = re.compile(r"([\w, ]+=\s*)([%!].*)")
_TIMED_LINE = re.compile(rf"%(?:{'|'.join(_TIMED)})\s+(?:-\w+\s+(?:\d+\s+)?)*(.+)")
_DISPLAYED = ("Image", "HTML", "SVG", "Markdown", "Math", "Latex", "Audio", "Video", "YouTubeVideo", "Javascript")


class Cell(NamedTuple):
    """A code cell: its place among the code cells, from 1, and its source without magics."""

    number: int
    source: str


def cells(path: str) -> List[Cell]:
    """Return the code cells of a notebook of format 3 or 4, in order.

    Raises SourceError where the file is no notebook, MissingPackage where nbformat is not installed.
    """
    return _read(path)[0]


def run(path: str, main: types.ModuleType, folder: Optional[str] = None) -> None:
    """Run a notebook in a module, whose names it sets; write its figures into a folder where one is given.

    What a cell raises goes through; a traceback names the cell and the line. A cell's last value is printed.
    """
    code, is_old = _read(path)
    figures.start(folder, os.path.splitext(os.path.basename(path))[0])
    shell = _Shell(main.__dict__)
    main.__dict__.update(get_ipython=lambda: shell, display=_display)
    _stand_in_for_ipython()
    for cell in code:
        figures.enter(cell.number)
        shell.run(cell.source, f"{path}, cell {cell.number}", is_old)
        figures.show()


def _read(path: str) -> Tuple[List[Cell], bool]:
    """Return the code cells, and whether they are of Python 2."""
    try:
        import nbformat
    except ImportError as error:
        raise MissingPackage(f"notebooks need nbformat: {pip_line('nbformat')}") from error
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # what it thinks of cells without ids
            notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # json's errors, nbformat's own, jsonschema's
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise SourceError(f"{path}: not a notebook: {reason}") from error
    sources = [without_magics(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    version = str(notebook.metadata.get("language_info", {}).get("version", ""))
    is_old = version.startswith("2.") or notebook.metadata.get("kernelspec", {}).get("name") == "python2"
    with contextlib.suppress(SyntaxError):  # the cell says so when it runs
        is_old = is_old or python2.python2_sign("\n".join(sources)) is not None
    return [Cell(i + 1, source) for i, source in enumerate(sources)], is_old


class _Shell:
    """What get_ipython() returns in a notebook, and what runs its cells."""

    def __init__(self, names: Dict[str, Any]) -> None:
        self._names = names
        self._text = ""

    def run(self, source: str, place: str, is_old: bool = False) -> None:
        """Run a cell and print the value of its last line, if that does not end with a semicolon."""
        self._text += source  # of all cells so far
        if is_old:
            source = python2.python3_source(place, source)
        linecache.cache[place] = (len(source), None, source.splitlines(True), place)
        tree = ast.parse(source, place)
        if is_old:
            tree = of_python2(tree, self._text)
        last = tree.body[-1] if tree.body else None
        prints = isinstance(last, ast.Expr) and not source.rstrip().endswith(";")
        if prints:
            del tree.body[-1]
        exec(compile(tree, place, "exec", dont_inherit=True), self._names)
        if isinstance(last, ast.Expr) and prints:
            value = eval(compile(ast.Expression(last.value), place, "eval", dont_inherit=True), self._names)
            if value is not None:
                print(repr(value))

    def magic(self, text: str) -> None:
        """Do what a magic means to a program, or skip it with a note."""
        name, _, rest = text.lstrip("%!").partition(" ")
        rest = rest.strip()
        if text.startswith("!"):
            print(f"slimcam: skipped {text}: a line for the shell", file=sys.stderr)
        elif name == "cd":
            os.chdir(os.path.expanduser(rest))
        elif name in ("env", "set_env") and re.match(r"\w+[= ]", rest):
            key, value = re.split(r"[= ]", rest, maxsplit=1)
            os.environ[key] = value
        elif name == "pylab":
            exec("from pylab import *; import numpy as np; from matplotlib import pyplot as plt", self._names)
        elif name not in _SILENT:
            print(f"slimcam: skipped {text}: a magic of IPython", file=sys.stderr)

    def write_file(self, arguments: str, body: str) -> None:
        """Do what %%writefile does: write a text into a file, or with -a behind its end."""
        *options, path = arguments.split()
        with open(path, "a" if "-a" in options else "w", encoding="utf-8") as file:
            file.write(body)

    def run_line_magic(self, name: str, line: str, *args: Any) -> None:
        """Do what `%name line` does."""
        self.magic(f"%{name} {line}")

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Do what a cell with `%%name line` at its top does."""
        self.run(without_magics(f"%%{name} {line}\n{cell}"), f"%%{name}")

    def system(self, line: str) -> None:
        """Skip a line for the shell."""
        self.magic("!" + line)

    def getoutput(self, line: str) -> List[str]:
        """Skip a magic, or a line for the shell, of which the program wants the lines: it gets none."""
        self.magic(line if line.startswith("%") else "!" + line)
        return []


def without_magics(source: str) -> str:
    """Return a cell's source as Python: magics as calls of get_ipython(), each on its own line."""
    head = re.match(r"\s*%%(\w+)(.*)\n?", source)
    if head:
        name, rest, body = head.group(1), head.group(2).strip(), source[head.end() :]
        if name in _TIMED or name.startswith("python"):
            return "\n" * source[: head.end()].count("\n") + without_magics(body)
        if name == "writefile":
            return f"get_ipython().write_file({rest!r}, {body!r})\n"
        return f"get_ipython().magic({f'%%{name} {rest}'.strip()!r})\n"
    lines = source.splitlines()
    for i, line in enumerate(lines):
        text = line.strip()
        assigned, timed = _ASSIGNED.fullmatch(text), _TIMED_LINE.fullmatch(text)
        if (assigned or _MAGIC.match(text)) and _is_statement("\n".join(lines[:i])):
            if assigned:
                code = f"{assigned.group(1)}get_ipython().getoutput({assigned.group(2).lstrip('!')!r})"
            else:
                code = timed.group(1) if timed else f"get_ipython().magic({text!r})"
            lines[i] = line[: len(line) - len(line.lstrip())] + code
    return "\n".join(lines) + "\n"


def _is_statement(before: str) -> bool:
    """Return whether a statement begins after these lines: no bracket or text is open, no line goes on."""
    if before.rstrip(" \t").endswith("\\"):
        return False
    try:
        list(tokenize.generate_tokens(io.StringIO(before + "\n").readline))
    except (tokenize.TokenError, SyntaxError) as error:
        return "multi-line" not in str(error) and "unterminated" not in str(error)
    return True


# --- IPython, which notebooks may lean on and a program's environment need not have


def _display(*values: Any, **options: Any) -> None:
    """Print values, as IPython.display.display does without a browser."""
    for value in values:
        print(repr(value))


class _Picture:
    """A picture, a text or a film that only a browser shows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def _stand_in_for_ipython() -> None:
    """Let `from IPython.display import Image, display` work where IPython is not installed."""
    with contextlib.suppress(ImportError):
        import IPython  # noqa: F401

        return
    module, display = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    display.__dict__.update({name: type(name, (_Picture,), {}) for name in _DISPLAYED})
    display.__dict__.update(display=_display, clear_output=lambda *args, **kwargs: None)
    module.__dict__.update(display=display, get_ipython=lambda: None, __path__=[])
    module.__dict__.update(version_info=(8, 24, 0), __version__="8.24.0")  # matplotlib asks for it
    sys.modules.update({"IPython": module, "IPython.display": display})
