"""Metric: a row of METRICS. Readable without NumPy."""

import importlib
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple

from ..methods.method import Passes, Size
from ..methods.parameters import Parameter

if TYPE_CHECKING:
    import numpy as np


def _none(parameters: Mapping[str, Any], size: Size) -> int:
    return 0


class Metric(NamedTuple):
    """A function that judges maps; its module is imported when it is first called.

    It is called with a Net (methods/net.py) and heat maps (N, H, W), float64, signed, as large as the net's images, and
    returns a number for each, (N,), NaN where there is none, or a curve, (N, K), whose mean is the number. What it
    `needs` beside the scores of changed photos comes third: "truth", (N, H, W) masks; "cam", a function of images
    (M, H, W, C) and rows (M,) that returns their maps; "weights", one of steps and a seed that yields for each step the
    maps (N, H, W) of the net with more and more random layers.
    """

    module: str  # the file of this folder that the function is in
    name: str  # the function's
    source: str
    better: str  # "up" or "down"
    range: str  # of its numbers
    needs: str = "scores"  # or "map" alone, "truth", "cam", "weights"
    parameters: Mapping[str, Parameter] = {}
    cost: str = "none"  # for a photo, in words
    passes: Passes = _none  # the same as a number; of "cam" and "weights", how many maps are made
    dialects: Mapping[str, Mapping[str, Any]] = {}  # a peer's formula: what it sets of `parameters`
    package: str = ""  # that slimcam itself does not need, as Python imports it

    def __call__(self, *arguments: Any, **parameters: Any) -> "np.ndarray":
        """Call the function; return its number of each map, (N,), or its curve, (N, K)."""
        function: Any = getattr(importlib.import_module(f".{self.module}", __package__), self.name)
        return function(*arguments, **parameters)
