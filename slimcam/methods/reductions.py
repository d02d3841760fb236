"""REDUCTIONS: what makes one number of the channels of a pixel."""

from typing import Callable, Dict

import numpy as np

from .method import Method
from .parameters import Parameter

Reduction = Callable[[np.ndarray], np.ndarray]  # (N, H, W, C) -> (N, H, W)

REDUCTIONS: Dict[str, Reduction] = {
    "sum": lambda channels: channels.sum(-1),
    "mean": lambda channels: channels.mean(-1),
    "max": lambda channels: channels.max(-1),
    "sum_abs": lambda channels: np.abs(channels).sum(-1),
    "mean_abs": lambda channels: np.abs(channels).mean(-1),
    "max_abs": lambda channels: np.abs(channels).max(-1),
    "norm": lambda channels: np.sqrt(np.square(channels).sum(-1)),
    "sum_positive": lambda channels: np.maximum(channels, 0).sum(-1),
}


def known_parameters(row: Method) -> Dict[str, Parameter]:
    """Return the parameters of a row, with how the channels of pixels are reduced."""
    if not row.reduce:
        return dict(row.parameters)
    text = "what makes one number of a pixel's channels"
    return {**row.parameters, "reduce": Parameter(row.reduce, text, choices=tuple(REDUCTIONS))}
