"""Deep dreams: a photo changed so that layers fire more, from coarse to fine (Chollet 2018, 8.2)."""

from typing import List, Mapping, Optional, Tuple, Union

import numpy as np

from .. import targets
from .._types import ImageLike, KerasModel, TensorLike
from ..engines import find_engine
from ..engines.resolve import resolve_images
from ..errors import PhotoError, TargetError
from ..inputs.photos import as_batch
from ..isolation.elsewhere import where_the_model_is
from ..model import Model
from ..sources.loading import load
from .ascent import Progress, Slope
from .image_space import ImageSpace, is_picture, space_of
from .recipes import Size
from .transforms import resize

FLOOR = 1e-7  # of the gradient's mean length


def deep_dream(
    model: Union[Model, KerasModel],
    photo: ImageLike,
    layers: Mapping[TensorLike, float],
    octaves: int = 3,
    octave_scale: float = 1.4,
    iterations: int = 20,
    step: float = 0.01,
    max_loss: Optional[float] = 10.0,
    engine: str = "graph",
    progress: Optional[Progress] = None,
) -> np.ndarray:
    """Return the photo, (H, W, 3) uint8 RGB, dreamt on: `layers` maps layers to how much each counts.

    On each of `octaves` sizes, each `octave_scale` times the last, `iterations` steps are made along the gradient over
    its mean length, `step` of half the range from black to white each; then the detail that the smaller size lost is
    put back. Steps end at a size when the loss passes `max_loss`. A net that takes one size only is copied, up to the
    layers, for any (the engine "graph" does so). `progress` is called with the steps done and of all.

    Raises UnknownName, LayerError, TargetError and PhotoError; TargetError, with the step, at what is not finite.
    """
    model = model if isinstance(model, Model) else load(model, engine=engine)
    given = {name if isinstance(name, str) else name.name: weight for name, weight in layers.items()}
    return _dream(model, _only_photo(photo), given, octaves, octave_scale, iterations, step, max_loss, engine, progress)


@where_the_model_is(np.ndarray, calls={"progress": [int, int]}, check=is_picture)
def _dream(
    model: Model,
    original: np.ndarray,
    layers: Mapping[TensorLike, float],
    octaves: int,
    octave_scale: float,
    iterations: int,
    step: float,
    max_loss: Optional[float],
    engine: str,
    progress: Optional[Progress],
) -> np.ndarray:
    """Return the dream of deep_dream() on a photo, (1, H, W, 3) float32 from -1 to 1."""
    slope, space = _slope_of(model, layers, engine)
    sizes = _sizes((original.shape[1], original.shape[2]), octaves, octave_scale)
    image, shrunk = original, _resized(original, sizes[0])
    for number, size in enumerate(sizes):
        image = _resized(image, size)
        for i in range(number * iterations, (number + 1) * iterations):
            loss, gradient = _climb(slope, space, image, i)
            if max_loss is not None and loss > max_loss:
                break
            image = image + step * gradient
            if progress is not None:
                progress(i + 1, len(sizes) * iterations)
        same = _resized(original, size)
        image = image + same - _resized(shrunk, size)
        shrunk = same
    return np.clip(np.round((image[0] / 2 + 0.5) * 255), 0, 255).astype(np.uint8)


def _only_photo(photo: ImageLike) -> np.ndarray:
    """Return a photo as (1, H, W, 3) float32 from -1 to 1; raise PhotoError for several."""
    photos = as_batch(photo).photos
    if len(photos) != 1:
        raise PhotoError(f"{len(photos)} photos: a dream is of one")
    return photos[0].astype(np.float32)[None] / 127.5 - 1


def _slope_of(model: Model, layers: Mapping[TensorLike, float], engine: str) -> Tuple[Slope, ImageSpace]:
    """Return the slope of how much layers fire, for images of any size, and how these are fed."""
    if not layers:
        raise TargetError("no layers were named: give {layer: weight}")
    score = targets.Sum([(targets.Energy(name), weight) for name, weight in layers.items()])
    query = resolve_images(model, score, engine=engine)
    space = space_of(model, query.image_input)
    return find_engine(engine).slope(query, any_size=space.fixed is not None), space


def _sizes(size: Size, octaves: int, scale: float) -> List[Size]:
    """Return the sizes, the smallest first."""
    each = [(int(size[0] / scale**i), int(size[1] / scale**i)) for i in reversed(range(octaves))]
    if octaves < 1 or scale <= 1 or min(each[0]) < 2:
        raise PhotoError(f"octaves={octaves} of {scale} do not fit a photo of {size[1]} x {size[0]}: give fewer")
    return each


def _climb(slope: Slope, space: ImageSpace, image: np.ndarray, step: int) -> Tuple[float, np.ndarray]:
    """Return the loss of an image in [-1, 1] and its gradient over its mean length."""
    losses, gradients = slope(space.feed((image + 1) / 2).astype(np.float32), None)
    if not (np.isfinite(losses).all() and np.isfinite(gradients).all()):
        raise TargetError(f"the loss or its gradient is not finite at step {step}: the layers have NaN or infinity")
    gradient = space.back(gradients) / 2
    return float(losses[0]), gradient / max(np.abs(gradient).mean(), FLOOR)


def _resized(image: np.ndarray, size: Size) -> np.ndarray:
    """Resize (1, h, w, C) with corners on corners, as scipy.ndimage.zoom does of order 1."""
    return resize((image.shape[1], image.shape[2]), size, corners=True).forward(image)
