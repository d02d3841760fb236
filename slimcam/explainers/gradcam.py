"""GradCAM: evidence, then method. Built once for a model, a layer and a kind of target; used often."""

from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .. import targets
from .._types import HoldLike, ImagesLike, KerasModel, TargetLike, Tensor, TensorLike
from ..engines import find_engine
from ..engines.holds import holds_of
from ..engines.proofs import check_head
from ..engines.resolve import Query, resolve
from ..errors import LayerError, ParameterError, PhotoError
from ..inputs.photos import Batch
from ..isolation.cams import RemoteCam
from ..isolation.model import IsolatedModel
from ..maps.dialects import Dialect, find_dialect
from ..maps.maps import Maps
from ..methods import find_method
from ..methods.cams import raw_map, rounding
from ..methods.evidence import Evidence
from ..methods.parameters import defaults
from ..model import Model
from ..sources.loading import load
from .calls import mask_of, picks_of, rows_in_order, warn_of

Run = Tuple[List[int], List[Evidence]]  # which images ran at once, and the evidence of each GradCAM


class GradCAM:
    """Explain images by the gradient-weighted activations of one layer.

    `layer` is a name or tensor (the model's own default where it is left out), `target` what is explained (see
    slimcam.targets; None is the winning class), `dialect` a row of DIALECTS, `method` a row of METHODS that takes the
    place of the dialect's. `hold` maps tensors to arrays, one for all images or one per image, that replace what the
    graph would compute there, "zeros" stands for an array of them; what lies behind is not needed and not run.
    `engine` is "graph", or "tape", which runs a Keras model eagerly (see engines.tape); `model` may then be that model.
    In a model of several inputs for images, the photos go to the one that the layer and the score then need.

    Errors come here and not at the first image: LayerError, MissingFeed, TargetError, UnknownName, WrongFeed. After
    this, nothing is added to the model's graph; two GradCAMs of one layer and one kind of target share their gradient.
    """

    def __init__(
        self,
        model: Union[Model, KerasModel],
        layer: Optional[TensorLike] = None,
        target: TargetLike = None,
        dialect: str = "paper",
        method: Optional[str] = None,
        hold: Optional[HoldLike] = None,
        engine: str = "graph",
    ) -> None:
        find_engine(engine)  # for another name is an error before a model is loaded
        model = model if isinstance(model, Model) else load(model, engine=engine)
        model.check_open()
        row = with_method(dialect, method)
        if isinstance(model, IsolatedModel):
            self._start_elsewhere(RemoteCam(model, layer, targets.as_target(target), row, hold, engine), row)
            return
        self._start(resolve(model, layer, target, hold, row.score, engine), row)

    @classmethod
    def of_remote(cls, remote: RemoteCam, dialect: Dialect) -> "GradCAM":
        """Return what stands for a GradCAM in another process."""
        cam = cls.__new__(cls)
        cam._start_elsewhere(remote, dialect)
        return cam

    @classmethod
    def of_query(cls, query: Query, dialect: Dialect, parameters: Optional[Mapping[str, Any]] = None) -> "GradCAM":
        """Return the GradCAM of what is resolved already: one branch of several, say.

        `parameters` are all of the dialect's method; left out, they have their defaults.
        """
        cam = cls.__new__(cls)
        cam._start(query, dialect, parameters)
        return cam

    def _start(self, query: Query, dialect: Dialect, parameters: Optional[Mapping[str, Any]] = None) -> None:
        self.query, self.dialect = query, dialect
        row = find_method(dialect.method)
        self.parameters = dict(defaults(row.parameters) if parameters is None else parameters)
        self.model, self.layer, self.target = query.model, query.layer_name, query.target
        self.image_input = query.image_input
        self.engine = find_engine(query.engine)
        check_head(row.head, query)
        self.probe = self.engine.probe(query)
        self.remote: Optional[RemoteCam] = None

    def _start_elsewhere(self, remote: RemoteCam, dialect: Dialect) -> None:
        self.remote, self.dialect, self.parameters = remote, dialect, dict(remote.parameters)
        self.model, self.layer, self.target = remote.model, remote.layers[0], remote.given[1]
        self.image_input = remote.inputs[0]

    @property
    def on_logits(self) -> bool:
        """Whether a call gives the weights of the classes, and may change them."""
        return self.query.on_logits if self.remote is None else self.remote.on_logits

    def __reduce__(self) -> Tuple[Any, ...]:
        """Pickle what it was built of: unpickled, it is built again, on the model loaded again."""
        if self.remote is not None:
            return rebuilt, (self.model, *self.remote.given, self.parameters)
        query = self.query
        holds = {tensor.name: array for tensor, array in query.hold.items()}
        return rebuilt, (self.model, self.layer, self.target, self.dialect, holds, query.engine, self.parameters)

    def __repr__(self) -> str:
        return f"<GradCAM of {self.model.source}: layer {self.layer!r}, target {self.target!r}, {self.dialect.method}>"

    def __call__(self, images: ImagesLike, target: TargetLike = None) -> Maps:
        """Return the Maps of photos (uint8 RGB or paths, of any sizes) or of (N, h, w, C) floating point, fed as it is.

        `target` is another class, or one per image, for this call; it adds no operation. Raises PhotoError for what
        cannot be read, TargetError where targets and images do not agree.
        """
        batch = self.image_input.batch(images)
        return (together([self], [batch], target) if self.remote is None else self.remote.together([batch], target))[0]

    def passes(self, height: int, width: int) -> int:
        """Return how many rows are run for a photo that is fed at a size: one here."""
        return 1 if self.remote is None else self.remote.passes(height, width)

    @staticmethod
    def together(cams: Sequence["GradCAM"], batches: Sequence[Batch], target: TargetLike = None) -> List[Maps]:
        """Run GradCAMs of one model and target together, each with the batch of its own input; see together()."""
        return together(cams, batches, target)

    def evidence(self, images: ImagesLike, target: TargetLike = None) -> Evidence:
        """Return what the maps of a call are made from, one row per map; arguments and errors are those of a call.

        Raises PhotoError for images of which a net that takes any size makes maps of different sizes.
        """
        if self.remote is not None:
            return self.remote.evidence(images, target)
        batch = self.image_input.batch(images)
        runs = _runs([self], [batch], target, picks_of(self.query, batch, target))
        each = [got[0] for _, got in runs]
        if len({one.activations.shape[1:] for one in each}) > 1:
            raise PhotoError("the images differ in size, and so do their maps: ask for the evidence of one at a time")
        rows = rows_in_order([part for part, _ in runs], self.query.k)
        names = "activations", "gradients", "scores", "classes"
        return Evidence(*(np.concatenate([getattr(one, name) for one in each])[rows] for name in names))

    def maps(
        self, batch: Batch, runs: Sequence[Tuple[List[int], Evidence]], picks: Optional[targets.Picks] = None
    ) -> Maps:
        """Return the Maps of a batch from the evidence of its parts."""
        dialect, k = self.dialect, self.query.k
        how = dialect.method, dialect.start, dialect.average, self.parameters
        raws = [raw_map(evidence, *how) for _, evidence in runs]
        rows = rows_in_order([part for part, _ in runs], k)
        if len({raw.shape[1:] for raw in raws}) == 1:
            raw: Any = np.concatenate(raws)[rows]
        else:
            every = [one for raw in raws for one in raw]
            raw = [every[row] for row in rows]
        classes, scores = (np.concatenate([getattr(e, name) for _, e in runs])[rows] for name in ("classes", "scores"))
        fed = [str(one) for one in self.query.fed]
        photo = np.repeat(np.arange(len(batch.photos)), k)
        windows = self.image_input.windows(batch)
        off = [rounding(evidence, *how) for _, evidence in runs]
        finite = np.concatenate([_are_finite(e, raw) for (_, e), raw in zip(runs, raws)])[rows]
        finite &= not self.model.fault
        if batch.array is not None:
            finite &= np.isfinite(batch.array).reshape(len(batch.array), -1).all(1)[photo]
        labels = targets.labels_of(self.model) if picks is not None else self.model.labels
        names = batch.names
        maps = Maps(raw, classes, scores, self.layer, fed, dialect, batch.photos, windows, photo, labels, names=names)
        maps = replace(maps, finite=finite, rounding=np.concatenate(off)[rows])
        return maps if picks is None else replace(maps, classes=picks.classes, boxes=picks.boxes)


