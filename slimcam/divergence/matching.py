"""Matching: which stage of one net is which of another, by what they are, where they are, and what comes out of them.

Pairs grow from those that are sure (the images, the logits, the names that were given) to their neighbours, the
likeliest pair first. What makes one likely: the same kind and shape, activations that correlate, neighbours that are
pairs, an equal name, few stages skipped. No two pairs may cross: what comes before in A does not come after in B.

Nothing here imports TensorFlow.
"""

import heapq
from typing import Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

Pairs = List[Tuple[int, int]]

HOPS = 5  # a pair is looked for up to so many stages away from the last
EXACT = 1e-3  # the largest difference, as a share of the largest value, of activations that are the same
LIKELY = 0.1  # the least score of a pair
LINEAR, AVERAGE = ("conv", "dense"), ("pool:avg", "mean")

PREPARING = ("resize", "shift", "scale")  # what a net that decodes its photos does where another is fed


class Node(NamedTuple):
    """A stage, as far as matching knows it."""

    name: str
    kind: str  # a family and, after a colon, which of it
    shape: Tuple[int, ...]  # without the batch, channels last, without dimensions of one
    before: Tuple[int, ...]  # the nodes that it reads
    sample: np.ndarray  # some of its values, in one order for all nodes of a shape


def match(a: Sequence[Node], b: Sequence[Node], given: Iterable[Tuple[int, int]] = ()) -> Pairs:
    """Return pairs of indices into `a` and `b`, in the order of `a`; nodes without a counterpart are in none.

    Nodes come after those that they read; images are first and of kind "input", and the last node gives the logits.
    Pairs in `given` are taken as they are.
    """
    matching = _Matching(a, b)
    for i, j in given:
        matching.take(i, j)
    images = [[i for i, node in enumerate(nodes) if node.kind == "input"] for nodes in (a, b)]
    for i, j in [*zip(*images), (len(a) - 1, len(b) - 1)]:
        if matching.free(i, j) and kin(a[i].kind, b[j].kind) is not None:
            matching.take(i, j)
    named = {node.name: j for j, node in enumerate(b)}
    matching.consider((i, named[node.name]) for i, node in enumerate(a) if node.name in named)
    matching.grow()
    matching.consider((i, j) for i in range(len(a)) for j in range(len(b)) if matching.same(i, j))
    matching.grow()
    return sorted(matching.pairs.items())


def kin(a: str, b: str) -> Optional[float]:
    """Return what it costs to take one kind for the other, None where they have nothing in common."""
    if a == b:
        return 0.0
    if {a, b} <= set(LINEAR) or {a, b} <= set(AVERAGE):
        return 0.05
    if "cond" in (a, b) or ("input" in (a, b) and {a, b} & set(PREPARING)):
        return 0.2
    same_family = ":" in a and a.split(":")[0] == b.split(":")[0]
    return 0.3 if same_family else None


def nearest(nodes: Sequence[Node], taken: Iterable[int]) -> List[FrozenSet[int]]:
    """Return, for each node, the nearest of the nodes `taken` on all ways back."""
    among = set(taken)
    found: List[FrozenSet[int]] = []
    for node in nodes:
        found.append(frozenset().union(*({k} if k in among else found[k] for k in node.before)))
    return found


