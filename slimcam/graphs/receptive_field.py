"""The receptive field of a tensor: which pixels of the image each of its places depends on, read from the graph.

The graph is walked from the image on. Each tensor on the way has a Sight: for rows and for columns, which of its
dimensions they run along, and the Reach of each position there. RULES says of each type of operation what it makes of
the Sights that it reads. Where ways join, what a place depends on is the union; an operation without a rule is an
error that names it. (Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", give
the closed form of size, stride and start; here intervals are followed one by one, which is exact at borders as well.)
"""

import functools
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .._tf import graph_of_call
from .._types import Operation, Tensor
from ..errors import LayerError
from . import op_types
from .fields import RULES, Constant, NoRule, Sights, constant, is_constant
from .fields.reach import NOWHERE, Reach, Slide, image
from .fields.sight import Sight
from .walk import between
from .worth import SPLIT

Size = Tuple[int, int]  # height and width
Values = Callable[[Dict[str, Tensor]], Mapping[str, np.ndarray]]


class Axis(NamedTuple):
    """The receptive field along rows, or along columns."""

    size: int  # pixels that a place sees: of the window that slides, in the image or not; else the most that one sees
    stride: Optional[int]  # pixels from one place to the next; None where no one window slides
    start: Optional[int]  # the first pixel that place 0 sees, before 0 where there is padding; None likewise
    first: np.ndarray  # (n,) int64, the first pixel that each place sees, within the image
    last: np.ndarray  # (n,) int64, the last; before the first where a place sees none


class ReceptiveField(NamedTuple):
    """What the places of a tensor depend on, in pixels of the image that the net is fed.

    Between first and last there may be pixels that do not matter, as between the taps of a dilated convolution.
    """

    rows: Axis
    columns: Axis

    def box(self, row: int, column: int) -> Tuple[int, int, int, int]:
        """Return top, left, height and width of what a place depends on, within the image; no pixels: zeros."""
        (top, down), (left, right) = (
            (int(axis.first[at]), int(axis.last[at])) for axis, at in ((self.rows, row), (self.columns, column))
        )
        if down < top or right < left:
            return 0, 0, 0, 0
        return top, left, down + 1 - top, right + 1 - left


def receptive_field(
    tensor: Tensor, start: Tensor, size: Optional[Size] = None, values: Optional[Values] = None
) -> ReceptiveField:
    """Return the receptive field of a tensor, (N, h, w, C) or (N, C, h, w), in the image fed to the tensor `start`.

    `size` is (height, width) of the image, needed where the graph leaves it open. `values` gives the values of tensors,
    by name, that paddings and sizes are worked out by in the graph, where they are no constants; it is called at most
    once. Raises LayerError for a tensor that does not depend on the image, an operation without a rule, and what size
    or values would be needed for.
    """
    value = None if values is None else _together(values, start, tensor)
    try:
        (seen,) = _through([(start, _of_image(start, size))], [tensor], functools.partial(constant, value=value))
    except NoRule as error:
        raise LayerError(f"no receptive field of {tensor.name!r}: there is no rule for {error}") from None
    if seen is None:
        raise LayerError(f"no receptive field of {tensor.name!r}: it does not depend on {start.name!r}")
    return ReceptiveField(*(_axis(reach, tensor) for reach in seen.reaches))


def _together(values: Values, start: Tensor, tensor: Tensor) -> Callable[[Tensor], np.ndarray]:
    """Return what gives the value of one tensor, and asks for those of all that may be wanted at the first time."""
    kept: Dict[str, np.ndarray] = {}

    def value(wanted: Tensor) -> np.ndarray:
        if not kept:
            parameters = {
                one.name: one
                for op in between([start], tensor)
                for one in op.inputs
                if op.type in RULES and one.dtype.name in ("int32", "int64") and not is_constant(one)
            }
            kept.update(values(parameters))
        return kept[wanted.name]

    return value


def _through(starts: Sequence[Tuple[Tensor, Sight]], ends: Sequence[Tensor], known: Constant) -> List[Optional[Sight]]:
    """Return what each of the tensors `ends` sees, given what the tensors `starts` do; None for one that sees nothing.

    Raises NoRule with the name of an operation that has none.
    """
    sights = {tensor.name: sight for tensor, sight in starts}
    for op in dict.fromkeys(op for end in ends for op in between([tensor for tensor, _ in starts], end)):
        read = {i: sights[one.name] for i, one in enumerate(op.inputs) if one.name in sights}
        if not read or op.outputs[0].name in sights:
            continue
        rule = _call if op.type in op_types.CALLS else RULES.get(op.type)
        try:
            if rule is None:
                raise NoRule()
            seen = rule(op, read, known)
        except NoRule as error:
            raise NoRule(f"{op.name!r} ({op.type})" + (f": {error}" if error.args else "")) from None
        each = seen if isinstance(seen, list) else [seen] * len(op.outputs)
        sights.update((one.name, sight) for one, sight in zip(op.outputs, each) if sight is not None)
    return [sights.get(end.name) for end in ends]


def _call(op: Operation, sights: Sights, known: Constant) -> List[Optional[Sight]]:
    """A function of TensorFlow 2: a convolution in groups is one."""
    graph = graph_of_call(op)
    return _through([(graph.inputs[i], sight) for i, sight in sights.items()], graph.outputs, constant)


def _of_image(start: Tensor, size: Optional[Size]) -> Sight:
    """Return what an image's pixels see: themselves. Channels are last, but where only the second can be these."""
    shape = start.shape.as_list() if start.shape.rank in (3, 4) else None
    if shape is None:
        raise LayerError(f"no receptive field in {start.name!r}: it is {start.shape}, and no image")
    at = len(shape) - 3
    dims = (at + 1, at + 2) if shape[at] in (1, 3) and shape[-1] not in (1, 3, None) else (at, at + 1)
    sides = [shape[dim] if size is None else size[i] for i, dim in enumerate(dims)]
    if None in sides:
        raise LayerError(f"{start.name!r} takes images of any size: say which, size=(height, width)")
    return Sight((image(sides[0]), image(sides[1])), dims)


def _axis(reach: Reach, tensor: Tensor) -> Axis:
    if len(reach.first) > 1:
        raise LayerError(f"no receptive field of {tensor.name!r}: it {SPLIT}")
    first, last = reach.first[0], reach.last[0]
    slide = reach.slide if _holds(reach.slide, first, last) else None
    if slide is not None:
        return Axis(slide.size, slide.stride, slide.start, first, last)
    seen = np.where(last < first, 0, last - first + 1)
    return Axis(int(seen.max()), None, None, first, last)


def _holds(slide: Optional[Slide], first: np.ndarray, last: np.ndarray) -> bool:
    """Whether a window that slides is what the places see, where it lies between pixels that are seen."""
    if slide is None:
        return False
    starts = slide.start + np.arange(len(first)) * slide.stride
    ends = starts + slide.size - 1
    inside = (starts >= first[first < NOWHERE].min(initial=NOWHERE)) & (ends <= last.max())
    return bool((first[inside] == starts[inside]).all() and (last[inside] == ends[inside]).all())
