"""Explainer: any row of METHODS, for a model, a layer and a kind of target; built once, used often."""

from typing import Any, Callable, Mapping, Optional, Sequence, Tuple, Union

from .. import targets
from .._types import HoldLike, ImagesLike, KerasModel, TargetLike, TensorLike
from ..engines import find_engine
from ..engines.resolve import Query, resolve, resolve_images
from ..errors import ParameterError, UnknownName
from ..isolation.cams import RemoteCam
from ..isolation.model import IsolatedModel
from ..maps.dialects import DIALECTS, Dialect
from ..maps.maps import Maps
from ..methods import find_method
from ..methods.averages import Averages
from ..methods.method import Method
from ..methods.parameters import read_parameters
from ..methods.reductions import known_parameters
from ..model import Model
from ..sources.loading import load
from ..suggest import nearest
from .baseline_photos import read_photos
from .gradcam import GradCAM
from .layers import LayersCam
from .runs import AnyCam, NetCam, cam_of


class Explainer:
    """Explain images by a method: a row of METHODS, with its parameters by name.

    `layer`, `target`, `hold`, `engine` and `model` are those of GradCAM; a method of pixels takes no layer. Of
    several layers, in a list, the maps are the mean of their heats, as large as the largest. `dialect`
    is a peer's own formula (a row of the method's `dialects`), or, for a method of one pass, a published pipeline, a
    row of DIALECTS; left out, the paper's. `seed` is of what is random: a photo's map is the same in every batch.
    `memory` is how many bytes the numbers of one run may take, about; more rows are run in parts.

    Errors come here and not at the first image: those of GradCAM, UnknownName and ParameterError. After this, nothing
    is added to the model's graph. In a process of its own (`isolated=True`) all of this is there.
    """

    def __init__(
        self,
        model: Union[Model, KerasModel],
        method: str = "gradcam",
        layer: Union[TensorLike, Sequence[TensorLike], None] = None,
        target: TargetLike = None,
        dialect: Optional[str] = None,
        hold: Optional[HoldLike] = None,
        engine: str = "graph",
        seed: int = 0,
        memory: Optional[int] = None,
        **parameters: Any,
    ) -> None:
        find_engine(engine)
        pipeline, read = read_method(method, layer, dialect, {"seed": seed, **parameters}, memory)
        model = model if isinstance(model, Model) else load(model, engine=engine)
        model.check_open()
        self._start((model, layer, targets.as_target(target), pipeline, hold, engine, read, memory, ()))

    @classmethod
    def of_average(cls, cam: "Union[Explainer, GradCAM]", name: str, parameters: Mapping[str, Any]) -> "Explainer":
        """Return what makes means of another's maps, by a row of methods.averages.AVERAGES."""
        given = cam._given if isinstance(cam, Explainer) else (*cam.__reduce__()[1], None, ())
        explainer = cls.__new__(cls)
        explainer._start((*given[:-1], (*given[-1], (name, dict(parameters)))))
        return explainer

    def _start(self, given: Tuple[Any, ...]) -> None:
        self.cam: Any = _cam(*given)
        self.model, self.layer, self.target = self.cam.model, self.cam.layer, self.cam.target
        self.method, self.dialect, self.parameters = self.cam.dialect.method, self.cam.dialect, dict(given[6])
        self.image_input, self.on_logits = self.cam.image_input, self.cam.on_logits
        hold = {getattr(name, "name", name): array for name, array in (given[4] or {}).items()}
        self._given = (self.model, self.layer, self.target, given[3], hold, *given[5:])

    def __reduce__(self) -> Tuple[Any, ...]:
        """Pickle what it was built of: unpickled, it is built again, on the model loaded again."""
        return _rebuilt, self._given

    def __repr__(self) -> str:
        return f"<Explainer of {self.model.source}: {self.method}, layer {self.layer!r}, target {self.target!r}>"

    def __call__(self, images: ImagesLike, target: TargetLike = None) -> Maps:
        """Return the Maps of images; arguments and errors are those of a GradCAM."""
        return self.cam(images, target)

    def passes(self, height: int = 224, width: int = 224) -> int:
        """Return how many rows the method runs for a photo that the net is fed at a size."""
        passes: int = self.cam.passes(height, width)
        return passes

    def watch(self, progress: Callable[[int], None]) -> None:
        """Let `progress` be called with the number of rows after each run of a method of many passes."""
        for cam in self.cam.cams if isinstance(self.cam, LayersCam) else [self.cam]:
            runs = cam if isinstance(cam, NetCam) else cam.remote
            if runs is not None:
                runs.progress = progress


