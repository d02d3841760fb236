"""ImageInput: one input for images: how photos are fed, and which part of each photo the net sees."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .._types import ImagesLike, Tensor
from ..errors import LayerError, PhotoError, Unsure, warn
from .photos import Batch, as_batch, encode

if TYPE_CHECKING:  # the table's formulas are TensorFlow's; here a row's window is all that is read
    from .preprocess import Preprocessing

# What is fed in one run, as bytes; one image that is larger runs alone. The preprocessing holds some photos as float32
# beside it, before and after they are scaled: eight bytes more for each value, so 2.25 GiB in all. The offsets by which
# it finds a photo among all values are int32, and end at eight times as many.
BYTES_A_RUN = 1 << 28
LARGEST_PHOTO = (1 << 31) - 1  # values, height x width x 3: of one photo, too, they are counted by int32

Rows = Dict[str, List[np.ndarray]]  # the values of tensors, by their names, for each image


@dataclass
class PhotoPipeline:
    """How photos are fed, and which part of each photo the net sees."""

    tensor: Optional[Tensor] = None  # encoded bytes or uint8 pixels, fed as they are; or None
    pixels: Optional[Tensor] = None  # the preprocessing's placeholders; or None
    sizes: Optional[Tensor] = None
    preprocess: Optional["Preprocessing"] = None  # None where the net prepares photos by itself
    size: Optional[Tuple[int, int]] = None
    assumed: str = ""  # what of this was only assumed


@dataclass
class ImageInput:
    """A tensor that images are fed to."""

    tensor: Tensor
    photos: Optional[PhotoPipeline] = None  # None: nothing says how photos are prepared, only arrays can be fed
    single_image: bool = False  # the graph takes one image per run
    source: str = ""
    values: Optional[Tensor] = None  # what takes the images' values in another shape, (N, h * w * C) say, or None
    no_photos: str = ""  # why photos cannot be fed, and what to do

    def batch(self, images: ImagesLike) -> Batch:
        """Read images as as_batch does; where this takes their values in a row, floating point may come so as well."""
        array: Any = images
        floating = isinstance(array, np.ndarray) and np.issubdtype(array.dtype, np.floating)
        if self.values is not None and floating and self.values.shape.is_compatible_with(array.shape):
            return as_batch(array.reshape(-1, *self.tensor.shape.as_list()[1:]))
        return as_batch(images)

    def parts(self, batch: Batch) -> List[List[int]]:
        """Return which images run together: all, or each alone, or, in a net that takes any size, those of one size.

        Of these as many as BYTES_A_RUN holds. Raises PhotoError for a photo of more values than a graph counts.
        """
        return [part for group in self.groups(batch) for part in _bounded(group, _bytes_of(batch))]

    def groups(self, batch: Batch) -> List[List[int]]:
        """Return which images can run together, however many: those of one size, in a net that takes any."""
        count = len(batch.photos)
        if self.single_image:
            return [[i] for i in range(count)]
        if batch.array is None and self.photos and self.photos.preprocess is not None and self.photos.size is None:
            sizes: Dict[Tuple[int, ...], List[int]] = {}
            for i, photo in enumerate(batch.photos):
                sizes.setdefault(photo.shape, []).append(i)
            return list(sizes.values())
        return [list(range(count))]

    def in_parts(
        self, batch: Batch, run: Callable[[List[int]], Mapping[str, np.ndarray]]
    ) -> Dict[str, List[np.ndarray]]:
        """Return the rows of each image of a batch from `run(part)`, arrays by name, for each part that runs together.

        Raises LayerError for an array that has not one row for each image.
        """
        rows: Dict[str, Dict[int, np.ndarray]] = {}
        for part in self.parts(batch):
            for name, array in run(part).items():
                if np.shape(array)[:1] != (len(part),):
                    raise LayerError(
                        f"{name!r} is {np.shape(array)} for {len(part)} images, so its rows are not one image's each: "
                        "name another tensor"
                    )
                rows.setdefault(name, {}).update(zip(part, array))
        return {name: [own[i] for i in sorted(own)] for name, own in rows.items()}

    def feeds(self, batch: Batch, part: List[int]) -> Dict[Tensor, Any]:
        """Return what is fed for the images `part` of a batch; raise PhotoError where it cannot be taken."""
        if batch.array is not None:
            return self._feed_array(batch.array[part])
        photos = self.photos
        if photos is None:
            raise PhotoError(self.no_photos)
        if photos.assumed:
            warn(photos.assumed, Unsure)
        if photos.tensor is not None:
            data = encode(batch)
            return {photos.tensor: data[part[0]] if self.single_image else [data[i] for i in part]}
        some = [batch.photos[i] for i in part]
        return {
            photos.pixels: np.concatenate([photo.reshape(-1) for photo in some]),
            photos.sizes: np.array([photo.shape[:2] for photo in some], np.int32),
        }

    def _feed_array(self, array: np.ndarray) -> Dict[Tensor, Any]:
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
        photos, sizes = self.photos, [photo.shape[:2] for photo in batch.photos]
        if photos is None or photos.preprocess is None:
            return [(0, 0, height, width) for height, width in sizes]
        return [photos.preprocess.window(height, width, photos.size) for height, width in sizes]


def _bytes_of(batch: Batch) -> List[int]:
    """Return the bytes of each image as it is fed; raise PhotoError for a photo that is too large for any run."""
    if batch.array is not None:
        return [batch.array[0].nbytes] * len(batch.array)
    for i, photo in enumerate(batch.photos):
        if photo.size > LARGEST_PHOTO:
            height, width = photo.shape[:2]
            name = batch.names[i] if batch.names else f"photo {i}"
            raise PhotoError(f"{name} is {width} x {height}: more values than a graph counts; give a smaller one")
    return [photo.nbytes for photo in batch.photos]


def _bounded(group: List[int], sizes: List[int]) -> List[List[int]]:
    """Cut a group of images, in their order, into parts of no more than BYTES_A_RUN."""
    parts: List[List[int]] = []
    room = 0
    for i in group:
        if not parts or sizes[i] > room:
            parts.append([])
            room = BYTES_A_RUN
        parts[-1].append(i)
        room -= sizes[i]
    return parts
