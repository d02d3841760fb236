"""Methods of arrays that NumPy took away."""

from typing import Any

import numpy as np


def tostring(self: np.ndarray, order: Any = "C") -> bytes:
    """Return the elements as bytes."""
    return self.tobytes(order)


def ptp(self: np.ndarray, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """Return the largest minus the smallest."""
    return np.ptp(self, axis, out, keepdims)  # type: ignore[call-overload]


def itemset(self: np.ndarray, *args: Any) -> None:
    """Set one element: itemset(value), itemset(number, value), itemset(index, value)."""
    *index, value = args
    if not index and self.size != 1:
        raise ValueError("can only convert an array of size 1 to a Python scalar")
    where = index[0] if index else 0
    self[where if isinstance(where, tuple) else np.unravel_index(where, self.shape)] = value


def newbyteorder(self: np.ndarray, new_order: str = "S") -> np.ndarray:
    """Return the same bytes read in another order."""
    return self.view(self.dtype.newbyteorder(new_order))  # type: ignore[arg-type]
