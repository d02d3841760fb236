"""A file of which each byte is taken once: blocks that lie within it, and apart from each other."""

from typing import BinaryIO, List, Tuple

UNDEFINED = (1 << 64) - 1  # an address of HDF5 that leads nowhere
_LARGEST = 1 << 24  # bytes of a block that are read at once


class Unknown(Exception):
    """Something in a file is not understood."""


def need(holds: bool) -> None:
    """Raise Unknown where something does not hold."""
    if not holds:
        raise Unknown


class Blocks:
    """An open file of a size."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.size = size
        self._file = file
        self._left = size  # bytes; each is taken once, which bounds the time and ends circles
        self._taken: List[Tuple[int, int]] = []

    def claim(self, start: int, size: int) -> None:
        """Take a block without reading it; raise Unknown where it is not in the file."""
        self._left -= size
        need(0 < size <= self.size - start and self._left >= 0)
        self._taken.append((start, start + size))

    def take(self, start: int, size: int) -> bytes:
        """Take and return a block; raise Unknown where it is not in the file, or very large."""
        self.claim(start, size)
        need(size <= _LARGEST)
        self._file.seek(start)
        data = self._file.read(size)
        need(len(data) == size)
        return data

    def check_apart(self) -> None:
        """Raise Unknown where two blocks overlap."""
        self._taken.sort()
        need(all(one[1] <= other[0] for one, other in zip(self._taken, self._taken[1:])))
