"""Evidence: what a map is made from, as arrays; engines gather it, methods read it."""

import re
from dataclasses import dataclass, field

import numpy as np


def _none() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True)
class Evidence:
    """Arrays of one layer and one score, one row per image; channels are last, whatever the graph's layout."""

    activations: np.ndarray  # (N, h, w, C)
    gradients: np.ndarray  # (N, h, w, C), of the score at the activations
    scores: np.ndarray = field(default_factory=_none)  # (N,); empty where only a map is asked for
    classes: np.ndarray = field(default_factory=_none)  # (N,) int64, -1 where the score is not one class's; or empty


def plain(array: np.ndarray) -> np.ndarray:
    """Return an array as NumPy alone can store it: other kinds of floating point (bfloat16) as float32."""
    array = np.asarray(array)
    return array if is_plain(array.dtype) else array.astype(np.float32)


def is_plain(dtype: np.dtype) -> bool:
    """Whether NumPy knows a type by itself, on every machine."""
    return re.fullmatch(r"float(16|32|64)|u?int(8|16|32|64)|bool", dtype.name) is not None
