"""Layers of plain arithmetic that came to Keras 2 later, for the older ones: a model's file names them.

TensorFlow 2.6 has them in `keras.layers`; 2.2 to 2.5 had some in `keras.layers.experimental.preprocessing`, 1.15 and
2.1 none. Configurations are those of all of them and of tf_keras; the weights of a Normalization are its mean, its
variance and how much it was adapted to, whatever wrote them.
"""

import functools
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from .._types import KerasLayer, KerasModule, Tensor
from .core import tf
from .keras import keras2

Axes = Union[int, Sequence[int], None]
EPSILON = 1e-7  # the least deviation that Normalization divides by, keras.backend.epsilon(), from 2.4 on
# Layers that change photos in training only, with the arguments that each of them has.
OF_TRAINING = (
    *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness"),
    *("RandomHeight", "RandomWidth"),
)


@functools.lru_cache(maxsize=None)
def later_layers() -> Dict[str, Any]:
    """Return, by name, those classes that Keras 2 here lacks in `keras.layers`."""
    keras = keras2()
    layers = [_rescaling(keras), _normalization(keras), *(_unchanged(keras, name) for name in OF_TRAINING)]
    return {one.__name__: one for one in layers if not hasattr(keras.layers, one.__name__)}


def _rescaling(keras: KerasModule) -> Any:
    class Rescaling(keras.layers.Layer):
        """inputs * scale + offset."""

        def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.scale, self.offset = scale, offset

        def call(self, inputs: Tensor) -> Tensor:
            return _cast(self, inputs) * self.scale + self.offset

        def get_config(self) -> Dict[str, Any]:
            return {**super().get_config(), "scale": self.scale, "offset": self.offset}

    return Rescaling


def _normalization(keras: KerasModule) -> Any:
    class Normalization(keras.layers.Layer):
        """(inputs - mean) / deviation along some axes, or, inverted, inputs * deviation + mean."""

        def __init__(
            self, axis: Axes = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
        ) -> None:
            super().__init__(**kwargs)
            self.axis = [] if axis is None else [axis] if isinstance(axis, int) else list(axis)
            self.given, self.invert = (mean, variance), invert

        def build(self, input_shape: Any) -> None:
            dims = tf.TensorShape(input_shape).as_list()
            kept = sorted(axis % len(dims) for axis in self.axis)
            self.broadcast = [size if i in kept else 1 for i, size in enumerate(dims)]
            if self.given == (None, None):
                shape = [dims[i] for i in kept]
                self.mean = self._add("mean", shape, "zeros")
                self.variance = self._add("variance", shape, "ones")
                self.count = self._add("count", [], "zeros", "int64")
            super().build(input_shape)

        def _add(self, name: str, shape: List[Optional[int]], first: str, dtype: Optional[str] = None) -> Any:
            return self.add_weight(name=name, shape=shape, dtype=dtype, initializer=first, trainable=False)

        def _moments(self) -> Tuple[Tensor, Tensor]:
            both = (self.mean, self.variance) if self.given == (None, None) else self.given
            mean, variance = (_broadcast(one, self.dtype, self.broadcast) for one in both)
            return mean, tf.maximum(tf.sqrt(variance), EPSILON)

        def call(self, inputs: Tensor) -> Tensor:
            mean, deviation = self._moments()
            inputs = _cast(self, inputs)
            return inputs * deviation + mean if self.invert else (inputs - mean) / deviation

        def get_config(self) -> Dict[str, Any]:
            moments = dict(zip(("mean", "variance"), self.given))
            return {**super().get_config(), "axis": self.axis, **moments, "invert": self.invert}

    return Normalization


def _unchanged(keras: KerasModule, name: str) -> Any:
    """Return a class of layers that change photos in training only, and so are nothing to inference."""

    def __init__(self: KerasLayer, *args: Any, **kwargs: Any) -> None:
        of_all = {key: value for key, value in kwargs.items() if key in ("name", "trainable", "dtype", "input_shape")}
        shape = {"batch_input_shape": kwargs["batch_input_shape"]} if "batch_input_shape" in kwargs else {}
        keras.layers.Layer.__init__(self, **of_all, **shape)
        self.own = {key: value for key, value in kwargs.items() if key not in of_all}

    def call(self: KerasLayer, inputs: Tensor) -> Tensor:
        return tf.identity(inputs)

    def get_config(self: KerasLayer) -> Dict[str, Any]:
        return {**keras.layers.Layer.get_config(self), **self.own}

    return type(name, (keras.layers.Layer,), {"__init__": __init__, "call": call, "get_config": get_config})


def _cast(layer: KerasLayer, inputs: Tensor) -> Tensor:
    """Return inputs, photos as integers perhaps, in a layer's own floating point."""
    return tf.cast(inputs, layer.dtype or "float32")


def _broadcast(moment: Any, dtype: Any, dims: List[Optional[int]]) -> Tensor:
    """Return a moment, one number or one for each place that is kept, in the type and the rank of the inputs."""
    moment = tf.cast(tf.convert_to_tensor(moment), dtype)
    return moment if moment.shape.rank == 0 else tf.reshape(moment, [-1 if size is None else size for size in dims])
