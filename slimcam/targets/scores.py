"""Scores: one number per image, made from tensors of the graph, and sums of such.

A score is a formula on the values of its tensors, which a session and a tape both can work out.
"""

import zlib
from typing import Any, Callable, Dict, Hashable, List, NoReturn, Sequence, Tuple

import numpy as np

from .._tf import tf, tf1
from .._types import Tensor, TensorLike
from ..errors import TargetError
from ..model import Model

Key = Tuple[Hashable, ...]


class Score:
    """One number per image, made from tensors of the graph; a subclass says how.

    Scores can be added, subtracted and multiplied by numbers: `Channel("Mixed_4e", 3) - 0.5 * Channel("Mixed_4e", 7)`.
    """

    def tensors(self, model: Model) -> List[Tensor]:
        """Return the tensors that the score is made from."""
        raise NotImplementedError

    def tensor(self, model: Model) -> Tensor:
        """Return the tensor that stands for all of these: what leads to it leads to the score."""
        return self.tensors(model)[0]

    def check(self, model: Model) -> None:
        """Raise TargetError where those tensors do not fit the score."""

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        """Return the (N,) score of the tensors' values."""
        raise NotImplementedError

    def build(self, model: Model) -> Tensor:
        """Return the (N,) score, built in the default graph."""
        return self.formula(model, self.tensors(model))

    def key(self) -> Key:
        """Return what makes two scores the same graph."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return the score as it is written, with the checksum of an array."""
        kind, *parts = self.key()
        each = (f"array {zlib.crc32(part):08x}" if isinstance(part, bytes) else repr(part) for part in parts)
        return f"{kind}({', '.join(each)})"

    def __getstate__(self) -> Dict[str, Any]:
        """Pickle the name of a tensor, as no other process has the tensor itself."""
        return {key: getattr(value, "name", value) if key == "name" else value for key, value in vars(self).items()}

    def __mul__(self, factor: float) -> "Score":
        return Sum([(self, float(factor))])

    __rmul__ = __mul__

    def __neg__(self) -> "Score":
        return self * -1.0

    def __add__(self, other: "Score") -> "Score":
        return Sum([(self, 1.0), (other, 1.0)]) if isinstance(other, Score) else NotImplemented

    def __sub__(self, other: "Score") -> "Score":
        return self + -other


class Sum(Score):
    """A sum of scores, each times a number."""

    def __init__(self, terms: Sequence[Tuple[Score, float]]) -> None:
        self.terms: List[Tuple[Score, float]] = []
        for score, outer in terms:
            inner = score.terms if isinstance(score, Sum) else [(score, 1.0)]
            self.terms += [(one, outer * weight) for one, weight in inner]

    def tensors(self, model: Model) -> List[Tensor]:
        return [tensor for score, _ in self.terms for tensor in score.tensors(model)]

    def tensor(self, model: Model) -> Tensor:
        return model.once(("score", self.key()), lambda: self._of_graph(model))

    def _of_graph(self, model: Model) -> Tensor:
        self.check(model)
        with model.graph.as_default(), tf1.name_scope("slimcam/score"):
            return self.build(model)

    def check(self, model: Model) -> None:
        for score, _ in self.terms:
            score.check(model)

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        rest, parts = list(values), []
        for score, weight in self.terms:
            count = len(score.tensors(model))
            parts.append(weight * tf.cast(score.formula(model, rest[:count]), tf.float32))
            rest = rest[count:]
        return tf.add_n(parts)

    def key(self) -> Key:
        return ("sum", *((score.key(), weight) for score, weight in self.terms))

    def __repr__(self) -> str:
        return " + ".join(f"{weight:g} * {score!r}" for score, weight in self.terms)


class ScoreOfTensor(Score):
    """A score of one tensor of the graph."""

    def __init__(self, tensor: TensorLike) -> None:
        self.name = tensor  # or the tensor itself, until a model is at hand

    def tensors(self, model: Model) -> List[Tensor]:
        return [model.tensor(self.name)]

    def key(self) -> Key:
        return type(self).__name__, getattr(self.name, "name", self.name)


