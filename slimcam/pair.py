"""Models of several images, a Siamese net say: a map for each branch, from one session run."""

from dataclasses import dataclass
from typing import Any, Iterator, List, Mapping, Optional, Sequence, Union

import numpy as np

from . import targets
from .errors import ModelError, PhotoError, UnknownName
from .explainer import GradCAM, together
from .inputs.image_input import ImageInput
from .inputs.photos import as_batch
from .maps import paint
from .maps.maps import Maps
from .model import Model

GAP = 8  # pixels between the pictures of a pair


@dataclass
class Pair:
    """The maps of a pair of photos, or of more: `pair[0]` are the Maps of the first branch."""

    maps: List[Maps]

    def __len__(self) -> int:
        return len(self.maps)

    def __getitem__(self, branch: int) -> Maps:
        return self.maps[branch]

    def __iter__(self) -> Iterator[Maps]:
        return iter(self.maps)

    def overlay(self, i: int = 0, **options: Any) -> np.ndarray:
        """Return the overlays of pair `i` side by side, as high as the highest, (H, W, 3) uint8 RGB.

        `options` go to Maps.overlay.
        """
        return paint.beside([maps.only(i).overlay(**options)[0] for maps in self.maps], GAP)


class ExplainPair:
    """Explain a score of several images by a layer of each branch; built once, used often.

    `layer` is the layer for all branches: the name of a shared one (`encoder/conv2d_5` stands for each of its calls),
    or a list with a layer for each. Left out, each branch takes its last before the branches meet.
    """

    def __init__(
        self,
        model: Model,
        layer: Union[str, Sequence[Any], None] = None,
        target: Any = None,
        dialect: str = "paper",
        method: Optional[str] = None,
        hold: Optional[Mapping[Any, Any]] = None,
        engine: str = "graph",
    ) -> None:
        if len(model.inputs) < 2:
            raise ModelError(f"{model.source} takes one image: slimcam.explain(model, photo) explains it")
        self.model = model
        score = targets.scored(model, targets.as_target(target))
        held = [model.tensor(name).name for name in hold or ()]
        self.inputs = model.inputs_of([score], held)
        layers = [_branch(model, self.inputs, i, score, layer) for i in range(len(self.inputs))]
        self._cams = [
            GradCAM(model, tensor, target, dialect, method, hold, image_input, engine)
            for tensor, image_input in zip(layers, self.inputs)
        ]

    def __call__(self, *photos: Any, target: Any = None) -> Pair:
        """Return the Pair of a photo for each input, or of as many for each; photos are given as to a GradCAM."""
        if len(photos) != len(self.inputs):
            names = ", ".join(image_input.tensor.name for image_input in self.inputs)
            raise PhotoError(f"the score takes {len(self.inputs)} photos, for {names}; {len(photos)} were given")
        batches = [as_batch(some) for some in photos]
        counts = [len(batch.photos) for batch in batches]
        if len(set(counts)) > 1:
            raise PhotoError(f"as many photos for each input, please: these are {' and '.join(map(str, counts))}")
        return Pair(together(self._cams, batches, target))


def explain_pair(model: Model, *photos: Any, layer: Any = None, target: Any = None, **options: Any) -> Pair:
    """Explain a score of several images: a map for each branch from one session run.

    Photos come in the order of the model's inputs. `layer` and `options` are those of ExplainPair.
    """
    return ExplainPair(model, layer, target, **options)(*photos)


def _branch(model: Model, inputs: Sequence[ImageInput], i: int, score: Any, layer: Any) -> Any:
    """Return the layer that is explained for input `i` of those that the score needs."""
    image_input = inputs[i]
    if layer is None:
        found = model.best_layer(image_input, score)
        if found is None or model.inputs_of([found]) != [image_input]:
            raise UnknownName(
                f"no layer that only {image_input.tensor.name!r} leads to: name one for each input, layer=[...]"
            )
        return found
    if not isinstance(layer, str):
        if len(layer) != len(inputs):
            raise UnknownName(f"{len(layer)} layers for {len(inputs)} inputs: give one for each")
        return model.tensor(layer[i])
    calls = [] if model.calls is None else model.calls.outputs_of(layer)
    own = [tensor for tensor in calls if model.inputs_of([tensor]) == [image_input]]
    return own[0] if len(own) == 1 else model.tensor(layer)
