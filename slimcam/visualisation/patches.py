"""The patches of photos that drive a channel most: the receptive fields of its largest activations."""

import functools
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .._types import PathLike, Tensor
from ..errors import LayerError, TargetError
from ..graphs.feeds import plan
from ..graphs.op_types import DECODERS
from ..graphs.receptive_field import ReceptiveField, Size, receptive_field
from ..graphs.walk import flow
from ..inputs.image_input import ImageInput
from ..inputs.photos import Batch, as_batch, photos_in
from ..isolation.elsewhere import where_the_model_is
from ..model import Model
from .layer_values import layer_values

TOGETHER = 8  # photos a session run

Box = Tuple[int, int, int, int]  # top, left, height, width


class Patch(NamedTuple):
    """A part of a photo, and what it makes of a channel."""

    value: float  # the activation
    photo: str  # the path
    place: Tuple[int, int]  # row and column in the layer
    box: Box  # what the place depends on, in pixels of the photo, as far as they are in it
    picture: np.ndarray  # (height, width, 3) uint8 RGB


def strongest(
    model: Model,
    folder: Union[PathLike, Sequence[PathLike]],
    layer: Tensor,
    channel: int,
    k: int = 9,
    per_photo: int = 1,
    engine: str = "graph",
) -> List[Patch]:
    """Return the k patches of photos that drive a channel of a layer most, the strongest first.

    `folder` holds the photos, or is a list of their paths. Of each at most `per_photo` patches are taken, at its
    largest activations. A patch is the receptive field of its place, worked out from the graph and laid back through
    the preprocessing into the photo's own pixels. Raises TargetError for a channel that is not there, PhotoError, and
    LayerError where the graph does not tell the receptive field.
    """
    files = photos_in(folder)
    best: List[Patch] = []
    for start in range(0, len(files), TOGETHER):
        some = files[start : start + TOGETHER]
        batch = as_batch(some)
        for one in spots(model, batch, layer, channel, per_photo, engine):
            photo, (top, left, height, width) = batch.photos[one.photo], one.box
            picture = photo[top : top + height, left : left + width].copy()
            best.append(Patch(one.value, some[one.photo], one.place, one.box, picture))
        best = sorted(best, key=lambda patch: -patch.value)[:k]
    return best


class Spot(NamedTuple):
    """Where in a photo a channel is large."""

    photo: int
    value: float
    place: Tuple[int, int]
    box: Box


def _not_negative(found: List[Spot]) -> bool:
    return all(min(one.photo, *one.place, *one.box) >= 0 for one in found)


@where_the_model_is(List[Spot], photos=["batch"], check=_not_negative)
def spots(model: Model, batch: Batch, layer: Tensor, channel: int, per_photo: int, engine: str) -> List[Spot]:
    """Return the places of a layer, at most so many a photo, where a channel is largest, and their boxes."""
    given: Any = batch  # in another process an array
    batch, layer = as_batch(given), model.tensor(layer)
    image_input = next(iter(model.inputs_of([layer])), model.inputs[0])
    tensors = {"layer": layer}
    if _fixed_size(image_input.tensor) is None and image_input.tensor.dtype.name != "string":
        tensors["image"] = image_input.tensor  # its size is that of the photo, after the preprocessing
    rows = layer_values(model, tensors, batch, engine)
    each: List[Spot] = []
    for i, (photo, window) in enumerate(zip(batch.photos, image_input.windows(batch))):
        fed = rows["image"][i] if "image" in rows else photo
        field, size = _field(model, image_input, layer, (fed.shape[0], fed.shape[1]))
        values = _channel(rows["layer"][i], channel, layer)
        for place in _largest(values, per_photo):
            box = _in_photo(field.box(*place), size, window, photo.shape)
            each.append(Spot(i, float(values[place]), place, box))
    return each


def _fixed_size(image: Tensor) -> Optional[Size]:
    """Return the height and width of an image's tensor, None where the graph leaves them open."""
    if image.shape.rank not in (3, 4):
        return None
    height, width, _ = image.shape.as_list()[-3:]
    return (height, width) if height and width else None


def _field(model: Model, image_input: ImageInput, layer: Tensor, size: Size) -> Tuple[ReceptiveField, Size]:
    """Return the receptive field of a layer in what a net is fed, and the size of that: its own, or `size`."""
    start = image_input.tensor
    if start.dtype.name == "string":  # a net that decodes photos by itself
        decoded = [op.outputs[0] for op in flow([layer]) if op.type in DECODERS]
        if not decoded:
            raise LayerError(f"{start.name!r} takes files, and nothing in the graph says where it decodes them")
        start = decoded[0]
    size = _fixed_size(start) or size
    values = functools.partial(_values, model, start, size)
    key = "receptive field", layer.name, size
    return model.once(key, lambda: receptive_field(layer, start, size, values)), size


def _values(model: Model, start: Tensor, size: Size, tensors: Dict[str, Tensor]) -> Dict[str, np.ndarray]:
    """Return paddings and sizes that the graph works out from the size of the image."""
    dims = [*size, start.shape.as_list()[-1] or 3]
    black = np.zeros(dims if start.shape.rank == 3 else [1, *dims], start.dtype.as_numpy_dtype)
    fed = {one.tensor: one.value for one in plan(tensors.values(), [start.name], model.required_feeds())}
    values: Dict[str, np.ndarray] = model.run(tensors, {**fed, start: black})
    return values


def _channel(activations: np.ndarray, channel: int, layer: Tensor) -> np.ndarray:
    """Return the (h, w) activations of a channel; what is no number is the least."""
    channels = activations.shape[-1]
    if not 0 <= channel < channels:
        raise TargetError(f"channel {channel} of {layer.name!r}: it has channels 0 to {channels - 1}")
    return np.where(np.isnan(activations[..., channel]), -np.inf, activations[..., channel])


def _largest(values: np.ndarray, count: int) -> List[Tuple[int, int]]:
    """Return the places of the largest of (h, w) values, the largest first."""
    order = np.argsort(-values, axis=None, kind="stable")[:count]
    return [(int(row), int(column)) for row, column in zip(*np.unravel_index(order, values.shape))]


def _in_photo(box: Box, size: Size, window: Sequence[float], shape: Sequence[int]) -> Box:
    """Return a box in what a net is fed, (height, width), in pixels of the photo, of which it sees a window."""
    sides = []
    for axis in range(2):
        first, scale = window[axis], window[axis + 2] / size[axis]
        start, end = first + box[axis] * scale, first + (box[axis] + box[axis + 2]) * scale
        # whole pixels that any of it lies in; 1e-6 of a pixel is rounding
        sides.append((max(int(np.floor(start + 1e-6)), 0), min(int(np.ceil(end - 1e-6)), shape[axis])))
    (top, down), (left, right) = sides
    return top, left, down - top, right - left
