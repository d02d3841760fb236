"""Cams of a model whose layers are random from the score down, for the sanity check of maps."""

from dataclasses import replace
from typing import Any, Dict, Iterator, List, Mapping, Union

import numpy as np

from .._types import Session, Tensor
from ..engines.resolve import Query
from ..errors import ParameterError
from ..graphs.op_types import CONVOLUTIONS, DECONVOLUTIONS, DEPTHWISE, MATRIX_PRODUCTS
from ..graphs.walk import between, flow
from ..methods.net import random_state
from .layers import LayersCam
from .runs import AnyCam, cam_of

_WEIGHTED = (*CONVOLUTIONS, *DEPTHWISE, *DECONVOLUTIONS, *MATRIX_PRODUCTS)


class _Fed:
    """A session whose every run is fed some arrays beside."""

    def __init__(self, session: Session, arrays: Mapping[Tensor, np.ndarray]) -> None:
        self._session, self._arrays = session, arrays

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, fetches: Any, feeds: Any = None) -> Any:
        """Run the session; what the caller feeds has precedence."""
        return self._session.run(fetches, {**self._arrays, **(feeds or {})})


def randomised(
    cam: Union[AnyCam, LayersCam], query: Query, steps: int, seed: int
) -> Iterator[Union[AnyCam, LayersCam]]:
    """Yield cams of the same, of a model of which more and more layers are random; the model itself stays as it is.

    Kernels of convolutions and dense layers become normal numbers of their own mean and standard deviation, so that
    what comes of them is about as large; biases and batch norms stay. Raises ParameterError for a tape, which reads
    the weights of a live model, and for a score without such layers.
    """
    if query.engine != "graph":
        raise ParameterError(
            f'sanity makes weights random in a graph: explain with engine="graph", not {query.engine!r}'
        )
    weights, arrays = _from_the_top(query), {}
    if not weights:
        raise ParameterError(f"sanity: no convolution or dense layer leads to {query.score_tensor.name!r}")
    count = min(steps, len(weights))
    for step in range(count):
        for number in range(len(weights) * step // count, len(weights) * (step + 1) // count):
            own = query.model.session.run(weights[number])
            drawn = random_state(seed, number).standard_normal(own.shape)
            arrays[weights[number]] = (own.mean() + own.std() * drawn).astype(own.dtype)
        yield _with_weights(cam, dict(arrays))


def _from_the_top(query: Query) -> List[Tensor]:
    """Return the kernels that a score needs, each once, those of the layers nearest to it first."""
    way = set(between([query.image_input.tensor], query.score_tensor))
    kernels: Dict[str, Tensor] = {}
    for op in flow([query.score_tensor], [query.image_input.tensor.name])[::-1]:
        if op in way and op.type in _WEIGHTED:
            own = [tensor for tensor in op.inputs if tensor.op not in way and tensor.dtype.is_floating]
            kernels.update((tensor.name, tensor) for tensor in own if (tensor.shape.rank or 0) > 1)
    return list(kernels.values())


def _with_weights(cam: Union[AnyCam, LayersCam], arrays: Mapping[Tensor, np.ndarray]) -> Union[AnyCam, LayersCam]:
    """Return a cam of the same, whose runs are fed other weights."""
    if isinstance(cam, LayersCam):
        return LayersCam([_with_weights(one, arrays) for one in cam.cams])
    model = replace(cam.model, session=_Fed(cam.model.session, arrays))
    more = getattr(cam, "memory", None), getattr(cam, "averages", ())
    return cam_of(replace(cam.query, model=model), cam.dialect, cam.parameters, *more)
