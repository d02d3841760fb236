"""Method: a row of METHODS. Readable without NumPy."""

import importlib
from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple, Sequence

from .parameters import Parameter

if TYPE_CHECKING:
    import numpy as np


class Size(NamedTuple):
    """What the number of passes depends on beside the parameters: sides of what is fed, channels of the layer."""

    height: int
    width: int
    channels: int


Passes = Callable[[Mapping[str, Any], Size], int]  # of a row's parameters: rows that are run for a photo


# Of a row's parameters: texts, rows of graphs.relevance.gates.RULES, or values of relevance_rules.Rule.
Rules = Callable[[Mapping[str, Any]], Sequence[Any]]


def _none(parameters: Mapping[str, Any]) -> Sequence[Any]:
    return ()


def _one(parameters: Mapping[str, Any], size: Size) -> int:
    return 1


# Some pixels of a gradient are far above all others: the rest would be dark.
OF_PIXELS = ("relu", "cap", "unit")


class Method(NamedTuple):
    """A function that makes maps; its module is imported when it is first called.

    So that the command line can list the methods without waiting for NumPy. A row of one pass (`takes` "evidence") is
    a function of Evidence, `average` and its parameters, which returns (N, h, w). Any other ("net") is a function of a
    Net and its parameters; it returns an Attribution, or that one's array alone (see net.py).
    """

    module: str  # the file of this folder that the function is in
    name: str  # the function's
    source: str
    takes: str = "evidence"
    needs: str = "layer"  # what the net is asked for: "layer", "pixels" (no layer is named), "both", or "curvature"
    parameters: Mapping[str, Parameter] = {}
    reduce: str = ""  # of a map of pixels: the row of reductions.REDUCTIONS that makes one number of the channels
    cost: str = "1 forward, 1 backward"  # for a photo, in words
    passes: Passes = _one  # the same as a number: forward passes, each with its backward pass where there is one
    dialects: Mapping[str, Mapping[str, Any]] = {}  # a peer's formula: what it sets of `parameters` and "reduce"
    peers: Sequence[str] = ()  # whose numbers it equals, "peer" or "peer/method", by the dialect of that name if there
    rules: Rules = _none  # the backward rules that it asks a net's gradients for, beside the true one
    head: str = ""  # what must lie behind the layer: a row of engines.proofs.HEADS
    score: str = "logit"  # what is explained of a class: a row of targets.SCORES
    steps: Sequence[str] = ("relu", "unit")  # from the raw map to the heat: rows of maps.steps.STEPS

    def __call__(self, *arguments: Any, **parameters: Any) -> "np.ndarray":
        """Call the function: of Evidence, the (N, h, w) sums over channels, or with `average` their means."""
        function: Any = getattr(importlib.import_module(f".{self.module}", __package__), self.name)
        return function(*arguments, **parameters)
