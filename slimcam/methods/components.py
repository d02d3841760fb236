"""Maps from the statistics of activations: their first principal component, and their outliers."""

import numpy as np

from .evidence import Evidence

_SQUARINGS = 60  # after which eigenvalues that differ at all in float64 have parted
_OTHERS = 1e-9  # share of the other eigenvalues, whose square is left at the end


def eigencam(evidence: Evidence, average: bool = False, centre: bool = False, sign: str = "sum") -> np.ndarray:
    """Project activations on their first right singular vector (Muhammad and Yeasin 2020, eq. 3); return (N, h, w).

    `centre` takes away each channel's mean first. A singular vector has no sign of its own: by `sign` "sum" that in
    which the map goes up with the sum over channels, by "library" what LAPACK gives.
    """
    maps = [projected(one, centre, sign) for one in evidence.activations]
    return np.stack(maps) / np.float32(evidence.activations.shape[-1] if average else 1)


def eigengradcam(evidence: Evidence, average: bool = False, centre: bool = False, sign: str = "sum") -> np.ndarray:
    """As `eigencam`, of activations times gradients: the score's own component; return (N, h, w)."""
    return eigencam(Evidence(evidence.activations * evidence.gradients, evidence.gradients), average, centre, sign)


def projected(array: np.ndarray, centre: bool, sign: str) -> np.ndarray:
    """Return the (h, w) projection of an array (h, w, C) on its first right singular vector."""
    rows = np.nan_to_num(array.reshape(-1, array.shape[-1]))
    rows = rows - rows.mean(0) if centre else rows
    if sign == "library":
        maps = rows @ np.linalg.svd(rows, full_matrices=False)[2][0]
    else:
        maps, total = _on_the_first(rows.astype(np.float64)), rows.sum(-1)
        maps = -maps if np.dot(maps - maps.mean(), total - total.mean()) < 0 else maps
    return maps.reshape(array.shape[:2]).astype(np.float32)


def _on_the_first(rows: np.ndarray) -> np.ndarray:
    """Return the projection of (n, C) float64 on the first right singular vector, by the smaller of its products."""
    if len(rows) > rows.shape[1]:
        return np.asarray(rows @ _first_eigenvector(rows.T @ rows))
    products = rows @ rows.T
    vector = _first_eigenvector(products)
    return np.asarray(vector * np.sqrt(vector @ products @ vector))


def _first_eigenvector(products: np.ndarray) -> np.ndarray:
    """Return the unit eigenvector of the largest eigenvalue of (n, n), none of them below 0; zeros where all are 0.

    Squared again and again, the matrix becomes the eigenvector times itself. All n of them take several times as long
    for the 49 or 64 places of a last layer, where a run is short.
    """
    power = products / (np.trace(products) or 1.0)
    for _ in range(_SQUARINGS):
        power = power @ power
        left = np.trace(power)  # 1 where there is one eigenvalue
        power = power / (left or 1.0)
        if not 0 < left < 1 - _OTHERS:
            break
    vector = power[:, np.argmax(np.diag(power))]
    return np.asarray(vector / (np.linalg.norm(vector) or 1.0))


def fem(evidence: Evidence, average: bool = False, deviations: float = 2.0, formula: str = "paper") -> np.ndarray:
    """Mark where a channel is more than its mean + 2 deviations, and weigh by its mean (Fuad et al. 2020, section 3).

    The `formula` of pytorch-grad-cam has it the other way round: the share of such places weighs the activations.
    """
    activations = evidence.activations
    mean = activations.mean((1, 2), keepdims=True)
    border = mean + np.float32(deviations) * activations.std((1, 2), keepdims=True)
    if formula == "pytorch-grad-cam":
        each = activations * (activations > border).mean((1, 2), keepdims=True, dtype=np.float32)
    else:
        each = mean * (activations >= border)
    maps: np.ndarray = each.mean(-1) if average else each.sum(-1)
    return maps
