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


def cap(heat: np.ndarray) -> np.ndarray:
    """Cut an (h, w) map off at its 99th percentile (Smilkov et al. 2017, section 3.1), if that is above zero."""
    top = np.percentile(heat, 99)
    return np.minimum(heat, top) if top > 0 else heat


def minmax(heat: np.ndarray) -> np.ndarray:
    """Stretch an (h, w) map to [0, 1]; a flat one becomes zeros, never NaN."""
    low, top = heat.min(), heat.max()
    return (heat - low) / (top - low) if top > low else np.zeros_like(heat)


def in_order(steps: Sequence[str], heat: np.ndarray) -> np.ndarray:
    """Return a map after the steps of these names."""
    for step in steps:
        heat = STEPS[step](heat)
    return heat


STEPS: Dict[str, Callable[[np.ndarray], np.ndarray]] = {"relu": relu, "cap": cap, "unit": unit, "minmax": minmax}
