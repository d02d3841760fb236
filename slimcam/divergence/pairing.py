"""Pairing: the stages of two sides, matched, and how far apart each pair is."""

from typing import Dict, List, Mapping, Optional, Sequence, Set, Tuple

import numpy as np

from ..errors import UnknownName
from ..maps import differences
from ..suggest import nearest
from . import matching
from .drift import Drift, Links
from .layout import in_layout_of, squeeze_shape
from .matching import Node, Pairs
from .types import Explanation, Pair, Side, Stage

# What a net may lack without lacking a layer.
LONE = ("activation", "softmax", "dropout", "norm", "scale", "shift", "lrn", "cond")
SAMPLE = 4096  # values of a stage that matching sees


class Pairing:
    """Pairs of stages of A and B in the order of A, their drifts, and how they are linked."""

    def __init__(self, a: Side, b: Side, layers: Mapping[str, str]) -> None:
        """Match; `layers` maps names of A to names of B. Raises UnknownName for one that is no stage's."""
        self.sides = a, b
        given = [(_stage_of(a, one), _stage_of(b, other)) for one, other in layers.items()]
        self.nodes = _nodes(a), _nodes(b)
        self.matches = matching.match(*self.nodes, given)
        self.pairs = [(a.stages[i], b.stages[j]) for i, j in self.matches]
        self.drifts = [_drift(a, b, one, other) for one, other in self.pairs]
        self.links = _links(self.nodes, self.matches)

    def alone(self, side: int) -> List[Stage]:
        """Return the stages of a side (0 for A) without a counterpart."""
        taken = {pair[side] for pair in self.matches}
        return [stage for k, stage in enumerate(self.sides[side].stages) if k not in taken]

    def stages_before(self, p: int, side: int) -> List[Stage]:
        """Return the stages without a counterpart that a side has between the pairs before a pair and that pair."""
        alone, stack = set(self.alone(side)), [self.pairs[p][side]]
        between: Dict[Stage, None] = {}
        while stack:
            fresh = [stage for stage in stack.pop().before if stage in alone and stage not in between]
            between.update(dict.fromkeys(fresh))
            stack.extend(fresh)
        return [stage for stage in self.sides[side].stages if stage in between]

    def beside(self, p: int, tolerance: float) -> Optional[Pair]:
        """Return a stage that only one side has, right before a diverging pair, and what the other has in its place.

        These two are what diverges, then: a layer without the activation that its counterpart has, say.
        """
        each = [[stage for stage in self.stages_before(p, side) if stage.kind.split(":")[0] in LONE] for side in (0, 1)]
        if bool(each[0]) == bool(each[1]):
            return None
        side = 0 if each[0] else 1
        stage = each[side][0]
        place = {pair[side]: pair[1 - side] for pair, d in zip(self.pairs, self.drifts) if d.activations <= tolerance}
        for before in stage.before:
            if before in place:
                pair = (stage, place[before]) if side == 0 else (place[before], stage)
                if tolerance < self.drift(pair).activations < np.inf:
                    return pair
        return None

    def drift(self, pair: Pair) -> Drift:
        """Return how far apart two stages are, a pair or not."""
        return _drift(*self.sides, *pair)

    def shapes(self, pair: Pair) -> Tuple[Tuple[int, ...], Tuple[int, ...]]:
        """Return the shapes of a stage of A and one of B, without the batch and dimensions of one, channels last."""
        places = [side.stages.index(stage) for side, stage in zip(self.sides, pair)]
        return self.nodes[0][places[0]].shape, self.nodes[1][places[1]].shape

    def repeated_activation(self, p: int, tolerance: float) -> Optional[Explanation]:
        """Return that an activation is there twice, if a pair's gradients agree when taken after the second.

        Twice the same ReLU gives what one gives, and another gradient in between.
        """
        before = self.drifts[p].gradients
        for side in (0, 1):
            stage = self.pairs[p][side]
            again = [s for s in self.alone(side) if s.before == (stage,) and s.kind == stage.kind]
            if before is None or not again or not stage.kind.startswith("activation:"):
                continue
            pair = (again[0], self.pairs[p][1]) if side == 0 else (self.pairs[p][0], again[0])
            after = gradient_drift(*self.sides, *pair)
            if after is not None and after <= tolerance:
                detail = f"{'AB'[side]} has {stage.kind.split(':')[1]} twice, {stage.name} and {again[0].name}"
                return Explanation("doubled activation", detail, before, after)
        return None


