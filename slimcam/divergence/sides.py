"""Sides: each of two models that are compared, with what it is fed, and what came out at each of its stages.

A side's feeds are complete and its images are fed as its net takes them, so any inner tensor can be fetched, and any
can be replaced by feeding it.
"""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .._tf import run_each, tf, tf1
from ..errors import ComparisonError
from ..graphs.feeds import plan
from ..graphs.op_types import BRANCHES, CALLS
from ..graphs.walk import ancestors
from ..inputs.image_input import ImageInput
from ..inputs.photos import Batch, Pictures, as_batch
from ..model import Model, check_open


@dataclass(frozen=True, eq=False)
class Stage:
    """What one step of a net does to the activations, as one operation or as a few (a convolution and its bias)."""

    op: Any  # the one that gives the stage its kind
    tensor: Any  # what comes out: of several operations, out of the last
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
    """One of two models, and what was found of it for the photos; arrays are in the graph's own layout."""

    model: Model
    feeds: Dict[Any, Any]  # the images as fed, and a value for whatever else the logits need
    stages: List[Stage] = field(default_factory=list)  # each after those that it reads
    values: Dict[str, np.ndarray] = field(default_factory=dict)  # by the name of a stage's tensor
    gradients: Dict[str, Optional[np.ndarray]] = field(default_factory=dict)  # None where none flows; or not known

    def run(self, tensors: Sequence[Any], replaced: Optional[Mapping[Any, np.ndarray]] = None) -> List[np.ndarray]:
        """Return the values of tensors for the photos, with arrays in place of what the graph computes elsewhere."""
        check_open(self.model)
        return run_each(self.model.session, tensors, {**self.feeds, **(replaced or {})})


class Found(NamedTuple):
    """A cause: with it undone, the drift (largest difference, as a share of A's largest value) falls."""

    cause: str
    detail: str
    before: float
    after: float


@dataclass(eq=False)
class Parted:
    """Where two models part: what is handed to the causes."""

    a: Side
    b: Side
    pair: Tuple[Optional[Stage], Optional[Stage]]  # the first that parts
    pairs: List[Pair]  # those that agree, and come before it
    photos: Optional[Batch] = None  # None where the images were fed as arrays


def both(a: Model, b: Model, photos: Any) -> Tuple[Side, Side, Optional[Batch]]:
    """Feed two models the same photos; return them and the photos, None where these were arrays.

    In models of several inputs, a tuple holds the photos of each. Of photos that one of the nets takes one at a time,
    the first is fed. Raises ComparisonError where the models take other numbers of images.
    """
    batches, image_inputs = _batches(a, b, photos)
    if any(len(image_input.parts(batch)) > 1 for each in image_inputs for image_input, batch in zip(each, batches)):
        batches = [_first(batch) for batch in batches]
    made = [Side(model, _feeds(model, each, batches)) for model, each in zip((a, b), image_inputs)]
    return made[0], made[1], None if batches[0].array is not None else batches[0]


def run_stages(side: Side) -> None:
    """Fill in what comes out of each stage, in one run."""
    tensors = [stage.tensor for stage in side.stages]
    side.values = dict(zip((tensor.name for tensor in tensors), side.run(tensors)))


def run_gradients(side: Side, weights: np.ndarray) -> None:
    """Fill in the gradients of the sum of logits x weights, (N, classes), at each stage, in one run.

    They are None where none flows, and left out where TensorFlow knows none or cannot run it, and behind an imported
    function.
    """
    model, names = side.model, tuple(stage.tensor.name for stage in side.stages)
    if ("parting/gradients", names) not in model._cache:
        with model.graph.as_default(), tf1.name_scope("slimcam/parting"):
            model._cache["parting/gradients", names] = _gradients(side)
    mask, tensors = model._cache["parting/gradients", names]
    there = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    side.gradients = dict.fromkeys(tensors)
    try:
        side.gradients.update(zip(there, side.run(list(there.values()), {mask: weights})))
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):  # 1.15 and dilation on a CPU, say
        side.gradients = {}


def _gradients(side: Side) -> Tuple[Any, Dict[str, Any]]:
    """Build the gradients at stages, by the names of their tensors, and what is fed to choose the class."""
    logits, tensors = side.model.logits, [stage.tensor for stage in side.stages]
    mask = tf1.placeholder(logits.dtype, [None, None], name="mask")
    # TensorFlow cannot run the gradient of a function that was imported, nor its graph from then on
    calls = [op for op in ancestors([logits]) if op.type in (*CALLS, *BRANCHES)]
    behind = ancestors([tensor for op in calls for tensor in op.inputs])
    sought = [tensor for tensor in tensors if tensor.dtype.is_floating and tensor.op not in behind]
    try:
        made = tf1.gradients(tf.reduce_sum(logits * mask), sought) if sought else []
    except LookupError:  # an operation without a gradient, or with one that is not registered here
        made = []
    return mask, {tensor.name: gradient for tensor, gradient in zip(sought, made)}


def _batches(a: Model, b: Model, photos: Any) -> Tuple[List[Batch], List[List[ImageInput]]]:
    """Return the photos for each input, and the inputs of each model that its logits need."""
    image_inputs = [model.inputs_of([model.logits]) for model in (a, b)]
    counts = [len(each) for each in image_inputs]
    several = isinstance(photos, tuple) and max(counts) > 1
    if counts[0] != counts[1] or not counts[0] or (several and len(photos) != counts[0]):
        given = f"{len(photos)} were given" if several else "one was given"
        raise ComparisonError(f"the logits need {counts[0]} images in A and {counts[1]} in B, and {given}")
    if counts[0] > 1 and not several:
        names = ", ".join(repr(image_input.tensor.name) for image_input in image_inputs[0])
        raise ComparisonError(f"the logits need {counts[0]} images ({names}): give a tuple with the photos of each")
    batches = [as_batch(one) for one in (photos if several else [photos])]
    photos_each = [len(batch.photos) for batch in batches]
    if len(set(photos_each)) > 1:
        raise ComparisonError(f"each input takes as many photos as the others, and {photos_each} were given")
    return batches, image_inputs


def _first(batch: Batch) -> Batch:
    array = None if batch.array is None else batch.array[:1]
    return Batch(batch.photos[:1] if array is None else Pictures(array), array, batch.files[:1])


def _feeds(model: Model, image_inputs: Sequence[ImageInput], batches: Sequence[Batch]) -> Dict[Any, Any]:
    """Return complete feeds of a model: its images as its net takes them, and defaults."""
    check_open(model)
    feeds = {
        one.tensor: one.value for one in plan([model.logits], [e.tensor.name for e in image_inputs], model.required())
    }
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


def squeezed(array: np.ndarray) -> Tuple[int, ...]:
    """Return the shape without the dimensions of one that follow the batch's."""
    return (*array.shape[:1], *(size for size in array.shape[1:] if size > 1))


def in_layout_of(array: np.ndarray, source: Stage, target: Stage, like: np.ndarray) -> Optional[np.ndarray]:
    """Return values of the stage `source` as its counterpart holds them, in the shape and type of `like`; or None.

    Layouts differ in where the channels are, and in dimensions of one: a dense layer is a 1 x 1 convolution.
    """
    moved, last = source.channels_last(array), target.channels_last(like)
    if squeezed(moved) != squeezed(last):
        return None
    made = moved.reshape(last.shape)
    return (np.moveaxis(made, -1, 1) if target.channels_first and like.ndim > 2 else made).astype(like.dtype)
