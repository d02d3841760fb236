"""What a layer's units pass on of a score along a line of images, from a baseline to the photo."""

from typing import Any, Iterator

import numpy as np

from .baselines import baseline_of
from .evidence import Evidence
from .net import Attribution, Net


def conductance(net: Net, steps: int = 50, baseline: Any = "black", seed: int = 0) -> Attribution:
    """Return how much of the score's rise flows through each unit (Dhamdhere et al. 2018, eq. 2); (N, h, w, K) summed.

    The integral of dy/dA dA is a sum of trapezoids. The gap is how far all of them together are from y(x) - y(b).
    """
    units, gaps = [], []
    for row, (photo, start) in enumerate(zip(net.images, baseline_of(net, baseline, seed))):
        total: Any = 0.0
        ends = []
        for evidence in _along(net, row, start, photo, np.linspace(0, 1, steps + 1)):
            means = (evidence.gradients[1:] + evidence.gradients[:-1]) / 2
            total = total + (means * np.diff(evidence.activations, axis=0)).sum(0)
            ends += [evidence.scores[0], evidence.scores[-1]]
        units.append(total)
        gaps.append(float(total.sum()) - float(ends[-1] - ends[0]))
    return _attribution(np.stack(units), {"gap": np.array(gaps, np.float32)})


def internal_influence(net: Net, steps: int = 50, baseline: Any = "black", seed: int = 0) -> Attribution:
    """Return the mean gradient at each unit along the line (Leino et al. 2018, definition 1); (N, h, w, K) summed."""
    units = []
    places = (np.arange(steps) + 0.5) / steps
    for row, (photo, start) in enumerate(zip(net.images, baseline_of(net, baseline, seed))):
        sums: Any = 0.0
        for some in np.array_split(places, -(-steps // net.size)):
            images = (start + some[:, None, None, None] * (photo - start)).astype(np.float32)
            sums = sums + net.evidence(images, np.full(len(some), row)).gradients.sum(0)
        units.append(sums / np.float32(steps))
    return _attribution(np.stack(units), {})


def _along(net: Net, row: int, start: np.ndarray, end: np.ndarray, places: np.ndarray) -> Iterator[Evidence]:
    """Yield the evidence of some places of a line at a time; each begins where the one before it ended."""
    most = max(net.size - 1, 1)
    for first in range(0, len(places) - 1, most):
        some = places[first : first + most + 1]
        images = (start + some[:, None, None, None] * (end - start)).astype(np.float32)
        yield net.evidence(images, np.full(len(some), row))


def _attribution(units: np.ndarray, details: Any) -> Attribution:
    return Attribution(units.sum(-1), details, units)
