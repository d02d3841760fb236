"""Programs of Python 2: how one is known, and what Python 3 makes of it.

A source is of Python 2 where Python 3 cannot read it and Python 2 could, or where it uses a name that only Python 2
had (`xrange`, `unicode` …) and never binds it. fissix converts it, line by line where it stands.
What its arithmetic was is in python2_arithmetic.py.
"""

import ast
import contextlib
import difflib
import functools
import io
import re
import sys
import tokenize
import types
import warnings
from typing import FrozenSet, Iterator, List, Optional, Set, Tuple

from .._packages import pip_line
from ..errors import SourceError
from .python2_arithmetic import bound_names, of_python2

# Names that only Python 2 had, and what to write instead.
BUILTINS = {
    "xrange": "range",
    "unicode": "str",
    "raw_input": "input",
    "long": "int",
    "basestring": "str",
    "unichr": "chr",
    "reduce": "functools.reduce",
    "reload": "importlib.reload",
    "file": "open",
    "execfile": "exec(open(path).read())",
    "cmp": "(a > b) - (a < b)",
    "intern": "sys.intern",
    "apply": "f(*arguments)",
}

# What a line that only Python 2 reads looks like, and what to change.
_SIGNS = (
    (r"\bprint\s*>>", "print(x, file=f)"),
    (r"^\s*(.*[:;]\s*)?print\b(?!\s*\()", "print(x)"),
    (r"^\s*(.*[:;]\s*)?exec\s+[^(]", "exec(code)"),
    (r"\bexcept\s+[\w.()\s,]+,\s*\w+\s*:", "except Error as error:"),
    (r"\braise\s+[\w.]+\s*,", "raise Error(text)"),
    (r"<>", "!="),
    (r"`[^`]+`", "repr(x)"),
    (r"\b[0-9]+[lL]\b", "a number without L"),
    (r"(?<![\w.])0[0-7]+\b", "0o17 for 017"),
    (r"\b[uU][rR]['\"]", 'r"…"'),
    (r"\b(def|lambda)\b.*\(.*\([^)]*\).*\)\s*:", "one name for a tuple"),
)
_STATEMENT = 20  # lines that a statement may have before the one at which Python 3 stops


def python3_source(path: str, text: str) -> str:
    """Return a source as Python 3 reads it: as it is, or converted from Python 2 with a note on stderr.

    Raises SourceError, one line with what to change, where it is
    Python 2 and cannot be converted; SyntaxError, Python's own, where it is neither.
    """
    sign = python2_sign(text, path)
    return text if sign is None else _convert(path, text, *sign, pickle="pickle")


def code_of_text(path: str, text: str) -> types.CodeType:
    """Compile a source of Python 3, or of Python 2, whose lines keep their numbers wherever that is possible.

    Raises what python3_source raises.
    """
    sign = python2_sign(text, path)
    if sign is None:
        return compile(text, path, "exec", dont_inherit=True)
    converted = _on_their_lines(text, _convert(path, text, *sign, pickle="cPickle"))
    _show_in_tracebacks(path, converted)
    return compile(of_python2(ast.parse(converted, path), text), path, "exec", dont_inherit=True)


def python2_sign(text: str, path: str = "<source>") -> Optional[Tuple[int, str]]:
    """Return the line that says that a source is of Python 2, and what to write there; None where nothing does.

    Raises SyntaxError where the source is wrong in Python 3 and shows no sign of Python 2.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python says them where it compiles the program
            tree = ast.parse(text, path)
    except SyntaxError as error:
        line = error.lineno or 1
        sign = (line, "spaces for tabs") if isinstance(error, TabError) else _sign_near(text.splitlines(), line)
        if sign is None:
            raise
        return sign
    lost = next(_lost_names(tree), None)
    if lost is not None:
        return lost.lineno, f"{BUILTINS[lost.id]} for {lost.id}"
    shifts = (node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift))
    prints = (node for node in shifts if isinstance(node.left, ast.Name) and node.left.id == "print")
    return next(((node.lineno, "print(x, file=f)") for node in prints), None)


def _sign_near(lines: List[str], number: int) -> Optional[Tuple[int, str]]:
    """Return the line at which Python 3 stopped, or the next one above, that looks like Python 2."""
    for at in range(number, max(number - _STATEMENT, 0), -1):
        if at <= len(lines):
            code = lines[at - 1].split("#")[0]
            for pattern, instead in _SIGNS:
                if re.search(pattern, code):
                    return at, instead
    return None


def _lost_names(tree: ast.AST) -> Iterator[ast.Name]:
    """Return where a source reads names of Python 2 that it never binds, outside what asks for the version."""
    lost = set(BUILTINS) - bound_names(tree, perhaps=BUILTINS)
    return (node for node in _unguarded(tree) if isinstance(node, ast.Name) and node.id in lost)


def _unguarded(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree in order, but not into a `try` that catches, nor below a test for the version of Python."""
    yield node
    if isinstance(node, ast.Try) and node.handlers:
        inner: List[ast.AST] = [*node.orelse, *node.finalbody]
    elif isinstance(node, (ast.If, ast.IfExp)) and re.search(r"version|PY2|PY3|hasattr", ast.dump(node.test)):
        inner = []
    else:
        inner = list(ast.iter_child_nodes(node))
    for child in inner:
        yield from _unguarded(child)


