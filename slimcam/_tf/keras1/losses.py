"""Losses as keras 2.2 computed them: from clipped shares, and as means over what is not masked or weighted by 0.

Keras 2 takes the logits behind a softmax or a sigmoid, adds epsilon in binary cross entropies, and counts masked and
zero-weighted elements in its means.
"""

import functools
import sys
from types import ModuleType
from typing import Any, Callable

from ..._types import KerasModule
from ..core import tf
from .models import kinds_of_models

ENTROPIES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")


def mend_losses(keras: KerasModule, backend: Callable[[], ModuleType]) -> None:
    """Let a Keras' models of graphs, in this process, have the losses of keras 2.2; `backend()` is `keras.backend`."""
    home = sys.modules[keras.backend.get_value.__module__]
    for name in ENTROPIES:
        setattr(home, name, _of_shares(name, getattr(home, name), backend))
    for kind in kinds_of_models(keras.models.Model):
        if "_prepare_total_loss" in vars(kind):
            kind._prepare_total_loss = _over_what_counts(kind._prepare_total_loss)


def _of_shares(name: str, today: Callable[..., Any], backend: Callable[[], ModuleType]) -> Callable[..., Any]:
    @functools.wraps(today)
    def call(target: Any, output: Any, from_logits: bool = False, *args: Any, **named: Any) -> Any:
        if named.pop("ignore_class", None) is not None:
            return today(target, output, from_logits, *args, **named)
        return getattr(backend(), name)(target, output, from_logits, *args, **named)

    return call


class MeanLoss:
    """A loss function's mean over a batch by the rules of keras 2.2; without `reduction`, so that Keras 2 keeps it."""

    def __init__(self, each: Callable[[Any, Any], Any], mask: Any) -> None:
        self.each, self.mask = each, mask

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        losses = self.each(y_true, y_pred)
        if self.mask is not None:
            mask = tf.cast(self.mask, losses.dtype)
            losses = losses * mask / tf.reduce_mean(mask)
        if sample_weight is not None:
            weights = tf.cast(sample_weight, losses.dtype)
            losses = tf.reduce_mean(losses, axis=list(range(weights.shape.rank, losses.shape.rank)))
            losses = losses * weights / tf.reduce_mean(tf.cast(tf.not_equal(weights, 0), losses.dtype))
        return tf.reduce_mean(losses)


def _over_what_counts(prepare: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(prepare)
    def call(self: Any, masks: Any) -> Any:
        wrapped = [
            (endpoint, endpoint.loss_fn, mask)
            for endpoint, mask in zip(self._training_endpoints, masks)
            if hasattr(endpoint.loss_fn, "reduction")
        ]
        for endpoint, loss, mask in wrapped:
            endpoint._loss_fn = MeanLoss(loss.call, mask)
        try:
            return prepare(self, [None] * len(masks))
        finally:
            for endpoint, loss, _ in wrapped:
                endpoint._loss_fn = loss

    return call
