"""The sources of a program, compiled as Python would compile them; those of Python 2 converted."""

import importlib.machinery
import importlib.util
import tokenize
import types
from typing import Any, Optional

from . import python2, world


def text_of(path: str) -> str:
    """Return the text of a file of Python, in the encoding that it says."""
    with tokenize.open(path) as file:
        return file.read()


def code_of(path: str) -> types.CodeType:
    """Compile a file of Python; what is wrong with it is Python's own error."""
    return python2.code_of_text(path, text_of(path))


def convert_imports() -> None:
    """Convert files of Python 2 that the program imports from now on; nothing is cached of them."""
    loader: Any = importlib.machinery.SourceFileLoader
    real = loader.get_code

    def get_code(self: Any, fullname: str) -> Optional[types.CodeType]:
        path = self.get_filename(fullname)
        if not world.is_program({"__name__": fullname, "__file__": path}):
            return real(self, fullname)
        text = importlib.util.decode_source(self.get_data(path))
        if python2.python2_sign(text, path) is None:
            return real(self, fullname)
        return python2.code_of_text(path, text)

    loader.get_code = get_code
