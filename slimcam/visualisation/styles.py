"""One photo in the style of another, by Gram matrices (Gatys et al. 2015, as Chollet 2018, 8.3 has it)."""

from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from .. import targets
from .._packages import pip_line
from .._types import ImageLike, KerasModel, TensorLike
from ..engines import find_engine
from ..engines.resolve import resolve_images
from ..errors import LayerError, MissingPackage, TargetError
from ..inputs.photos import as_batch
from ..isolation.elsewhere import where_the_model_is
from ..model import Model
from ..sources.loading import load
from .ascent import Progress, Slope
from .image_space import is_picture, space_of

CALLS = 20  # evaluations of the loss an iteration, as the book has it


def style_transfer(
    model: Union[Model, KerasModel],
    photo: ImageLike,
    style: ImageLike,
    content_layer: TensorLike,
    style_layers: Sequence[TensorLike],
    iterations: int = 20,
    height: Optional[int] = 400,
    content_weight: float = 0.025,
    style_weight: float = 1.0,
    variation_weight: float = 1e-4,
    engine: str = "graph",
    progress: Optional[Progress] = None,
) -> np.ndarray:
    """Return the photo, (height, w, 3) uint8 RGB, in the style of another, by L-BFGS from the photo itself.

    The loss is `content_weight` x the squared difference of the content layer's activations, `style_weight` x the mean
    over the style layers of those of their Gram matrices, and `variation_weight` x the total variation. Its numbers
    are for nets that are fed grey levels, as VGG 19 is. `height` None keeps the photo's. A net that takes one size
    only is copied, up to the layers, for any (the engine "graph" does so).

    Raises MissingPackage without SciPy, UnknownName, LayerError, PhotoError, TargetError at what is not finite.
    """
    _l_bfgs()
    model = model if isinstance(model, Model) else load(model, engine=engine)
    content, other = (as_batch(one).photos[0] for one in (photo, style))
    weights = content_weight, style_weight, variation_weight
    how = content_layer, list(style_layers), iterations, height, *weights, engine, progress
    return _transfer(model, content, other, *how)


@where_the_model_is(np.ndarray, calls={"progress": [int, int]}, runs=CALLS + 1, check=is_picture)
def _transfer(
    model: Model,
    content: np.ndarray,
    other: np.ndarray,
    content_layer: TensorLike,
    style_layers: Sequence[TensorLike],
    iterations: int,
    height: Optional[int],
    content_weight: float,
    style_weight: float,
    variation_weight: float,
    engine: str,
    progress: Optional[Progress],
) -> np.ndarray:
    """Return the picture of style_transfer() for photos, (H, W, 3) uint8 each."""
    minimise = _l_bfgs()
    size = (height or content.shape[0], round(content.shape[1] * (height or content.shape[0]) / content.shape[0]))
    likeness = _likeness(content_layer, style_layers, size[0] * size[1], content_weight, style_weight)
    query = resolve_images(model, likeness, engine=engine)
    if model.single_image:
        raise LayerError(f"{model.source} takes one image a run, and a style needs three at once")
    space = space_of(model, query.image_input)
    slope = find_engine(engine).slope(query, any_size=space.fixed not in (None, size))
    fed = space.feed(_resized((content, other), size))
    image = fed[0].reshape(-1).astype(np.float64)
    for i in range(iterations):
        image, _, _ = minimise(lambda flat: _loss(flat, fed, slope, variation_weight), image, maxfun=CALLS)
        if progress is not None:
            progress(i + 1, iterations)
    return np.clip(space.picture(image.reshape(fed[0].shape)) * 255, 0, 255).astype(np.uint8)


def _resized(photos: Sequence[np.ndarray], size: Tuple[int, int]) -> np.ndarray:
    """Return photos in one size, (N, height, width, C) float32 in [0, 1]."""
    resized = [cv2.resize(one, size[::-1], interpolation=cv2.INTER_AREA) for one in photos]
    return np.stack(resized) / np.float32(255)


def _likeness(
    content_layer: TensorLike, style_layers: Sequence[TensorLike], pixels: int, content: float, style: float
) -> targets.Score:
    """Return the loss but for the variation, by the weights of content and style, for pictures of so many pixels."""
    if not style_layers:
        raise TargetError("no style layers were named")
    terms: List[Tuple[targets.Score, float]] = [(targets.Likeness(content_layer, False, pixels), content)]
    terms += [(targets.Likeness(layer, True, pixels), style / len(style_layers)) for layer in style_layers]
    return targets.Sum(terms)


def _l_bfgs() -> Callable[..., Any]:
    try:
        from scipy import optimize
    except ImportError as error:
        raise MissingPackage(f"style_transfer needs SciPy: {pip_line('scipy')}") from error
    minimise: Callable[..., Any] = optimize.fmin_l_bfgs_b
    return minimise


def _loss(flat: np.ndarray, fed: np.ndarray, slope: Slope, variation_weight: float) -> Tuple[float, np.ndarray]:
    """Return the loss of an image, and its gradient, as L-BFGS takes them; `fed` are the content and the style."""
    image = flat.reshape(fed[0].shape)
    losses, gradients = slope(np.concatenate([fed, image[None]]).astype(np.float32), None)
    variation, its_gradient = total_variation(image)
    value = float(losses[-1]) + variation_weight * variation
    if not np.isfinite(value):
        raise TargetError("the loss is not finite: the layers have NaN or infinity")
    return value, (gradients[-1] + variation_weight * its_gradient).reshape(-1).astype(np.float64)


def total_variation(image: np.ndarray) -> Tuple[float, np.ndarray]:
    """Return the sum of (dx^2 + dy^2)^1.25 over an (h, w, C) image, and its gradient (Chollet 2018, 8.3)."""
    down = image[1:, :-1] - image[:-1, :-1]
    right = image[:-1, 1:] - image[:-1, :-1]
    squares = np.square(down) + np.square(right)
    slope = 1.25 * squares**0.25 * 2
    gradient = np.zeros_like(image)
    gradient[1:, :-1] += slope * down
    gradient[:-1, 1:] += slope * right
    gradient[:-1, :-1] -= slope * (down + right)
    return float((squares**1.25).sum()), gradient
