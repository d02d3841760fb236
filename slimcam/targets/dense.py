"""Scores of dense outputs, maps of numbers: a class over a region, and the peak of a heat map."""

from typing import Any, List, Optional, Sequence, Union

import numpy as np

from .._tf import tf
from .._types import Tensor, TensorLike
from ..errors import TargetError
from ..graphs.op_types import PROBABILITIES, RESTATING
from ..graphs.walk import source
from ..model import Model
from .objectives import channels_first
from .scores import Key, Score, check_channel, rows


class ScoreOfOutput(Score):
    """A score of a dense output, (N, h, w, C): of the tensor named, or else the model's only one."""

    def __init__(self, tensor: Optional[TensorLike] = None) -> None:
        self.name = tensor

    def output(self, model: Model) -> Tensor:
        """Return the output, as named or as the graph ends in it; raise TargetError where that is not clear."""
        if self.name is not None:
            tensor = model.tensor(self.name)
            if tensor.shape.rank != 4:
                raise TargetError(f"{self!r}: {tensor.name!r} is {tensor.shape}, and a dense output is (N, h, w, C)")
            return tensor
        dense = dense_outputs(model)
        if len(dense) == 1:
            return dense[0]
        names = ", ".join(repr(one.name) for one in dense)
        kind = type(self).__name__
        how = f"target=slimcam.{kind}(…, tensor=NAME) (--target {kind.lower()}:NAME:…)"
        which = f"name one of {names} by {how}" if dense else "none is (N, h, w, C)"
        raise TargetError(f"{self!r}: {model.source} has {len(dense)} dense outputs: {which}")

    def maps(self, model: Model, value: Tensor) -> Tensor:
        """Return a value of the output as (N, h, w, C)."""
        return tf.transpose(value, [0, 2, 3, 1]) if channels_first(self.tensor(model)) else value

    def channels(self, model: Model) -> int:
        """Return how many channels the output has; raise TargetError where the graph does not say."""
        tensor = self.tensor(model)
        count = tensor.shape.as_list()[1 if channels_first(tensor) else -1]
        if count is None:
            raise TargetError(f"{self!r}: the graph does not say how many channels {tensor.name!r} has")
        return int(count)


def dense_outputs(model: Model) -> List[Tensor]:
    """Return what a model computes as a map: outputs of four dimensions, or what such a one's ArgMax reads."""
    tensors = [_before_argmax(one) for one in model.outputs]
    return [one for one in tensors if one.shape.rank == 4 and one.shape.as_list()[1:3] != [1, 1]]


def _before_argmax(output: Tensor) -> Tensor:
    """Return the scores that a map of class numbers was chosen from, of another output itself."""
    numbers = source(output, (*RESTATING, "Slice", "StridedSlice"))
    return numbers.op.inputs[0] if numbers.op.type == "ArgMax" else output


class Region(ScoreOfOutput):
    """A class's logits, summed over the region where the net sees it (Seg-Grad-CAM, Vinogradova et al. 2020, eq. 2).

    The region is where the class's logit is the largest, or, of an output of one channel, above 0; or where `mask`,
    (H, W), is not 0. A mask lies on what the net sees of a photo; its nearest values are taken. Logits are the output
    before its softmax or sigmoid.
    """

    def __init__(self, class_: Union[int, str], mask: Any = None, tensor: Optional[TensorLike] = None) -> None:
        super().__init__(tensor)
        self.class_, self.mask = class_, None if mask is None else (np.asarray(mask) != 0)
        if self.mask is not None and (self.mask.ndim != 2 or not self.mask.any()):
            raise TargetError(f"Region({class_!r}): the mask is {self.mask.shape}, give (H, W), not all of it 0")

    def tensors(self, model: Model) -> List[Tensor]:
        output = self.output(model)
        probabilities = source(output, ("Identity",))
        return [probabilities.op.inputs[0] if probabilities.op.type in PROBABILITIES else output]

    def channel(self, model: Model) -> int:
        """Return the channel of the class; raise UnknownName for a label that does not exist."""
        return model.class_id(self.class_)

    def check(self, model: Model) -> None:
        count, k = self.channels(model), self.channel(model)
        if not 0 <= k < max(count, 2):
            raise TargetError(f"class {k} is out of range: {self.tensor(model).name!r} has {count}")

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        maps, k = self.maps(model, values[0]), self.channel(model)
        if self.channels(model) == 1:  # what speaks for class 0, the background, is what speaks against class 1
            logits = maps[..., 0] if k else -maps[..., 0]
            inside = logits > 0
        else:
            logits = maps[..., k]
            inside = tf.equal(tf.argmax(maps, -1), k)
        if self.mask is not None:
            inside = _on_maps(self.mask, maps)
        return tf.reduce_sum(rows(tf.where(inside, logits, tf.zeros_like(logits))), -1)

    def key(self) -> Key:
        mask = () if self.mask is None else (self.mask.tobytes(), self.mask.shape)
        return ("Region", self.class_, *mask, *(() if self.name is None else (self.name,)))


class Peak(ScoreOfOutput):
    """The value of a channel of a heat map at its own maximum: a key point of a pose, say.

    The place is that of the largest value of each image; it counts as given, no gradient flows through the choice.
    """

    def __init__(self, channel: int, tensor: Optional[TensorLike] = None) -> None:
        super().__init__(tensor)
        self.k = channel

    def tensors(self, model: Model) -> List[Tensor]:
        return [self.output(model)]

    def check(self, model: Model) -> None:
        check_channel(self.k, self.tensor(model), self.channels(model))

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        flat = rows(self.maps(model, values[0])[..., self.k])
        at = tf.one_hot(tf.argmax(flat, -1), tf.shape(flat)[1], dtype=flat.dtype)
        return tf.reduce_sum(flat * at, -1)

    def key(self) -> Key:
        return ("Peak", self.k, *(() if self.name is None else (self.name,)))


def _on_maps(mask: np.ndarray, maps: Tensor) -> Tensor:
    """Return a mask, (H, W), at the size of maps, (N, h, w), for each image."""
    shape = tf.shape(maps)
    one = tf.constant(mask[None, :, :, None], tf.float32)
    nearest = tf.raw_ops.ResizeNearestNeighbor(images=one, size=shape[1:3], half_pixel_centers=True)
    return tf.tile(nearest[..., 0] > 0, tf.stack([shape[0], 1, 1]))
