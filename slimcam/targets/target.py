"""What is explained: a score, one number an image, that gradients are taken of.

A target is one of two kinds. A mask lies on the logits, class by class, and is fed: so another class, another class an
image, or a difference of classes needs no new operation. A score lives on any tensors of the graph and is built once.
"""

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import numpy as np

from .._tf import tf, tf1
from ..errors import TargetError
from ..model import Model

ClassLike = Union[int, str]


class Class:
    """A class by number or label, and sums of them: `Class("cat") - Class("dog")`, `0.5 * Class(1) + Class(2)`."""

    def __init__(self, target: ClassLike) -> None:
        self.terms: List[Tuple[ClassLike, float]] = [(target, 1.0)]

    @classmethod
    def _of(cls, terms: List[Tuple[ClassLike, float]]) -> "Class":
        made = cls(0)
        made.terms = terms
        return made

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
    """The k classes of each image with the largest logits, best first: k maps an image, in one forward pass."""

    k: int

    def __post_init__(self) -> None:
        if not isinstance(self.k, int) or self.k < 1:
            raise TargetError(f"Top({self.k!r}): give a whole number from 1 on")


class Score:
    """A number an image that is made from tensors of the graph; a subclass says how."""

    def __init__(self, tensor: Any) -> None:
        self.name = tensor

    def _each(self, model: Model) -> Any:
        """Return the tensor as (N, values)."""
        tensor = self.tensor(model)
        return tf.reshape(tensor, tf.stack([tf.shape(tensor)[0], -1]))

    def tensor(self, model: Model) -> Any:
        """Return the tensor that the score is made from."""
        return model.tensor(self.name)

    def build(self, model: Model) -> Any:
        """Return the (N,) score, built in the default graph."""
        raise NotImplementedError

    def key(self) -> Any:
        """What makes two scores the same graph."""
        return type(self).__name__, getattr(self.name, "name", self.name)


class Mean(Score):
    """The mean of a tensor over all but its first dimension."""

    def build(self, model: Model) -> Any:
        return tf.reduce_mean(self._each(model), -1)


class Norm(Score):
    """The Euclidean length of a tensor, an embedding say, of each image."""

    def build(self, model: Model) -> Any:
        return tf.norm(self._each(model), axis=-1)


class Dot(Score):
    """The dot product of a tensor with an array of its shape, an embedding to look for, say."""

    def __init__(self, tensor: Any, array: Any) -> None:
        super().__init__(tensor)
        self.array = np.asarray(array, np.float32)

    def build(self, model: Model) -> Any:
        each = self._each(model)
        dims = self.tensor(model).shape.as_list()[1:]
        width = self.array.size if None in dims else int(np.prod(dims))
        if self.array.size != width:
            raise TargetError(
                f"Dot({self.name!r}): the array has {self.array.size} values, the tensor {width} an image"
            )
        return tf.reduce_sum(each * self.array.reshape(1, -1), -1)

    def key(self) -> Any:
        return (*super().key(), self.array.tobytes())


class Channel(Score):
    """The mean of one channel (the last dimension) of a tensor."""

    def __init__(self, tensor: Any, k: int) -> None:
        super().__init__(tensor)
        self.k = k

    def build(self, model: Model) -> Any:
        tensor = self.tensor(model)
        channels = tensor.shape.as_list()[-1]
        if not 0 <= self.k < channels:
            raise TargetError(f"channel {self.k} of {tensor.name!r}: it has channels 0 to {channels - 1}")
        one = tensor[..., self.k]
        return tf.reduce_mean(tf.reshape(one, tf.stack([tf.shape(one)[0], -1])), -1)

    def key(self) -> Any:
        return (*super().key(), self.k)


