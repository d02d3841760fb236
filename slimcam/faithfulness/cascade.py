"""Sanity check: is a map still the same when the net has forgotten what it learnt, layer by layer from the top?"""

from typing import Callable, Iterable

import numpy as np

from ..methods.net import Net
from .ranks import pearson, ranks

Cascade = Callable[[int, int], Iterable[np.ndarray]]  # steps and seed -> of each step the maps (N, H, W)


def sanity(
    net: Net, heats: np.ndarray, cascade: Cascade, steps: int = 10, absolute: bool = True, seed: int = 0
) -> np.ndarray:
    """Return the rank correlation of each photo's map with that of the net as more of it is random, (N, steps).

    Of the `steps` each makes as many more layers random, from the score down (Adebayo et al. 2018, "Sanity checks for
    saliency maps", the cascading randomisation of section 3.1 with Spearman's correlation); of a net with fewer layers
    there are as many steps as these. With `absolute`, signs of the maps do not count. NaN of a map that is flat.
    """
    own = _ranked(heats, absolute)
    return np.stack([pearson(own, _ranked(maps, absolute)) for maps in cascade(steps, seed)], -1)


def _ranked(heats: np.ndarray, absolute: bool) -> np.ndarray:
    rows = heats.reshape(len(heats), -1)
    return ranks(np.abs(rows) if absolute else rows)
