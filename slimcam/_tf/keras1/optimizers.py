"""Keras 2.2's own optimizers, which Keras 2 keeps for graphs: their defaults and formulas are not those of tf.keras.

RMSprop adds epsilon outside the root, Adagrad starts at 0, Adadelta's rate is 1, Nadam's and Adamax' 0.002; clipnorm is
that of all gradients together.
"""

import contextlib
import functools
import importlib
import inspect
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
                return _names(keras, {name: getattr(there, name) for name in NAMES}, there.Optimizer)
    return {}


def clip_together(keras: KerasModule) -> None:
    """Let these optimizers, in this process, clip gradients by the norm of all of them."""
    base = optimizers_of_2_2(keras).get("Optimizer")
    if base is not None:
        base.get_gradients = _clipping_together(base.get_gradients)


def _names(keras: KerasModule, classes: Dict[str, Any], base: Any) -> Dict[str, Any]:
    """Return the names of keras 2.2's module of optimizers."""
    by_name = {**classes, **{name.lower(): kind for name, kind in classes.items()}}

    def deserialize(config: Any, custom_objects: Any = None) -> Any:
        kind = (custom_objects or {}).get(config["class_name"]) or by_name.get(config["class_name"].lower())
        return kind.from_config(config["config"]) if kind else keras.optimizers.deserialize(config, custom_objects)

    def get(identifier: Any) -> Any:
        if isinstance(identifier, str):
            identifier = {"class_name": identifier, "config": {}}
        return deserialize(identifier) if isinstance(identifier, dict) else keras.optimizers.get(identifier)

    def as_in_2_2(optimizer: Any) -> Any:
        kind = classes[type(optimizer).__name__]
        config = optimizer.get_config()
        config.update(lr=config.get("learning_rate"), schedule_decay=config.get("decay"))
        taken = [*inspect.signature(kind.__init__).parameters, "clipnorm", "clipvalue"]
        made = kind(**{name: config[name] for name in taken if config.get(name) is not None})
        if hasattr(
            made, "_create_all_weights"
        ):  # which would make them anew, without the file's values, at the first fit
            made._create_all_weights = _once(made._create_all_weights)
        return made

    return {**by_name, "Optimizer": base, "get": get, "deserialize": deserialize, "as_in_2_2": as_in_2_2}


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


def _once(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    results: List[Any] = []

    def call(params: Any) -> Any:
        if not results:
            results.append(create(params))
        return results[0]

    return call
