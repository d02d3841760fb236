"""Which layer is called on what, written down while Keras builds or runs a model."""

import contextlib
import functools
import threading
from typing import Any, Callable, Iterator, List

from .._tf import layer_classes, tf
from .names import Call

Around = Callable[[Call, Any, Any, Callable[[], Any]], Any]


def _just_run(call: Call, layer: Any, inputs: Any, run: Callable[[], Any]) -> Any:
    return run()


@contextlib.contextmanager
def watch_calls(keras: Any, root: Any = None, around: Around = _just_run) -> Iterator[List[Call]]:
    """Collect the calls that layers of `keras` make on graph tensors in this thread, `root` itself left out.

    The layers are not touched: their base class notes each call while the context lasts. `around(call, layer, inputs,
    run)` runs each one and returns its result, on eager tensors too; `call` has no outputs by then.
    """
    calls: List[Call] = []
    under_way: List[Any] = []
    turn = [0]
    thread = threading.get_ident()

    def noted(original: Any) -> Any:
        @functools.wraps(original)
        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != thread or layer is root or (under_way and under_way[-1] is layer):
                return original(layer, *args, **kwargs)
            under_way.append(layer)
            path = "/".join(one.name for one in under_way)
            turn[0] += 1
            made = Call(path, _tensors((args, kwargs)), turn[0])
            try:
                result = around(made, layer, (args, kwargs), lambda: original(layer, *args, **kwargs))
            finally:
                under_way.pop()
            turn[0] += 1
            made.ended, made.outputs = turn[0], _tensors(result)
            if made.outputs:
                calls.append(made)
            return result

        return call

    kinds = layer_classes(keras)
    kept = [kind.__call__ for kind in kinds]
    for kind in kinds:
        kind.__call__ = noted(kind.__call__)
    try:
        yield calls
    finally:
        for kind, original in zip(kinds, kept):
            kind.__call__ = original


def _tensors(nested: Any) -> List[Any]:
    """Return the tensors of a graph in a structure; symbols and values are none."""
    return [one for one in tf.nest.flatten(nested) if isinstance(one, tf.Tensor) and hasattr(one, "graph")]
