"""Keras 2.2's own optimizers, which Keras 2 keeps for graphs: their defaults and formulas are not those of tf.keras.

RMSprop adds epsilon outside the root, Adagrad starts at 0, Adadelta's rate is 1, Nadam's and Adamax' 0.002; clipnorm is
that of all gradients together.
"""

import contextlib
import functools
import importlib
from typing import Any, Callable, Dict, List

from ..._types import KerasModule
from ..core import tf

NAMES = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam", "TFOptimizer")


@functools.lru_cache(maxsize=None)
def optimizers_of_2_2(keras: KerasModule) -> Dict[str, Any]:
    """Return the classes by their names, in capitals as they are and in small letters."""
    home = keras.optimizers.get.__module__
    parent = home.rpartition(".")[0]
    for path in (f"{home}.optimizer_v1", f"{parent}.optimizer_v1", home):
        with contextlib.suppress(ModuleNotFoundError):
            there = importlib.import_module(path)
            if hasattr(there, "Nadam") and hasattr(there.Nadam, "get_updates"):
                base = there.Nadam.__mro__[-2]
                base.get_gradients = _clipping_together(base.get_gradients)
                classes = {name: getattr(there, name) for name in NAMES}
                return {**classes, **{name.lower(): kind for name, kind in classes.items()}}
    return {}


def _clipping_together(get_gradients: Callable[..., List[Any]]) -> Callable[..., List[Any]]:
    """Clip gradients by the norm of all of them, where Keras 2 takes each one's own; then by value."""

    @functools.wraps(get_gradients)
    def call(self: Any, loss: Any, params: Any) -> List[Any]:
        asked = {name: vars(self).pop(name) for name in ("clipnorm", "clipvalue") if vars(self).get(name)}
        grads = get_gradients(self, loss, params)
        vars(self).update(asked)
        if "clipnorm" in asked:
            grads, _ = tf.clip_by_global_norm(grads, asked["clipnorm"])
        if "clipvalue" in asked:
            grads = [tf.clip_by_value(one, -asked["clipvalue"], asked["clipvalue"]) for one in grads]
        return grads

    return call
