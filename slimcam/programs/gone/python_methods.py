"""Methods of Python's own classes that went."""

import html
from typing import Any, Iterator, List


def isAlive(self: Any) -> bool:
    """Return whether a thread runs."""
    return self.is_alive()


def tostring(self: Any) -> bytes:
    """Return an array's bytes."""
    return self.tobytes()


def fromstring(self: Any, data: Any) -> None:
    """Append the values of which these are the bytes."""
    self.frombytes(data.encode() if isinstance(data, str) else data)


def getchildren(self: Any) -> List[Any]:
    """Return an element's children."""
    return list(self)


def getiterator(self: Any, tag: Any = None) -> List[Any]:
    """Return an element and all below it."""
    return list(self.iter(tag))


def unescape(self: Any, s: str) -> str:
    """Return a text with its HTML entities read."""
    return html.unescape(s)


def readfp(self: Any, fp: Iterator[str], filename: Any = None) -> None:
    """Read a configuration from an open file."""
    self.read_file(fp, source=filename)
