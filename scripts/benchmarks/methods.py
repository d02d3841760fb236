"""Rows of METHODS over the bare forward pass of a frozen InceptionV3, for one photo and for eight.

A method of many passes is given few of them, and its ratio is that of one pass: over a row of the bare forward pass in
runs of the same size. Where passes go back too, what is run forward alone beside them (the photo's own score, that of a
baseline) is taken off at a bare row each; where none goes back, a pass is any row that is run.
"""

import collections
import sys
import tempfile
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .timing import LAYER, bare_forward, in_turn, make_frozen, photos

HEADER = ("", "ms an image", "ratio of time", "of processor time", "target")
COUNTS = "samples", "steps", "masks", "channels"
FEW = {1: 8, 8: 2}  # passes for a photo, by the size of the batch; four times as many where none goes back


class Case(NamedTuple):
    """How a row is timed."""

    passes: str = ""  # the parameter that says how many; "rows": all that are run; "": the call is one
    target: str = ""  # at most so many forward passes for a pass
    parameters: Mapping[str, Any] = {}


BACK = "3.2"
CASES: Dict[str, Case] = {
    **dict.fromkeys(("gradient", "gradient_x_input", "guided_backprop", "deconvnet", "rectgrad"), Case("", BACK)),
    **dict.fromkeys(("smoothgrad", "squaregrad", "vargrad"), Case("samples", BACK)),
    **dict.fromkeys(("gradient_shap", "expected_gradients"), Case("samples", BACK)),
    **dict.fromkeys(("integrated_gradients", "blur_ig", "guided_ig"), Case("steps", BACK)),
    **dict.fromkeys(("conductance", "internal_influence"), Case("steps")),
    **dict.fromkeys(("meaningful_perturbation", "extremal_perturbation"), Case("steps")),
    **dict.fromkeys(("lime", "kernel_shap", "hsic"), Case("rows", "", {"samples": 0})),
    "sobol": Case("rows", "", {"samples": 0, "cells": 2}),
    "scorecam": Case("rows", "1.1", {"channels": 0}),
    "occlusion": Case("rows", "1.05", {"patch": 64, "stride": 48}),
    "rise": Case("rows", "1.05", {"masks": 0}),
    "ablationcam": Case("", "40"),
    "xrai": Case("rows", "", {"steps": 0, "fast": True}),
}


def against_forward(
    rounds: int, names: Optional[Sequence[str]] = None, batches: Sequence[int] = tuple(FEW)
) -> List[Tuple[str, ...]]:
    """Rows: each method, or those of some names, against the bare forward pass."""
    import slimcam

    with tempfile.TemporaryDirectory() as folder:
        path, logits = make_frozen(folder)
        forward = bare_forward(path, logits)
        model = slimcam.load(path, preprocess="inception", logits=logits)
    rows = []
    for name in names or slimcam.METHODS:
        for count in batches:
            try:
                rows.append(_row(model, name, count, forward, rounds))
            except (ImportError, slimcam.SlimcamError) as error:
                rows.append((f"{name}, batch {count}", str(error).splitlines()[0][:60]))
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    return rows


def _row(model: Any, name: str, count: int, forward: Callable[[np.ndarray], Any], rounds: int) -> Tuple[str, ...]:
    import slimcam

    row = slimcam.METHODS[name]
    case = CASES.get(name, Case("", "1.05" if row.takes == "evidence" else ""))
    rows = case.passes == "rows"
    counted = [key for key in (case.passes, *case.parameters) if key in COUNTS]
    few = dict.fromkeys(counted, FEW[count] * (4 if rows else 1))
    explain = slimcam.Explainer(model, name, None if row.needs == "pixels" else LAYER, **{**case.parameters, **few})
    images, runs = photos(count), []
    explain.watch(runs.append)
    explain(images)
    size = collections.Counter(runs).most_common(1)[0][0] if case.passes else count
    passes = sum(runs) if rows else count * few[case.passes] if case.passes else count
    beside = sum(runs) - passes if case.passes else 0
    bare, many = photos(size), bool(case.passes) or name == "ablationcam"
    times = in_turn([lambda: forward(bare), lambda: explain(images)], max(rounds // (8 if many else count), 3))
    each = [f"{(size * ratio - beside) / passes:.2f}" for ratio in (times.ratios[1], times.processor[1])]
    shown = f"{name}, batch {count}" + (f", a pass of {passes // count}" if case.passes else "")
    return (shown, f"{times.wall[1] / count:.0f}", *each, case.target)
