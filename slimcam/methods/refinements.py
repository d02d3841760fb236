"""Grad-CAM refined: against the classes that come nearest, and with what the gradient's own slope says."""

import numpy as np

from ..errors import TargetError
from . import cams
from .evidence import Evidence
from .net import Net


def finercam(net: Net, alpha: float = 1.0, classes: int = 3) -> np.ndarray:
    """Return Grad-CAM of how far a class is above those of the nearest logits (Zhang et al. 2025, eq. 5); (N, h, w).

    The score is sum_j p_j (y - alpha y_j) / sum_j p_j, over so many `classes` j, p being the softmax. Its slope at the
    logits is worked out here, so that one pass back does for all.
    """
    rows = np.arange(len(net.images))
    chosen = net.evidence(net.images, rows).classes
    if (chosen < 0).any():
        raise TargetError("finercam compares a class with others: give a class as the target")
    logits = net.outputs(net.images, rows).astype(np.float64)
    weights = [_slope_at_logits(one, int(own), alpha, classes) for one, own in zip(logits, chosen)]
    return cams.gradcam(net.weighted(np.stack(weights)).evidence(net.images, rows))


def _slope_at_logits(logits: np.ndarray, own: int, alpha: float, classes: int) -> np.ndarray:
    """Return the derivative of finercam's score by each logit, (classes,)."""
    order = np.argsort(np.abs(logits - logits[own]), kind="stable")
    others = order[order != own][:classes]
    shares = np.exp(logits[others] - logits[others].max())
    shares = shares / shares.sum()
    weights = np.zeros(len(logits), np.float32)
    weights[own] = 1
    weights[others] = -alpha * shares * (1 + logits[others] - shares @ logits[others])
    return weights


def shapleycam(net: Net) -> np.ndarray:
    """Weigh activations by the mean of G - H A / 2, a second-order Shapley value (Cai 2025, eq. 10); (N, h, w).

    H A is the slope of the gradient G along the activations A.
    """
    rows = np.arange(len(net.images))
    evidence = net.evidence(net.images, rows)
    slopes = evidence.gradients - net.head_curvature(evidence.activations, rows) / 2
    return cams.gradcam(Evidence(evidence.activations, slopes))
