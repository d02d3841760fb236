"""Methods of arrays that NumPy took away. Releases 2.0 to 2.3 still had some, which only raised an error."""

from typing import Any, Callable, Tuple

import numpy as np


def numpy_version() -> Tuple[int, ...]:
    """Return the first two numbers of NumPy's version."""
    return tuple(int(part) for part in np.__version__.split(".")[:2])


def tostring(self: np.ndarray, order: Any = "C") -> bytes:
    """Return the elements as bytes."""
    return self.tobytes(order)


def ptp(real: Any) -> Callable:
    """Return ndarray.ptp: the largest minus the smallest."""
    return (lambda self, *args, **kwargs: np.ptp(self, *args, **kwargs)) if numpy_version() >= (2, 0) else real


def itemset(real: Any) -> Callable:
    """Return ndarray.itemset, which sets one element: itemset(value), itemset(number, value), itemset(index, value)."""

    def itemset(self: np.ndarray, *args: Any) -> None:
        *index, value = args
        if not index and self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        where = index[0] if index else 0
        self[where if isinstance(where, tuple) else np.unravel_index(where, self.shape)] = value

    return itemset if numpy_version() >= (2, 0) else real


def newbyteorder(real: Any) -> Callable:
    """Return ndarray.newbyteorder: the same bytes read in another order."""

    def newbyteorder(self: np.ndarray, new_order: Any = "S") -> np.ndarray:
        return self.view(self.dtype.newbyteorder(new_order))

    return newbyteorder if numpy_version() >= (2, 0) else real


def of_one_element(real: Callable) -> Callable:
    """Return ndarray.__float__ that takes an array of one element and any number of axes (an error since 2.4)."""

    def number(self: np.ndarray) -> Any:
        return real(self.reshape(()) if self.size == 1 else self)

    return number if numpy_version() >= (2, 4) else real
