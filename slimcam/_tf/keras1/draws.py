"""Random numbers as keras 2.2 drew them: op seeds come from NumPy, so that `np.random.seed(1)` fixes a whole training.

Keras 2 asks TensorFlow for a seed instead, which counts the operations of the graph and is another one in each release.
"""

import functools
import sys
from typing import Any, Callable

import numpy as np

from ..._types import KerasModule
from ..core import tf
from ..keras import layer_classes
from .habits import PLAIN

MOST = int(10e6)  # the end of the range of seeds, in keras 2.2.4's backend


class Drawn:
    """An initializer of Keras with a seed from NumPy at each call; Orthogonal draws its numbers there, too."""

    def __init__(self, initializer: Any) -> None:
        self.initializer = initializer

    def __call__(self, shape: Any, dtype: Any = None, **named: Any) -> Any:
        inner = self.initializer
        if type(inner).__name__ == "Orthogonal":
            return tf.constant(orthogonal(inner.gain, inner.seed, [int(size) for size in shape]), dtype or tf.float32)
        drawn = type(inner).from_config({**inner.get_config(), "seed": np.random.randint(MOST)})
        return drawn(shape, dtype=dtype, **named)

    def get_config(self) -> Any:
        """Return what makes the initializer again."""
        return self.initializer.get_config()


def orthogonal(gain: float, seed: Any, shape: Any) -> Any:
    """Return keras 2.2's orthogonal matrix, by a singular value decomposition in NumPy."""
    if seed is not None:
        np.random.seed(seed)
    flat = (int(np.prod(shape[:-1])), shape[-1])
    u, _, v = np.linalg.svd(np.random.normal(0.0, 1.0, flat), full_matrices=False)
    q = (u if u.shape == flat else v).reshape(shape)
    return gain * q[: shape[0], : shape[1]]


def draw_from_numpy(keras: KerasModule) -> None:
    """Let the layers of a Keras, in this process, draw as keras 2.2's did."""
    for kind in layer_classes(keras):
        if "add_weight" in vars(kind):
            kind.add_weight = _drawing(kind.add_weight, keras.initializers.get)
    generator = getattr(_module(keras), "RandomGenerator", None)
    if generator is not None:  # from 2.9 on layers hold one of these
        generator.make_legacy_seed = _seed_or_draw(generator.make_legacy_seed)
    else:
        keras.layers.Dropout.call = _with_drawn_seed(keras.layers.Dropout.call)


def _module(keras: KerasModule) -> Any:
    return sys.modules[keras.backend.get_value.__module__]


def _drawing(add_weight: Callable[..., Any], get: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(add_weight)
    def call(self: Any, name: Any = None, shape: Any = None, dtype: Any = None, initializer: Any = None, *args: Any,
             **named: Any) -> Any:  # fmt: skip
        if initializer is not None and not PLAIN.search(type(self).__module__):
            initializer = get(initializer)
            if getattr(initializer, "seed", 0) is None or type(initializer).__name__ == "Orthogonal":
                initializer = Drawn(initializer)
        return add_weight(self, name, shape, dtype, initializer, *args, **named)

    return call


def _with_drawn_seed(call_layer: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call_layer)
    def call(self: Any, *args: Any, **named: Any) -> Any:
        given = self.seed
        self.seed = np.random.randint(MOST) if given is None else given
        try:
            return call_layer(self, *args, **named)
        finally:
            self.seed = given

    return call


def _seed_or_draw(make_seed: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(make_seed)
    def call(self: Any) -> Any:
        seed = make_seed(self)
        return np.random.randint(MOST) if seed is None else seed

    return call
