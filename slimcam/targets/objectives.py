"""Scores to climb, beside those to explain: what a picture can be made for.

They are those of Olah, Mordvintsev and Schubert, "Feature Visualization" (Distill 2017), with the formulas of the code
that came with it (tensorflow/lucid, optvis/objectives.py). Channels are found whatever the layout of the graph.
"""

from typing import Any, Optional, Sequence, Tuple

import numpy as np

from .._tf import tf
from .._types import Tensor, TensorLike
from ..errors import TargetError
from ..graphs.walk import data_format
from ..model import Model
from .scores import Key, ScoreOfTensor, check_channel, rows

COSINE_FLOOR = 0.1  # a cosine below this counts as this much, so that a picture that points away can turn


class ScoreOfMaps(ScoreOfTensor):
    """A score of a layer, (N, h, w, C) or (N, C, h, w), or of a tensor (N, C), which counts as one position."""

    def channels(self, model: Model) -> int:
        """Return how many channels the tensor has; raise TargetError for one that has none."""
        tensor = self.tensor(model)
        count = None
        if tensor.shape.rank in (2, 4):
            count = tensor.shape.as_list()[1 if channels_first(tensor) else -1]
        if count is None:
            raise TargetError(f"{self.name!r} is {tensor.shape}: channels are asked of (N, h, w, C) or (N, C)")
        return int(count)

    def check(self, model: Model) -> None:
        self.channels(model)

    def maps(self, model: Model, value: Tensor) -> Tensor:
        """Return a value of the tensor as (N, h, w, C)."""
        if len(value.shape) == 2:
            return value[:, None, None]
        return tf.transpose(value, [0, 2, 3, 1]) if channels_first(self.tensor(model)) else value


class Channels(ScoreOfMaps):
    """The means of all channels, (N, C): a mask that is fed picks one for each image."""

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        return tf.reduce_mean(self.maps(model, values[0]), [1, 2])