def _cam(model: Model, layer: Any, *more: Any) -> Any:
    """Return the cam of what an Explainer was given: of a list of layers the mean of theirs."""
    if not isinstance(layer, (list, tuple)):
        return cam_of_model(model, layer, *more)
    if not layer:
        raise ParameterError("layer=[]: give a layer, or several")
    return LayersCam([cam_of_model(model, one, *more) for one in layer])


def cam_of_model(
    model: Model,
    layer: Any,
    target: Any,
    dialect: Dialect,
    hold: Optional[HoldLike],
    engine: str,
    parameters: Optional[Mapping[str, Any]] = None,
    memory: Optional[int] = None,
    averages: Averages = (),
) -> AnyCam:
    """Return the cam of a dialect's method; `target` is as as_target returns it, `parameters` are all of the method."""
    if isinstance(model, IsolatedModel):
        given = model, layer, target, dialect, hold, engine
        k = target.k if isinstance(target, targets.Top) else 1
        remote = RemoteCam(*given, parameters=parameters, memory=memory, averages=averages, k=k)
        return GradCAM.of_remote(remote, dialect)
    return cam_of(resolved(model, layer, target, dialect, hold, engine), dialect, parameters, memory, averages)


def resolved(model: Model, layer: Any, target: Any, dialect: Dialect, hold: Optional[HoldLike], engine: str) -> Query:
    """Return what a dialect's method asks of an engine: a layer, or the images alone."""
    if find_method(dialect.method).needs == "pixels":
        return resolve_images(model, target, hold, engine, dialect.score)
    return resolve(model, layer, target, hold, dialect.score, engine)


def read_method(
    method: str, layer: Any, dialect: Optional[str], given: Mapping[str, Any], memory: Optional[int]
) -> Tuple[Dialect, Mapping[str, Any]]:
    """Return the pipeline of a method and all its parameters; raise what an Explainer raises where one does not fit.

    A "seed" is given to each method, whether it has one or not.
    """
    row = find_method(method)
    pipeline, formula = find_formula(method, row, dialect)
    given = {name: value for name, value in given.items() if name != "seed" or name in row.parameters}
    read = read_parameters(method, known_parameters(row), given, formula)
    if row.needs == "pixels" and layer is not None:
        raise ParameterError(f"{method} is of pixels and takes no layer; guided_gradcam, say, takes one")
    _check_memory(memory)
    return pipeline, read_photos(method, row.parameters, read)


def find_formula(method: str, row: Method, dialect: Optional[str]) -> Tuple[Dialect, Mapping[str, Any]]:
    """Return the pipeline of a method, and what a peer's dialect sets; raise UnknownName for another dialect."""
    if dialect is None or dialect in row.dialects:
        formula = {} if dialect is None else row.dialects[dialect]
        return _plain(method, row)._replace(score=formula.get("score", row.score)), formula
    if row.takes == "evidence" and dialect in DIALECTS:
        return DIALECTS[dialect]._replace(method=method), {}
    known = [*row.dialects, *(DIALECTS if row.takes == "evidence" else ["paper"])]
    if dialect == "paper":
        return _plain(method, row), {}
    raise UnknownName(f"{method} has no dialect {dialect!r} (it has {', '.join(known)}); {nearest(dialect, known)}")


def _plain(method: str, row: Method) -> Dialect:
    return DIALECTS["paper"]._replace(method=method, score=row.score, before=tuple(row.steps))


def _check_memory(memory: Optional[int]) -> None:
    if memory is not None and (isinstance(memory, bool) or not isinstance(memory, (int, float)) or memory < 1):
        raise ParameterError(f"memory={memory!r}: give bytes, 1 or more")


def _rebuilt(*given: Any) -> Explainer:
    """Return the Explainer that another process pickled."""
    explainer = Explainer.__new__(Explainer)
    explainer._start(given)
    return explainer
