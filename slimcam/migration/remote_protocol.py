"""What two interpreters say to each other: JSON on stdin, and lines of JSON on stdout behind a mark.

The mark tells them from what TensorFlow itself prints.
"""

import contextlib
import json
import sys
from typing import Any, Iterator

MARK = "slimcam: "


def send(message: Any) -> None:
    """Print a message, which JSON can hold."""
    sys.stdout.write(f"{MARK}{json.dumps(message)}\n")


def messages_in(stdout: str) -> Iterator[Any]:
    """Yield the messages among all that a program printed."""
    for line in stdout.splitlines():
        _, mark, text = line.partition(MARK)
        if mark:
            with contextlib.suppress(ValueError):
                yield json.loads(text)