def rebuilt(
    model: Model,
    layer: Optional[str],
    target: Any,
    dialect: Dialect,
    hold: Optional[HoldLike],
    engine: str,
    parameters: Optional[Mapping[str, Any]] = None,
) -> GradCAM:
    """Return the GradCAM of what another process was given, or pickled; `target` as as_target returns it."""
    if isinstance(model, IsolatedModel):
        return GradCAM.of_remote(RemoteCam(model, layer, target, dialect, hold, engine, parameters=parameters), dialect)
    return GradCAM.of_query(resolve(model, layer, target, hold, dialect.score, engine), dialect, parameters)


def together(cams: Sequence[GradCAM], batches: Sequence[Batch], target: TargetLike = None) -> List[Maps]:
    """Run GradCAMs of one model and target together, each with the batch of its own input; one run per part."""
    picks = picks_of(cams[0].query, batches[0], target)
    runs = _runs(cams, batches, target, picks)
    each = [cam.maps(batches[i], [(part, got[i]) for part, got in runs], picks) for i, cam in enumerate(cams)]
    warn_of(cams[0].model, each, "images, activations, gradients or scores")
    return each


def _are_finite(evidence: Evidence, raw: np.ndarray) -> np.ndarray:
    """Return of each map, (N,), whether it and all that it is made from are numbers."""
    arrays = evidence.activations, evidence.gradients, evidence.scores, raw
    return np.all([np.isfinite(one).reshape(len(one), -1).all(1) for one in arrays], 0)


