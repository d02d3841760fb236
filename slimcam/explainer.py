"""GradCAM: evidence, then method. Built once for a model, a layer and a kind of target; used often."""

from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from . import photos as pictures
from . import target as targets
from .errors import PhotoError, TargetError, UnknownName, WrongFeed
from .evidence import Evidence, gather, probe
from .maps import Dialect, Maps, find_dialect
from .methods import METHODS, raw_map
from .model import Model, check_open
from .names import nearest


class GradCAM:
    """Explain images by the gradient-weighted activations of one layer.

    `layer` is a name or tensor (the model's own default where it is left out), `target` what is explained (see
    slimcam.target; None is the winning class), `dialect` a row of maps.DIALECTS, `method` a row of methods.METHODS that
    takes the place of the dialect's. `hold` maps tensors to arrays, one for all images or one an image, that replace
    what the graph would compute there; what lies behind them is not needed and not run.

    Errors come here and not at the first image: LayerError, MissingFeed, TargetError, UnknownName. After this, nothing
    is added to the model's graph; two GradCAMs of one layer and one kind of target share their gradient.
    """

    def __init__(
        self,
        model: Model,
        layer: Any = None,
        target: Any = None,
        dialect: str = "paper",
        method: Optional[str] = None,
        hold: Optional[Mapping[Any, Any]] = None,
    ) -> None:
        self.model = model
        self.dialect = _chosen(dialect, method)
        self.target = targets.as_target(target)
        tensor = _layer(model, layer)
        self.layer = layer if isinstance(layer, str) else model.name_of(tensor)
        self._hold = {model.tensor(name): np.asarray(array) for name, array in (hold or {}).items()}
        for held, array in self._hold.items():
            _check_fits(held, array)
        self._probe = probe(model, tensor, self.target, self.dialect.score, list(self._hold))
        if not isinstance(self.target, (list, tuple, np.ndarray)) and self._probe.mask is not None:
            targets.mask(model, self.target, 1)  # a class that does not exist is an error now, not at the first image

    def __call__(self, images: Any, target: Any = None) -> Maps:
        """Return the Maps of photos (uint8 RGB or paths, of any sizes) or of (N, h, w, C) floating point, fed as it is.

        `target` is another class, or one an image, for this call; it adds no operation. Raises PhotoError for what
        cannot be read, TargetError where targets and images do not agree.
        """
        check_open(self.model)
        batch = pictures.as_batch(images)
        count = len(batch.photos)
        mask = self._mask(target, count)
        runs = [self._run(batch, part, mask, count) for part in self._parts(batch)]
        return self._maps(batch, runs)

    def _mask(self, target: Any, count: int) -> Optional[np.ndarray]:
        if target is None:
            return targets.mask(self.model, self.target, count) if self._probe.mask is not None else None
        kind = targets.as_target(target)
        if self._probe.mask is None or isinstance(kind, (targets.Top, targets.Score)):
            raise TargetError("a call can change the class, not the kind of target: build another GradCAM for this one")
        return targets.mask(self.model, kind, count)

    def _parts(self, batch: pictures.Batch) -> List[List[int]]:
        """Return which images run together: all, or each alone, or, in a net that takes any size, those of one size."""
        count = len(batch.photos)
        photos = self.model.photos
        if self.model.one_by_one:
            return [[i] for i in range(count)]
        if batch.array is None and photos is not None and photos.preprocess is not None and photos.size is None:
            sizes: Dict[Tuple[int, ...], List[int]] = {}
            for i, photo in enumerate(batch.photos):
                sizes.setdefault(photo.shape, []).append(i)
            return list(sizes.values())
        return [list(range(count))]

    def _run(
        self, batch: pictures.Batch, part: List[int], mask: Optional[np.ndarray], count: int
    ) -> Tuple[List[int], Evidence]:
        feeds = feed(self.model, batch, part)
        holds = {tensor: _each(array, tensor, part, count) for tensor, array in self._hold.items()}
        return part, gather(self.model, self._probe, feeds, None if mask is None else mask[part], holds)

    def _maps(self, batch: pictures.Batch, runs: List[Tuple[List[int], Evidence]]) -> Maps:
        dialect, k = self.dialect, self._probe.k
        raws = [raw_map(evidence, dialect.method, dialect.start, dialect.average) for _, evidence in runs]
        order = np.argsort([i for part, _ in runs for i in part], kind="stable")
        rows = (order[:, None] * k + np.arange(k)).reshape(-1)
        if len({raw.shape[1:] for raw in raws}) == 1:
            raw: Any = np.concatenate(raws)[rows]
        else:
            every = [one for raw in raws for one in raw]
            raw = [every[row] for row in rows]
        classes, scores = (np.concatenate([getattr(e, name) for _, e in runs])[rows] for name in ("classes", "scores"))
        fed = [str(one) for one in self._probe.fed]
        photo = np.repeat(np.arange(len(batch.photos)), k)
        windows = self._windows(batch)
        labels = self.model.labels
        return Maps(raw, classes, scores, self.layer, fed, dialect, batch.photos, windows, photo, labels)

    def _windows(self, batch: pictures.Batch) -> List[Tuple[float, float, float, float]]:
        if batch.array is not None:
            return [(0, 0, *batch.array.shape[1:3])] * len(batch.array)
        photos = self.model.photos
        see = photos.preprocess.window if photos is not None and photos.preprocess is not None else None
        sizes = [photo.shape[:2] for photo in batch.photos]
        return [see(*size, photos.size) if photos and see else (0, 0, *size) for size in sizes]


