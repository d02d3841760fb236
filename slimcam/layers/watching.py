"""Which layer is called on what, written down while Keras builds or runs a model."""

import contextlib
import functools
import inspect
import itertools
import threading
from typing import Any, Callable, Iterator, List, Sequence

from .._tf import layer_classes, tf
from .._types import KerasLayer, KerasModule, Tensor
from .names import Call

Around = Callable[[Call, KerasLayer, Any, Callable[[], Any]], Any]


def _just_run(call: Call, layer: KerasLayer, inputs: Any, run: Callable[[], Any]) -> Any:
    return run()


@contextlib.contextmanager
def watch_calls(
    keras: KerasModule, root: KerasLayer = None, around: Around = _just_run, at_rest: bool = False
) -> Iterator[List[Call]]:
    """Collect the calls that layers of `keras` make on graph tensors in this thread, `root` itself left out.

    The layers are not touched: their base class notes each call while the context lasts. `around(call, layer, inputs,
    run)` runs each one and returns its result, on eager tensors too; `call` has no outputs by then. With `at_rest`
    layers that train where nobody says otherwise, as those that change photos at random, are told not to.
    """
    calls: List[Call] = []
    under_way: List[KerasLayer] = []
    turns = itertools.count(1)
    thread = threading.get_ident()

    def watching(original: Any) -> Any:
        @functools.wraps(original)
        def run(layer: KerasLayer, *args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != thread or layer is root or (under_way and under_way[-1] is layer):
                return original(layer, *args, **kwargs)
            if at_rest and len(args) < 2 and "training" not in kwargs and _trains_by_default(layer):
                kwargs["training"] = False
            under_way.append(layer)
            call = Call("/".join(one.name for one in under_way), _tensors((args, kwargs)), next(turns))
            try:
                result = around(call, layer, (args, kwargs), lambda: original(layer, *args, **kwargs))
            finally:
                under_way.pop()
            call.end, call.outputs = next(turns), _tensors(result)
            if call.outputs:
                calls.append(call)
            return result

        return run

    with _calls_wrapped(layer_classes(keras), watching):
        yield calls


@contextlib.contextmanager
def _calls_wrapped(kinds: Sequence[Any], wrap: Callable[[Any], Any]) -> Iterator[None]:
    """Let classes of layers be called by way of a function of what they are called by."""
    originals = [kind.__call__ for kind in kinds]
    for kind in kinds:
        kind.__call__ = wrap(kind.__call__)
    try:
        yield
    finally:
        for kind, original in zip(kinds, originals):
            kind.__call__ = original


def _trains_by_default(layer: KerasLayer) -> bool:
    """Whether a layer's own default is to train.

    In a graph Keras 2 leaves it at that, whatever the learning phase is: to tf_keras 2.21 at the least.
    """
    training = inspect.signature(layer.call).parameters.get("training")
    return training is not None and training.default is True


def _tensors(nested: Any) -> List[Tensor]:
    """Return the tensors of a graph in a structure; symbols and values are none."""
    return [one for one in tf.nest.flatten(nested) if isinstance(one, tf.Tensor) and hasattr(one, "graph")]
