"""Arrays that replace tensors of a graph while it runs: read, checked, and handed out image by image."""

from typing import Any, Dict, List, Mapping, Optional

import numpy as np

from .._types import HoldLike, Tensor
from ..errors import WrongFeed
from ..model import Model


def read_holds(model: Model, hold: Optional[HoldLike]) -> Dict[Tensor, np.ndarray]:
    """Return the arrays of a caller's `hold` by the model's tensors; raise WrongFeed for one that does not fit."""
    tensors = {model.tensor(name): value for name, value in (hold or {}).items()}
    return {tensor: _array(tensor, value) for tensor, value in tensors.items()}


def holds_of(arrays: Mapping[Tensor, np.ndarray], part: List[int], count: int) -> Dict[Tensor, np.ndarray]:
    """Return what is fed for the images `part` of `count`."""
    return {tensor: _rows(array, tensor, part, count) for tensor, array in arrays.items()}


def _array(tensor: Tensor, value: Any) -> np.ndarray:
    """Return what a tensor is held at; raise WrongFeed for what does not fit it."""
    if isinstance(value, str) and value != "zeros":
        raise WrongFeed(f'hold: {tensor.name!r} at {value!r}: the only word is "zeros"; give an array')
    if isinstance(value, (str, bool, int, float, np.generic)):
        return _filled(tensor, 0 if isinstance(value, str) else value)
    array = np.asarray(value)
    if not _fits(tensor, array):
        raise WrongFeed(f"hold: {tensor.name!r} is {tensor.shape}, and the array given for it {array.shape}")
    return array


def _filled(tensor: Tensor, number: Any) -> np.ndarray:
    """Return an array of one number, as large as a tensor, or as its part of one image."""
    dims: Any = [None] if tensor.shape.rank is None else tensor.shape.as_list()
    dims = dims[1:] if dims[:1] == [None] and tensor.shape.rank is not None else dims
    array = np.full([size or 1 for size in dims], number, tensor.dtype.as_numpy_dtype)
    if None in dims:
        raise WrongFeed(f"hold: {tensor.name!r} at {number}: its shape is not fixed; give an array")
    if array.size and array.flat[0] != number and tensor.dtype.is_integer:
        raise WrongFeed(f"hold: {tensor.name!r} at {number}: it takes whole numbers ({tensor.dtype.name})")
    return array


def _fits(tensor: Tensor, array: np.ndarray) -> bool:
    """Whether an array that is not empty has the tensor's shape, that of one image, or that of some."""
    if not array.size:
        return False
    shape = tensor.shape
    one = shape[1:] if shape.rank else shape
    alone = shape.is_compatible_with(array.shape) or one.is_compatible_with(array.shape)
    return bool(alone or (array.ndim and one.is_compatible_with(array.shape[1:])))


def _rows(array: np.ndarray, tensor: Tensor, part: List[int], count: int) -> np.ndarray:
    """Return what is held for the images `part`: one array for all, or those of a batch of `count`."""
    rank = tensor.shape.rank
    if rank is not None and array.ndim == rank - 1:
        array = array[None]
    images = None if rank is None else (tensor.shape.as_list() or [0])[0]
    if images in (None, 1) and array.ndim and array.shape[0] == count > 1:
        return array[part]
    if images is None and array.ndim and array.shape[0] == 1:
        return np.repeat(array, len(part), 0)
    return array
