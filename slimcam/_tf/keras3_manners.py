"""What old programs ask of Keras 3's tensors and layers and what it refuses: `mend_keras3()`.

Only what raises there is answered: an index that is a NumPy number or a bare slice, `layer.get_input_at(i)` and
`get_output_at(i)`, and the `input` and `output` of a Sequential that was not called.
"""

from typing import Any, Callable, List

import numpy as np

from .._types import KerasLayer, KerasModule
from .keras import imported_keras3

_MENDED: List[KerasModule] = []


def mend_keras3() -> None:
    """Mend Keras 3 where it is imported; once."""
    for keras in imported_keras3():
        if not _MENDED and hasattr(keras, "Sequential"):  # else its import is under way
            _MENDED.append(keras)
            keras.KerasTensor.__getitem__ = _by_plain_numbers(keras.KerasTensor.__getitem__)
            for name, attribute in (("get_input_at", "input_tensors"), ("get_output_at", "output_tensors")):
                if not hasattr(keras.layers.Layer, name):
                    setattr(keras.layers.Layer, name, _at_node(attribute))
            for name in ("input", "output"):
                if name not in vars(keras.Sequential):
                    setattr(keras.Sequential, name, _of_sequential(name))


def _by_plain_numbers(getitem: Callable) -> Callable:
    def get(tensor: Any, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        plain = tuple(_plain(part) for part in parts)
        return getitem(tensor, plain if isinstance(key, (tuple, slice)) else plain[0])

    return get


def _plain(part: Any) -> Any:
    if isinstance(part, slice):
        return slice(_plain(part.start), _plain(part.stop), _plain(part.step))
    return int(part) if isinstance(part, np.integer) else part


def _at_node(attribute: str) -> Callable:
    def get(layer: KerasLayer, node_index: int) -> Any:
        return layer._get_node_attribute_at_index(node_index, attribute, attribute.replace("_", " "))

    return get


def _of_sequential(name: str) -> property:
    def get(model: Any) -> Any:
        tensors = getattr(model, f"{name}s")
        return tensors[0] if len(tensors) == 1 else tensors

    return property(get, doc=f"The {name} of the model, as a tensor of its own graph.")
