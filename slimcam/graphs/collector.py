"""Python's collector of circular garbage, held off while very much is made that stays.

While TensorFlow makes an object of each node, the collector looks through all of them again and again, and finds none
to let go: on 20,000 nodes that was more than a quarter of what load() took beside the import on TensorFlow 2.21, and a
fifth on 1.15.5.
"""

import contextlib
import gc
import threading
from typing import Iterator


class _Collector:
    """Who holds the collector off, of all threads, and whether it was at work before the first of them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.holding = 0
        self.was_at_work = False


_COLLECTOR = _Collector()


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Let Python collect no circular garbage within; once no thread is within any more, all is as it was."""
    with _COLLECTOR.lock:
        if not _COLLECTOR.holding:
            _COLLECTOR.was_at_work = gc.isenabled()
            gc.disable()
        _COLLECTOR.holding += 1
    try:
        yield
    finally:
        with _COLLECTOR.lock:
            _COLLECTOR.holding -= 1
            if not _COLLECTOR.holding and _COLLECTOR.was_at_work:
                gc.enable()
