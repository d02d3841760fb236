"""The photo after through its map: how far the score falls, and whether it rises."""

from typing import Tuple

import numpy as np

from ..methods.baselines import Baseline, baseline_of
from ..methods.net import Net
from ..methods.parts import in_parts, own_scores


def average_drop(
    net: Net,
    heats: np.ndarray,
    mask: str = "unit",
    baseline: Baseline = "black",
    divide: bool = True,
    epsilon: float = 0.0,
    seed: int = 0,
) -> np.ndarray:
    """Return how far the score falls, as a share of it, where the map alone is seen, (N,); 0 where it rises.

    Chattopadhyay et al. 2018, section 4.1.1, not in per cent. NaN where the score is 0 or less, of which there is no
    share; with an `epsilon`, xplique's, it is divided nevertheless. `divide=False` is the fall itself.
    """
    own, after = _scores(net, heats, mask, baseline, seed)
    falls = np.maximum(own - after, 0)
    if not divide:
        return falls
    whole = own + epsilon if epsilon else np.where(own > 0, own, np.nan)
    shares: np.ndarray = falls / whole
    return shares


def increase(
    net: Net, heats: np.ndarray, mask: str = "unit", baseline: Baseline = "black", seed: int = 0
) -> np.ndarray:
    """Return 1 where the score rises as the map alone is seen, else 0, (N,) (Chattopadhyay et al. 2018, 4.1.2)."""
    own, after = _scores(net, heats, mask, baseline, seed)
    return (after > own).astype(np.float64)


def _scores(net: Net, heats: np.ndarray, mask: str, baseline: Baseline, seed: int) -> Tuple[np.ndarray, np.ndarray]:
    """Return the scores of the photos, and of the photos times their maps, the rest being the baseline."""
    own, fills = own_scores(net), baseline_of(net, baseline, seed)
    pairs = (
        (row, part[..., None] * photo + (1 - part[..., None]) * fill)
        for row, (part, photo, fill) in enumerate(zip(_parts(heats, mask), net.images, fills))
    )
    return own, np.array([score for _, _, score in in_parts(net.scores, pairs, net.size)], np.float64)


def _parts(heats: np.ndarray, mask: str) -> np.ndarray:
    """Return maps in [0, 1]: what is above 0 over the largest, or from its least value to the largest. Flat: zeros.

    By "minmax_abs", xplique's, it is the absolute values.
    """
    heats = np.abs(heats) if mask == "minmax_abs" else np.maximum(heats, 0)
    least = np.zeros((len(heats), 1, 1)) if mask == "unit" else heats.min((1, 2), keepdims=True)
    width = heats.max((1, 2), keepdims=True) - least
    return (heats - least) / np.where(width > 0, width, 1)
