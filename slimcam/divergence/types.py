"""What the comparison of two models is about: stages, sides, the pair that diverges first, and what explains it."""

from dataclasses import dataclass, field
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .._tf import run_each
from .._types import Operation, Tensor
from ..inputs.photos import Batch
from ..model import Model


@dataclass(frozen=True, eq=False)
class Stage:
    """What one step of a net does to the activations, as one operation or as a few (a convolution and its bias)."""

    op: Operation  # the one that gives the stage its kind
    tensor: Tensor  # what comes out: of several operations, out of the last
    kind: str  # "input", "conv", "norm", "activation:relu", "pool:max", …: see stages.KINDS
    name: str  # what model.tensor() finds `tensor` by
    before: Tuple["Stage", ...] = ()  # the nearest stages that it reads
    channels_first: bool = False

    def __repr__(self) -> str:
        return f"Stage({self.name!r}, {self.kind})"

    def channels_last(self, array: np.ndarray) -> np.ndarray:
        """Return this stage's values with channels last, whatever the graph's layout."""
        return np.moveaxis(array, 1, -1) if self.channels_first and array.ndim > 2 else array


Pair = Tuple[Stage, Stage]  # a stage of A and its counterpart in B


@dataclass(eq=False)
class Side:
    """One of two models, what it is fed, and what came out at its stages; arrays are in the graph's own layout.

    Its feeds are complete and its images are fed as its net takes them, so any inner tensor can be fetched, and any can
    be replaced by feeding it.
    """

    model: Model
    feeds: Dict[Tensor, np.ndarray]  # the images as fed, and a value for whatever else the logits need
    stages: List[Stage] = field(default_factory=list)  # each after those that it reads
    values: Dict[str, np.ndarray] = field(default_factory=dict)  # by the name of a stage's tensor
    gradients: Dict[str, Optional[np.ndarray]] = field(default_factory=dict)  # None where none flows; or not known

    def run(
        self, tensors: Sequence[Tensor], replaced: Optional[Mapping[Tensor, np.ndarray]] = None
    ) -> List[np.ndarray]:
        """Return the values of tensors for the photos, with arrays in place of what the graph computes elsewhere."""
        self.model.check_open()
        return run_each(self.model.session, tensors, {**self.feeds, **(replaced or {})})


class Explanation(NamedTuple):
    """A cause: with it undone, the drift (largest difference, as a share of A's largest value) falls."""

    cause: str
    detail: str
    before: float
    after: float


@dataclass(eq=False)
class DivergingPair:
    """Where two models diverge: what is handed to the causes."""

    a: Side
    b: Side
    pair: Tuple[Optional[Stage], Optional[Stage]]  # the first that drifts apart
    agreeing: List[Pair]  # the pairs that agree, and come before it
    photos: Optional[Batch] = None  # None where the images were fed as arrays

    def mirror(self) -> "DivergingPair":
        """Return the same with A and B exchanged."""
        agreeing = [(other, one) for one, other in self.agreeing]
        return DivergingPair(self.b, self.a, self.pair[::-1], agreeing, self.photos)
