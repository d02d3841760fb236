"""Models of several images, a Siamese net say: a map for each branch, from one run."""

import functools
from dataclasses import dataclass
from typing import Any, Callable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .. import targets
from .._types import HoldLike, ImagesLike, TargetLike, TensorLike
from ..engines import find_engine
from ..engines.resolve import resolve_branches, resolve_images_of_branches
from ..errors import ModelError, PhotoError
from ..inputs.photos import Batch
from ..isolation.cams import RemoteCam
from ..isolation.model import IsolatedModel
from ..maps import paint
from ..maps.dialects import Dialect, find_dialect
from ..maps.maps import Maps
from ..methods import find_method
from ..methods.averages import Averages
from ..model import Model
from .explainer import cam_of_model, read_method
from .runs import cam_of

LayersLike = Union[str, Sequence[TensorLike], None]  # one name for all branches, or a layer of each


@dataclass(repr=False)
class Pair:
    """The maps of a pair of photos, or of more: `pair[0]` are the Maps of the first branch."""

    maps: List[Maps]

    def __len__(self) -> int:
        return len(self.maps)

    def __getitem__(self, branch: int) -> Maps:
        return self.maps[branch]

    def __repr__(self) -> str:
        return f"<Pair: {'; '.join(map(repr, self.maps))}>"

    def __iter__(self) -> Iterator[Maps]:
        return iter(self.maps)

    def overlay(self, i: int = 0, **options: Any) -> np.ndarray:
        """Return the overlays of pair `i` side by side, as high as the highest, (H, W, 3) uint8 RGB.

        `options` go to Maps.overlay.
        """
        return self.picture("overlay", i, **options)

    def picture(self, style: str, i: int = 0, **options: Any) -> np.ndarray:
        """Return the pictures of pair `i` in another style, a row of maps.styles.STYLES, as overlay() does."""
        return paint.beside([maps[i].pictures(style, **options)[0] for maps in self.maps])


class ExplainPair:
    """Explain a score of several images by a layer of each branch, or by its pixels; built once, used often.

    `layer` is the layer for all branches: the name of a shared one (`encoder/conv2d_5` stands for each of its calls),
    or a list with a layer for each. Left out, each branch takes its last before the branches meet. `method`, any row of
    METHODS, and its `parameters`, `seed` and `memory` are those of an Explainer; the other photos stay as they are.
    """

    def __init__(
        self,
        model: Model,
        layer: LayersLike = None,
        target: TargetLike = None,
        dialect: str = "paper",
        method: Optional[str] = None,
        hold: Optional[HoldLike] = None,
        engine: str = "graph",
        seed: int = 0,
        memory: Optional[int] = None,
        **parameters: Any,
    ) -> None:
        find_engine(engine)
        method = method or find_dialect(dialect).method
        row, read = read_method(method, layer, dialect, {"seed": seed, **parameters}, memory)
        if len(model.inputs) < 2:
            raise ModelError(f"{model.source} takes one image: slimcam.explain(model, photo) explains it")
        self._start(model, layer, targets.as_target(target), row, hold, engine, read, memory)

    def _start(self, model: Model, layer: LayersLike, *given: Any) -> None:
        self.model, self._given = model, given
        self._together: Callable[[Sequence[Batch], TargetLike], List[Maps]]
        if isinstance(model, IsolatedModel):
            target, row, hold, engine, parameters, memory = given
            how = {"branches": True, "parameters": parameters, "memory": memory}
            remote = RemoteCam(model, layer, target, row, hold, engine, **how)
            self.inputs, self.layers, self._together = remote.inputs, remote.layers, remote.together
            self._watched: List[Any] = [remote]
            return
        cams = cams_of_branches(model, layer, *given)
        together = cams[0].together
        self.inputs, self.layers = [cam.image_input for cam in cams], [cam.layer for cam in cams]
        self._together, self._watched = functools.partial(together, cams), cams

    def __reduce__(self) -> Tuple[Any, ...]:
        """Pickle what it was built of: unpickled, it is built again, on the model loaded again."""
        target, row, hold, *more = self._given
        layers = None if find_method(row.method).needs == "pixels" else self.layers
        holds = {getattr(name, "name", name): array for name, array in (hold or {}).items()}
        return _rebuilt_pair, (self.model, layers, target, row, holds, *more)

    def watch(self, progress: Callable[[int], None]) -> None:
        """Let `progress` be called with the number of rows after each run of a method of many passes."""
        for cam in self._watched:
            cam.progress = progress

    def __repr__(self) -> str:
        return f"<ExplainPair of {self.model.source}: layers {', '.join(map(repr, self.layers))}>"

    def __call__(self, *photos: ImagesLike, target: TargetLike = None) -> Pair:
        """Return the Pair of a photo for each input, or of as many for each; photos are given as to a GradCAM."""
        if len(photos) != len(self.inputs):
            names = ", ".join(image_input.tensor.name for image_input in self.inputs)
            raise PhotoError(f"the score takes {len(self.inputs)} photos, for {names}; {len(photos)} were given")
        batches = [one.batch(some) for one, some in zip(self.inputs, photos)]
        counts = [len(batch.photos) for batch in batches]
        if len(set(counts)) > 1:
            raise PhotoError(f"as many photos for each input, please: these are {' and '.join(map(str, counts))}")
        return Pair(self._together(batches, target))


def _rebuilt_pair(*given: Any) -> ExplainPair:
    """Return the ExplainPair that another process pickled."""
    pair = ExplainPair.__new__(ExplainPair)
    pair._start(*given)
    return pair


def cams_of_branches(
    model: Model,
    layer: LayersLike,
    target: Any,
    row: Dialect,
    hold: Optional[HoldLike],
    engine: str,
    parameters: Optional[Mapping[str, Any]] = None,
    memory: Optional[int] = None,
    averages: Averages = (),
) -> List[Any]:
    """Return the cam of each branch that the score of a target needs; `target` as as_target returns it."""
    if find_method(row.method).needs == "pixels":
        queries = resolve_images_of_branches(model, target, hold, engine, row.score)
    else:
        queries = resolve_branches(model, layer, target, hold, row.score, engine)
    return [cam_of(query, row, parameters, memory, averages) for query in queries]


def only_cam(*given: Any) -> List[Any]:
    """Return the cam of what cams_of_branches takes, as the only branch."""
    return [cam_of_model(*given)]


def explain_pair(
    model: Model, *photos: ImagesLike, layer: LayersLike = None, target: TargetLike = None, **options: Any
) -> Pair:
    """Explain a score of several images: a map for each branch, by a method of one pass from one session run.

    Photos come in the order of the model's inputs. `layer` and `options` are those of ExplainPair.
    """
    return ExplainPair(model, layer, target, **options)(*photos)
