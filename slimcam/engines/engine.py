"""Engine: what a way to get evidence from a model consists of."""

from typing import Any, Callable, Dict, List, NamedTuple

from ..inputs.image_input import Rows
from ..methods.evidence import Evidence


class Engine(NamedTuple):
    """A way to get evidence from a model."""

    probe: Callable[..., Any]  # of a model, layer and target: what is kept of a run
    feeds: Callable[..., Dict[Any, Any]]  # of an image input and a batch: what is fed
    gather: Callable[..., List[Evidence]]  # of a model and probes: the evidence
    values: Callable[..., Rows]  # of a model, tensors and a batch: their values, by name
    slope: Callable[..., Any]  # of a query: the score of images and its gradient at them, see slopes.Slope