def explain(model: Model, images: Any, layer: Any = None, target: Any = None, **options: Any) -> Maps:
    """Build a GradCAM and call it once; the gradient stays with the model for the next time."""
    return GradCAM(model, layer, target, **options)(images)


def _chosen(dialect: str, method: Optional[str]) -> Dialect:
    row = find_dialect(dialect)
    if method is None:
        return row
    if method not in METHODS:
        raise UnknownName(f"no method {method!r} (there are {', '.join(METHODS)}); {nearest(method, METHODS)}")
    return row._replace(method=method)


def _layer(model: Model, layer: Any) -> Any:
    if layer is not None:
        return model.tensor(layer)
    if not model.layers():
        raise UnknownName(
            f"no layer of {model.source} is passed by all ways to {model.logits.name!r}: name one, layer="
        )
    return model.layers()[0].tensor


def feed(model: Model, batch: pictures.Batch, part: List[int]) -> Dict[Any, Any]:
    """Return what the model is fed for the images `part` of a batch; raise PhotoError where it cannot take them."""
    if batch.array is not None:
        return _feed_array(model, batch.array[part])
    photos = model.photos
    if photos is None:
        raise PhotoError(
            f"nothing says how {model.source} prepares its photos: load it with preprocess= "
            "('inception', 'vgg', 'squash' or 'none'), or give what it is fed as floating point (N, h, w, C)"
        )
    if photos.tensor is not None:
        data = pictures.encoded(batch)
        return {photos.tensor: data[part[0]] if model.one_by_one else [data[i] for i in part]}
    some = [batch.photos[i] for i in part]
    return {
        photos.pixels: np.concatenate([photo.reshape(-1) for photo in some]),
        photos.sizes: np.array([photo.shape[:2] for photo in some], np.int32),
    }


def _feed_array(model: Model, array: np.ndarray) -> Dict[Any, Any]:
    """Feed an array exactly as given."""
    if not model.input.dtype.is_floating:
        raise PhotoError(f"{model.input.name!r} takes {model.input.dtype.name}: give photos as uint8 RGB or paths")
    images = array[0] if model.input.shape.rank == 3 else array
    if not model.input.shape.is_compatible_with(images.shape):
        raise PhotoError(f"{model.input.name!r} takes {model.input.shape}, and the array is {array.shape}")
    return {model.input: images}


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
