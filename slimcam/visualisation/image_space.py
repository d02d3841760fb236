"""Between pictures, RGB or grey in [0, 1], and what a net is fed, as its own preprocessing has it. NumPy."""

from typing import NamedTuple, Optional, Tuple

import numpy as np

from ..errors import LayerError, PhotoError
from ..inputs.image_input import ImageInput
from ..model import Model

SIDE = 64  # pixels of the plain photos that the preprocessing is tried on


class ImageSpace(NamedTuple):
    """How a picture is fed: `black + picture * span`, its channels in the net's order."""

    black: np.ndarray  # (C,) float32, of the net's channels
    span: np.ndarray  # (C,)
    reversed: bool  # the net takes BGR
    fixed: Optional[Tuple[int, int]]  # the height and width that the net takes, None where it takes any

    @property
    def channels(self) -> int:
        """How many channels a picture has: 3, or 1."""
        return len(self.black)

    def feed(self, pictures: np.ndarray) -> np.ndarray:
        """Return (N, h, w, C) pictures as the net is fed them."""
        return self.black + self.turn(pictures) * self.span

    def back(self, gradient: np.ndarray) -> np.ndarray:
        """Return the gradient at the pictures of one at what is fed."""
        return self.turn(gradient * self.span)

    def picture(self, fed: np.ndarray) -> np.ndarray:
        """Return the pictures of what is fed."""
        return self.turn((fed - self.black) / self.span)

    def turn(self, array: np.ndarray) -> np.ndarray:
        """Return an array, (N, h, w, C), with its channels in the other's order."""
        return array[..., ::-1] if self.reversed else array


def space_of(model: Model, image_input: ImageInput) -> ImageSpace:
    """Work out how a model's photos are fed, by feeding a black, a white and a red one to its preprocessing.

    Raises PhotoError where nothing says how photos are prepared, LayerError for images that are not RGB or grey.
    """
    tensor = image_input.tensor
    dims = tensor.shape.as_list()[-3:]
    if dims[-1] not in (1, 3, None):
        raise LayerError(f"{tensor.name!r} takes images of {dims[-1]} channels: pictures can be made of 3, or of 1")
    plain = np.zeros((3, SIDE, SIDE, 3), np.uint8)
    plain[1] = 255
    plain[2, ..., 0] = 255
    black, white, red = (photo.reshape(-1, photo.shape[-1])[0] for photo in model.features(tensor, list(plain)))
    span = (white - black).astype(np.float32)
    if not span.all():
        raise PhotoError(f"{tensor.name!r} is fed the same for black and for white: pictures cannot be made for it")
    last = len(black) == 3 and abs((red - black) / span)[2] > 0.5
    fixed = None if None in dims[:2] else (dims[0], dims[1])
    return ImageSpace(black.astype(np.float32), span, bool(last), fixed)


def is_picture(array: np.ndarray) -> bool:
    """Whether an array is a picture, (H, W, 3) uint8."""
    return array.ndim == 3 and array.shape[2] == 3 and array.dtype == np.uint8
