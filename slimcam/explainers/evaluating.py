"""evaluate: what metrics say of the maps of one explainer or several, on the same photos."""

from dataclasses import replace
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .. import targets
from .._types import ImagesLike, ModelLike, TargetLike
from ..engines import find_engine
from ..engines.nets import Asked, EngineNet, images_of, plain_pixels, runs_of
from ..engines.resolve import Query, resolve_images
from ..errors import ParameterError, TargetError
from ..faithfulness import FIRST, Measure, MetricsLike, read_metrics
from ..faithfulness.evaluation import Evaluation
from ..faithfulness.scores import ClassNet
from ..faithfulness.truths import masks_of
from ..inputs.photos import Batch, as_batch
from ..isolation.model import IsolatedModel
from ..maps.maps import Maps
from ..maps.paint import resize
from ..model import Model
from ..sources.loading import load
from .calls import mask_of, picks_of
from .evaluating_elsewhere import OTHER_MODEL, numbers_from_elsewhere
from .explainer import Explainer
from .gradcam import GradCAM
from .layers import LayersCam
from .randomised import randomised
from .runs import PHOTOS, AnyCam

Subject = Union[Explainer, GradCAM, Maps]
SubjectLike = Union[Subject, Sequence[Subject], Mapping[str, Subject]]
Judged = Union[AnyCam, LayersCam, Maps]  # a Subject, of an Explainer its cam


class Options(NamedTuple):
    """What a call of evaluate asks of all maps alike."""

    target: TargetLike
    truth: Optional[Sequence[Any]]
    memory: Optional[int]
    progress: Callable[[int], None]  # called with the number of rows that the metrics ran
    made: Callable[[int], None] = lambda maps: None  # called with the number of maps, as they are there


class Numbers(NamedTuple):
    """What metrics say: numbers, and the curves of metrics that have some, by the metrics' names."""

    values: np.ndarray  # (methods, metrics, photos) float64; of one method (metrics, photos)
    curves: Dict[str, Any]  # of each method (photos, K) float64; of one method that alone
    maps: Any  # what returns the Maps of all methods; of one method its Maps


def evaluate(
    cam_or_maps: SubjectLike,
    model: ModelLike,
    photos: ImagesLike,
    metrics: MetricsLike = FIRST,
    target: TargetLike = None,
    truth: Optional[Sequence[Any]] = None,
    seed: int = 0,
    memory: Optional[int] = None,
    progress: Callable[[int], None] = lambda rows: None,
) -> Evaluation:
    """Return what metrics say of the maps of an Explainer, a GradCAM or of Maps, or of several, in a list or by names.

    `metrics` are rows of METRICS by name, or parameters by those names: `{"insertion": {"steps": 20}}`, a row's dialect
    as "dialect". Scores are the model's for what each map explains: the explainer's target or that of this call, one
    for each photo; of Maps alone their classes. `truth` has for each photo a mask of its size, or boxes (B, 4): top,
    left, bottom, right in its pixels. `seed` is of what is random, `memory` the bytes that a run may take, about.

    Raises UnknownName and ParameterError for metrics that are not so, before anything is run, TargetError for a target
    that has not one score a photo, and what an Explainer raises.
    """
    measures = read_metrics(metrics, seed)
    named = _named(cam_or_maps)
    _check_needs(measures, named, truth)
    model = model if isinstance(model, Model) else load(model)
    model.check_open()
    batch = as_batch(photos)
    if truth is not None and len(truth) != len(batch.photos):
        raise ParameterError(f"truth of {len(truth)} for {len(batch.photos)} photos: give one for each")
    options = Options(target, truth, memory, progress)
    judged = [one.cam if isinstance(one, Explainer) else one for one in named.values()]
    numbers: Any = numbers_from_elsewhere if isinstance(model, IsolatedModel) else numbers_of
    values, curves, maps = numbers(model, judged, measures, batch, options)
    curves = {name: dict(zip(named, each)) for name, each in curves.items()}
    return Evaluation(values, list(named), measures, list(batch.names), curves, maps)


def numbers_of(
    model: Model, judged: Sequence[Judged], measures: Sequence[Measure], batch: Batch, options: Options
) -> Numbers:
    """Return what metrics say, by a model of this process."""
    queries = [_query(model, one, measures, options.target) for one in judged]
    each = [_values(one, query, measures, batch, options) for one, query in zip(judged, queries)]
    curves = {name: [one.curves[name] for one in each] for name in each[0].curves}
    return Numbers(np.stack([one.values for one in each]), curves, lambda: [one.maps for one in each])


