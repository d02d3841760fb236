"""What is explained: a score, one number per image, that gradients are taken of.

A target is one of two kinds. A mask lies on the logits, class by class, and is fed: so another class, another class
per image, or a difference of classes needs no new operation. A score lives on any tensors of the graph and is built
once.
"""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Hashable, List, Optional, Sequence, Tuple, Union

import numpy as np

from .._tf import tf, tf1
from .._types import TargetLike, Tensor
from ..errors import TargetError
from ..isolation.answers import RemoteTensor
from ..model import Model
from .detections import find_detector
from .fitting import fitting_targets
from .scores import FunctionScore, Key, Score, TensorScore

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

    def __add__(self, other: Any) -> Any:
        """Return the sum with another Class, or with a Score, which is a Score."""
        if isinstance(other, Score):
            return ClassScore(self) + other
        return self._of(self.terms + other.terms) if isinstance(other, Class) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return other + ClassScore(self) if isinstance(other, Score) else NotImplemented

    def __mul__(self, factor: float) -> "Class":
        return self._of([(target, weight * factor) for target, weight in self.terms])

    __rmul__ = __mul__

    def __neg__(self) -> "Class":
        return self * -1.0

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __repr__(self) -> str:
        return " + ".join(f"{weight:g} * Class({target!r})" for target, weight in self.terms)


class ClassScore(Score):
    """A class's logit, or a sum of such, as a score: what a Class is in a sum with other scores."""

    def __init__(self, of: Class) -> None:
        self.of = of

    def tensors(self, model: Model) -> List[Tensor]:
        return [model.need_logits()]

    def check(self, model: Model) -> None:
        check_target(model, self.of)

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        return logit(model, values[0], tf.cast(mask(model, self.of, 1), values[0].dtype))

    def key(self) -> Key:
        return ("class", *self.of.terms)

    def __repr__(self) -> str:
        return f"({self.of!r})"


@dataclass(frozen=True)
class Top:
    """The k classes of each image with the largest logits, best first: k maps per image, in one forward pass."""

    k: int

    def __post_init__(self) -> None:
        if not isinstance(self.k, int) or self.k < 1:
            raise TargetError(f"Top({self.k!r}): give a whole number from 1 on")


def score_tensor(model: Model, target: Target) -> Tensor:
    """Return the tensor that a target's score is made from: the logits, or a Score's own."""
    return target.tensor(model) if isinstance(target, Score) else need_logits(model)


def kind(target: Target, score: str) -> Hashable:
    """Return what makes two targets the same graph; `score` is a row of SCORES, for those on the logits."""
    if isinstance(target, Score):
        return target.key()
    return ("top", target.k, score) if isinstance(target, Top) else ("mask", score)


def as_target(target: TargetLike) -> Target:
    """Return a target as Top, a Score, or what lies on the logits: None, a class, a Class, or a list of these."""
    if isinstance(target, (tf.Tensor, RemoteTensor)):
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


def on_logits(model: Model, weights: Any) -> Any:
    """Return what weights of classes, (N, classes), make of the logits: one logit speaks for class 1 and against 0."""
    return weights[:, 1:] - weights[:, :1] if model.one_logit else weights


def sides(model: Model, logits: Tensor) -> Tensor:
    """Return a logit for each class: of one logit, z, these are -z for class 0 and z for class 1."""
    return tf.concat([-logits, logits], -1) if model.one_logit else logits


def logit(model: Model, logits: Tensor, weights: Tensor) -> Tensor:
    """The logit that the mask picks (Selvaraju et al. 2017, the score before the softmax)."""
    return tf.reduce_sum(logits * on_logits(model, weights), -1)


def mean_logit(model: Model, logits: Tensor, weights: Tensor) -> Tensor:
    """The mean over all logits x mask: 1 / logits of the logit, as the published TF-Slim script has it."""
    return tf.reduce_mean(logits * on_logits(model, weights), -1)


def output(model: Model, logits: Tensor, weights: Tensor) -> Tensor:
    """The model's own output that the mask picks: a probability where it ends in a softmax or a sigmoid."""
    return tf.reduce_sum(OUTPUTS[model.output_kind](sides(model, logits)) * weights, -1)


# What a model makes of its logits, by Model.output_kind.
OUTPUTS: Dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": tf.nn.softmax,
    "sigmoid": tf.sigmoid,
    "linear": tf.identity,
}
SCORES: Dict[str, Callable[[Model, Tensor, Tensor], Tensor]] = {
    "logit": logit,
    "mean_logit": mean_logit,
    "output": output,
}


def need_logits(model: Model) -> Tensor:
    """Return a model's logits; raise TargetError where there are none, with the targets that its outputs fit."""
    if model.logits is None:
        raise TargetError(f"{model.source}: {model.no_logits}{fitting_targets(model)}")
    return model.logits


def check_logits(model: Model) -> None:
    """Raise TargetError where the logits are not (N, classes), so that no class can be picked."""
    logits = need_logits(model)
    detector = find_detector(model)
    if detector is not None and any(logits is tensor for tensor in detector.tensors):
        raise TargetError(f"{logits.name!r} is what a suppression chose, which has no gradient{fitting_targets(model)}")
    shape = logits.shape
    if shape.rank != 2 or shape.as_list()[-1] is None:
        raise TargetError(
            f"the logits {logits.name!r} are {shape}, not (N, classes): load with logits={fitting_targets(model)}"
        )


def winners(model: Model, k: int) -> Tensor:
    """Return (N * k,) classes: the k with the largest logits of each image in a row, best first."""
    return tf.reshape(tf.nn.top_k(sides(model, model.need_logits()), k).indices, [-1])


def fed_mask(model: Model) -> Tensor:
    """Return the mask's placeholder, (N, classes); unfed, it is the one-hot of the winning class."""
    logits = model.need_logits()
    winning = tf.one_hot(tf.argmax(sides(model, logits), -1), model.classes, dtype=logits.dtype)
    return tf1.placeholder_with_default(winning, [None, model.classes], name="mask")
