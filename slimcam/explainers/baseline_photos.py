"""Parameters of methods that may be photos, as baselines are: read at the start, fed as the photos of a call are."""

from typing import Any, Callable, Dict, List, Mapping, Tuple

import cv2
import numpy as np

from ..errors import ParameterError
from ..inputs.photos import Batch, as_batch
from ..methods.parameters import Parameter, is_path

Feed = Callable[[Batch, List[int]], np.ndarray]  # photos of a batch as the net is fed, (N, H, W, C) float32


def read_photos(method: str, known: Mapping[str, Parameter], values: Mapping[str, Any]) -> Dict[str, Any]:
    """Return parameters with photos (uint8) in the place of paths: one, or a list where a parameter takes several.

    Raises PhotoError for what cannot be read, ParameterError for a path that stands for several where one is asked for.
    """
    read = dict(values)
    for name, row in known.items():
        value = values[name]
        paths = isinstance(value, (list, tuple)) and all(is_path(one) for one in value)
        if not row.photo or not (paths or (is_path(value) and value not in row.choices)):
            continue
        photos = list(as_batch(value).photos)
        if row.several:
            read[name] = photos
        elif len(photos) == 1:
            read[name] = photos[0]
        else:
            raise ParameterError(f"{method}: {name} is one photo, and {value!r} are {len(photos)}")
    return read


def fed_photos(known: Mapping[str, Parameter], values: Mapping[str, Any], feed: Feed, shape: Tuple[int, ...]) -> Any:
    """Return parameters with photos as the net is fed, enlarged to (H, W, C) where it takes any size."""
    fed = dict(values)
    for name, row in known.items():
        if row.photo and _is_photo(values[name]):
            fed[name] = _fed(values[name], feed, shape)
    return fed


def _is_photo(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and all(_is_photo(one) for one in value)
    return isinstance(value, np.ndarray) and value.dtype == np.uint8


def _fed(value: Any, feed: Feed, shape: Tuple[int, ...]) -> np.ndarray:
    single = isinstance(value, np.ndarray) and value.ndim == 3
    batch = as_batch([value] if single else list(value))
    each = [feed(batch, [i])[0] for i in range(len(batch.photos))]
    each = [one if one.shape == shape else _resized(one, shape) for one in each]
    return each[0] if single else np.stack(each)


def _resized(image: np.ndarray, shape: Tuple[int, ...]) -> np.ndarray:
    return np.asarray(cv2.resize(image, (shape[1], shape[0]))).reshape(shape)
