"""The maps of a recording as Maps, so that what is to be said of them is said as of any."""

from typing import List, Optional, Sequence

import numpy as np

from ..explainers.gradcam import with_method
from ..maps.maps import Maps
from .golden import Golden, Layer


def recorded_maps(recorded: Golden, labels: Optional[Sequence[str]] = None) -> List[Maps]:
    """Return the Maps of each recorded layer, by the photos' names; the photos themselves, not recorded, are black."""
    return [_of_layer(recorded, layer, None if labels is None else list(labels)) for layer in recorded.layers]


def _of_layer(recorded: Golden, layer: Layer, labels: Optional[List[str]]) -> Maps:
    count = len(recorded.photos)
    photo = np.repeat(np.arange(count), len(layer.maps) // count)
    arrays = layer.maps, layer.gradients, layer.scores, recorded.inputs[photo]
    return Maps(
        raw=layer.maps,
        classes=layer.classes,
        scores=layer.scores,
        layer=layer.name,
        fed=[],
        dialect=with_method(recorded.dialect, recorded.method),
        photos=[np.zeros((1, 1, 3), np.uint8)] * count,
        windows=[(0, 0, 1, 1)] * count,
        photo=photo,
        labels=labels,
        names=[one["name"] for one in recorded.photos],
        finite=np.all([np.isfinite(one).reshape(len(photo), -1).all(1) for one in arrays], 0),
        rounding=layer.rounding,
    )