class Mean(ScoreOfTensor):
    """The mean of a tensor over all but its first dimension."""

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        return tf.reduce_mean(rows(values[0]), -1)


class Norm(ScoreOfTensor):
    """The Euclidean length of a tensor, an embedding say, of each image."""

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        return tf.norm(rows(values[0]), axis=-1)


class Dot(ScoreOfTensor):
    """The dot product of a tensor with an array of its shape, an embedding to look for, say."""

    def __init__(self, tensor: TensorLike, array: Any) -> None:
        super().__init__(tensor)
        self.array = np.asarray(array, np.float32)

    def check(self, model: Model) -> None:
        dims = self.tensor(model).shape.as_list()[1:]
        width = self.array.size if None in dims else int(np.prod(dims))
        if self.array.size != width:
            raise TargetError(
                f"Dot({self.name!r}): the array has {self.array.size} values, the tensor {width} an image"
            )

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        return tf.reduce_sum(rows(values[0]) * self.array.reshape(1, -1), -1)

    def key(self) -> Key:
        return (*super().key(), self.array.tobytes())


class Channel(ScoreOfTensor):
    """The mean of one channel (the last dimension) of a tensor."""

    def __init__(self, tensor: TensorLike, k: int) -> None:
        super().__init__(tensor)
        self.k = k

    def check(self, model: Model) -> None:
        tensor = self.tensor(model)
        check_channel(self.k, tensor, tensor.shape.as_list()[-1])

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        return tf.reduce_mean(rows(values[0][..., self.k]), -1)

    def key(self) -> Key:
        return (*super().key(), self.k)


class TensorScore(ScoreOfTensor):
    """A tensor that is one number per image, (N,) or (N, 1)."""

    def check(self, model: Model) -> None:
        _check_scalar(self.tensor(model))

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        return _scalar(values[0])


class FunctionScore(Score):
    """A function from the model to a tensor of one number per image; it is called once for a model."""

    def __init__(self, function: Callable[[Model], Tensor]) -> None:
        self.function = function

    def __reduce__(self) -> NoReturn:
        raise TargetError(
            f"the target {self.function!r} cannot go to another process, as functions have tensors of this one: name "
            "tensors by Mean(NAME), Norm(NAME), Channel(NAME, k), Neuron(NAME, k) or Dot(NAME, array), and add them up"
        )

    def tensors(self, model: Model) -> List[Tensor]:
        return [model.once(self.key(), lambda: self._call(model))]

    def _call(self, model: Model) -> Tensor:
        with model.graph.as_default():
            tensor = self.function(model)
        if not isinstance(tensor, tf.Tensor) or getattr(tensor, "graph", None) is not model.graph:
            raise TargetError("the target's function must return a tensor of the model's graph")
        return tensor

    def check(self, model: Model) -> None:
        _check_scalar(self.tensor(model))

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        return _scalar(values[0])

    def key(self) -> Key:
        return "function", id(self.function), self.function


def rows(tensor: Tensor) -> Tensor:
    """Return a tensor as (N, values)."""
    return tf.reshape(tensor, tf.stack([tf.shape(tensor)[0], -1]))


def check_channel(k: int, tensor: Tensor, channels: int) -> None:
    """Raise TargetError for a channel that a tensor, which has so many, does not have."""
    if not 0 <= k < channels:
        raise TargetError(f"channel {k} of {tensor.name!r}: it has channels 0 to {channels - 1}")


def _check_scalar(tensor: Tensor) -> None:
    if tensor.shape.rank != 1 and not (tensor.shape.rank == 2 and tensor.shape.as_list()[1] == 1):
        raise TargetError(f"{tensor.name!r} is {tensor.shape}: a score is one number an image, (N,)")


def _scalar(tensor: Tensor) -> Tensor:
    return tensor[:, 0] if tensor.shape.rank == 2 else tensor
