"""Class activation maps: the activations of a layer, each channel weighed by its gradient."""

import numpy as np

from . import find_method
from .evidence import Evidence

EPSILON = 1e-5


def gradcam(evidence: Evidence, average: bool = False) -> np.ndarray:
    """Weigh (N, h, w, C) activations by their mean gradient (Selvaraju et al. 2017, eq. 1-2); return (N, h, w)."""
    return weigh(evidence.activations, evidence.gradients.mean((1, 2)), average)


def normalised(evidence: Evidence, average: bool = False) -> np.ndarray:
    """As `gradcam`, each image's gradient divided by its root mean square + 1e-5 first (the published script)."""
    gradients = evidence.gradients
    squares = np.square(gradients).mean((1, 2, 3), keepdims=True)
    scaled = gradients / (np.sqrt(squares) + np.float32(EPSILON))
    return weigh(evidence.activations, scaled.mean((1, 2)), average)


def gated(evidence: Evidence, average: bool = False) -> np.ndarray:
    """As `gradcam`, but only where activation and gradient are both positive: [A > 0][g > 0] g (guided gates)."""
    gradients, activations = evidence.gradients, evidence.activations
    return weigh(activations, (gradients * (gradients > 0) * (activations > 0)).mean((1, 2)), average)


def weigh(activations: np.ndarray, weights: np.ndarray, average: bool = False) -> np.ndarray:
    """Return the (N, h, w) sum over channels of (N, h, w, C) activations times (N, C) weights, or their mean."""
    if average:
        weights = weights / np.float32(activations.shape[-1])
    # matmul, not einsum: one call of BLAS per image, and the same numbers on every NumPy from 1.18 on
    return np.matmul(activations, weights[:, None, :, None])[..., 0]


@np.errstate(invalid="ignore", over="ignore")  # NaN and inf in the activations stay in the raw map, without a word
def raw_map(evidence: Evidence, method: str, start: float = 0.0, average: bool = False) -> np.ndarray:
    """Return the (N, h, w) float32 map: `start` plus a method's sum, or mean, over channels."""
    return (start + find_method(method)(evidence, average)).astype(np.float32)
