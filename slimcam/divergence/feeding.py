"""Feeding two models the same photos: each as its net takes them, with a value for whatever else its logits need."""

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from .._tf import tf
from .._types import ImagesLike, Tensor
from ..errors import ComparisonError
from ..graphs.feeds import plan
from ..inputs.image_input import ImageInput
from ..inputs.photos import Batch, Pictures, as_batch
from ..model import Model
from .types import Side

EachImages = Union[ImagesLike, Tuple[ImagesLike, ...]]  # a tuple: the photos of each input


def feed_both(a: Model, b: Model, photos: EachImages) -> Tuple[Side, Side, Optional[Batch]]:
    """Feed two models the same photos; return them and the photos, None where these were arrays.

    In models of several inputs, a tuple holds the photos of each. Of photos that one of the nets takes one at a time,
    the first is fed. Raises ComparisonError where the models take other numbers of images.
    """
    batches, image_inputs = _batches(a, b, photos)
    if any(len(image_input.parts(batch)) > 1 for each in image_inputs for image_input, batch in zip(each, batches)):
        batches = [_first(batch) for batch in batches]
    sides = [Side(model, _feeds(model, each, batches)) for model, each in zip((a, b), image_inputs)]
    return sides[0], sides[1], None if batches[0].array is not None else batches[0]


def _batches(a: Model, b: Model, photos: EachImages) -> Tuple[List[Batch], List[List[ImageInput]]]:
    """Return the photos for each input, and the inputs of each model that its logits need."""
    image_inputs = [model.inputs_of([model.need_logits()]) for model in (a, b)]
    counts = [len(each) for each in image_inputs]
    is_tuple = isinstance(photos, tuple) and not isinstance(photos, Batch)
    several: Optional[Any] = photos if is_tuple and max(counts) > 1 else None
    if counts[0] != counts[1] or not counts[0] or (several is not None and len(several) != counts[0]):
        given = "one was given" if several is None else f"{len(several)} were given"
        raise ComparisonError(f"the logits need {counts[0]} images in A and {counts[1]} in B, and {given}")
    if counts[0] > 1 and several is None:
        names = ", ".join(repr(image_input.tensor.name) for image_input in image_inputs[0])
        raise ComparisonError(f"the logits need {counts[0]} images ({names}): give a tuple with the photos of each")
    each: Sequence[Any] = [photos] if several is None else several
    batches = [as_batch(one) for one in each]
    photos_each = [len(batch.photos) for batch in batches]
    if len(set(photos_each)) > 1:
        raise ComparisonError(f"each input takes as many photos as the others, and {photos_each} were given")
    return batches, image_inputs


def _first(batch: Batch) -> Batch:
    array = None if batch.array is None else batch.array[:1]
    return Batch(batch.photos[:1] if array is None else Pictures(array), array, batch.files[:1])


def _feeds(model: Model, image_inputs: Sequence[ImageInput], batches: Sequence[Batch]) -> Dict[Tensor, np.ndarray]:
    """Return complete feeds of a model: its images as its net takes them, and defaults."""
    model.check_open()
    defaults = plan([model.need_logits()], [one.tensor.name for one in image_inputs], model.required_feeds())
    feeds = {one.tensor: one.value for one in defaults}
    for image_input, batch in zip(image_inputs, batches):
        images = image_input.feeds(_for_layout(image_input, batch), list(range(len(batch.photos))))
        if image_input.tensor.dtype != tf.string:
            images = {image_input.tensor: model.session.run(image_input.tensor, images)}
        feeds.update(images)
    return feeds


def _for_layout(image_input: ImageInput, batch: Batch) -> Batch:
    """Return the batch, its array with channels first where only that fits the input."""
    shape, array = image_input.tensor.shape, batch.array
    if array is None or shape.is_compatible_with(array.shape) or shape.rank != 4:
        return batch
    moved = np.moveaxis(array, -1, 1)
    return batch._replace(array=moved) if shape.is_compatible_with(moved.shape) else batch
