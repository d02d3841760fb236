"""Keras' settings of the process, and small helpers of Keras 2.2's backend that need no tensor."""

import inspect
from typing import Any, Callable, List, Optional, Sequence

from .._tf import backend_module, imported_keras2, imported_keras3, keras2, keras3
from ..errors import MissingPackage

_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}


def floatx() -> str:
    """Return Keras' default type of floats, "float32" unless it was set."""
    return _settings()[0].floatx()


def set_floatx(floatx: Optional[str] = None, *, value: Optional[str] = None) -> None:
    """Set Keras' default type of floats: "float16", "float32" or "float64". tf.keras calls the argument `value`."""
    for one in _settings():
        one.set_floatx(value if floatx is None else floatx)


def epsilon() -> float:
    """Return Keras' fuzz factor, 1e-7 unless it was set."""
    return _settings()[0].epsilon()


def set_epsilon(e: Optional[float] = None, *, value: Optional[float] = None) -> None:
    """Set Keras' fuzz factor. tf.keras calls the argument `value`."""
    for one in _settings():
        one.set_epsilon(value if e is None else e)


def image_data_format() -> str:
    """Return "channels_last" or "channels_first"."""
    return _settings()[0].image_data_format()


def set_image_data_format(data_format: str) -> None:
    """Set the order of axes of images: "channels_last" or "channels_first"."""
    for one in _settings():
        one.set_image_data_format(data_format)


def image_dim_ordering() -> str:
    """Return Keras 1's name of the order of axes: "tf" for channels last, "th" for channels first."""
    return next(name for name, data_format in _ORDERINGS.items() if data_format == image_data_format())


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Set the order of axes of images by Keras 1's name, "tf" or "th"."""
    if dim_ordering not in _ORDERINGS:
        raise ValueError(f'K.set_image_dim_ordering takes "tf" or "th"; got {dim_ordering!r}')
    set_image_data_format(_ORDERINGS[dim_ordering])


def normalize_data_format(value: Optional[str]) -> str:
    """Return an order of axes in small letters, that of Keras' settings for None; raise ValueError for another word."""
    data_format = (image_data_format() if value is None else value).lower()
    if data_format not in _ORDERINGS.values():
        raise ValueError(f'data_format must be "channels_first" or "channels_last"; got {value!r}')
    return data_format


def backend() -> str:
    """Return "tensorflow"."""
    return "tensorflow"


def manual_variable_initialization(value: bool) -> None:
    """Set whether variables are left for the program to initialise."""
    for keras in imported_keras2() or [keras2()]:
        backend_module(keras).manual_variable_initialization(value)


def get_uid(prefix: str = "") -> int:
    """Return the next number, from 1 on, for names of a prefix in the default graph."""
    return backend_module((imported_keras2() or [keras2()])[0]).get_uid(prefix)


def reset_uids() -> None:
    """Let get_uid count from 1 again."""
    for keras in imported_keras2() or [keras2()]:
        backend_module(keras).reset_uids()


def has_arg(fn: Callable, name: str, accept_all: bool = False) -> bool:
    """Whether a callable takes an argument by that name; `accept_all`: or any by `**`."""
    parameters = inspect.signature(fn).parameters.values()
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return any(
        (one.name == name and one.kind in by_name) or (accept_all and one.kind is inspect.Parameter.VAR_KEYWORD)
        for one in parameters
    )


def transpose_shape(shape: Any, target_format: str, spatial_axes: Sequence[int]) -> Any:
    """Return a shape whose channels are last in the order of `target_format`, of the same type."""
    if target_format not in _ORDERINGS.values():
        raise ValueError(f'data_format must be "channels_first" or "channels_last"; got {target_format!r}')
    if target_format == "channels_last":
        return shape
    moved = [*shape[: spatial_axes[0]], shape[-1], *(shape[i] for i in spatial_axes)]
    return tuple(moved) if isinstance(shape, tuple) else moved


def _settings() -> List[Any]:
    """Return the backends that the settings are of: Keras 2's and, where a program uses it, Keras 3's."""
    others = imported_keras3()
    try:
        kerases = imported_keras2() or [keras2()]
    except MissingPackage:
        kerases, others = [keras3()], []
    return [keras.backend for keras in [*kerases, *others]]
