"""One operator of a .tflite file while its graph is rebuilt: what it reads, as arrays or tensors, and its options."""

from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from .._tf import tf, tf1
from .._types import DType, Tensor
from ..errors import ModelError
from .tflite_reader import NO_TENSOR, LiteModel, LiteOperator, LiteTensor, default_options


class Operator:
    """What a row of OPERATORS is given; inputs go by their place in the schema."""

    def __init__(
        self, lite: LiteModel, own: LiteOperator, constants: Dict[int, np.ndarray], tensors: Dict[int, Tensor]
    ) -> None:
        self.lite = lite
        self.own = own
        self.constants = constants
        self.tensors = tensors

    def has(self, place: int) -> bool:
        """Whether there is such an input: some may be left out."""
        return place < len(self.own.inputs) and self.own.inputs[place] != NO_TENSOR

    def number(self, place: int) -> int:
        """Return the number of the tensor that an input is."""
        if not self.has(place):
            raise ModelError(f"its input {place} is missing")
        return self.own.inputs[place]

    def input(self, place: int) -> Tensor:
        """Return an input as a tensor; raise ModelError where nothing computes it."""
        number = self.number(place)
        if number in self.constants:
            return constant(self.constants[number], number)
        if number not in self.tensors:
            raise ModelError(f"it reads {self.lite.tensors[number].name!r}, which nothing gives")
        return self.tensors[number]

    def inputs(self) -> List[Tensor]:
        """Return all inputs as tensors."""
        return [self.input(place) for place in range(len(self.own.inputs))]

    def is_constant(self, place: int) -> bool:
        """Whether an input is an array in the file."""
        return self.has(place) and self.number(place) in self.constants

    def array(self, place: int) -> np.ndarray:
        """Return an input that is an array in the file; raise ModelError where it is computed."""
        number = self.number(place)
        if number not in self.constants:
            raise ModelError(f"its input {self.lite.tensors[number].name!r} is computed and not a constant")
        return self.constants[number]

    def numbers(self, place: int) -> List[int]:
        """Return an input, an array in the file, as whole numbers."""
        return [int(number) for number in self.array(place).reshape(-1)]

    def weights(self, place: int, order: Sequence[int] = (), shape: Sequence[int] = ()) -> Tensor:
        """Return an input with its dimensions in another order or number; one constant where it is an array."""
        array, number = self.constants.get(self.number(place)), self.number(place)
        if array is None:
            tensor = tf.transpose(self.input(place), order) if order else self.input(place)
            return tf.reshape(tensor, shape) if shape else tensor
        array = array.transpose(order) if order else array
        return constant(np.ascontiguousarray(array.reshape(shape) if shape else array), number)

    def shape(self, place: int) -> List[Optional[int]]:
        """Return the shape of an input as the file was made for."""
        return self.lite.tensors[self.number(place)].shape

    def dtype(self) -> DType:
        """Return the type of the first output."""
        return tf.as_dtype(self.lite.tensors[self.own.outputs[0]].dtype)

    def options(self, name: str) -> Any:
        """Return the table of options, whose name says what is meant to be there."""
        if self.own.options is None:
            return default_options(name)
        if type(self.own.options).__name__ != name:
            raise ModelError(f"its options are {type(self.own.options).__name__}, not {name}")
        return self.own.options


def constant(array: np.ndarray, number: int) -> Tensor:
    """Return a constant that is named after a tensor of the file, outside of any scope."""
    with tf1.name_scope(None):
        return tf.constant(array, name=f"constant_{number}")


def dequantise(tensor: LiteTensor, values: Any) -> Any:
    """Return what the values of a tensor, an array or a tensor of TensorFlow, stand for, as float32."""
    values = values.astype(np.float32) if isinstance(values, np.ndarray) else tf.cast(values, tf.float32)
    if not tensor.scale.size:
        return values
    along = [-1 if i == tensor.axis else 1 for i in range(len(tensor.shape))]
    scale, zero = (
        part.astype(np.float32).reshape(along if part.size > 1 else ()) for part in (tensor.scale, tensor.zero)
    )
    return (values - zero) * scale
