"""Why two models part at a stage, found by trying: each cause is undone in B, and the drift must vanish.

A row of CAUSES is a cause. What a model is fed comes before what it does with it, what is particular before what is
general; that the weights are others comes last, since A's weights undo anything that was done to B's.
"""

from typing import Callable, NamedTuple, Optional

from ..._tf import tf
from ..sides import Found, Parted
from . import activations, background, dropout, inputs, kernels, norms, padding, precision, resizing, weights
from .case import TOLERANCE, Case, cases

__all__ = ["CAUSES", "Cause", "find"]


class Cause(NamedTuple):
    """One cause, and its trial."""

    name: str  # what Found says
    attempt: Callable[[Case], Optional[Found]]


CAUSES = (
    Cause("channel order", inputs.channel_order),
    Cause("value range", inputs.value_range),
    Cause("half-pixel centres", resizing.half_pixel_centers),
    Cause("align_corners", resizing.align_corners),
    Cause("resize method", resizing.method),
    Cause("preprocessing", inputs.preprocessing),
    Cause("padding", padding.padding),
    Cause("dropout left in training", dropout.dropout),
    Cause("batch norm left in training", norms.training),
    Cause("batch norm epsilon", norms.epsilon),
    Cause("batch norm momentum", norms.momentum),
    Cause("batch norm statistics", norms.statistics),
    Cause("float16", precision.float16),
    Cause("flipped kernel", kernels.flipped),
    Cause("transposed kernel", kernels.transposed),
    Cause("order of kernel channels", kernels.reordered),
    Cause("background class", background.background),
    Cause("doubled activation", activations.doubled),
    Cause("extra activation", activations.extra),
    Cause("another activation", activations.another),
    Cause("missing activation", activations.missing),
    Cause("other weights", weights.other_weights),
)


def find(parted: Parted) -> Optional[Found]:
    """Return the first cause whose trial makes the drift vanish wholly, else the one that leaves least; or None."""
    best: Optional[Found] = None
    trials = cases(parted)
    for cause in CAUSES:
        for case in trials:
            try:
                found = cause.attempt(case)
            except (ValueError, tf.errors.OpError):
                continue  # an inner tensor cannot be had: it is in a loop, or in a branch that is not taken
            if found is not None and (best is None or found.after < best.after):
                best = found
            if best is not None and best.after <= TOLERANCE:
                return best
    return best