class _Given(Score):
    """A tensor of one number an image, or a function from the model to one."""

    def tensor(self, model: Model) -> Any:
        if not callable(self.name):
            return super().tensor(model)
        return model.once(self.key(), lambda: self._called(model))

    def _called(self, model: Model) -> Any:
        with model.graph.as_default():
            tensor = self.name(model)
        if not isinstance(tensor, tf.Tensor) or getattr(tensor, "graph", None) is not model.graph:
            raise TargetError("the target's function must return a tensor of the model's graph")
        return tensor

    def build(self, model: Model) -> Any:
        tensor = self.tensor(model)
        if tensor.shape.rank == 2 and tensor.shape.as_list()[1] == 1:
            tensor = tensor[:, 0]
        if tensor.shape.rank != 1:
            raise TargetError(f"{tensor.name!r} is {tensor.shape}: a score is one number an image, (N,)")
        return tensor

    def key(self) -> Any:
        return super().key() if not callable(self.name) else ("function", id(self.name), self.name)


def scored(model: Model, target: Any) -> Any:
    """Return the tensor that a target's score is made from: the logits, or a Score's own."""
    return target.tensor(model) if isinstance(target, Score) else model.logits


def as_target(target: Any) -> Any:
    """Return a target as Top, a Score, or what lies on the logits: None, a class, a Class, or a list of these."""
    if isinstance(target, tf.Tensor) or callable(target):
        return _Given(target)
    if isinstance(target, np.ndarray) and not target.ndim:
        target = target.item()
    known = target is None or isinstance(target, (int, str, np.integer, Class, Top, Score, list, tuple, np.ndarray))
    if not known or isinstance(target, bool):
        raise TargetError(
            f"no target is {target!r}: give a class number or label, a list with one an image, Top(k), "
            "Class(i) - Class(j), Mean(tensor), a tensor, a function of the model, or None for the winning class"
        )
    return target


def mask(model: Model, target: Any, count: int) -> Optional[np.ndarray]:
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
            row[_checked(model, target_class)] += weight
    return weights


def _checked(model: Model, target: ClassLike) -> int:
    if isinstance(target, bool) or not isinstance(target, (int, str, np.integer)):
        raise TargetError(f"no class is {target!r}: give a number or a label")
    class_id = model.class_id(target)
    if not 0 <= class_id < model.classes:
        raise TargetError(f"class {class_id} is out of range: the logits have classes 0 to {model.classes - 1}")
    return class_id


def masked(logits: Any, weights: Any) -> Any:
    """The logit that the mask picks (Selvaraju et al. 2017, the score before the softmax)."""
    return tf.reduce_sum(logits * weights, -1)


def masked_mean(logits: Any, weights: Any) -> Any:
    """The mean over all classes of logits x mask: 1 / classes of the logit, as the published TF-Slim script has it."""
    return tf.reduce_mean(logits * weights, -1)


def masked_softmax(logits: Any, weights: Any) -> Any:
    """The probability that the mask picks."""
    return tf.reduce_sum(tf.nn.softmax(logits) * weights, -1)


SCORES: Dict[str, Callable[[Any, Any], Any]] = {"logit": masked, "mean_logit": masked_mean, "softmax": masked_softmax}


def check_logits(model: Model) -> None:
    """Raise TargetError where the logits are not (N, classes), so that no class can be picked."""
    shape = model.logits.shape
    if shape.rank != 2 or shape.as_list()[-1] is None:
        raise TargetError(f"the logits {model.logits.name!r} are {shape}, not (N, classes): load with logits=")


def winners(model: Model, k: int) -> Any:
    """Return (N * k,) classes: the k with the largest logits of each image in a row, best first."""
    if k > model.classes:
        raise TargetError(f"Top({k}): the logits have {model.classes} classes")
    return tf.reshape(tf.nn.top_k(model.logits, k).indices, [-1])


def fed_mask(model: Model) -> Any:
    """Return the mask's placeholder, (N, classes); unfed, it is the one-hot of the winning class."""
    winning = tf.one_hot(tf.argmax(model.logits, -1), model.classes, dtype=model.logits.dtype)
    return tf1.placeholder_with_default(winning, [None, model.classes], name="mask")