class _Net:
    """The nodes of one net, and how they lie."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.before = [node.before for node in nodes]
        self.after: List[List[int]] = [[] for _ in nodes]
        self.above = [0] * len(nodes)  # bits: what a node depends on
        self.below = [0] * len(nodes)
        for i, node in enumerate(nodes):
            for k in node.before:
                self.after[k].append(i)
                self.above[i] |= self.above[k] | 1 << k
        for i in reversed(range(len(nodes))):
            for k in self.after[i]:
                self.below[i] |= self.below[k] | 1 << k
        self.around = [_around(self, i) for i in range(len(nodes))]
        centred = [node.sample.astype(np.float64) - np.mean(node.sample, dtype=np.float64) for node in nodes]
        self.unit = [one / (np.linalg.norm(one) or 1.0) for one in centred]
        self.largest = [float(np.abs(node.sample).max(initial=0.0)) for node in nodes]

    def folds(self, i: int) -> bool:
        """Whether a linear node is followed by nothing but a norm, which may be folded into it."""
        return bool(self.after[i]) and all(self.nodes[k].kind == "norm" for k in self.after[i])

    def is_folded(self, i: int) -> bool:
        """Whether a norm follows a linear node alone."""
        before = self.before[i]
        return len(before) == 1 and self.nodes[before[0]].kind in (*LINEAR, "depthwise") and self.folds(before[0])


class _Matching:
    def __init__(self, a: Sequence[Node], b: Sequence[Node]) -> None:
        self.a, self.b = _Net(a), _Net(b)
        self.pairs: Dict[int, int] = {}
        self.back: Dict[int, int] = {}
        self.heap: List[Tuple[float, int, int]] = []
        # bits of B: the counterparts of what is above and below a node of A
        self.above, self.below = [0] * len(a), [0] * len(a)
        self._fixed: Dict[Tuple[int, int], Optional[float]] = {}

    def free(self, i: int, j: int) -> bool:
        return i not in self.pairs and j not in self.back

    def take(self, i: int, j: int) -> None:
        """Make a pair, and consider its neighbours."""
        self.pairs[i], self.back[j] = j, i
        for k in range(len(self.above)):
            if self.a.above[k] >> i & 1:
                self.above[k] |= 1 << j
            if self.a.below[k] >> i & 1:
                self.below[k] |= 1 << j
        for towards in ("after", "before"):
            near_a = _reach(getattr(self.a, towards), i, self.pairs)
            near_b = _reach(getattr(self.b, towards), j, self.back)
            self.consider((k, m) for k in near_a for m in near_b)

    def consider(self, candidates: Iterable[Tuple[int, int]]) -> None:
        for i, j in candidates:
            score = self.score(i, j) if self.free(i, j) else None
            if score is not None:
                heapq.heappush(self.heap, (-score, i, j))

    def grow(self) -> None:
        """Take the likeliest pair until there is none."""
        while self.heap:
            old, i, j = heapq.heappop(self.heap)
            score = self.score(i, j) if self.free(i, j) and not self._crosses(i, j) else None
            if score is None or score < LIKELY:
                continue
            if score < -old - 1e-9:
                heapq.heappush(self.heap, (-score, i, j))
            else:
                self.take(i, j)

    def _crosses(self, i: int, j: int) -> bool:
        return bool(self.above[i] & self.b.below[j] or self.below[i] & self.b.above[j])

    def same(self, i: int, j: int) -> bool:
        """Whether two nodes are free, of a kind and shape, and give the same values."""
        if not self.free(i, j) or kin(self.a.nodes[i].kind, self.b.nodes[j].kind) is None:
            return False
        return self.a.nodes[i].shape == self.b.nodes[j].shape and self._exact(i, j)

    def _exact(self, i: int, j: int) -> bool:
        one, other = self.a.nodes[i].sample, self.b.nodes[j].sample
        if one.shape != other.shape:
            return False
        return bool(np.abs(one - other).max(initial=0.0) <= EXACT * self.a.largest[i])

    def score(self, i: int, j: int) -> Optional[float]:
        """Return how likely two nodes are a pair, None where they cannot be; 1 is a lot."""
        if (i, j) not in self._fixed:
            self._fixed[i, j] = self._likeness(i, j)
        likeness = self._fixed[i, j]
        if likeness is None:
            return None
        return likeness + self._context(i, j, "before") + 0.5 * self._context(i, j, "after")

    def _likeness(self, i: int, j: int) -> Optional[float]:
        """Return what two nodes have in common by themselves."""
        a, b = self.a.nodes[i], self.b.nodes[j]
        cost = kin(a.kind, b.kind)
        if cost is None and self._may_be_folded(i, j):
            cost = -0.4  # the norm's own convolution is always skipped
        if cost is None:
            return None
        around_a, around_b = self.a.around[i], self.b.around[j]
        likeness = 0.3 * (a.name == b.name) - cost + 0.3 * len(around_a & around_b) / max(1, len(around_a | around_b))
        if a.shape != b.shape or a.sample.shape != b.sample.shape:
            alike = a.kind != "pad" and len(a.shape) == len(b.shape) and a.shape[-1:] == b.shape[-1:]
            return likeness - 0.4 if alike else None
        if self._exact(i, j):
            return likeness + 1.5
        if a.kind in LINEAR and b.kind in LINEAR and self.a.folds(i) != self.b.folds(j):
            likeness -= 0.3
        return likeness + max(0.0, float(self.a.unit[i] @ self.b.unit[j])) ** 2

    def _may_be_folded(self, i: int, j: int) -> bool:
        """Whether one may be a convolution into which the other's norm was folded."""
        kinds = self.a.nodes[i].kind, self.b.nodes[j].kind
        if kinds[0] == "norm" and kinds[1] in (*LINEAR, "depthwise"):
            return self.a.is_folded(i) and not self.b.folds(j)
        if kinds[1] == "norm" and kinds[0] in (*LINEAR, "depthwise"):
            return self.b.is_folded(j) and not self.a.folds(i)
        return False

    def _context(self, i: int, j: int, towards: str) -> float:
        """Return how well two nodes lie beside each other: by the neighbours in common, and the stages skipped.

        The nearest pairs count for one half, those without a stage in between for the other. Stages that both skip may
        become pairs yet; those that one skips more than the other will not.
        """
        edges_a, edges_b = getattr(self.a, towards), getattr(self.b, towards)
        around_a, far_a = _nearest(edges_a, i, self.pairs)
        around_b, far_b = _nearest(edges_b, j, self.back)
        mapped = {self.pairs[k] for k in around_a}
        either = mapped | around_b
        if not either:
            return 0.0
        direct = sum(self.pairs.get(k) in edges_b[j] for k in edges_a[i]) / max(len(edges_a[i]), len(edges_b[j]))
        common = len(mapped & around_b) / len(either)
        return 0.3 * common + 0.3 * direct - 0.15 * abs(far_a - far_b) - 0.03 * (far_a + far_b)


