"""STEPS: what a dialect does to a map, before or after it is resized, by name."""

from typing import Callable, Dict, Sequence

import numpy as np


def relu(heat: np.ndarray) -> np.ndarray:
    """Keep what speaks for the score."""
    return np.maximum(heat, 0)


def unit(heat: np.ndarray) -> np.ndarray:
    """Divide an (h, w) map by its largest value; a map without a positive value becomes zeros, never NaN."""
    top = heat.max()
    return heat / top if top > 0 else np.zeros_like(heat)


def minmax(heat: np.ndarray) -> np.ndarray:
    """Stretch an (h, w) map to [0, 1]; a flat one becomes zeros, never NaN."""
    low, top = heat.min(), heat.max()
    return (heat - low) / (top - low) if top > low else np.zeros_like(heat)


def in_order(steps: Sequence[str], heat: np.ndarray) -> np.ndarray:
    """Return a map after the steps of these names."""
    for step in steps:
        heat = STEPS[step](heat)
    return heat


STEPS: Dict[str, Callable[[np.ndarray], np.ndarray]] = {"relu": relu, "unit": unit, "minmax": minmax}