def _named(given: SubjectLike) -> Dict[str, Subject]:
    """Return what is judged, by names: those given, else of the methods."""
    if isinstance(given, Mapping):
        named = {str(name): one for name, one in given.items()}
    else:
        each: List[Any] = list(given) if isinstance(given, (list, tuple)) else [given]
        named = {_method(one): one for one in each}
        if len(named) < len(each):
            raise ParameterError(f"several of one method ({', '.join(named)}): give names, {{'one': …, 'other': …}}")
    for one in named.values():
        _method(one)
    if not named:
        raise ParameterError("nothing to judge: give an Explainer, a GradCAM, Maps, or several of these")
    return named


def _method(one: Any) -> str:
    if not isinstance(one, (Explainer, GradCAM, Maps)):
        raise ParameterError(f"{one!r} is nothing to judge: give an Explainer, a GradCAM or Maps")
    return one.dialect.method


def _check_needs(measures: Sequence[Measure], named: Mapping[str, Subject], truth: Any) -> None:
    for metric in measures:
        if metric.row.needs == "truth" and truth is None:
            raise ParameterError(f"{metric.name} needs where the objects are: truth=, a mask or boxes for each photo")
        if metric.row.needs in ("cam", "weights") and any(isinstance(one, Maps) for one in named.values()):
            changed = "changed photos" if metric.row.needs == "cam" else "a changed model"
            raise ParameterError(f"{metric.name} makes maps of {changed}: give the Explainer, not its Maps")


def _query(model: Model, subject: Judged, measures: Sequence[Measure], target: TargetLike) -> Query:
    """Return what is asked for scores of what is judged; raise TargetError where a metric is not of such a score."""
    if isinstance(subject, Maps):
        kind = targets.as_target(target)
        query = resolve_images(model, kind if isinstance(kind, targets.Score) else None)
    else:
        cam: AnyCam = subject.cams[0] if isinstance(subject, LayersCam) else subject  # all are of one score
        if isinstance(cam, GradCAM) and cam.remote is not None:
            raise ParameterError(OTHER_MODEL)
        holds = {tensor.name: array for tensor, array in cam.query.hold.items()}
        query = resolve_images(model, cam.target, holds, cam.query.engine)
        own = [one for one in model.inputs if one.tensor.name == cam.image_input.tensor.name]
        if own and own[0] is not query.image_input:
            query = replace(query, image_input=own[0], layer=own[0].tensor)
    if query.k > 1 or isinstance(query.target, targets.Top):
        raise TargetError("evaluate takes one map of each photo: give a class, not Top(k)")
    for metric in measures:
        score = metric.parameters.get("score", "logit")
        if score != "logit" and not query.on_logits:
            raise TargetError(
                f"{metric.name}: its parameter score is {score!r}, and the target is no class: give 'logit'"
            )
    return query


def _values(subject: Judged, query: Query, measures: Sequence[Measure], batch: Batch, options: Options) -> Numbers:
    """Return the numbers of one method."""
    photos: Any = batch
    maps = subject if isinstance(subject, Maps) else subject(photos, options.target)
    options.made(len(maps))
    count = len(batch.photos)
    if len(maps) != count or maps.photo.tolist() != list(range(count)):
        raise TargetError(f"{len(maps)} maps for {count} photos: evaluate takes one of each")
    picks = picks_of(query, batch, options.target)
    mask = _weights(query, maps, options.target) if picks is None else picks.places
    engine = find_engine(query.engine)
    runs, plain = runs_of(query, "pixels"), _once(lambda: plain_pixels(engine, query))
    curves: Dict[str, np.ndarray] = {}
    values = np.full((len(measures), count), np.nan)
    for part in _parts(query, batch):
        images = images_of(engine, query, batch, part)
        asked = Asked(query, count, None if mask is None else mask[part], {})
        net = EngineNet(runs, images, part, asked, options.memory, options.progress, plain)
        finite = np.array([bool(np.isfinite(maps.raw[i]).all()) for i in part])
        heats = _heats([maps.raw[i] for i in part], images.shape[1:3])
        beside = Beside(query, subject, maps, part, images, options)
        for row, metric in enumerate(measures):
            got = np.where(finite, _numbers(metric, net, heats, maps.classes[part], mask, beside).T, np.nan).T
            if got.ndim > 1:
                curves.setdefault(metric.name, np.full((count, got.shape[1]), np.nan))[part] = got
            values[row, part] = got if got.ndim == 1 else _mean(got)
    return Numbers(values, curves, maps)


