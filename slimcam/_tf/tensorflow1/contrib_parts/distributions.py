"""tf.contrib.distributions: what compat.v1 lacks of it and programs ask for most."""

import math
from typing import Any, Optional

import numpy as np

from ...._types import Tensor
from ...core import tf1

Distribution: Any = tf1.distributions.Distribution
DRAWN = tf1.distributions.FULLY_REPARAMETERIZED


def percentile(
    x: Any,
    q: Any,
    axis: Any = None,
    interpolation: Optional[str] = None,
    keep_dims: bool = False,
    validate_args: bool = False,
    name: Optional[str] = None,
) -> Tensor:
    """Return the value below which q percent of `x` lie along axes, one that is there: nearest, lower or higher."""
    rounds = {None: tf1.round, "nearest": tf1.round, "lower": tf1.ceil, "higher": tf1.floor}
    if interpolation not in rounds:
        raise ValueError(f"Argument 'interpolation' must be in {set(rounds) - {None}}.  Found {interpolation}")
    with tf1.name_scope(name, "percentile", [x, q]):
        x = tf1.convert_to_tensor(x)
        rank = x.shape.ndims
        axes = list(range(rank)) if axis is None else [int(one) % rank for one in np.atleast_1d(axis)]
        kept = [one for one in range(rank) if one not in axes]
        sizes = tf1.gather(tf1.shape(x), kept) if kept else tf1.zeros([0], tf1.int32)
        flat = tf1.reshape(tf1.transpose(x, kept + axes), tf1.concat([sizes, [-1]], 0))
        number = tf1.shape(flat)[-1]
        share = 1.0 - tf1.cast(q, tf1.float64) / 100.0
        index = tf1.cast(rounds[interpolation](tf1.cast(number - 1, tf1.float64) * share), tf1.int32)
        result = tf1.sort(flat, direction="DESCENDING")[..., tf1.clip_by_value(index, 0, number - 1)]
        result.set_shape([x.shape.as_list()[one] for one in kept])
        for one in sorted(axes) if keep_dims else ():
            result = tf1.expand_dims(result, one)
        return result


class MultivariateNormalDiag(Distribution):
    """Normal distributions of vectors, (…, k), whose numbers are independent of each other."""

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        scale_identity_multiplier: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiag",
    ) -> None:
        parameters = dict(locals())
        if loc is None and scale_diag is None:
            raise ValueError("one of loc and scale_diag says how many numbers a vector has; both are missing")
        with tf1.name_scope(name):
            given = tf1.convert_to_tensor(loc if scale_diag is None else scale_diag)
            scale = tf1.ones_like(given) if scale_diag is None else given
            if scale_identity_multiplier is not None:
                wide = tf1.convert_to_tensor(scale_identity_multiplier, given.dtype)[..., None]
                scale = wide * scale if scale_diag is None else wide + scale
            self._loc = tf1.zeros_like(scale) if loc is None else tf1.convert_to_tensor(loc)
            self._scale = scale + tf1.zeros_like(self._loc)
            self._loc = self._loc + tf1.zeros_like(scale)
        super().__init__(self._scale.dtype, DRAWN, validate_args, allow_nan_stats, parameters, name=name)

    @property
    def loc(self) -> Tensor:
        """The means."""
        return self._loc

    def _batch_shape_tensor(self) -> Tensor:
        return tf1.shape(self._scale)[:-1]

    def _batch_shape(self) -> Any:
        return self._scale.shape[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return tf1.shape(self._scale)[-1:]

    def _event_shape(self) -> Any:
        return self._scale.shape[-1:]

    def _sample_n(self, n: Any, seed: Optional[int] = None) -> Tensor:
        shape = tf1.concat([[n], tf1.shape(self._scale)], 0)
        return self._loc + self._scale * tf1.random_normal(shape, dtype=self.dtype, seed=seed)

    def _log_prob(self, x: Tensor) -> Tensor:
        size = tf1.cast(tf1.shape(self._scale)[-1], self.dtype)
        squares = tf1.reduce_sum(tf1.square((x - self._loc) / self._scale), -1)
        return -0.5 * (squares + size * math.log(2 * math.pi)) - self._log_volume()

    def _log_volume(self) -> Tensor:
        return tf1.reduce_sum(tf1.log(tf1.abs(self._scale)), -1)

    def _prob(self, x: Tensor) -> Tensor:
        return tf1.exp(self._log_prob(x))

    def _entropy(self) -> Tensor:
        size = tf1.cast(tf1.shape(self._scale)[-1], self.dtype)
        return 0.5 * size * (1 + math.log(2 * math.pi)) + self._log_volume()

    def _mean(self) -> Tensor:
        return self._loc

    def _mode(self) -> Tensor:
        return self._loc

    def _stddev(self) -> Tensor:
        return tf1.abs(self._scale)

    def _variance(self) -> Tensor:
        return tf1.square(self._scale)

    def _covariance(self) -> Tensor:
        return tf1.linalg.diag(self._variance())


@tf1.distributions.RegisterKL(MultivariateNormalDiag, MultivariateNormalDiag)
def _divergence(a: Any, b: Any, name: Optional[str] = None) -> Tensor:
    ratio = tf1.square(a._scale / b._scale)
    apart = tf1.square((a._loc - b._loc) / b._scale)
    return 0.5 * tf1.reduce_sum(ratio + apart - 1.0 - tf1.log(ratio), -1)


class RelaxedOneHotCategorical(Distribution):
    """Points of a simplex near its corners (Jang et al., Maddison et al. 2016): the Gumbel softmax."""

    def __init__(
        self,
        temperature: Any,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "RelaxedOneHotCategorical",
    ) -> None:
        parameters = dict(locals())
        if (logits is None) == (probs is None):
            raise ValueError("Must pass probs or logits, but not both.")
        with tf1.name_scope(name):
            self._probs = tf1.nn.softmax(logits) if probs is None else tf1.convert_to_tensor(probs)
            self._logits = tf1.log(self._probs) if logits is None else tf1.convert_to_tensor(logits)
            self._temperature = tf1.convert_to_tensor(temperature, self._logits.dtype)
        super().__init__(self._logits.dtype, DRAWN, validate_args, allow_nan_stats, parameters, name=name)

    @property
    def temperature(self) -> Tensor:
        """How far from the corners."""
        return self._temperature

    @property
    def logits(self) -> Tensor:
        """The scores of the corners."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The shares of the corners."""
        return self._probs

    def _batch_shape_tensor(self) -> Tensor:
        return tf1.shape(self._logits)[:-1]

    def _batch_shape(self) -> Any:
        return self._logits.shape[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return tf1.shape(self._logits)[-1:]

    def _event_shape(self) -> Any:
        return self._logits.shape[-1:]

    def _sample_n(self, n: Any, seed: Optional[int] = None) -> Tensor:
        shape = tf1.concat([[n], tf1.shape(self._logits)], 0)
        tiny = np.finfo(self.dtype.as_numpy_dtype).tiny
        drawn = tf1.random_uniform(shape, minval=tiny, maxval=1, dtype=self.dtype, seed=seed)
        gumbel = -tf1.log(-tf1.log(drawn))
        return tf1.nn.softmax((gumbel + self._logits) / self._temperature[..., None])

    def _log_prob(self, x: Tensor) -> Tensor:
        size = tf1.cast(tf1.shape(self._logits)[-1], self.dtype)
        logs = tf1.log(x)
        shares = tf1.nn.log_softmax(self._logits - logs * self._temperature[..., None])
        norm = tf1.lgamma(size) + (size - 1) * tf1.log(self._temperature)
        return tf1.reduce_sum(shares - logs, -1) + norm
