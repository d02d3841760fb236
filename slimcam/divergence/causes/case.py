"""Case: two stages that part although what they read agrees, and how near a trial brings them."""

from dataclasses import dataclass
from typing import Any, Collection, Dict, Iterable, List, Optional, Tuple

import numpy as np

from ...inputs.image_input import PhotoPipeline
from ..drift import far
from ..sides import Found, Parted, Side, Stage, in_layout_of
from .subgraph import Region, region

TOLERANCE = 1e-5  # a trial explains a drift that falls to this share of A's largest value,
FACTOR = 100  # or by this factor
LEAST = 10  # and by this one at least: what was small already has not vanished
EXACT = 1e-6  # no other trial could come nearer


@dataclass(eq=False)
class Case:
    """Regions of A and B whose starts agree; B's are fed A's values, so that only the region itself can part."""

    parted: Parted
    a: Region
    b: Region
    stages: Tuple[Stage, Stage]
    target: np.ndarray  # what A's region gives, laid out as B's if it has as many numbers
    before: float = 0.0

    def b_value(self) -> np.ndarray:
        """Return what B's region gives, unchanged."""
        return self.b.value(self.b.tensor)

    def named(
        self, cause: str, tries: Iterable[Tuple[str, Optional[np.ndarray]]], target: Optional[np.ndarray] = None
    ) -> Optional[Found]:
        """Return the best of trials (what was done, and what came of it), None where none makes the drift vanish."""
        best: Optional[Found] = None
        for detail, array in tries:
            after = float("inf") if array is None else far(self.target if target is None else target, array)
            if vanishes(self.before, after) and (best is None or after < best.after):
                best = Found(cause, detail, self.before, after)
            if after <= EXACT:
                break
        return best

    def are_inputs(self) -> bool:
        """Whether what parts is what the two models are fed."""
        return self.stages[1].kind == "input"

    def prepared_by(self) -> Optional[PhotoPipeline]:
        """Return how photos get into the input of B that parts; None where it is no input, or arrays were fed."""
        batch = self.parted.photos
        image_input = next((one for one in self.parted.b.model.inputs if one.tensor is self.b.tensor), None)
        if batch is None or batch.array is not None or image_input is None or image_input.photos is None:
            return None
        return image_input.photos if image_input.photos.preprocess is not None else None

    def pictures(self) -> List[Any]:
        """Return the inputs of B for pictures that its region starts from."""
        inputs = [image_input.tensor for image_input in self.parted.b.model.inputs]
        found = [(t, array) for t, array in self.b.starts.items() if any(t is one for one in inputs)]
        return [t for t, array in found if array.ndim == 4 and array.dtype.kind in "fui"]


def vanishes(before: float, after: float) -> bool:
    """Whether a drift is gone after a trial."""
    if before == float("inf"):
        return after <= TOLERANCE
    return after <= before / FACTOR or after <= min(TOLERANCE, before / LEAST)


def cases(parted: Parted) -> List[Case]:
    """Return what can be tried for a pair, the pair itself first; where a stage stands alone, with what lies near.

    A stage without a counterpart is set beside the tensor that its neighbour's counterpart gives, as if it did nothing
    there, and beside the next stages of the other model.
    """
    found = []
    for a, b in _beside(parted):
        case = _case(parted, a, b)
        if case is not None and case.before > TOLERANCE:
            found.append(case)
    return found


def _beside(parted: Parted) -> List[Tuple[Stage, Stage]]:
    a, b = parted.pair
    met = [] if a is None or b is None else [(a, b)]
    ours = dict(parted.pairs)
    theirs = {other: one for one, other in parted.pairs}
    if b is None and a is not None:
        met += [(a, ours[one]) for one in a.before if one in ours]
    if a is None and b is not None:
        met += [(theirs[one], b) for one in b.before if one in theirs]
    if a is None or b is None or {a.kind, b.kind} & {"pad", "dropout"}:
        met += _ahead(parted, a, b)
    return met


def _ahead(parted: Parted, a: Optional[Stage], b: Optional[Stage]) -> List[Tuple[Stage, Stage]]:
    """Return the first pairs of a kind among the stages that come next in either model."""
    first = _next(parted.a, a, [one for one, _ in parted.pairs])
    second = _next(parted.b, b, [other for _, other in parted.pairs])
    return [(one, other) for one in first for other in second if one.kind == other.kind and (one, other) != (a, b)][:2]


def _next(side: Side, stage: Optional[Stage], agreed: Collection[Stage], most: int = 3) -> List[Stage]:
    """Return a stage and what follows it; without one, the first that is not among those agreed, and what follows."""
    new = [
        one for one in side.stages if one not in agreed and one.before and all(near in agreed for near in one.before)
    ]
    chain = new[:1] if stage is None else [stage]
    for one in side.stages:
        if len(chain) < most and any(near in chain for near in one.before) and one not in chain:
            chain.append(one)
    return chain


def _case(parted: Parted, first: Stage, second: Stage) -> Optional[Case]:
    a, b = parted.a, parted.b
    theirs: Dict[Any, np.ndarray] = {}
    ours: Dict[Any, np.ndarray] = {}
    for one, other in parted.pairs:
        if one.tensor.name not in a.values or other.tensor.name not in b.values:
            continue  # encoded photos
        array, like = a.values[one.tensor.name], b.values[other.tensor.name]
        laid = in_layout_of(array, one, other, like)
        theirs[one.tensor], ours[other.tensor] = array, like if laid is None else laid
    for side, starts in ((a, theirs), (b, ours)):
        for image_input in side.model.inputs:
            if image_input.tensor in side.feeds:
                starts.setdefault(image_input.tensor, np.asarray(side.feeds[image_input.tensor]))
    if first.kind == "input":
        if first.tensor.name not in a.values or second.tensor.name not in b.values:
            return None
        theirs, ours = {first.tensor: a.values[first.tensor.name]}, {second.tensor: b.values[second.tensor.name]}
    regions = region(first.tensor, theirs, a.run), region(second.tensor, ours, b.run)
    values = [one.value(one.tensor) for one in regions]
    laid = in_layout_of(values[0], first, second, values[1].astype(values[0].dtype))  # of A's precision
    case = Case(parted, *regions, (first, second), values[0] if laid is None else laid)
    case.before = far(case.target, values[1])
    return case
