"""What is explained: a score, one number per image, that gradients are taken of.

A target is one of two kinds. A mask lies on the logits, class by class, and is fed: so another class, another class
per image, or a difference of classes needs no new operation. A score lives on any tensors of the graph and is built
once.
"""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Hashable, List, Optional, Tuple, Union

import numpy as np

from .._tf import tf, tf1
from .._types import TargetLike, Tensor, TensorLike
from ..errors import TargetError
from ..model import Model

ClassLike = Union[int, str]
Target = Any  # as as_target returns it: None, a class, a Class, a list with one per image, Top, or a Score


class Class:
    """A class by number or label, and sums of them: `Class("cat") - Class("dog")`, `0.5 * Class(1) + Class(2)`."""

    def __init__(self, target: ClassLike) -> None:
        self.terms: List[Tuple[ClassLike, float]] = [(target, 1.0)]

    @classmethod
    def _of(cls, terms: List[Tuple[ClassLike, float]]) -> "Class":
        weighed = cls(0)
        weighed.terms = terms
        return weighed

    def __add__(self, other: "Class") -> "Class":
        return self._of(self.terms + other.terms)

    def __mul__(self, factor: float) -> "Class":
        return self._of([(target, weight * factor) for target, weight in self.terms])

    __rmul__ = __mul__

    def __neg__(self) -> "Class":
        return self * -1.0

    def __sub__(self, other: "Class") -> "Class":
        return self + -other

    def __repr__(self) -> str:
        return " + ".join(f"{weight:g} * Class({target!r})" for target, weight in self.terms)


@dataclass(frozen=True)
class Top:
    """The k classes of each image with the largest logits, best first: k maps per image, in one forward pass."""

    k: int

    def __post_init__(self) -> None:
        if not isinstance(self.k, int) or self.k < 1:
            raise TargetError(f"Top({self.k!r}): give a whole number from 1 on")


class Score:
    """One number per image, made from tensors of the graph; a subclass says how."""

    def tensor(self, model: Model) -> Tensor:
        """Return the tensor that the score is made from."""
        raise NotImplementedError

    def check(self, model: Model) -> None:
        """Raise TargetError where that tensor does not fit the score."""

    def build(self, model: Model) -> Tensor:
        """Return the (N,) score, built in the default graph."""
        raise NotImplementedError

    def key(self) -> Hashable:
        """Return what makes two scores the same graph."""
        raise NotImplementedError


class ScoreOfTensor(Score):
    """A score of one tensor of the graph."""

    def __init__(self, tensor: TensorLike) -> None:
        self.name = tensor  # or the tensor itself, until a model is at hand

    def tensor(self, model: Model) -> Tensor:
        return model.tensor(self.name)

    def key(self) -> Hashable:
        return type(self).__name__, getattr(self.name, "name", self.name)


class Mean(ScoreOfTensor):
    """The mean of a tensor over all but its first dimension."""

    def build(self, model: Model) -> Tensor:
        return tf.reduce_mean(_rows(self.tensor(model)), -1)


class Norm(ScoreOfTensor):
    """The Euclidean length of a tensor, an embedding say, of each image."""

    def build(self, model: Model) -> Tensor:
        return tf.norm(_rows(self.tensor(model)), axis=-1)


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

    def build(self, model: Model) -> Tensor:
        return tf.reduce_sum(_rows(self.tensor(model)) * self.array.reshape(1, -1), -1)

    def key(self) -> Hashable:
        return type(self).__name__, getattr(self.name, "name", self.name), self.array.tobytes()


class Channel(ScoreOfTensor):
    """The mean of one channel (the last dimension) of a tensor."""

    def __init__(self, tensor: TensorLike, k: int) -> None:
        super().__init__(tensor)
        self.k = k

    def check(self, model: Model) -> None:
        tensor = self.tensor(model)
        channels = tensor.shape.as_list()[-1]
        if not 0 <= self.k < channels:
            raise TargetError(f"channel {self.k} of {tensor.name!r}: it has channels 0 to {channels - 1}")

    def build(self, model: Model) -> Tensor:
        return tf.reduce_mean(_rows(self.tensor(model)[..., self.k]), -1)

    def key(self) -> Hashable:
        return type(self).__name__, getattr(self.name, "name", self.name), self.k


class TensorScore(ScoreOfTensor):
    """A tensor that is one number per image, (N,) or (N, 1)."""

    def check(self, model: Model) -> None:
        _check_scalar(self.tensor(model))

    def build(self, model: Model) -> Tensor:
        return _scalar(self.tensor(model))


class FunctionScore(Score):
    """A function from the model to a tensor of one number per image; it is called once for a model."""

    def __init__(self, function: Callable[[Model], Tensor]) -> None:
        self.function = function

    def tensor(self, model: Model) -> Tensor:
        return model.once(self.key(), lambda: self._call(model))

    def _call(self, model: Model) -> Tensor:
        with model.graph.as_default():
            tensor = self.function(model)
        if not isinstance(tensor, tf.Tensor) or getattr(tensor, "graph", None) is not model.graph:
            raise TargetError("the target's function must return a tensor of the model's graph")
        return tensor

    def check(self, model: Model) -> None:
        _check_scalar(self.tensor(model))

    def build(self, model: Model) -> Tensor:
        return _scalar(self.tensor(model))

    def key(self) -> Hashable:
        return "function", id(self.function), self.function


