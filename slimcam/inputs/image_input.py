"""ImageInput: one input for images, and how photos get into it."""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ..errors import PhotoError
from .names import PREPROCESSING
from .photos import Batch, encoded


@dataclass
class PhotoPipeline:
    """How photos get into a graph: what is fed, and what the net then sees of each."""

    tensor: Any = None  # encoded bytes or uint8 pixels, fed as they are; or None
    pixels: Any = None  # the preprocessing's placeholders; or None
    sizes: Any = None
    preprocess: Any = None  # the row of PREPROCESSING; None where the net prepares photos by itself
    size: Optional[Tuple[int, int]] = None


@dataclass
class ImageInput:
    """A tensor that images are fed to."""

    tensor: Any
    photos: Optional[PhotoPipeline] = None  # None: nothing says how photos are prepared, only arrays can be fed
    single_image: bool = False  # the graph takes one image a run
    source: str = ""

    def parts(self, batch: Batch) -> List[List[int]]:
        """Return which images run together: all, or each alone, or, in a net that takes any size, those of one size."""
        count = len(batch.photos)
        if self.single_image:
            return [[i] for i in range(count)]
        if batch.array is None and self.photos and self.photos.preprocess is not None and self.photos.size is None:
            sizes: Dict[Tuple[int, ...], List[int]] = {}
            for i, photo in enumerate(batch.photos):
                sizes.setdefault(photo.shape, []).append(i)
            return list(sizes.values())
        return [list(range(count))]

    def feeds(self, batch: Batch, part: List[int]) -> Dict[Any, Any]:
        """Return what is fed for the images `part` of a batch; raise PhotoError where it cannot be taken."""
        if batch.array is not None:
            return self._feed_array(batch.array[part])
        photos = self.photos
        if photos is None:
            *others, last = PREPROCESSING
            known = ", ".join(map(repr, others))
            raise PhotoError(
                f"nothing says how {self.source} prepares its photos: load it with preprocess= ({known} or {last!r}), "
                "or give floating point (N, h, w, C), fed as is"
            )
        if photos.tensor is not None:
            data = encoded(batch)
            return {photos.tensor: data[part[0]] if self.single_image else [data[i] for i in part]}
        some = [batch.photos[i] for i in part]
        return {
            photos.pixels: np.concatenate([photo.reshape(-1) for photo in some]),
            photos.sizes: np.array([photo.shape[:2] for photo in some], np.int32),
        }

    def _feed_array(self, array: np.ndarray) -> Dict[Any, Any]:
        """Feed an array exactly as given."""
        tensor = self.tensor
        if not tensor.dtype.is_floating:
            raise PhotoError(f"{tensor.name!r} takes {tensor.dtype.name}: give photos as uint8 RGB or paths")
        images = array[0] if tensor.shape.rank == 3 else array
        if not tensor.shape.is_compatible_with(images.shape):
            raise PhotoError(f"{tensor.name!r} takes {tensor.shape}, and the array is {array.shape}")
        return {tensor: images}

    def windows(self, batch: Batch) -> List[Tuple[float, float, float, float]]:
        """Return top, left, height and width, in pixels, of what the net sees of each photo."""
        if batch.array is not None:
            return [(0, 0, *batch.array.shape[1:3])] * len(batch.array)
        see = self.photos.preprocess.window if self.photos and self.photos.preprocess is not None else None
        sizes = [photo.shape[:2] for photo in batch.photos]
        return [see(*size, self.photos.size) if self.photos and see else (0, 0, *size) for size in sizes]
