"""From Evidence to weights, a row a method. NumPy only: this is the arithmetic that papers and scripts publish."""

from typing import Any, Callable, Dict

import numpy as np

EPSILON = 1e-5


def gradcam(gradients: np.ndarray, activations: np.ndarray) -> np.ndarray:
    """Return (N, C) weights: the mean gradient over the map (Selvaraju et al. 2017, eq. 1), of (N, h, w, C) arrays."""
    return gradients.mean((1, 2))


def normalised(gradients: np.ndarray, activations: np.ndarray) -> np.ndarray:
    """As `gradcam`, each image's gradient divided by its root mean square + 1e-5 first (the published script)."""
    squares = np.square(gradients).mean((1, 2, 3), keepdims=True)
    return (gradients / (np.sqrt(squares) + np.float32(EPSILON))).mean((1, 2))


def gated(gradients: np.ndarray, activations: np.ndarray) -> np.ndarray:
    """As `gradcam`, but only where activation and gradient are both positive: [A > 0][g > 0] g (guided gates)."""
    return (gradients * (gradients > 0) * (activations > 0)).mean((1, 2))


METHODS: Dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "gradcam": gradcam,
    "normalised": normalised,
    "gated": gated,
}


@np.errstate(invalid="ignore", over="ignore")  # NaN and inf in the activations stay in the raw map, without a word
def raw_map(evidence: Any, method: str, start: float = 0.0, average: bool = False) -> np.ndarray:
    """Return the (N, h, w) float32 map: `start` plus the weighted sum, or mean, of the activations over channels."""
    activations = evidence.activations
    weights = METHODS[method](evidence.gradients, activations)
    if average:
        weights = weights / np.float32(activations.shape[-1])
    # matmul, not einsum: one call of BLAS an image, and the same numbers on every NumPy from 1.18 on
    summed = np.matmul(activations, weights[:, None, :, None])[..., 0]
    return (start + summed).astype(np.float32)
