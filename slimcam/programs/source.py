"""The source of a program, compiled as Python would compile it."""

import tokenize
import types


def code_of(path: str) -> types.CodeType:
    """Compile a file of Python; what is wrong with it is Python's own error."""
    with tokenize.open(path) as file:
        return compile(file.read(), path, "exec", dont_inherit=True)
