"""Class activation maps: the activations of a layer, each channel weighed by its gradient."""

from typing import Any, Mapping, Optional

import numpy as np

from . import find_method
from .evidence import Evidence
from .parameters import defaults

EPSILON = 1e-5


def gradcam(evidence: Evidence, average: bool = False) -> np.ndarray:
    """Weigh (N, h, w, C) activations by their mean gradient (Selvaraju et al. 2017, eq. 1-2); return (N, h, w)."""
    return weigh(evidence.activations, mean_gradient(evidence), average)


def normalised(evidence: Evidence, average: bool = False) -> np.ndarray:
    """As `gradcam`, each image's gradient divided by its root mean square + 1e-5 first (the published script)."""
    return weigh(evidence.activations, normalised_gradient(evidence), average)


def gated(evidence: Evidence, average: bool = False) -> np.ndarray:
    """As `gradcam`, but only where activation and gradient are both positive: [A > 0][g > 0] g (guided gates)."""
    return weigh(evidence.activations, gated_gradient(evidence), average)


def mean_gradient(evidence: Evidence) -> np.ndarray:
    """Return the weights of `gradcam`, (N, C)."""
    return evidence.gradients.mean((1, 2))


def normalised_gradient(evidence: Evidence) -> np.ndarray:
    """Return the weights of `normalised`, (N, C)."""
    gradients = evidence.gradients
    squares = np.square(gradients).mean((1, 2, 3), keepdims=True)
    scaled = gradients / (np.sqrt(squares) + np.float32(EPSILON))
    return scaled.mean((1, 2))


def gated_gradient(evidence: Evidence) -> np.ndarray:
    """Return the weights of `gated`, (N, C)."""
    gradients, activations = evidence.gradients, evidence.activations
    return (gradients * (gradients > 0) * (activations > 0)).mean((1, 2))


WEIGHTS = {"gradcam": mean_gradient, "normalised": normalised_gradient, "gated": gated_gradient}


def weigh(activations: np.ndarray, weights: np.ndarray, average: bool = False) -> np.ndarray:
    """Return the (N, h, w) sum over channels of (N, h, w, C) activations times (N, C) weights, or their mean."""
    if average:
        weights = weights / np.float32(activations.shape[-1])
    # matmul, not einsum: one call of BLAS per image, and the same numbers on every NumPy from 1.18 on
    return np.matmul(activations, weights[:, None, :, None])[..., 0]


@np.errstate(invalid="ignore", over="ignore")  # NaN and inf in the activations stay in the raw map, without a word
def raw_map(
    evidence: Evidence,
    method: str,
    start: float = 0.0,
    average: bool = False,
    parameters: Optional[Mapping[str, Any]] = None,
) -> np.ndarray:
    """Return the (N, h, w) float32 map: `start` plus a method's sum, or mean, over channels.

    `parameters` are all of the method; left out, they have their defaults.
    """
    return (start + _called(evidence, method, average, parameters)).astype(np.float32)


def _called(evidence: Evidence, method: str, average: bool, parameters: Optional[Mapping[str, Any]]) -> np.ndarray:
    row = find_method(method)
    return row(evidence, average, **(defaults(row.parameters) if parameters is None else parameters))


@np.errstate(invalid="ignore", over="ignore")
def rounding(
    evidence: Evidence,
    method: str,
    start: float = 0.0,
    average: bool = False,
    parameters: Optional[Mapping[str, Any]] = None,
) -> np.ndarray:
    """Return how far rounding alone can part two places of each (N, h, w) map of `raw_map`, (N,).

    A place is a sum of n = C + 1 numbers in float32, `start` and w A of each channel. Added up in whatever order, it
    is off by at most n u (|start| + sum |w| |A|), with u = 2^-24 (Higham 2002, eq. 4.4); two places by twice that.
    NaN for a method that is no such sum, or whose weights have roundings of their own.
    """
    channels = evidence.activations.shape[-1]
    if method not in WEIGHTS or parameters:
        return np.full(len(evidence.activations), np.nan)
    sizes = weigh(np.abs(evidence.activations), np.abs(WEIGHTS[method](evidence)), average)
    unit = np.finfo(np.float32).eps / 2
    return 2 * (channels + 1) * unit * (abs(start) + sizes.max((1, 2))).astype(np.float64)
