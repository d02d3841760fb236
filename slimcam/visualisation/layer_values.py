"""The activations of layers for a batch, by an engine: channels last, float32, whatever the graph has."""

from typing import Any, Dict, List, Mapping

import numpy as np

from .._types import Tensor
from ..engines import find_engine
from ..errors import LayerError
from ..graphs.walk import data_format
from ..inputs.photos import Batch, as_batch
from ..isolation.elsewhere import where_the_model_is
from ..methods.evidence import plain
from ..model import Model


def _fits(values: Dict[str, List[np.ndarray]]) -> bool:
    return all(row.ndim == 3 and row.dtype == np.float32 for rows in values.values() for row in rows)


@where_the_model_is(Dict[str, List[np.ndarray]], photos=["batch"], check=_fits)
def layer_values(model: Model, layers: Mapping[str, Tensor], batch: Batch, engine: str) -> Dict[str, List[np.ndarray]]:
    """Return the (h, w, C) float32 activations of layers, by name, for each photo; one run for each part of the batch.

    Raises LayerError for what has no rows, columns and channels, MissingFeed for what needs more than one image.
    """
    given: Any = batch  # in another process an array
    batch, tensors = as_batch(given), {name: model.tensor(one) for name, one in layers.items()}
    rows = find_engine(engine).values(model, list({one.name: one for one in tensors.values()}.values()), batch)
    return {name: [_channels_last(row, tensor, name) for row in rows[tensor.name]] for name, tensor in tensors.items()}


def _channels_last(row: np.ndarray, tensor: Tensor, name: str) -> np.ndarray:
    if row.ndim != 3:
        raise LayerError(f"{name!r} is {row.shape} for an image: activations are (h, w, C); name another layer")
    row = np.moveaxis(row, 0, -1) if data_format(tensor.op) == "NCHW" else row
    return plain(row).astype(np.float32, copy=False)
