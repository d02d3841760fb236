"""NetCam: a row of METHODS that asks the model many times, for one layer and target; what an Explainer holds of it."""

from dataclasses import replace
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .. import targets
from .._types import ImagesLike, TargetLike, Tensor
from ..engines import find_engine
from ..engines.nets import Asked, EngineNet, images_of, plain_pixels, runs_of
from ..engines.proofs import check_head
from ..engines.resolve import Query
from ..inputs.photos import Batch
from ..maps.dialects import Dialect
from ..maps.maps import Maps
from ..maps.selection import stack
from ..methods import find_method
from ..methods.averages import Averages, Make, averaged, passes_of
from ..methods.cams import raw_map
from ..methods.method import Size
from ..methods.net import Attribution, Net, attribution
from ..methods.reductions import REDUCTIONS
from .baseline_photos import fed_photos
from .calls import mask_of, picks_of, rows_in_order, warn_of
from .gradcam import GradCAM

PHOTOS = 32  # of a part, at most: what a method makes of them is held at once


class Part(NamedTuple):
    """What was made of some photos of a call, k rows for each."""

    photos: List[int]
    made: Attribution
    scores: np.ndarray
    classes: np.ndarray
    finite: np.ndarray  # of images and scores


class NetCam:
    """A method of many passes, built once and used often: as a GradCAM is called and pickled by what holds it."""

    def __init__(
        self,
        query: Query,
        dialect: Dialect,
        parameters: Mapping[str, Any],
        memory: Optional[int],
        averages: Averages = (),
    ) -> None:
        """Build all that the method runs; `parameters` are all of it, and "reduce" for one of pixels."""
        self.row = find_method(dialect.method)
        self.query, self.dialect, self.parameters, self.memory = query, dialect, dict(parameters), memory
        self.averages = averages
        self.model, self.target, self.image_input = query.model, query.target, query.image_input
        pixels = self.row.needs == "pixels"
        self.layer = query.model.name_of(query.image_input.tensor) if pixels else query.layer_name
        self.on_logits, self.k = query.on_logits, query.k
        check_head(self.row.head, query)
        # each class of a Top is a row of its own, with the weights of that class
        self.asked = replace(query, target=None) if isinstance(query.target, targets.Top) else query
        self.engine = find_engine(query.engine)
        self._runs = runs_of(self.asked, self.row.needs, self.row.rules(parameters))
        self.progress: Callable[[int], None] = lambda rows: None
        self._plain: Optional[np.ndarray] = None

    def __call__(self, images: ImagesLike, target: TargetLike = None) -> Maps:
        """Return the Maps of images; arguments and errors are those of a GradCAM."""
        return self.together([self], [self.image_input.batch(images)], target)[0]

    def passes(self, height: int, width: int) -> int:
        """Return how many rows are run for a photo that is fed at a size."""
        return self.k * passes_of(self.row, self.parameters, self.averages, Size(height, width, self.channels))

    @property
    def channels(self) -> int:
        """How many channels the layer has, 1 where that is not known."""
        shape = self.query.layer.shape.as_list() if self.query.layer.shape.rank == 4 else [None] * 4
        return (shape[1] if self.query.channels_first else shape[-1]) or 1

    @staticmethod
    def together(cams: Sequence["NetCam"], batches: Sequence[Batch], target: TargetLike = None) -> List[Maps]:
        """Return the Maps of a batch for each branch; the photos of the other branches are fed with each."""
        each = [cam._maps(i, cams, batches, target) for i, cam in enumerate(cams)]
        warn_of(cams[0].model, each, "images, scores or maps")
        return each

    def _maps(self, own: int, cams: Sequence["NetCam"], batches: Sequence[Batch], target: TargetLike) -> Maps:
        """Return the Maps of one branch."""
        self.model.check_open()
        batch, count = batches[own], len(batches[own].photos)
        picks = picks_of(self.query, batches[0], target)
        mask = mask_of(self.query, target, count) if picks is None else picks.places
        parts = []
        for part in _parts(self, cams, batches):
            images = [images_of(cam.engine, cam.query, one, part) for cam, one in zip(cams, batches)]
            others: Dict[Tensor, np.ndarray] = {}
            for i, cam in enumerate(cams):
                if i != own:
                    others[cam.query.image_input.tensor] = _rows_of_call(images[i], part, count)
            parts.append(self._part(images[own], part, None if mask is None else mask[part], others, count))
        return self._assembled(batch, parts, picks)

    def _part(
        self,
        images: np.ndarray,
        photos: List[int],
        mask: Optional[np.ndarray],
        others: Mapping[Tensor, np.ndarray],
        count: int,
    ) -> Part:
        """Return what the method makes of some photos."""
        rows = photos
        if isinstance(self.target, targets.Top):
            first = self._net(images, photos, None, others, count)
            mask = _best(first.outputs(images, np.arange(len(images))), self.k)
            images, rows = np.repeat(images, self.k, 0), np.repeat(photos, self.k).tolist()
        net: Any = self._net(images, rows, mask, others, count)
        known = self.row.parameters
        parameters = fed_photos(known, {name: self.parameters[name] for name in known}, self._fed, images.shape[1:])
        with np.errstate(invalid="ignore", over="ignore"):  # NaN and inf stay in the map
            made = self._method(parameters)(net)
        scores, classes = net.result()
        finite = np.isfinite(images).reshape(len(images), -1).all(1) & np.isfinite(scores)
        return Part(photos, made, scores, classes, finite)

    def _method(self, parameters: Mapping[str, Any]) -> Make:
        """Return the method with its parameters, and what averages its maps."""

        def make(net: Net) -> Attribution:
            if self.row.takes == "net":
                return attribution(self.row(net, **parameters))
            evidence = net.evidence(net.images, np.arange(len(net.images)))
            dialect = self.dialect
            return Attribution(raw_map(evidence, dialect.method, dialect.start, dialect.average, parameters))

        whole: Make = make
        for name, values in self.averages:
            whole = averaged(whole, lambda result: self._reduced(result)[1], name, values)
        return whole

    def _net(
        self, images: np.ndarray, photos: Sequence[int], mask: Any, others: Mapping[Tensor, np.ndarray], count: int
    ) -> EngineNet:
        asked = Asked(self.asked, count, mask, others)
        return EngineNet(self._runs, images, photos, asked, self.memory, self.progress, self._plain_pixels)

    def _fed(self, batch: Batch, photos: List[int]) -> np.ndarray:
        return images_of(self.engine, self.query, batch, photos)

    def _plain_pixels(self) -> np.ndarray:
        if self._plain is None:
            self._plain = plain_pixels(self.engine, self.query)
        return self._plain

    def _assembled(self, batch: Batch, parts: Sequence[Part], picks: Optional[targets.Picks]) -> Maps:
        """Return the Maps of what was made part by part, in the order of the photos."""
        order = rows_in_order([part.photos for part in parts], self.k)

        def joined(arrays: List[np.ndarray]) -> np.ndarray:
            return np.concatenate(arrays)[order]

        channels, raw = zip(*(self._reduced(part.made) for part in parts))
        every = [one for array in raw for one in array.astype(np.float32)]
        maps = stack([every[row] for row in order])
        of_pixels: Any = None
        if channels[0] is not None:
            whole = [one for array in channels for one in array.astype(np.float32)]
            of_pixels = stack([whole[row] for row in order])
        names = parts[0].made.details or {}
        details = {name: joined([np.asarray((part.made.details or {})[name]) for part in parts]) for name in names}
        scores, classes = joined([part.scores for part in parts]), joined([part.classes for part in parts])
        photo = np.repeat(np.arange(len(batch.photos)), self.k)
        labels = targets.labels_of(self.model) if picks is not None else self.model.labels
        fed = [str(one) for one in self.query.fed]
        arguments = classes, scores, self.layer, fed, self.dialect, batch.photos, self.image_input.windows(batch), photo
        result = Maps(maps, *arguments, labels, names=batch.names, channels=of_pixels, details=details)
        finite = result.finite & joined([part.finite for part in parts]) & (not self.model.fault)
        result = replace(result, finite=finite)
        return result if picks is None else replace(result, classes=picks.classes, boxes=picks.boxes)

    def _reduced(self, made: Attribution) -> Tuple[Optional[np.ndarray], np.ndarray]:
        """Return the channels and the (N, h, w) map of what a method returned."""
        if made.array.ndim == 3:
            return made.channels, made.array
        return made.array, REDUCTIONS[self.parameters.get("reduce") or self.row.reduce or "sum"](made.array)


