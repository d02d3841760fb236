"""What a map looks like by itself, and whether its peak is on the object."""

import cv2
import numpy as np

from ..methods.net import Net


def sparseness(net: Net, heats: np.ndarray) -> np.ndarray:
    """Return the Gini index of absolute values, (N,): 0 all alike, to 1 all in one pixel (Chalasani et al. 2020, 3.1).

    Of d values in rising order v_k: sum of (2k - d - 1) v_k, over d times their sum. NaN of a map of zeros.
    """
    values = np.sort(np.abs(heats).reshape(len(heats), -1), -1)
    count, total = values.shape[1], values.sum(-1)
    weights = 2 * np.arange(1, count + 1) - count - 1
    return (values * weights).sum(-1) / (count * np.where(total > 0, total, np.nan))


def pointing(net: Net, heats: np.ndarray, truth: np.ndarray, tolerance: int = 0) -> np.ndarray:
    """Return 1 where a map's largest value is on the object, else 0, (N,) (Zhang et al. 2016, section 4.1).

    `truth` are masks (N, H, W); `tolerance` pixels around them hit too. A flat map points at nothing, 0; NaN where the
    mask is empty. Of several largest values one on the object is enough.
    """
    hits = []
    for heat, mask in zip(heats, truth):
        wide = mask.astype(np.uint8)
        if tolerance:
            steps = np.arange(-tolerance, tolerance + 1)
            disc = steps[:, None] ** 2 + steps[None] ** 2 <= tolerance**2
            wide = cv2.dilate(wide, disc.astype(np.uint8))
        hit = bool(wide[heat == heat.max()].any()) and heat.max() > heat.min()
        hits.append(float(hit) if mask.any() else np.nan)
    return np.array(hits)
