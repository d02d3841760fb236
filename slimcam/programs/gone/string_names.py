"""Functions of Python 2's module string."""

from typing import Sequence

maketrans, replace, split, strip = str.maketrans, str.replace, str.split, str.strip
upper, lower, zfill, find = str.upper, str.lower, str.zfill, str.find
atoi, atof = int, float
StringTypes, NoneType = (str, bytes), type(None)


def join(words: Sequence[str], sep: str = " ") -> str:
    """Return words with a separator between them."""
    return sep.join(words)
