"""TensorFlow itself: `tf`, `tf1`, `TF_VERSION`, and what each version does in its own way."""

import functools
import importlib
from typing import Any, Callable, ContextManager, Mapping, Optional, Sequence, Tuple

from .._packages import pip_line
from .._types import DType, Tensor
from ..errors import MissingPackage

try:
    import tensorflow as tf
except ModuleNotFoundError as error:
    if error.name != "tensorflow":
        raise
    raise MissingPackage(f"TensorFlow is not installed: {pip_line('tensorflow')}") from error

tf1 = tf.compat.v1
TF_VERSION: Tuple[int, ...] = tuple(int(part) for part in tf.__version__.split("-")[0].split(".")[:3])


def map_fn(function: Callable[[Any], Any], elements: Any, dtype: DType) -> Tensor:
    """tf.map_fn. The result type is `dtype=` up to TensorFlow 2.2, `fn_output_signature=` from 2.3."""
    result = {"dtype": dtype} if TF_VERSION < (2, 3) else {"fn_output_signature": dtype}
    return tf.map_fn(function, elements, **result)


def eager() -> ContextManager[None]:
    """Return a context in which TensorFlow 2 runs eagerly, even where the caller has disabled it or is in a graph."""
    return private("eager.context").eager_mode()


def private(path: str) -> Any:
    """Return one of TensorFlow's own modules, below tensorflow.python."""
    return importlib.import_module(f"tensorflow.python.{path}")


def public_path(name: str) -> Optional[str]:
    """Return where TensorFlow has a public function of a name, "tf.nn.conv2d" say, None where it has none."""
    for path in ("tf", "tf.math", "tf.nn", "tf.linalg", "tf.image", "tf.random", "tf.sparse", "tf.signal"):
        place = functools.reduce(getattr, path.split(".")[1:], tf)
        if not name.startswith("_") and callable(getattr(place, name, None)):
            return f"{path}.{name}"
    return None


def on_type_error(kind: type, run: Callable[[Callable, Sequence[Any], Mapping[str, Any]], Any]) -> None:
    """Have TensorFlow's functions run as `run(function, args, kwargs)` where they refuse a `kind` they are given.

    From 2.5 on TensorFlow asks dispatchers before it raises a TypeError; tf_keras' symbols depend on the same.
    """
    base = getattr(getattr(getattr(tf, "__internal__", None), "dispatch", None), "GlobalOpDispatcher", None)
    if base is None:
        return

    def handle(self: Any, op: Any, args: Any, kwargs: Any) -> Any:
        given = any(isinstance(one, kind) for one in tf.nest.flatten((args, kwargs)))
        return run(op, args, kwargs) if given else self.NOT_SUPPORTED

    type(f"{kind.__name__}Dispatcher", (base,), {"handle": handle})().register()


def switch_merge() -> Tuple[Callable[..., Any], Callable[..., Any]]:
    """Return TensorFlow 1's `switch` and `merge`, which only its private module of control flow has."""
    module = private("ops.control_flow_ops")
    return module.switch, module.merge