def _rows(tensor: Tensor) -> Tensor:
    """Return a tensor as (N, values)."""
    return tf.reshape(tensor, tf.stack([tf.shape(tensor)[0], -1]))


def _check_scalar(tensor: Tensor) -> None:
    if tensor.shape.rank != 1 and not (tensor.shape.rank == 2 and tensor.shape.as_list()[1] == 1):
        raise TargetError(f"{tensor.name!r} is {tensor.shape}: a score is one number an image, (N,)")


def _scalar(tensor: Tensor) -> Tensor:
    return tensor[:, 0] if tensor.shape.rank == 2 else tensor


def score_tensor(model: Model, target: Target) -> Tensor:
    """Return the tensor that a target's score is made from: the logits, or a Score's own."""
    return target.tensor(model) if isinstance(target, Score) else model.logits


def as_target(target: TargetLike) -> Target:
    """Return a target as Top, a Score, or what lies on the logits: None, a class, a Class, or a list of these."""
    if isinstance(target, tf.Tensor):
        return TensorScore(target)
    if callable(target):
        return FunctionScore(target)
    if isinstance(target, np.ndarray) and not target.ndim:
        target = target.item()
    known = target is None or isinstance(target, (int, str, np.integer, Class, Top, Score, list, tuple, np.ndarray))
    if not known or isinstance(target, bool):
        raise TargetError(
            f"no target is {target!r}: give a class number or label, a list with one an image, Top(k), "
            "Class(i) - Class(j), Mean(tensor), a tensor, a function of the model, or None for the winning class"
        )
    return target


def check_target(model: Model, target: Target) -> None:
    """Raise TargetError or UnknownName for a target that the model does not have; lists are checked in a call."""
    if isinstance(target, Score):
        target.check(model)
        return
    check_logits(model)
    if isinstance(target, Top) and target.k > model.classes:
        raise TargetError(f"Top({target.k}): the logits have {model.classes} classes")
    if not isinstance(target, (Top, list, tuple, np.ndarray)):
        mask(model, target, 1)


def mask(model: Model, target: Target, count: int) -> Optional[np.ndarray]:
    """Return the (count, classes) weights that a target lays on the logits, or None for the winning class.

    Raises TargetError for a class out of range or a list of another length, UnknownName for an unknown label.
    """
    if target is None:
        return None
    each = list(target) if isinstance(target, (list, tuple, np.ndarray)) else [target] * count
    if len(each) != count:
        raise TargetError(f"{len(each)} targets for {count} photos; give one for each, or a single one")
    weights = np.zeros((count, model.classes), np.float32)
    for row, one in zip(weights, each):
        for target_class, weight in one.terms if isinstance(one, Class) else [(one, 1.0)]:
            row[_class_id(model, target_class)] += weight
    return weights


def _class_id(model: Model, target: ClassLike) -> int:
    if isinstance(target, bool) or not isinstance(target, (int, str, np.integer)):
        raise TargetError(f"no class is {target!r}: give a number or a label")
    class_id = model.class_id(target)
    if not 0 <= class_id < model.classes:
        raise TargetError(f"class {class_id} is out of range: the logits have classes 0 to {model.classes - 1}")
    return class_id


def logit(logits: Tensor, weights: Tensor) -> Tensor:
    """The logit that the mask picks (Selvaraju et al. 2017, the score before the softmax)."""
    return tf.reduce_sum(logits * weights, -1)


def mean_logit(logits: Tensor, weights: Tensor) -> Tensor:
    """The mean over all classes of logits x mask: 1 / classes of the logit, as the published TF-Slim script has it."""
    return tf.reduce_mean(logits * weights, -1)


def softmax(logits: Tensor, weights: Tensor) -> Tensor:
    """The probability that the mask picks."""
    return tf.reduce_sum(tf.nn.softmax(logits) * weights, -1)


SCORES: Dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "logit": logit,
    "mean_logit": mean_logit,
    "softmax": softmax,
}


def check_logits(model: Model) -> None:
    """Raise TargetError where the logits are not (N, classes), so that no class can be picked."""
    shape = model.logits.shape
    if shape.rank != 2 or shape.as_list()[-1] is None:
        raise TargetError(f"the logits {model.logits.name!r} are {shape}, not (N, classes): load with logits=")


def winners(model: Model, k: int) -> Tensor:
    """Return (N * k,) classes: the k with the largest logits of each image in a row, best first."""
    return tf.reshape(tf.nn.top_k(model.logits, k).indices, [-1])


def fed_mask(model: Model) -> Tensor:
    """Return the mask's placeholder, (N, classes); unfed, it is the one-hot of the winning class."""
    winning = tf.one_hot(tf.argmax(model.logits, -1), model.classes, dtype=model.logits.dtype)
    return tf1.placeholder_with_default(winning, [None, model.classes], name="mask")
