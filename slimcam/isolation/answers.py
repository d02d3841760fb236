"""What a function returns, as an answer that JSON and plain arrays hold; and back, by the type that it must be of.

The process that answers is not trusted: the reader goes by types that are declared here, in this program, and what is
of another one raises one of messages.NO_ANSWER.
"""

import collections.abc
import dataclasses
import typing
from typing import Any, Optional, Sequence, Tuple, Union

import numpy as np

from .._tf import tf
from ..errors import ModelError


class RemoteTensor:
    """A tensor of a model in another process: its name, shape and type. It is pickled as its name."""

    def __init__(self, name: str, shape: Optional[Sequence[Optional[int]]], dtype: str) -> None:
        self.name, self.shape, self.dtype = str(name), tf.TensorShape(shape), tf.as_dtype(str(dtype))

    def __repr__(self) -> str:
        return f"<RemoteTensor {self.name!r} {self.shape} {self.dtype.name}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        return str, (self.name,)

    @property
    def op(self) -> typing.NoReturn:
        """The operation, which is in the other process."""
        raise ModelError(
            f"{self.name!r} is of an isolated model, whose graph is in another process: load without isolated="
        )

    graph = op


def as_answer(value: Any) -> Any:
    """Return a value as messages.send_reply takes it: dataclasses as dicts, tensors as what is known of them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: as_answer(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tf.Tensor):
        shape = None if value.shape.rank is None else value.shape.as_list()
        return {"name": value.name, "shape": shape, "dtype": value.dtype.name}
    if isinstance(value, bytes):
        return np.frombuffer(value, np.uint8)
    if isinstance(value, dict):
        return {key: as_answer(one) for key, one in value.items()}
    return [as_answer(one) for one in value] if isinstance(value, (list, tuple)) else value


def read(kind: Any, answer: Any) -> Any:
    """Return an answer as a value of a type: a plain one, an array, a RemoteTensor, a dataclass, or several of such."""
    origin, inner = getattr(kind, "__origin__", None), list(getattr(kind, "__args__", ()))
    if origin is Union:  # Optional
        return None if answer is None else read(inner[0], answer)
    if origin is not None:
        return _several(origin, inner, answer)
    if kind is RemoteTensor:
        return RemoteTensor(answer["name"], answer["shape"], answer["dtype"])
    if dataclasses.is_dataclass(kind):
        make: Any = kind
        return make(**{name: read(one, answer[name]) for name, one in typing.get_type_hints(kind).items()})
    if hasattr(kind, "_fields"):  # a NamedTuple
        return kind(*_each(typing.get_type_hints(kind).values(), answer))
    if kind is float and isinstance(answer, int):
        return float(answer)
    if not isinstance(answer, np.ndarray if kind is bytes else kind) or isinstance(answer, bool) is not (kind is bool):
        raise TypeError(f"{type(answer).__name__} is no {kind}")
    return answer.tobytes() if kind is bytes else answer


def _several(origin: Any, inner: Any, answer: Any) -> Any:
    """Return a dict, a list or a tuple of values; the keys of JSON are text."""
    if issubclass(origin, collections.abc.Mapping):
        if not isinstance(answer, dict):
            raise TypeError(f"{type(answer).__name__} is no dict")
        return {inner[0](key): read(inner[1], one) for key, one in answer.items()}
    if not isinstance(answer, list):
        raise TypeError(f"{type(answer).__name__} is no list")
    if origin is tuple and inner[-1] is not Ellipsis:
        return tuple(_each(inner, answer))
    return (tuple if origin is tuple else list)(read(inner[0], one) for one in answer)


def _each(kinds: Any, answer: Any) -> Any:
    kinds = list(kinds)
    if not isinstance(answer, list) or len(answer) != len(kinds):
        raise TypeError(f"not {len(kinds)} values")
    return [read(kind, one) for kind, one in zip(kinds, answer)]
