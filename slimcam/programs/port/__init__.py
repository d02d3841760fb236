"""Rewrite an old program for today's TensorFlow, once and for all: `port(path, text)`.

names.py says what a name is today; calls.py what a call is; rewriting.py changes the source, of which formatting and
comments stay. What has a place of its own today leads there; only what has none leads to slimcam.
"""

import ast
from typing import List, NamedTuple, Tuple

from ..._packages import pip_line
from ...errors import MissingPackage, SourceError
from .. import python2
from ..python2_arithmetic import otherwise_today

__all__ = ["Note", "Ported", "port"]


class Note(NamedTuple):
    """A line of a program, and what was changed there, or is left to do."""

    line: int
    text: str


class Ported(NamedTuple):
    """A source for today's TensorFlow, what was changed, and what was not."""

    source: str
    changes: List[Note]
    left: List[Note]


def port(path: str, text: str) -> Ported:
    """Return a program for the TensorFlow that is installed, with what was changed and what is left, line by line.

    A program of Python 2 is converted first. Raises SourceError where the source cannot be read, MissingPackage where
    LibCST is not installed.
    """
    try:
        import libcst

        from .rewriting import rewrite
    except ImportError as error:
        raise MissingPackage(f"slimcam port needs LibCST: {pip_line('libcst')}") from error
    converted = python2.python3_source(path, text)
    try:
        source, changes, left = rewrite(converted)
        if converted != text:
            left += otherwise_today(ast.parse(converted), text)
    except libcst.ParserSyntaxError as error:
        raise SourceError(f"{path}:{error.raw_line}: LibCST cannot read it: {error.message}") from error
    return Ported(source, _in_order(changes), _in_order(left))


def _in_order(notes: List[Tuple[int, str]]) -> List[Note]:
    return [Note(*one) for one in sorted(dict.fromkeys(notes))]
