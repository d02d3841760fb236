"""How much a Keras may build: weights before they are allocated, calls of layers, and what these give."""

import contextlib
import functools
from typing import Any, Callable, Iterator, List, Optional

import numpy as np

from .._types import KerasModule
from .core import tf
from .keras import layer_classes


@contextlib.contextmanager
def bounded(
    keras: KerasModule,
    numbers: int,
    calls: int,
    error: Callable[[str], Exception],
    check: Callable[[Any, int], None] = lambda layer, count: None,
) -> Iterator[None]:
    """Raise `error` of a text where layers make weights of more than so many numbers, or call each other more often.

    `check` is given each layer and how many values a tensor has that it gives for one image, as far as that is known.

    Every weight of a layer goes through its class' `add_weight`, in Keras 2 and 3, with the shape that it will have.
    To be used within kept_classes(), as classes of the whole process are changed for the while.
    """
    counts = {"numbers": 0, "calls": 0}

    def add(original: Any) -> Any:
        @functools.wraps(original)
        def add_weight(layer: Any, *args: Any, **kwargs: Any) -> Any:
            size = _numbers_of(kwargs.get("shape"), args)
            if not size:  # by which TensorFlow up to 2.2 divides, in a convolution of images of no channels
                raise ValueError(f"the layer {layer.name!r} asks for a weight of no numbers")
            counts["numbers"] += size
            if counts["numbers"] > numbers:
                raise error(f"the layer {layer.name!r} makes weights of {counts['numbers']:,} numbers")
            return original(layer, *args, **kwargs)

        return add_weight

    def call(original: Any) -> Any:
        @functools.wraps(original)
        def run(layer: Any, *args: Any, **kwargs: Any) -> Any:
            counts["calls"] += 1 + _steps(layer, args)
            if counts["calls"] > calls:
                raise error(f"the layer {layer.name!r} is one of more than {calls:,} that are called")
            results = original(layer, *args, **kwargs)
            for one in tf.nest.flatten(results):
                check(layer, _values_of(getattr(one, "shape", None)))
            return results

        return run

    with contextlib.ExitStack() as changed:
        for kind in layer_classes(keras):
            for name, instead in (("add_weight", add), ("__call__", call)):
                original = vars(kind).get(name)
                if original is not None:
                    setattr(kind, name, instead(original))
                    changed.callback(setattr, kind, name, original)
        yield


def _steps(layer: Any, args: Any) -> int:
    """Return how often a recurrent layer calls its cell that is asked to do so for each step of its input, else 0.

    It splits its input before the first call, which takes as long.
    """
    if not getattr(layer, "unroll", False) or not args:
        return 0
    sizes = [getattr(one, "value", one) for one in getattr(args[0], "shape", None) or ()]
    return max((int(one) for one in sizes[:2] if one is not None), default=0)


def _values_of(shape: Any) -> int:
    """Return how many values a tensor of a shape has, where what is not known counts as 1."""
    if shape is None or getattr(shape, "rank", 0) is None:
        return 0
    count = 1
    for one in shape:
        count *= int(getattr(one, "value", one) or 1)  # TensorFlow 1 has Dimensions there
    return count


def _numbers_of(shape: Any, args: Any) -> int:
    """Return how many numbers a weight has: its shape is given by name, or is the argument that is a sequence."""
    shape = next((one for one in args if _sizes(one) is not None), None) if shape is None else shape
    count = 1
    for size in _sizes(shape) or ():
        count *= size
    return count


def _sizes(shape: Any) -> Optional[List[int]]:
    """Return the sizes of a shape as a list, None for what is none."""
    if isinstance(shape, str) or not hasattr(shape, "__iter__"):
        return [int(shape)] if isinstance(shape, (int, np.integer)) and not isinstance(shape, bool) else None
    sizes = [getattr(one, "value", one) for one in shape]  # TensorFlow 1 has Dimensions there
    return [int(one) for one in sizes] if all(isinstance(one, (int, np.integer)) for one in sizes) else None
