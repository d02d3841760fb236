"""Maps with a weight for each place of each channel."""

import numpy as np

from .evidence import Evidence


def hirescam(evidence: Evidence, average: bool = False) -> np.ndarray:
    """Multiply activations by their gradients, place by place (Draelos and Carin 2020, eq. 5); return (N, h, w)."""
    return _over_channels(evidence.gradients * evidence.activations, average)


def layercam(evidence: Evidence, average: bool = False, tanh: float = 0.0) -> np.ndarray:
    """Weigh each place by its positive gradient (Jiang et al. 2021, eq. 5); return (N, h, w).

    With `tanh`, 2 in the paper, for shallow layers, the map M becomes tanh(tanh M / max M) (eq. 8), after a ReLU.
    """
    maps = _over_channels(np.maximum(evidence.gradients, 0) * evidence.activations, average)
    if not tanh:
        return maps
    maps = np.maximum(maps, 0)
    largest = maps.max((1, 2), keepdims=True)
    return np.tanh(np.float32(tanh) * maps / np.where(largest == 0, 1, largest))


def elementwise(evidence: Evidence, average: bool = False) -> np.ndarray:
    """Add up what is positive of activations times gradients, place by place; return (N, h, w)."""
    return _over_channels(np.maximum(evidence.gradients * evidence.activations, 0), average)


def _over_channels(each: np.ndarray, average: bool) -> np.ndarray:
    sums: np.ndarray = each.mean(-1) if average else each.sum(-1)
    return sums
