"""compare_layers(): match the layers of two models, measure the drift of each, and explain the first that drifts apart.

Both are graphs of slimcam's, run by their own sessions on the same photos. The activations and gradients of all stages
are in memory at once, about 0.5 GB per model for two photos of 299 pixels in InceptionV3; two or three photos suffice.
"""

from dataclasses import replace
from typing import Any, List, Mapping, Optional, Sequence

import numpy as np

from .. import targets
from .._types import TargetLike
from ..inputs.photos import Batch
from ..isolation.elsewhere import in_one_process, sendable
from ..isolation.model import IsolatedModel
from ..model import Model
from . import causes, drift
from .feeding import EachImages, feed_both
from .pairing import Pairing
from .report import Alone, LayerComparison, Row
from .running import run_gradients, run_stages
from .stages import stages_of
from .types import DivergingPair, Explanation, Side, Stage

TOLERANCE = 1e-4
GRADIENTS = 500  # gradients may drift by so many times more: ReLUs that flip move those of Inception v3 by 1.4 %
RUNS = 100  # that a cause, or all of them, may take


def compare_layers(
    a: Model,
    b: Model,
    photos: EachImages,
    layers: Optional[Mapping[str, str]] = None,
    tolerance: float = TOLERANCE,
    target: TargetLike = None,
) -> LayerComparison:
    """Match the stages of two models; find the first whose activations, or else gradients, drift apart, and why.

    `photos` are given as to a GradCAM, and in models of several inputs as a tuple with those of each. `layers` maps
    names of A to names of B where these are known. `target` is the class whose logit is differentiated, by default A's
    winner. Drift beyond `tolerance` counts: float32 noise came to 4e-6 in InceptionV3 of slim and of Keras.
    Raises ComparisonError where the two take other numbers of images, UnknownName for a name in `layers`.
    """
    if isinstance(a, IsolatedModel) or isinstance(b, IsolatedModel):
        return _elsewhere(a, b, photos, layers, tolerance, target)
    one, other, batch = feed_both(a, b, photos)
    for side in (one, other):
        inputs = [image_input.tensor for image_input in side.model.inputs_of([side.model.need_logits()])]
        side.stages = stages_of(side.model, inputs)
        run_stages(side)
    _differentiate(one, other, target)
    return _report(Pairing(one, other, layers or {}), tolerance, batch)


def _elsewhere(a: Model, b: Model, photos: EachImages, *others: Any) -> LayerComparison:
    """Compare two models in a process of its own that loads both."""
    sent = dict(zip(("photos", "layers", "tolerance", "target"), (sendable(photos), *others)))
    kind, run = LayerComparison, compare_layers
    comparison: LayerComparison = in_one_process(kind, run, (a, b), RUNS, **sent)
    first = comparison.first
    same = [row for row in comparison.rows if first is not None and (row.a, row.b) == (first.a, first.b)]
    return replace(comparison, first=same[0]) if same else comparison  # the very row: what is no number equals nothing


def _report(pairing: Pairing, tolerance: float, batch: Optional[Batch]) -> LayerComparison:
    """Return what came of it: rows, the first that drifts apart, and the cause."""
    pairs, drifts = list(pairing.pairs), list(pairing.drifts)
    rejoin = drift.rejoining(drifts, pairing.links, tolerance)
    first, what = drift.first(drifts, pairing.links, rejoin, tolerance), "activations"
    cause: Optional[Explanation] = None
    skipped: Sequence[Sequence[Stage]] = ((), ())
    if first is not None:
        agreeing = [pair for pair, d in zip(pairs[:first], drifts) if d.activations <= tolerance]
        cause = causes.find(DivergingPair(*pairing.sides, pairs[first], agreeing, batch))
        skipped = [pairing.stages_before(first, side) for side in (0, 1)]
        beside = pairing.beside(first, tolerance)
        if beside is not None:
            pairs.insert(first, beside)
            drifts.insert(first, pairing.drift(beside))
            rejoin.insert(first, False)
    else:
        first, what = drift.first_backward(drifts, pairing.links, GRADIENTS * tolerance), "gradients"
        cause = None if first is None else pairing.repeated_activation(first, GRADIENTS * tolerance)
    rows = []
    for p, ((i, j), d) in enumerate(zip(pairs, drifts)):
        kind, shapes = i.kind if i.kind == j.kind else f"{i.kind} / {j.kind}", pairing.shapes((i, j))
        parted = p == first or d.activations > tolerance
        rows.append(Row(i.name, j.name, kind, *shapes, d.activations, d.cosine, d.gradients, parted, rejoin[p]))
    only_a, only_b = _alone(pairing.alone(0)), _alone(pairing.alone(1))
    if first is None:
        return LayerComparison(rows, only_a, only_b, tolerance)
    around = _alone(skipped[0]), _alone(skipped[1])
    return LayerComparison(rows, only_a, only_b, tolerance, rows[first], what, cause, *around)


def _alone(stages: Sequence[Stage]) -> List[Alone]:
    return [Alone(stage.name, stage.kind) for stage in stages]


def _differentiate(a: Side, b: Side, target: TargetLike) -> None:
    """Take the gradients of one class's logit in both, of the same class where one of them has a background too."""
    logits = a.run([a.model.need_logits()])[0]
    weights = targets.mask(a.model, target, len(logits))
    classes = [side.model.need_logits().shape.as_list()[-1] for side in (a, b)]
    if weights is None:
        # the background has no counterpart where B lacks it
        best = logits[:, 1:].argmax(-1) + 1 if classes[0] == classes[1] + 1 else logits.argmax(-1)
        weights = np.eye(classes[0], dtype=np.float32)[best]
    else:
        weights = targets.on_logits(a.model, weights)
    run_gradients(a, weights)
    theirs = {classes[0]: weights, classes[0] - 1: weights[:, 1:], classes[0] + 1: np.pad(weights, ((0, 0), (1, 0)))}
    if classes[1] in theirs:
        run_gradients(b, theirs[classes[1]])
