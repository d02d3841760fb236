"""Python 2's StringIO, whose texts are bytes as well."""

import io
from typing import Any, Union


def StringIO(initial: Any = None) -> Union[io.StringIO, io.BytesIO]:
    """Return a file in memory, of bytes where the first contents are bytes, else of text."""
    return io.BytesIO(initial) if isinstance(initial, (bytes, bytearray, memoryview)) else io.StringIO(initial or "")
