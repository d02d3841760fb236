"""REDUCTIONS: what makes one number of the channels of a pixel."""

from typing import Callable, Dict

import numpy as np

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
