"""Why two models diverge at a stage, found by trying: each cause is undone, and the drift must vanish.

A row of CAUSES is a cause. What a model is fed comes before what it does with it, what is particular before what is
general; different weights come last, since A's weights undo anything that was done to B's.
"""

from typing import Callable, Iterable, NamedTuple, Optional

from ..._tf import tf
from ...maps.differences import max_relative_difference
from ..types import DivergingPair, Explanation
from . import activations, background, dropout, inputs, kernels, norms, padding, precision, resizing, weights
from .case import EXACT, TOLERANCE, Case, Trial, Trials, cases, vanishes

__all__ = ["CAUSES", "Cause", "explain", "find"]


class Cause(NamedTuple):
    """One cause, and what undoes it: trials change B; of the mirror, where A and B are exchanged, they change A."""

    name: str  # what an Explanation says
    trials: Callable[[Case], Trials]
    mirror_trials: Optional[Callable[[Case], Trials]] = None  # tried where no trial of B explains the drift


CAUSES = (
    Cause("channel order", inputs.reverse_channels),
    Cause("value range", inputs.change_range),
    Cause("half-pixel centres", resizing.toggle_half_pixel_centers),
    Cause("align_corners", resizing.toggle_align_corners),
    Cause("resize method", resizing.change_method),
    Cause("preprocessing", inputs.change_preprocessing),
    Cause("padding", padding.change_padding),
    Cause("dropout left in training", dropout.skip_dropout),
    Cause("batch norm left in training", norms.use_moving_statistics),
    Cause("batch norm epsilon", norms.change_epsilon, norms.change_epsilon_beside_folded),
    Cause("batch norm momentum", norms.undo_momentum),
    Cause("batch norm statistics", norms.replace_statistics),
    Cause("float16", precision.widen, precision.widen),
    Cause("flipped kernel", kernels.flip),
    Cause("transposed kernel", kernels.transpose),
    Cause("order of kernel channels", kernels.reorder),
    Cause("background class", background.remove_class, background.remove_class),
    Cause("doubled activation", activations.remove_repeated, activations.repeat),
    Cause("extra activation", activations.remove, activations.insert_extra),
    Cause("another activation", activations.exchange),
    Cause("missing activation", activations.insert),
    Cause("other weights", weights.replace_weights),
)


def find(pair: DivergingPair) -> Optional[Explanation]:
    """Return the first cause whose trial makes the drift vanish wholly, else the one that leaves least; or None."""
    best: Optional[Explanation] = None
    near = cases(pair)
    for cause in CAUSES:
        for case in near:
            try:
                explanation = explain(cause, case)
            except (ValueError, tf.errors.OpError):
                continue  # an inner tensor cannot be had: it is in a loop, or in a branch that is not taken
            if explanation is not None and (best is None or explanation.after < best.after):
                best = explanation
            if best is not None and best.after <= TOLERANCE:
                return best
    return best


def explain(cause: Cause, case: Case) -> Optional[Explanation]:
    """Return the best trial of a cause on a case, or else on its mirror; None where none makes the drift vanish."""
    for trials, mirrored in ((cause.trials, False), (cause.mirror_trials, True)):
        if trials is not None:
            one = case.mirror() if mirrored else case
            best = _best(cause.name, trials(one), one)
            if best is not None:
                return best
    return None


def _best(name: str, trials: Iterable[Trial], case: Case) -> Optional[Explanation]:
    """Return the trial that brings a case nearest to its target, None where none makes the drift vanish."""
    best: Optional[Explanation] = None
    for detail, value in trials:
        after = float("inf") if value is None else max_relative_difference(case.target, value)
        if vanishes(case.before, after) and (best is None or after < best.after):
            best = Explanation(name, detail, case.before, after)
        if after <= EXACT:
            break
    return best
