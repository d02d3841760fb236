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


def cam(evidence: Evidence, average: bool = False) -> np.ndarray:
    """Weigh activations by the dense layer behind their means (Zhou et al. 2016, eq. 2): the logit's own weights.

    Of such a head, 1 / (h w) of a weight is the gradient at each place; so the sum of these is the weight.
    """
    return weigh(evidence.activations, head_weights(evidence), average)


def gradcampp(evidence: Evidence, average: bool = False, formula: str = "paper") -> np.ndarray:
    """Weigh activations by positive gradients, each with its own share (Chattopadhyay et al. 2018, eq. 5, 19).

    The score is exp(y), whose derivatives are exp(y) times powers of G. `formula` is the paper's, without the factor
    exp(y), or one that a peer publishes under this name; see shares_of().
    """
    return weigh(evidence.activations, shared_gradient(evidence, formula), average)


def xgradcam(evidence: Evidence, average: bool = False, epsilon: float = 0.0) -> np.ndarray:
    """Weigh activations by their mean gradient, places counting by their activation (Fu et al. 2020, eq. 8)."""
    return weigh(evidence.activations, activated_gradient(evidence, epsilon), average)


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


def head_weights(evidence: Evidence) -> np.ndarray:
    """Return the weights of `cam`, (N, C)."""
    return evidence.gradients.sum((1, 2))


def shared_gradient(evidence: Evidence, formula: str = "paper") -> np.ndarray:
    """Return the weights of `gradcampp`, (N, C)."""
    gradients, activations = evidence.gradients, evidence.activations
    size = activations.shape[1] * activations.shape[2]
    whole = activations.sum((1, 2), keepdims=True)
    if formula == "xplique":  # means where the paper has sums
        shares = shares_of(gradients, whole / np.float32(size), where_nothing=1e-4)
        return (shares * np.maximum(gradients, 0)).mean((1, 2))
    if formula == "pytorch-grad-cam":
        shares = shares_of(gradients, whole, added=1e-6)
        return (shares * np.maximum(gradients, 0)).sum((1, 2))
    shares = shares_of(gradients, whole, where_nothing=1.0)
    weights = (shares * np.maximum(gradients, 0)).sum((1, 2))
    if formula == "tf-keras-vis":  # shares that add up to 1, and the factor exp(y)
        total = shares.sum((1, 2))
        return weights / np.where(total == 0, 1, total) * np.exp(evidence.scores)[:, None]
    return weights


def shares_of(gradients: np.ndarray, whole: np.ndarray, added: float = 0.0, where_nothing: float = 0.0) -> np.ndarray:
    """Return G^2 / (2 G^2 + whole G^3 + added), 0 where G is 0 (the paper's eq. 19).

    `where_nothing` stands for a denominator of 0.
    """
    squares = np.square(gradients)
    below = 2 * squares + whole * squares * gradients + np.float32(added)
    below = np.where(below == 0, np.float32(where_nothing or 1), below)
    return np.where(gradients == 0, 0, squares / below).astype(np.float32)


def activated_gradient(evidence: Evidence, epsilon: float = 0.0) -> np.ndarray:
    """Return the weights of `xgradcam`, (N, C): 0 for a channel whose activations add up to nothing."""
    activations = evidence.activations
    total = activations.sum((1, 2)) + np.float32(epsilon)
    return (evidence.gradients * activations).sum((1, 2)) / np.where(total == 0, 1, total)


WEIGHTS = {"gradcam": mean_gradient, "normalised": normalised_gradient, "gated": gated_gradient, "cam": head_weights}


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