AnyCam = Union[GradCAM, NetCam]


def cam_of(
    query: Query,
    dialect: Dialect,
    parameters: Optional[Mapping[str, Any]] = None,
    memory: Optional[int] = None,
    averages: Averages = (),
) -> AnyCam:
    """Return the cam of a dialect's method for what is resolved already."""
    if find_method(dialect.method).takes == "evidence" and not averages:
        return GradCAM.of_query(query, dialect, parameters)
    return NetCam(query, dialect, parameters or {}, memory, averages)


def _parts(own: NetCam, cams: Sequence[NetCam], batches: Sequence[Batch]) -> Iterator[List[int]]:
    """Yield which photos run together: of one size for each branch, and no more than PHOTOS."""
    parts = own.image_input.parts(batches[0])
    if any(cam.image_input.parts(batch) != parts for cam, batch in zip(cams, batches)):
        parts = [[i] for i in range(len(batches[0].photos))]
    for part in parts:
        for start in range(0, len(part), PHOTOS):
            yield part[start : start + PHOTOS]


def _rows_of_call(images: np.ndarray, part: List[int], count: int) -> np.ndarray:
    """Return an array of which the row of each photo of a part, by its number in the call, is its image."""
    whole = np.zeros((count, *images.shape[1:]), images.dtype)
    whole[part] = images
    return whole


def _best(logits: np.ndarray, k: int) -> np.ndarray:
    """Return the weights of the k largest logits of each image, best first, (N * k, classes)."""
    best = np.argsort(-logits, -1, kind="stable")[:, :k].reshape(-1)
    weights: np.ndarray = np.eye(logits.shape[1], dtype=np.float32)[best]
    return weights
