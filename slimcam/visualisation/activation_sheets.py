"""Activations: what each channel of a layer answers to a photo, as arrays, sheets and shares.

The sheets are those of the Keras book (Chollet 2018, section 5.4.1), of any model that load() reads.
"""

from dataclasses import dataclass
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

import numpy as np

from .._types import ImagesLike, ModelLike, PathLike, Tensor, TensorLike
from ..engines import find_engine
from ..engines.resolve import check_dimensions
from ..errors import PhotoError, UnknownName
from ..graphs.walk import flow
from ..inputs.photos import as_batch
from ..isolation.answers import RemoteTensor
from ..isolation.elsewhere import where_the_model_is
from ..maps.sheets import grid
from ..model import Model
from ..sources.loading import load
from .layer_values import layer_values
from .patches import Patch, strongest
from .sheets import A_ROW, Page, channel_tiles, in_colour, pages

FIRST = 8  # layers, as in the book, where none are named


class Firing(NamedTuple):
    """How much a channel fires for a photo."""

    channel: int
    share: float  # of the layer's whole: its mean over the sum of all channels' means
    mean: float  # of what is positive in it, over all places


@dataclass(repr=False)
class Activations:
    """The activations of some layers for some photos.

    A layer is named as it was asked for, or by any name of Model.tensor. To fire is to be positive: what is negative
    before a ReLU counts as zero.
    """

    arrays: Dict[str, Any]  # by layer: (N, h, w, C) float32; a list of (h, w, C) where photos of any size differ in it
    model: Model
    tensors: Dict[str, Tensor]  # by layer, as the graph has it
    engine: str = "graph"

    def __repr__(self) -> str:
        layers = ", ".join(f"{name!r} {np.shape(each[0])}" for name, each in self.arrays.items())
        return f"<Activations of {len(next(iter(self.arrays.values()), ()))} photos: {layers}>"

    @property
    def layers(self) -> List[str]:
        """The names of the layers, in the order in which they were asked for, or in which an image passes them."""
        return list(self.arrays)

    def __getitem__(self, layer: TensorLike) -> Any:
        return self.arrays[self._name(layer)]

    def sheet(
        self, layer: TensorLike, photo: int = 0, colormap: str = "viridis", columns: int = A_ROW, margin: int = 0
    ) -> np.ndarray:
        """Return all channels of a layer on one sheet, as the Keras book has it: 16 to a row, without margins.

        Each channel less its mean, over its standard deviation, times 64, plus 128, clipped to 0 … 255; blank where it
        never fires. The book leaves out what does not fill a last row of 16; here it is shown. Returns (H, W) uint8
        for `colormap` "grey", else (H, W, 3) uint8 RGB by that colour map of OpenCV's.
        """
        return in_colour(grid(channel_tiles(self._of(layer, photo)), columns, margin), colormap)

    def pages(self, layer: TensorLike, photo: int = 0, colormap: str = "viridis") -> List[Page]:
        """Return the same tiles to look at, of however many channels: enlarged, 256 to a page, each under a caption.

        A page is no larger than 4,096 pixels a side, but for one of a single tile, and for its caption.
        """
        tiles = channel_tiles(self._of(layer, photo))
        return list(pages(tiles, self._name(layer).rsplit("/", 1)[-1], colormap))

    def top(self, layer: TensorLike, k: int = 10, photo: int = 0) -> List[Firing]:
        """Return the k channels that fire most for a photo, the most first; fewer where fewer fire.

        A channel's share is the mean of its positive activations over space, over the sum of all channels' means.
        """
        means = _positive(self._of(layer, photo)).mean((0, 1))
        total = means.sum()
        order = np.argsort(-means, kind="stable")[: max(k, 0)]
        return [Firing(int(c), float(means[c] / total), float(means[c])) for c in order if means[c] > 0]

    def silent(self, layer: TensorLike, photo: Optional[int] = None) -> List[int]:
        """Return the channels that fire nowhere in a photo, or where none is given in any of the photos."""
        photos = range(len(self[layer])) if photo is None else [photo]
        fires = np.any([(_positive(self._of(layer, i)) > 0).any((0, 1)) for i in photos], 0)
        return [int(channel) for channel in np.flatnonzero(~fires)]

    def strongest(
        self,
        folder: Union[PathLike, Sequence[PathLike]],
        layer: TensorLike,
        channel: int,
        k: int = 9,
        per_photo: int = 1,
    ) -> List[Patch]:
        """Return the patches of the photos in a folder that drive a channel most, the strongest first.

        See patches.strongest. The model must be open.
        """
        name = self._name(layer)
        return strongest(self.model, folder, self.tensors[name], channel, k, per_photo, self.engine)

    def _of(self, layer: TensorLike, photo: int) -> np.ndarray:
        """Return the (h, w, C) activations for a photo."""
        array = self[layer]
        if not -len(array) <= photo < len(array):
            raise PhotoError(f"no photo {photo}: there are activations of {len(array)}, counted from 0")
        return np.asarray(array[photo])

    def _name(self, layer: TensorLike) -> str:
        """Return the name that a layer's activations are kept by; raise UnknownName for one that is not there."""
        if isinstance(layer, str) and layer in self.arrays:
            return layer
        tensor = self.model.tensor(layer)
        name = next((name for name, one in self.tensors.items() if one.name == tensor.name), None)
        if name is None:
            raise UnknownName(
                f"no activations of {tensor.name!r}: there are those of {', '.join(map(repr, self.arrays))}"
            )
        return name