@functools.lru_cache(maxsize=None)
def guarded_imports(path: str) -> FrozenSet[int]:
    """Return the lines of a file that import inside a `try` that catches: such a program has another way."""
    try:
        with tokenize.open(path) as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, UnicodeDecodeError):
        return frozenset()
    tries = [node for node in ast.walk(tree) if isinstance(node, ast.Try) and node.handlers]
    return frozenset(
        one.lineno
        for node in tries
        for part in node.body
        for one in ast.walk(part)
        if isinstance(one, (ast.Import, ast.ImportFrom))
    )


# --- conversion


def _convert(path: str, text: str, line: int, instead: str, pickle: str) -> str:
    """Return a source of Python 2 as one of Python 3, with `pickle` for cPickle."""
    where = f"{path}:{line}: this is Python 2 (today: {instead})"
    try:
        from fissix import refactor
        from fissix.fixes.fix_imports import MAPPING
    except ImportError as error:
        raise SourceError(f"{where}; to convert it: {pip_line('fissix')}") from error
    MAPPING["cPickle"] = pickle
    try:
        tool = refactor.RefactoringTool(refactor.get_fixers_from_package("fissix.fixes"))
        converted = _without_tabs(str(tool.refactor_string(text.rstrip() + "\n", path)))
        ast.parse(converted, path)
    except Exception as error:  # fissix raises its parser's and tokenizer's own, which have no base of their own
        at = getattr(error, "lineno", None) or (getattr(error, "context", None) or ("", (line,)))[1][0]
        raise SourceError(f"{where}; fissix could not convert it: {type(error).__name__} at line {at}") from error
    print(f"slimcam: {where}; converted by fissix", file=sys.stderr)
    return converted


def _on_their_lines(old: str, new: str) -> str:
    """Return a converted source whose lines have the numbers that they had: what fissix added joins a neighbour."""
    before, after = old.splitlines(), new.splitlines()
    changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for _, first, last, start, end in reversed(changes):
        for at in range(end - 1, start + last - first - 1, -1):  # the lines that there are more than before
            after = _join_lines(after, at)
    return "\n".join(after) + "\n"


def _join_lines(lines: List[str], at: int) -> List[str]:
    """Return lines with one at the end of the line above, or before the one below, where Python reads that."""
    for first in range(max(at - 1, 0), min(at + 1, len(lines) - 1)):
        above, below = lines[first : first + 2]
        if "#" in above and below.strip():
            continue  # the comment would swallow the line below
        together = "; ".join([above, below.lstrip()]) if above.strip() and below.strip() else above or below
        candidate = [*lines[:first], together, *lines[first + 2 :]]
        with contextlib.suppress(SyntaxError):
            ast.parse("\n".join(candidate) + "\n")
            return candidate
    return lines


def _without_tabs(text: str) -> str:
    """Return a source whose lines begin with spaces only, where Python 3 cannot read its tabs: one is eight spaces."""
    try:
        ast.parse(text)
        return text
    except TabError:
        pass
    except SyntaxError:
        return text
    from fissix.pgen2 import tokenize as tokens

    inside: Set[int] = set()
    for token in tokens.generate_tokens(io.StringIO(text).readline):
        inside.update(range(token[2][0] + 1, token[3][0] + 1))  # the later lines of a string
    lines = text.splitlines()
    for i, line in enumerate(lines):
        code = line.lstrip(" \t")
        if i + 1 not in inside:
            lines[i] = line[: len(line) - len(code)].expandtabs(8) + code
    return "\n".join(lines) + "\n"


def _show_in_tracebacks(path: str, text: str) -> None:
    import linecache

    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
