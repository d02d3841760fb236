"""Case: two stages that diverge although what they read agrees. Trial: what was changed there, and what came of it."""

from dataclasses import dataclass
from typing import Collection, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from ..._types import Tensor
from ...inputs.image_input import PhotoPipeline
from ...maps.differences import max_relative_difference
from ..layout import in_layout_of
from ..types import DivergingPair, Pair, Side, Stage
from .subgraph import Subgraph, subgraph_between

TOLERANCE = 1e-5  # a trial explains a drift that falls to this share of A's largest value,
FACTOR = 100  # or by this factor
LEAST = 10  # and by this one at least: what was small already has not vanished
EXACT = 1e-6  # no other trial could come nearer


class Trial(NamedTuple):
    """A change, in words, and what it makes of B's stage; None where that cannot be run."""

    detail: str
    value: Optional[np.ndarray]


Trials = Iterator[Trial]  # the likeliest first: none after one that is exact is run


@dataclass(eq=False)
class Case:
    """Subgraphs of A and B whose starts agree; B's are fed A's values, so that only the subgraph itself can diverge."""

    pair: DivergingPair
    a: Subgraph
    b: Subgraph
    stages: Pair
    target: np.ndarray  # what A's subgraph gives, laid out as B's if it has as many numbers
    before: float = 0.0  # the drift
    names: Tuple[str, str] = ("A", "B")  # what texts call the two

    def mirror(self) -> "Case":
        """Return the case with A and B exchanged: what changes B there changes A, and aims at what B gives."""
        first, second = self.stages
        target = _laid_out(self.b_value(), second, first, self.a.value(self.a.tensor))
        mirrored = self.pair.mirror(), self.b, self.a, (second, first)
        return Case(*mirrored, target, self.before, (self.names[1], self.names[0]))

    def b_value(self) -> np.ndarray:
        """Return what B's subgraph gives, unchanged."""
        return self.b.value(self.b.tensor)

    def are_inputs(self) -> bool:
        """Whether what diverges is what the two models are fed."""
        return self.stages[1].kind == "input"

    def photo_pipeline(self) -> Optional[PhotoPipeline]:
        """Return how photos get into the input of B that diverges; None where it is no input, or arrays were fed."""
        batch = self.pair.photos
        image_input = next((one for one in self.pair.b.model.inputs if one.tensor is self.b.tensor), None)
        if batch is None or batch.array is not None or image_input is None or image_input.photos is None:
            return None
        return image_input.photos if image_input.photos.preprocess is not None else None

    def pictures(self) -> List[Tensor]:
        """Return the inputs of B for pictures that its subgraph starts from."""
        inputs = [image_input.tensor for image_input in self.pair.b.model.inputs]
        starts = [(t, array) for t, array in self.b.starts.items() if any(t is one for one in inputs)]
        return [t for t, array in starts if array.ndim == 4 and array.dtype.kind in "fui"]


def vanishes(before: float, after: float) -> bool:
    """Whether a drift is gone after a trial."""
    if before == float("inf"):
        return after <= TOLERANCE
    return after <= before / FACTOR or after <= min(TOLERANCE, before / LEAST)


def cases(pair: DivergingPair) -> List[Case]:
    """Return what can be tried for a pair, the pair itself first; where a stage stands alone, with what lies near.

    A stage without a counterpart is set beside the tensor that its neighbour's counterpart gives, as if it did nothing
    there, and beside the next stages of the other model.
    """
    near = [_case(pair, a, b) for a, b in _beside(pair)]
    return [case for case in near if case is not None and case.before > TOLERANCE]


def _beside(pair: DivergingPair) -> List[Pair]:
    a, b = pair.pair
    met = [] if a is None or b is None else [(a, b)]
    ours = dict(pair.agreeing)
    theirs = {other: one for one, other in pair.agreeing}
    if b is None and a is not None:
        met += [(a, ours[one]) for one in a.before if one in ours]
    if a is None and b is not None:
        met += [(theirs[one], b) for one in b.before if one in theirs]
    if a is None or b is None or {a.kind, b.kind} & {"pad", "dropout"}:
        met += _ahead(pair, a, b)
    return met


def _ahead(pair: DivergingPair, a: Optional[Stage], b: Optional[Stage]) -> List[Pair]:
    """Return the first pairs of a kind among the stages that come next in either model."""
    first = _next(pair.a, a, [one for one, _ in pair.agreeing])
    second = _next(pair.b, b, [other for _, other in pair.agreeing])
    return [(one, other) for one in first for other in second if one.kind == other.kind and (one, other) != (a, b)][:2]


def _next(side: Side, stage: Optional[Stage], agreeing: Collection[Stage], most: int = 3) -> List[Stage]:
    """Return a stage and what follows it; without one, the first that is not among `agreeing`, and what follows."""
    new = [s for s in side.stages if s not in agreeing and s.before and all(near in agreeing for near in s.before)]
    chain = new[:1] if stage is None else [stage]
    for one in side.stages:
        if len(chain) < most and any(near in chain for near in one.before) and one not in chain:
            chain.append(one)
    return chain


def _case(pair: DivergingPair, first: Stage, second: Stage) -> Optional[Case]:
    a, b = pair.a, pair.b
    if first.kind == "input":
        if first.tensor.name not in a.values or second.tensor.name not in b.values:
            return None
        theirs, ours = {first.tensor: a.values[first.tensor.name]}, {second.tensor: b.values[second.tensor.name]}
    else:
        theirs, ours = _starts(pair)
    subgraphs = subgraph_between(theirs, first.tensor, a.run), subgraph_between(ours, second.tensor, b.run)
    values = [one.value(one.tensor) for one in subgraphs]
    case = Case(pair, *subgraphs, (first, second), _laid_out(values[0], first, second, values[1]))
    case.before = max_relative_difference(case.target, values[1])
    return case


def _starts(pair: DivergingPair) -> Tuple[Dict[Tensor, np.ndarray], Dict[Tensor, np.ndarray]]:
    """Return where A's and B's subgraphs may start: what agrees, both with A's values, and what each is fed."""
    a, b = pair.a, pair.b
    theirs: Dict[Tensor, np.ndarray] = {}
    ours: Dict[Tensor, np.ndarray] = {}
    for one, other in pair.agreeing:
        if one.tensor.name not in a.values or other.tensor.name not in b.values:
            continue  # encoded photos
        array, like = a.values[one.tensor.name], b.values[other.tensor.name]
        laid = in_layout_of(array, one, other, like)
        theirs[one.tensor], ours[other.tensor] = array, like if laid is None else laid
    for side, starts in ((a, theirs), (b, ours)):
        for image_input in side.model.inputs:
            if image_input.tensor in side.feeds:
                starts.setdefault(image_input.tensor, np.asarray(side.feeds[image_input.tensor]))
    return theirs, ours


def _laid_out(value: np.ndarray, source: Stage, target: Stage, like: np.ndarray) -> np.ndarray:
    """Return a stage's value in the layout of its counterpart's, in its own precision; as it is, if it cannot be."""
    laid = in_layout_of(value, source, target, like.astype(value.dtype))
    return value if laid is None else laid