class Neuron(ScoreOfMaps):
    """One channel at one position, (y, x); left out, the centre, of an even size the one after the middle."""

    def __init__(self, tensor: TensorLike, k: int, at: Optional[Tuple[int, int]] = None) -> None:
        super().__init__(tensor)
        self.k, self.at = k, at

    def check(self, model: Model) -> None:
        tensor = self.tensor(model)
        check_channel(self.k, tensor, self.channels(model))
        if self.at is None or tensor.shape.rank != 4:
            return
        sizes = tensor.shape.as_list()[2:] if channels_first(tensor) else tensor.shape.as_list()[1:3]
        if any(size is not None and not 0 <= place < size for place, size in zip(self.at, sizes)):
            raise TargetError(f"position {self.at} of {self.name!r}: its maps are {sizes[0]} x {sizes[1]}")

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        maps = self.maps(model, values[0])
        y, x = self.at or (tf.shape(maps)[1] // 2, tf.shape(maps)[2] // 2)
        return maps[:, y, x, self.k]

    def key(self) -> Key:
        return (*super().key(), self.k, self.at)


class Direction(ScoreOfMaps):
    """The mean over positions of the dot product with a vector, (C,), times its cosine to the power of `power`.

    The cosine is taken to be at least 0.1.
    """

    def __init__(self, tensor: TensorLike, vector: Any, power: float = 0.0) -> None:
        super().__init__(tensor)
        self.vector, self.power = np.asarray(vector, np.float32).reshape(-1), float(power)

    def check(self, model: Model) -> None:
        count = self.channels(model)
        if self.vector.size != count:
            raise TargetError(
                f"Direction({self.name!r}): the vector has {self.vector.size} values for {count} channels"
            )

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        maps = self.maps(model, values[0])
        dots = tf.reduce_sum(maps * self.vector, -1)
        if self.power:
            lengths = tf.sqrt(tf.reduce_sum(maps * maps, -1)) + 1e-4
            cosines = dots / lengths / (np.linalg.norm(self.vector) + 1e-4)
            dots *= tf.maximum(cosines, COSINE_FLOOR) ** self.power
        return tf.reduce_mean(rows(dots), -1)

    def key(self) -> Key:
        return (*super().key(), self.vector.tobytes(), self.power)


class Caricature(ScoreOfMaps):
    """What a photo's activations have, and more of it: the dot product with them, times its cosine to a power.

    `array` is what the layer gives for the photo, `model.features(layer, photo)[0]`, in the layer's own layout. As
    published (lucid, recipes/caricature.py) the cosine is divided by the length of the picture's activations alone; it
    is taken to be at least 0.1.
    """

    def __init__(self, tensor: TensorLike, array: Any, power: float = 0.0) -> None:
        super().__init__(tensor)
        self.array, self.power = np.asarray(array, np.float32), float(power)

    def check(self, model: Model) -> None:
        self.channels(model)
        shape = self.tensor(model).shape[1:]
        if not shape.is_compatible_with(self.array.shape):
            raise TargetError(
                f"Caricature({self.name!r}): the array is {self.array.shape}, the tensor {shape} an image"
            )

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        flat = rows(values[0])
        dots = tf.reduce_sum(flat * self.array.reshape(1, -1), -1)
        if not self.power:
            return dots
        cosines = dots / (tf.sqrt(tf.reduce_sum(flat * flat, -1)) + 1e-6)
        return dots * tf.maximum(cosines, COSINE_FLOOR) ** self.power

    def key(self) -> Key:
        return (*super().key(), self.array.tobytes(), self.power)


class Diversity(ScoreOfMaps):
    """How alike the pictures of a batch are: of each, the sum of the cosines of its Gram matrix with the others'.

    Taken from another score (`Channel(layer, 3) - 100 * Diversity(layer)`), it makes pictures of one thing differ.
    """

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        maps = self.maps(model, values[0])
        shape = tf.shape(maps)
        flat = tf.reshape(maps, tf.stack([shape[0], -1, shape[3]]))
        grams = rows(tf.matmul(flat, flat, transpose_a=True))
        units = tf.nn.l2_normalize(grams, -1, epsilon=1e-10)
        alike = tf.matmul(units, units, transpose_b=True)
        return tf.reduce_sum(alike, -1) - tf.linalg.diag_part(alike)


def channels_first(tensor: Tensor) -> bool:
    """Whether a tensor is (N, C, h, w)."""
    return tensor.shape.rank == 4 and data_format(tensor.op) == "NCHW"


class Energy(ScoreOfMaps):
    """How much a layer fires: the sum of its squared activations, but for two rows at each border, over their number.

    What deep dreams climb (Chollet 2018, 8.2); all activations are counted, those at the borders too.
    """

    BORDER = 2

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        maps = self.maps(model, values[0])
        inner = maps[:, self.BORDER : -self.BORDER, self.BORDER : -self.BORDER]
        count = tf.reduce_prod(tf.shape(maps)[1:])  # of the images that are fed: a copy may take another size
        return tf.reduce_sum(rows(inner * inner), -1) / tf.cast(count, maps.dtype)


class Likeness(ScoreOfMaps):
    """How far the last image of a batch is from the first in a layer, and in its Gram matrix from the second.

    The first is the photo whose content is kept, the second the one whose style is taken (Chollet 2018, 8.3, after
    Gatys et al. 2015): squared differences, of the Gram matrices over 4 x 3^2 x pixels^2. The score is the last
    image's, those of the others are 0.
    """

    def __init__(self, tensor: TensorLike, style: bool, pixels: int) -> None:
        super().__init__(tensor)
        self.style, self.pixels = style, pixels

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        maps = self.maps(model, values[0])
        if self.style:
            change = _gram(maps[1]) - _gram(maps[-1])
            loss = tf.reduce_sum(change * change) / (4.0 * 3**2 * float(self.pixels) ** 2)
        else:
            change = maps[-1] - maps[0]
            loss = tf.reduce_sum(change * change)
        return tf.concat([tf.zeros_like(maps[:-1, 0, 0, 0]), [loss]], 0)

    def key(self) -> Key:
        return (*super().key(), self.style, self.pixels)


def _gram(maps: Tensor) -> Tensor:
    """Return the (C, C) products of the channels of one image, (h, w, C)."""
    flat = tf.reshape(maps, [-1, tf.shape(maps)[-1]])
    return tf.matmul(flat, flat, transpose_a=True)