def activations(
    model: ModelLike,
    photos: ImagesLike,
    layers: Union[int, TensorLike, Sequence[TensorLike], None] = None,
    engine: str = "graph",
) -> Activations:
    """Return what layers give for photos (uint8 RGB or paths, of any sizes), or for floating point (N, h, w, C).

    `model` is a Model, or what load() takes. `layers` is a name or tensor, or several; a number n stands for the first
    n that an image passes, of those that Model.layers() lists; left out, it is 8, as in the Keras book. One session
    run serves all layers: more only where the photos cannot run together. `engine` is that of GradCAM.

    Raises LayerError for a layer without channels, UnknownName, PhotoError, and MissingFeed where a layer needs more
    than one image.
    """
    find_engine(engine)  # for another name is an error before a model is loaded
    model = model if isinstance(model, Model) else load(model, engine=engine)
    tensors = layers_of(model, layers, engine)
    rows = layer_values(model, tensors, as_batch(photos), engine)
    return Activations({name: _stack(each) for name, each in rows.items()}, model, tensors, engine)


@where_the_model_is(Dict[str, RemoteTensor])
def layers_of(model: Model, layers: Any, engine: str = "graph") -> Dict[str, Tensor]:
    """Return the tensors of layers, by the names that they were asked for by; see activations()."""
    layers = FIRST if layers is None else layers
    if isinstance(layers, int):
        return _first(model, layers, engine)
    several = layers if isinstance(layers, (list, tuple)) else [layers]
    tensors = {}
    for layer in several:
        tensor = model.tensor(layer)
        check_dimensions(tensor, model)
        tensors[layer if isinstance(layer, str) else model.name_of(tensor)] = tensor
    return tensors


def _first(model: Model, count: int, engine: str) -> Dict[str, Tensor]:
    """Return the first layers that an image passes which the first input alone leads to, and that the engine meets."""
    called = {output.name for call in model.calls or () for output in call.outputs}
    known = {
        layer.tensor.op: layer
        for layer in model.layers()
        if model.inputs_of([layer.tensor]) == model.inputs[:1] and (engine == "graph" or layer.tensor.name in called)
    }
    passed = [known[op] for op in flow(layer.tensor for layer in known.values()) if op in known]
    return {layer.name: layer.tensor for layer in passed[:count]}


def _positive(values: np.ndarray) -> np.ndarray:
    """Return activations after ReLU, in float64; what is no number is none."""
    return np.maximum(np.nan_to_num(values.astype(np.float64)), 0)


def _stack(rows: Sequence[np.ndarray]) -> Any:
    return np.stack(rows) if len({row.shape for row in rows}) == 1 else list(rows)
