"""What evaluate asks of the process of an isolated model, where the cams that it judges live too; Maps are sent."""

from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np

from .. import targets
from ..errors import ParameterError
from ..faithfulness import Measure
from ..inputs.photos import Batch
from ..isolation.answers import read
from ..isolation.elsewhere import steps
from ..isolation.model import IsolatedModel
from ..maps.maps import Maps
from ..methods.method import Size
from .layers import LayersCam

_ANSWER = Tuple[np.ndarray, Dict[str, List[np.ndarray]]]
OTHER_MODEL = (
    "what is judged was built on another model than it is judged by, and one of them is isolated: build it on that one"
)


def numbers_from_elsewhere(
    model: IsolatedModel, judged: Sequence[Any], measures: Sequence[Measure], batch: Batch, options: Any
) -> Tuple[np.ndarray, Dict[str, List[np.ndarray]], Callable[[], List[Maps]]]:
    """Return what metrics say, as evaluating.numbers_of does here: numbers, curves, and what makes the maps again.

    The process has the time of a run from one step to the next. Raises what numbers_of raises there, and ParameterError
    for a cam of another model.
    """
    shape = len(judged), len(measures), len(batch.photos)

    def numbers(answer: Any) -> Tuple[np.ndarray, Dict[str, List[np.ndarray]]]:
        values, curves = read(_ANSWER, answer)
        every = [one for each in curves.values() for one in each]
        if values.shape != shape or any(one.dtype != np.float64 for one in (values, *every)):
            raise ValueError(f"no number for each of {shape}")
        if any(one.ndim != 2 or len(one) != len(batch.photos) for one in every):
            raise ValueError(f"no curve for each of {len(batch.photos)} photos")
        if any(len(each) != len(judged) for each in curves.values()):
            raise ValueError(f"no curve for each of {len(judged)} methods")
        return values, curves

    sent = [_sent(model, one) for one in judged]
    arguments = sent, list(measures), targets.as_target(options.target), options.truth, options.memory
    how = {"images": model.sendable_batch(batch), "calls": steps(_most(measures, shape), options.progress)}
    values, curves = model.ask(numbers, "evaluate", *arguments, **how)

    def maps() -> List[Maps]:
        photos: Any = batch
        return [one if isinstance(one, Maps) else one(photos, options.target) for one in judged]

    return values, curves, maps


def received(sent: Any, cams: Sequence[Sequence[Any]]) -> Any:
    """Return what is judged in the process that has the cams, by their numbers."""
    if isinstance(sent, list):
        return LayersCam([received(one, cams) for one in sent])
    return cams[sent][0] if isinstance(sent, int) else sent


def _sent(model: IsolatedModel, one: Any) -> Any:
    """Return Maps as they are, and for a cam by what number the process knows it, or those of each layer."""
    if isinstance(one, LayersCam):
        return [_number(model, cam) for cam in one.cams]
    return one if isinstance(one, Maps) else _number(model, one)


def _number(model: IsolatedModel, cam: Any) -> int:
    """Return by what number the process knows a cam."""
    remote = getattr(cam, "remote", None)
    if remote is None or remote.model is not model:
        raise ParameterError(OTHER_MODEL)
    number: int = remote.number
    return number


def _most(measures: Sequence[Measure], shape: Tuple[int, int, int]) -> int:
    """Return how many rows and maps there are at most."""
    methods, _, photos = shape
    size = Size(0, 0, 0)  # no metric's cost goes by it
    return methods * photos * (1 + sum(one.row.passes(one.parameters, size) for one in measures))