class Beside(NamedTuple):
    """What some metrics need beside a net and the maps of a part of the photos."""

    query: Query
    subject: Judged
    maps: Maps
    part: List[int]
    images: np.ndarray  # (N, H, W, C), as the net is fed them
    options: Options

    def truth(self) -> np.ndarray:
        """Return the masks, (N, H, W)."""
        assert self.options.truth is not None
        return masks_of([self.options.truth[i] for i in self.part], self.maps, self.part, self.images.shape[1:3])

    def again(self, images: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the maps of changed photos, of what is explained in the photos themselves, (M, H, W)."""
        return self._maps(self.subject, images, rows)

    def cascade(self, steps: int, seed: int) -> Iterator[np.ndarray]:
        """Yield for each step the maps of the same photos and scores, (N, H, W), more of the net being random."""
        assert not isinstance(self.subject, Maps)
        for cam in randomised(self.subject, self.query, steps, seed):
            yield self._maps(cam, self.images, np.arange(len(self.part)))

    def _maps(self, subject: Judged, images: np.ndarray, rows: np.ndarray) -> np.ndarray:
        assert not isinstance(subject, Maps)
        photos = [self.part[row] for row in rows]
        target = self.options.target if self.options.target is not None else subject.target
        if isinstance(target, (list, tuple, np.ndarray)):
            target = [target[i] for i in photos]
        elif target is None and subject.on_logits:
            target = [int(self.maps.classes[i]) for i in photos]
        elif not subject.on_logits:
            target = self.options.target
        raw = subject(np.asarray(images, np.float32), target).raw
        self.options.made(len(raw))
        return _heats(raw, self.images.shape[1:3])


def _numbers(
    metric: Measure, net: EngineNet, heats: np.ndarray, classes: np.ndarray, mask: Any, beside: Beside
) -> np.ndarray:
    """Return a metric's numbers of some maps, (N,), or their curves, (N, K)."""
    parameters = dict(metric.parameters)
    score = parameters.pop("score", "logit")
    subject: Any = net
    if score != "logit":
        score = "sigmoid" if beside.query.model.one_logit else score
        if not ((mask == 0) | (mask == 1)).all() or (mask.sum(-1) != 1).any():
            raise TargetError(
                f"{metric.name}: its parameter score is {score!r}, of one class: give 'logit' for several"
            )
        subject = ClassNet(subject, classes, score)
    kinds: Dict[str, Callable[[], Any]] = {
        "truth": beside.truth,
        "cam": lambda: beside.again,
        "weights": lambda: beside.cascade,
    }
    more = [kinds[metric.row.needs]()] if metric.row.needs in kinds else []
    return metric.row(subject, heats, *more, **parameters)


def _weights(query: Query, maps: Maps, target: TargetLike) -> Optional[np.ndarray]:
    """Return the weights of classes, (N, classes): of the target, else of the classes that the maps explain."""
    if not query.on_logits:
        return None
    if target is None and query.target is None:
        if (maps.classes < 0).any():
            raise TargetError("these Maps explain no class: say what they explain, target=")
        target = [int(one) for one in maps.classes]
    return mask_of(query, target, len(maps))


def _parts(query: Query, batch: Batch) -> List[List[int]]:
    """Return which photos are judged together: of one size as they are fed, and no more than PHOTOS."""
    parts = query.image_input.parts(batch)
    return [part[start : start + PHOTOS] for part in parts for start in range(0, len(part), PHOTOS)]


def _heats(raws: Sequence[np.ndarray], size: Tuple[int, ...]) -> np.ndarray:
    """Return maps enlarged linearly to the net's images, (N, H, W) float64; what is no number as 0."""
    height, width = size
    return np.stack([resize(np.nan_to_num(raw), (height, width)) for raw in raws]).astype(np.float64)


def _mean(curves: np.ndarray) -> np.ndarray:
    """Return the mean of each curve's numbers that are there, (N,)."""
    there = np.isfinite(curves)
    sums: np.ndarray = np.where(there, curves, 0).sum(-1) / np.where(there.any(-1), there.sum(-1), np.nan)
    return sums


def _once(make: Callable[[], np.ndarray]) -> Callable[[], np.ndarray]:
    made: List[np.ndarray] = []

    def get() -> np.ndarray:
        if not made:
            made.append(make())
        return made[0]

    return get