def _runs(
    cams: Sequence[GradCAM], batches: Sequence[Batch], target: TargetLike, picks: Optional[targets.Picks] = None
) -> List[Run]:
    """Run each part of the batches that can run at once."""
    first = cams[0]
    first.model.check_open()
    count = len(batches[0].photos)
    mask = mask_of(first.query, target, count) if picks is None else picks.places
    parts = first.image_input.parts(batches[0])
    if any(cam.image_input.parts(batch) != parts for cam, batch in zip(cams, batches)):
        parts = [[i] for i in range(count)]
    runs = []
    for part in parts:
        feeds: Dict[Tensor, Any] = {}
        for cam, batch in zip(cams, batches):
            feeds.update(first.engine.feeds(cam.image_input, batch, part))
        masks, holds = None if mask is None else mask[part], holds_of(first.query.hold, part, count)
        got = first.engine.gather(first.model, [cam.probe for cam in cams], feeds, masks, holds)
        for cam, evidence in zip(cams, got):
            _check_rows(cam, evidence, len(part))
        runs.append((part, got))
    return runs


def _check_rows(cam: GradCAM, evidence: Evidence, images: int) -> None:
    """Raise LayerError where a layer, or a score, has not its rows for each image: one of another size may be cut."""
    layer = f"layer {cam.layer!r}"
    for what, array in (
        (layer, evidence.activations),
        ("score", evidence.scores),
        (f"gradient of the {layer}", evidence.gradients),
    ):
        if len(array) != images * cam.query.k:
            raise LayerError(
                f"the {what} has {len(array)} rows for {images} image{'s' * (images != 1)}, so a row is not one "
                f"image's: name another layer, or, if {cam.model.source} takes images of another size, say size="
            )


def features(model: Model, name: TensorLike, images: ImagesLike, engine: str = "graph") -> np.ndarray:
    """Return the values of a tensor for images, (N, ...), by an engine; see Model.features."""
    if isinstance(model, IsolatedModel) and engine == "graph":
        return model.features(name, images)
    tensor = model.tensor(name)
    batch = model.input_of([tensor]).batch(images)
    return np.stack(find_engine(engine).values(model, [tensor], batch)[tensor.name])


def explain(
    model: Model, images: ImagesLike, layer: Optional[TensorLike] = None, target: TargetLike = None, **options: Any
) -> Maps:
    """Build a GradCAM and call it once; the gradient stays with the model for the next time."""
    return GradCAM(model, layer, target, **options)(images)


def with_method(dialect: str, method: Optional[str]) -> Dialect:
    """Return a row of DIALECTS, with another method in its place; raise UnknownName for names that are not.

    ParameterError for a method of many passes, which an Explainer makes.
    """
    row = find_dialect(dialect)
    if method is None:
        return row
    if find_method(method).takes != "evidence":
        raise ParameterError(f"{method} asks the model many times: slimcam.Explainer(model, method={method!r})")
    return row._replace(method=method)
