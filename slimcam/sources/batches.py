"""Whether a graph that was made for so many images at once takes any number of them."""

from dataclasses import replace
from typing import List, Optional, Sequence, Tuple

import numpy as np

from .._tf import for_few_runs, tf
from .._types import Session, Tensor
from ..errors import MissingFeed, ModelError, UntrustedModel
from ..graphs.feeds import plan
from ..graphs.input_scaling import MOST_VALUES
from ..inputs.image_input import ImageInput
from .image_nodes import ImageNode

LARGEST = 1 << 30  # values of an image that is taken at all


def of_any_size(
    session: Session, inputs: List[ImageInput], ends: List[Tensor], made_for: int, source: str
) -> Tuple[List[ImageInput], List[str]]:
    """Return the inputs of a graph, one image a run where it takes no more, and what was seen of that in words.

    `made_for` is the batch size that the graph declares, 0 for none. Raises ModelError where its one end can only run
    with that many, and they are several; of several ends, none of which is the logits, some may need no such batch.
    """
    if not made_for:
        return inputs, []
    if any(_values_of(one.tensor.shape.as_list()) > MOST_VALUES for one in inputs if one.tensor.shape.rank):
        alone = [replace(image_input, single_image=True) for image_input in inputs] if made_for == 1 else inputs
        return alone, [f"made for a batch of {made_for}, and not tried with another: its images are too large"]
    whole = len(ends) == 1
    ends = ends if whole else _fed_ones([end for end in ends if end.shape.rank != 0], inputs)
    if not ends:
        return inputs, []
    with for_few_runs(session) as trial:
        problem = _problem(trial, inputs, ends)
    if not problem:
        return inputs, [f"any batch size: made for {made_for}, and two images at once give the logits of each alone"]
    if made_for > 1 and not whole:
        return inputs, [f"made for {made_for} images at once, and for another number {problem}"]
    if made_for > 1:
        raise ModelError(f"{source}: made for {made_for} images at once, and for another number {problem}")
    alone = [replace(image_input, single_image=True) for image_input in inputs]
    return alone, [f"one image at a time: made for a batch of 1, and for two {problem}"]


def check_images(source: str, images: Sequence[ImageNode]) -> None:
    """Raise ModelError where an image that a graph takes is larger than any is."""
    for one in images:
        if _values_of(one.shape or [1]) > LARGEST:
            size = f"{_values_of(one.shape or [1]) * 4 / 2**30:.3g} GiB each"
            raise ModelError(f"{source}: {one.name + ':0'!r} takes images of {tuple(one.shape or ())}, {size}")


def _values_of(shape: Sequence[Optional[int]]) -> float:
    """Return how many values one image of a batch has, as far as its shape says it."""
    return float(np.prod([size or 1 for size in shape[1:]], dtype=float))


def _fed_ones(ends: List[Tensor], inputs: List[ImageInput]) -> List[Tensor]:
    """Return of some tensors those for which images, and what nobody needs to say, are enough: a loss needs labels."""
    if _are_fed(ends, inputs):  # mostly, and told by one walk for all
        return ends
    return [end for end in ends if _are_fed([end], inputs)]


def _are_fed(ends: List[Tensor], inputs: List[ImageInput]) -> bool:
    try:
        plan(ends, [one.tensor.name for one in inputs])
    except (MissingFeed, UntrustedModel):
        return False
    return True


def _problem(session: Session, inputs: List[ImageInput], ends: List[Tensor]) -> str:
    """Return what is wrong where two images at once do not give the values that each gives alone, else ""."""
    images = {image_input.tensor: _noise(image_input.tensor) for image_input in inputs}
    try:
        defaults = {one.tensor: one.value for one in plan(ends, [tensor.name for tensor in images])}
    except (MissingFeed, UntrustedModel) as error:
        return f"nothing can be said ({error})"

    def run(rows: slice) -> List[np.ndarray]:
        return session.run(ends, {**defaults, **{tensor: array[rows] for tensor, array in images.items()}})

    try:
        together = run(slice(2))
        alone = [np.concatenate(pair) for pair in zip(run(slice(1)), run(slice(1, 2)))]
    except (ValueError, tf.errors.OpError):
        return "it does not run"
    logits = "logits" if len(ends) == 1 else "outputs"
    if all(map(_same, together, alone)):
        return ""
    if not all(map(_same, run(slice(1)), run(slice(1)))):
        return f"nothing can be said, as the {logits} are random"
    return f"the {logits} are not those of each alone"


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max(initial=0))


def _noise(tensor: Tensor) -> np.ndarray:
    """Return two images that a tensor takes."""
    shape = [2] + [size or 64 for size in tensor.shape.as_list()[1:]]
    noise = np.random.RandomState(0).uniform(0, 1, shape)
    return (noise * (255 if tensor.dtype.is_integer else 1)).astype(tensor.dtype.as_numpy_dtype)
