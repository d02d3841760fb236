"""The scores of values that a tape watched."""

import functools
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Type

import numpy as np

from .. import targets
from .._tf import tf
from .._types import Tensor
from ..model import Model
from .resolve import Query

# Written anew, not taken from targets: what is compared should not share what could be wrong.
OUTPUTS: Dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": tf.nn.softmax,
    "sigmoid": lambda logits: 1 / (1 + tf.exp(-logits)),
    "linear": lambda logits: logits,
}
SCORES: Dict[str, Callable[[Model, Tensor, Tensor], Tensor]] = {
    "logit": lambda model, logits, weights: tf.reduce_sum(logits * weights, -1),
    "mean_logit": lambda model, logits, weights: tf.reduce_sum(logits * weights, -1) / model.need_logits().shape[-1],
    "output": lambda model, logits, weights: tf.reduce_sum(OUTPUTS[model.output_kind](logits) * weights, -1),
}
SCORES_OF_TENSORS: Dict[Type[targets.Score], Callable[[Tensor, Any], Tensor]] = {
    targets.Mean: lambda each, target: tf.reduce_mean(each, _inner(each)),
    targets.Norm: lambda each, target: tf.sqrt(tf.reduce_sum(each * each, _inner(each))),
    targets.Dot: lambda each, target: tf.reduce_sum(each * target.array.reshape(each.shape[1:]), _inner(each)),
    targets.Channel: lambda each, target: tf.reduce_mean(each[..., target.k], _inner(each)[:-1]),
}


def _inner(each: Tensor) -> List[int]:
    return list(range(1, len(each.shape)))


def scores_of(query: Query, values: Sequence[Tensor], mask: Optional[np.ndarray]) -> Tuple[List[Tensor], np.ndarray]:
    """Return k scores, (N,) each, and the classes, (N * k,), -1 where a score is not of one class."""
    target, value = query.target, values[0]
    if isinstance(target, targets.Channels):
        return [tf.reduce_sum(target.formula(query.model, values) * mask, -1)], np.full(len(value), -1)
    if isinstance(target, targets.PickedScore):
        return [target.at(value, tf.constant(mask))], np.full(len(value), -1)
    if isinstance(target, targets.Score):
        own = SCORES_OF_TENSORS.get(type(target))
        score = target.formula(query.model, values) if own is None else own(value, target)
        return [score], np.full(len(value), -1)
    value, score = _with_both_sides(query, value), functools.partial(SCORES[query.score], query.model)
    if isinstance(target, targets.Top):
        classes = tf.nn.top_k(value, target.k).indices.numpy()
        masks = [tf.one_hot(classes[:, i], value.shape[-1], dtype=value.dtype) for i in range(target.k)]
        return [score(value, one) for one in masks], classes.reshape(-1)
    weights = np.eye(value.shape[-1])[np.argmax(value.numpy(), -1)] if mask is None else mask
    single = (np.count_nonzero(weights, -1) == 1) & (weights.max(-1) == 1)
    return [score(value, tf.cast(weights, value.dtype))], np.where(single, weights.argmax(-1), -1)


def _with_both_sides(query: Query, logits: Tensor) -> Tensor:
    """Return one logit of a sigmoid as those of two classes."""
    return logits * tf.constant([[-1, 1]], logits.dtype) if query.model.one_logit else logits
