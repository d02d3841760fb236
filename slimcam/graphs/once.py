"""Once: what is built once and kept, though several threads ask for it at the same time."""

import threading
from typing import Any, Callable, Dict, Hashable, TypeVar

T = TypeVar("T")


class Once:
    """Values by key, each built by the first that asks for it.

    One lock is held through each build, whatever the key: what is built is mostly operations of one graph, and names
    for these are not safe to give from two threads. A build may ask for another key.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._values: Dict[Hashable, Any] = {}

    def __call__(self, key: Hashable, build: Callable[[], T]) -> T:
        """Return a key's value, which `build()` makes if it is not there; of a build that raises, nothing is kept."""
        with self._lock:
            if key not in self._values:
                self._values[key] = build()
            return self._values[key]

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    def __repr__(self) -> str:
        return f"Once({len(self._values)} built)"
