"""GradCAM: evidence, then method. Built once for a model, a layer and a kind of target; used often."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from . import targets
from .engines import find_engine
from .errors import PhotoError, TargetError, UnknownName, WrongFeed
from .inputs.image_input import ImageInput
from .inputs.photos import Batch, as_batch
from .maps.dialects import Dialect, find_dialect
from .maps.maps import Maps
from .methods import find_method
from .methods.cams import raw_map
from .methods.evidence import Evidence
from .model import Model, check_open
from .sources.loading import load


class GradCAM:
    """Explain images by the gradient-weighted activations of one layer.

    `layer` is a name or tensor (the model's own default where it is left out), `target` what is explained (see
    slimcam.targets; None is the winning class), `dialect` a row of DIALECTS, `method` a row of METHODS that takes the
    place of the dialect's. `hold` maps tensors to arrays, one for all images or one an image, that replace
    what the graph would compute there, "zeros" stands for an array of them; what lies behind is not needed and not run.
    `engine` is "graph", or "tape", which runs a Keras model eagerly (see engines.tape); `model` may then be that model.
    In a model of several inputs for images, the photos go to the one that the layer and the score then need;
    `image_input` is for photos that are explained together with others', and then all inputs are fed (see
    slimcam.explain_pair).

    Errors come here and not at the first image: LayerError, MissingFeed, TargetError, UnknownName. After this, nothing
    is added to the model's graph; two GradCAMs of one layer and one kind of target share their gradient.
    """

    def __init__(
        self,
        model: Any,
        layer: Any = None,
        target: Any = None,
        dialect: str = "paper",
        method: Optional[str] = None,
        hold: Optional[Mapping[Any, Any]] = None,
        image_input: Optional[ImageInput] = None,
        engine: str = "graph",
    ) -> None:
        self.engine = find_engine(engine)
        model = self.model = model if isinstance(model, Model) else load(model, engine=engine)
        self.dialect = _chosen(dialect, method)
        self.target = targets.as_target(target)
        self._hold = {model.tensor(name): _held(model.tensor(name), array) for name, array in (hold or {}).items()}
        given = [] if image_input is None else model.inputs
        if image_input is None:
            layer_tensor, image_input = _layer_and_entry(model, layer, targets.scored(model, self.target), self._hold)
        else:
            layer_tensor = model.tensor(layer)
        self.image_input = image_input
        self.layer = layer if isinstance(layer, str) else model.name_of(layer_tensor)
        score, given = self.dialect.score, given or [image_input]
        self.probe = self.engine.probe(model, layer_tensor, self.target, score, list(self._hold), given)
        if not isinstance(self.target, (list, tuple, np.ndarray)) and self.probe.mask is not None:
            targets.mask(model, self.target, 1)  # a class that does not exist is an error now, not at an image

    def __call__(self, images: Any, target: Any = None) -> Maps:
        """Return the Maps of photos (uint8 RGB or paths, of any sizes) or of (N, h, w, C) floating point, fed as it is.

        `target` is another class, or one an image, for this call; it adds no operation. Raises PhotoError for what
        cannot be read, TargetError where targets and images do not agree.
        """
        return together([self], [as_batch(images)], target)[0]

    def evidence(self, images: Any, target: Any = None) -> Evidence:
        """Return what the maps of a call are made from, a map a row; arguments and errors are those of a call.

        Raises PhotoError for images of which a net that takes any size makes maps of different sizes.
        """
        runs = _runs([self], [as_batch(images)], target)
        each = [got[0] for _, got in runs]
        if len({one.activations.shape[1:] for one in each}) > 1:
            raise PhotoError("the images differ in size, and so do their maps: ask for the evidence of one at a time")
        rows = _rows([part for part, _ in runs], self.probe.k)
        names = "activations", "gradients", "scores", "classes"
        return Evidence(*(np.concatenate([getattr(one, name) for one in each])[rows] for name in names))

    def _mask(self, target: Any, count: int) -> Optional[np.ndarray]:
        if target is None:
            return targets.mask(self.model, self.target, count) if self.probe.mask is not None else None
        kind = targets.as_target(target)
        if self.probe.mask is None or isinstance(kind, (targets.Top, targets.Score)):
            raise TargetError("a call can change the class, not the kind of target: build another GradCAM for this one")
        return targets.mask(self.model, kind, count)

    def holds(self, part: List[int], count: int) -> Dict[Any, np.ndarray]:
        """Return what is held for the images `part` of `count`."""
        return {tensor: _each(array, tensor, part, count) for tensor, array in self._hold.items()}

    def maps(self, batch: Batch, runs: Sequence[Tuple[List[int], Evidence]]) -> Maps:
        """Return the Maps of a batch from the evidence of its parts."""
        dialect, k = self.dialect, self.probe.k
        raws = [raw_map(evidence, dialect.method, dialect.start, dialect.average) for _, evidence in runs]
        rows = _rows([part for part, _ in runs], k)
        if len({raw.shape[1:] for raw in raws}) == 1:
            raw: Any = np.concatenate(raws)[rows]
        else:
            every = [one for raw in raws for one in raw]
            raw = [every[row] for row in rows]
        classes, scores = (np.concatenate([getattr(e, name) for _, e in runs])[rows] for name in ("classes", "scores"))
        fed = [str(one) for one in self.probe.fed]
        photo = np.repeat(np.arange(len(batch.photos)), k)
        windows = self.image_input.windows(batch)
        return Maps(raw, classes, scores, self.layer, fed, dialect, batch.photos, windows, photo, self.model.labels)


def together(cams: Sequence[GradCAM], batches: Sequence[Batch], target: Any = None) -> List[Maps]:
    """Run GradCAMs of one model and target together, each with the batch of its own input; a session run a part."""
    runs = _runs(cams, batches, target)
    return [cam.maps(batches[i], [(part, got[i]) for part, got in runs]) for i, cam in enumerate(cams)]


def _runs(cams: Sequence[GradCAM], batches: Sequence[Batch], target: Any) -> List[Tuple[List[int], List[Evidence]]]:
    """Return, for each part of the batches that runs at once, its images and the evidence of each GradCAM."""
    first = cams[0]
    check_open(first.model)
    count = len(batches[0].photos)
    mask = first._mask(target, count)
    parts = first.image_input.parts(batches[0])
    if any(cam.image_input.parts(batch) != parts for cam, batch in zip(cams, batches)):
        parts = [[i] for i in range(count)]
    runs = []
    for part in parts:
        feeds: Dict[Any, Any] = {}
        for cam, batch in zip(cams, batches):
            feeds.update(first.engine.feeds(cam.image_input, batch, part))
        masks, holds = None if mask is None else mask[part], first.holds(part, count)
        runs.append((part, first.engine.gather(first.model, [cam.probe for cam in cams], feeds, masks, holds)))
    return runs


def _rows(parts: Sequence[List[int]], k: int) -> np.ndarray:
    """Return the rows, k an image, that bring what came part by part into the order of the images."""
    order = np.argsort([i for part in parts for i in part], kind="stable")
    return (order[:, None] * k + np.arange(k)).reshape(-1)


def features(model: Model, name: Any, images: Any, engine: str = "graph") -> np.ndarray:
    """Return the values of a tensor for images, (N, ...), by an engine; see Model.features."""
    return find_engine(engine).features(model, name, images)


def explain(model: Model, images: Any, layer: Any = None, target: Any = None, **options: Any) -> Maps:
    """Build a GradCAM and call it once; the gradient stays with the model for the next time."""
    return GradCAM(model, layer, target, **options)(images)


def _chosen(dialect: str, method: Optional[str]) -> Dialect:
    row = find_dialect(dialect)
    if method is not None:
        find_method(method)
        row = row._replace(method=method)
    return row


def _layer_and_entry(model: Model, layer: Any, score: Any, held: Mapping[Any, Any]) -> Tuple[Any, ImageInput]:
    """Return the layer to explain, the best for the score where none is said, and the input that photos go to."""
    cut = [tensor.name for tensor in held]
    tensor = None if layer is None else model.tensor(layer)
    found = model.inputs_of([score if tensor is None else tensor], cut) or model.inputs_of([score], cut)
    image_input = (found or model.inputs)[0]
    tensor = model.best_layer(image_input, score, cut) if tensor is None else tensor
    if tensor is None:
        raise UnknownName(f"{model.source} has no 4-D layer that all ways to {score.name!r} pass: name one, layer=")
    return tensor, image_input


def _held(tensor: Any, value: Any) -> np.ndarray:
    """Return what a tensor is held at, as an array; raise WrongFeed for what does not fit it."""
    if isinstance(value, str):
        dims: Any = [None] if tensor.shape.rank is None else tensor.shape.as_list()[1:]
        if value != "zeros" or None in dims:
            why = "its shape is not fixed" if value == "zeros" else 'the only word is "zeros"'
            raise WrongFeed(f"hold: {tensor.name!r} at {value!r}: {why}; give an array")
        return np.zeros(dims, tensor.dtype.as_numpy_dtype)
    array = np.asarray(value)
    _check_fits(tensor, array)
    return array


def _check_fits(tensor: Any, array: np.ndarray) -> None:
    """Raise WrongFeed for an array that has the tensor's shape neither for one image nor for some."""
    shape = tensor.shape
    one = shape[1:] if shape.rank else shape
    fits = shape.is_compatible_with(array.shape) or one.is_compatible_with(array.shape)
    fits = fits or bool(array.ndim and one.is_compatible_with(array.shape[1:]))
    if not fits:
        raise WrongFeed(f"hold: {tensor.name!r} is {shape}, and the array given for it {array.shape}")


def _each(array: np.ndarray, tensor: Any, part: List[int], count: int) -> np.ndarray:
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
