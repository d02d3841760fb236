"""Small functions of `keras.utils` that Keras 2 keeps no longer in public, by keras 2.2's definitions."""

import inspect
from typing import Any, List, Tuple

import numpy as np

from ..keras import keras2

Array = Any


def has_arg(fn: Any, name: str, accept_all: bool = False) -> bool:
    """Whether a function takes an argument by this name."""
    parameters = inspect.signature(fn).parameters
    if name not in parameters:
        return accept_all and any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    return parameters[name].kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def to_list(x: Any, allow_tuple: bool = False) -> List[Any]:
    """Return a list as it is, anything else in a list."""
    return x if isinstance(x, list) else list(x) if allow_tuple and isinstance(x, tuple) else [x]


def unpack_singleton(x: Any) -> Any:
    """Return the one element of a list of one."""
    return x[0] if len(x) == 1 else x


def slice_arrays(arrays: Any, start: Any = None, stop: Any = None) -> Any:
    """Return a part of each of a list of arrays; `start` may be a list of indices."""
    if arrays is None:
        return [None]
    part = start if hasattr(start, "__len__") else slice(start, stop)
    if isinstance(arrays, list):
        return [None if one is None else one[part] for one in arrays]
    return arrays[part]


def count_params(weights: Any) -> int:
    """Return how many numbers weights hold."""
    return int(sum(np.prod(one.shape.as_list()) for one in {id(one): one for one in weights}.values()))


def normalize_tuple(value: Any, n: int, name: str) -> Tuple[int, ...]:
    """Return n whole numbers from one, or from n."""
    values = (value,) * n if isinstance(value, int) else tuple(value)
    if len(values) != n or not all(isinstance(one, (int, np.integer)) for one in values):
        raise ValueError(f"The `{name}` argument must be a tuple of {n} integers. Received: {value}")
    return values


def normalize_padding(value: str) -> str:
    """Return a padding in small letters."""
    padding = value.lower()
    if padding not in ("valid", "same", "causal"):
        raise ValueError(
            f'The `padding` argument must be one of "valid", "same" (or "causal" for Conv1D). Received: {padding}'
        )
    return padding


def conv_output_length(input_length: Any, filter_size: int, padding: str, stride: int, dilation: int = 1) -> Any:
    """Return the length of a convolution's output along one axis."""
    if input_length is None:
        return None
    whole = filter_size + (filter_size - 1) * (dilation - 1)
    length = {"same": input_length, "causal": input_length, "valid": input_length - whole + 1}
    return ((length[padding] if padding != "full" else input_length + whole - 1) + stride - 1) // stride


def conv_input_length(output_length: Any, filter_size: int, padding: str, stride: int) -> Any:
    """Return the length of a convolution's input along one axis."""
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * pad + filter_size


def convert_kernel(kernel: Array) -> Array:
    """Flip a kernel along its spatial axes, between convolution and correlation."""
    kernel = np.asarray(kernel)
    if not 3 <= kernel.ndim <= 5:
        raise ValueError("Invalid kernel shape:", kernel.shape)
    return np.copy(kernel[(*[slice(None, None, -1)] * (kernel.ndim - 2), slice(None), slice(None))])


def print_summary(model: Any, line_length: Any = None, positions: Any = None, print_fn: Any = None) -> None:
    """Print the layers of a model."""
    model.summary(line_length=line_length, positions=positions, print_fn=print_fn)


def convert_all_kernels_in_model(model: Any) -> None:
    """Flip the kernels of a model's convolutions, in place."""
    backend = keras2().backend
    for layer in model.layers:
        if layer.__class__.__name__ in ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose"):
            backend.set_value(layer.kernel, convert_kernel(backend.get_value(layer.kernel)))


class HDF5Matrix:
    """A part of a dataset of an HDF5 file, as an array that is read when it is asked for."""

    def __init__(self, datapath: str, dataset: str, start: int = 0, end: Any = None, normalizer: Any = None) -> None:
        import importlib

        self.data = importlib.import_module("h5py").File(datapath, "r")[dataset]
        self.start, self.end = start, self.data.shape[0] if end is None else end
        self.normalizer = normalizer

    def __len__(self) -> int:
        return int(self.end - self.start)

    def __getitem__(self, key: Any) -> Array:
        if isinstance(key, slice):
            first, last = (0 if key.start is None else key.start), (len(self) if key.stop is None else key.stop)
            rows: Any = slice(first + self.start, last + self.start)
        else:
            rows = [one + self.start for one in key] if hasattr(key, "__len__") else int(key) + self.start
        part = self.data[rows]
        return self.normalizer(part) if self.normalizer is not None else part

    @property
    def shape(self) -> Tuple[int, ...]:
        """The shape of the part."""
        return (len(self), *self.data.shape[1:])

    @property
    def dtype(self) -> Any:
        """The type of the numbers."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.data.shape)

    @property
    def size(self) -> int:
        """How many numbers the part holds."""
        return int(np.prod(self.shape))
