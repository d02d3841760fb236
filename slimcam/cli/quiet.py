"""Keep TensorFlow's notes on CPUs and absent GPUs off the terminal of the command line.

TensorFlow 2.21 writes them to file descriptor 2 before it reads TF_CPP_MIN_LOG_LEVEL. So the command keeps the real
stderr for itself and lends the descriptor to a temporary file, which is shown if the command breaks down.
"""

import contextlib
import logging
import os
import sys
import tempfile
from typing import Iterator, Tuple, Type

from ..text.printable import escape_lines

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextlib.contextmanager
def quiet(expected: Tuple[Type[BaseException], ...]) -> Iterator[None]:
    """Silence TensorFlow; show what it wrote after all on an exception that is not one of those `expected`.

    Nothing is done where the user has set TF_CPP_MIN_LOG_LEVEL.
    """
    if LEVEL in os.environ:
        yield
        return
    os.environ[LEVEL] = "2"
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    python_stderr, kept = sys.stderr, os.dup(2)
    with tempfile.TemporaryFile() as notes, os.fdopen(kept, "w", buffering=1, closefd=True) as terminal:
        if is_descriptor(python_stderr, 2):
            sys.stderr = terminal
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except expected:
            raise
        except Exception:
            notes.seek(0)
            terminal.write(escape_lines(notes.read().decode("utf-8", "replace")))
            raise
        finally:
            os.dup2(terminal.fileno(), 2)
            sys.stderr = python_stderr
            logger.setLevel(level)
            del os.environ[LEVEL]


def is_descriptor(stream: object, number: int) -> bool:
    """Whether a stream of Python's writes to the file descriptor of a number."""
    try:
        return stream.fileno() == number  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return False