def _around(net: _Net, i: int, hops: int = 3) -> FrozenSet[Tuple[str, int, str]]:
    """Return the kinds of the nodes around one: in which direction, and how far away."""
    found: Set[Tuple[str, int, str]] = set()
    for towards, edges in (("before", net.before), ("after", net.after)):
        edge = {i}
        for hop in range(hops):
            edge = {k for one in edge for k in edges[one]}
            found.update((towards, hop, net.nodes[k].kind) for k in edge)
    return frozenset(found)


def _reach(edges: Sequence[Sequence[int]], start: int, taken: Dict[int, int]) -> Set[int]:
    """Return the nodes that are free, HOPS away at most, on ways that pass free nodes only."""
    found: Set[int] = set()
    edge = {start}
    for _ in range(HOPS):
        edge = {k for one in edge for k in edges[one] if k not in taken and k not in found}
        found |= edge
    return found


def _nearest(edges: Sequence[Sequence[int]], start: int, taken: Dict[int, int]) -> Tuple[Set[int], int]:
    """Return the nearest nodes that are taken, HOPS away at most, and how many are skipped on the way to the first."""
    found: Set[int] = set()
    seen: Set[int] = set()
    edge, skipped = {start}, 0
    for hop in range(HOPS):
        edge = {k for one in edge for k in edges[one]} - seen
        seen |= edge
        fresh = {k for k in edge if k in taken}
        skipped = skipped if found else hop
        found |= fresh
        edge -= fresh
    return found, skipped