def _nodes(side: Side) -> List[Node]:
    """Return the stages of a side as matching knows them."""
    place = {stage: k for k, stage in enumerate(side.stages)}
    nodes = []
    for stage in side.stages:
        values = stage.channels_last(side.values[stage.tensor.name])
        some = values.reshape(-1)[np.linspace(0, values.size - 1, min(values.size, SAMPLE)).astype(int)]
        before = tuple(place[one] for one in stage.before)
        sample = np.nan_to_num(some.astype(np.float32))
        nodes.append(Node(stage.name, stage.kind, squeeze_shape(values)[1:], before, sample))
    return nodes


def _stage_of(side: Side, name: str) -> int:
    """Return which stage a name means: the one that gives this tensor, or that it was passed on from."""
    tensor = side.model.tensor(name)
    known = {out.name: k for k, stage in enumerate(side.stages) for out in stage.op.outputs}
    known.update({stage.tensor.name: k for k, stage in enumerate(side.stages)})
    while tensor.name not in known:
        read = [one for one in tensor.op.inputs if one.dtype.is_floating]
        if len(read) != 1:
            near = nearest(name, [stage.name for stage in side.stages])
            raise UnknownName(f"{name!r} is no stage on the way to the logits of {side.model.source}; {near}")
        tensor = read[0]
    return known[tensor.name]


def _drift(a: Side, b: Side, one: Stage, other: Stage) -> Drift:
    ours, theirs = _in_one_layout(a.values[one.tensor.name], one, other, b.values[other.tensor.name])
    far = differences.max_relative_difference(ours, theirs)
    return Drift(far, differences.cosine(ours, theirs), gradient_drift(a, b, one, other))


def gradient_drift(a: Side, b: Side, one: Stage, other: Stage) -> Optional[float]:
    """Return how far apart the gradients at two stages are, None where they are not known or cannot be compared."""
    names = one.tensor.name, other.tensor.name
    if names[0] not in a.gradients or names[1] not in b.gradients:
        return None
    ours, theirs = a.gradients[names[0]], b.gradients[names[1]]
    if ours is None or theirs is None:  # none flows
        return 0.0 if ours is theirs else 1.0
    ours, theirs = _in_one_layout(ours, one, other, theirs)
    return differences.relative_l2(ours, theirs) if ours.shape == theirs.shape else None


def _in_one_layout(ours: np.ndarray, one: Stage, other: Stage, theirs: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return A's values in the layout of B's, where they have as many."""
    laid = in_layout_of(ours, one, other, theirs) if ours.dtype == theirs.dtype else None
    if laid is None:
        laid = in_layout_of(ours, one, other, theirs.astype(ours.dtype))
    return ours if laid is None else laid, theirs


def _links(nodes: Sequence[Sequence[Node]], pairs: Pairs) -> List[Links]:
    """Return the nearest pairs before and after each pair, in either model."""
    before: List[Set[int]] = [set() for _ in pairs]
    after: List[Set[int]] = [set() for _ in pairs]
    for side in (0, 1):
        index = {pair[side]: p for p, pair in enumerate(pairs)}
        around = matching.nearest(nodes[side], index)
        for p, pair in enumerate(pairs):
            for q in (index[k] for k in around[pair[side]]):
                before[p].add(q)
                after[q].add(p)
    return [Links(frozenset(one), frozenset(other)) for one, other in zip(before, after)]
