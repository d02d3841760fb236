"""What is asked of an engine: a layer, a target and holds become tensors of a model's graph, and are checked."""

import contextlib
from dataclasses import dataclass, field, replace
from typing import Any, Collection, Iterator, List, Mapping, Optional, Sequence

import numpy as np

from .. import targets
from .._tf import tf
from .._types import HoldLike, Operation, TargetLike, Tensor, TensorLike
from ..errors import LayerError, MissingFeed, ModelError, PhotoError, UnknownName
from ..graphs.collector import uncollected
from ..graphs.feeds import DefaultFeed, plan
from ..graphs.op_types import BRANCHES, LOOPS
from ..graphs.walk import ancestors, between, data_format
from ..graphs.worth import SPLIT, is_split
from ..inputs.image_input import ImageInput
from ..model import Model
from .holds import read_holds
from .remedies import remedies


@dataclass(frozen=True)
class Query:
    """The evidence of a layer for a target's score, in tensors of a model's graph; all of it is checked."""

    model: Model
    engine: str  # a row of ENGINES
    layer: Tensor  # (N, h, w, C), or (N, C, h, w)
    layer_name: str  # as the caller named it, or the shortest name that finds it
    target: Any  # as targets.as_target returns it
    score: str  # a row of targets.SCORES, for targets on the logits
    score_tensor: Tensor  # what the score is made from
    image_input: ImageInput  # whose images the maps are of
    inputs: Sequence[ImageInput]  # all that images are fed to
    hold: Mapping[Tensor, np.ndarray] = field(default_factory=dict)
    fed: Sequence[DefaultFeed] = ()

    @property
    def k(self) -> int:
        """How many scores an image has."""
        return self.target.k if isinstance(self.target, targets.Top) else 1

    @property
    def on_logits(self) -> bool:
        """Whether a call gives the weights of the classes, and may change them."""
        return not isinstance(self.target, (targets.Top, targets.Score))

    @property
    def channels_first(self) -> bool:
        """Whether the layer is (N, C, h, w)."""
        return data_format(self.layer.op) == "NCHW"

    @property
    def cut(self) -> List[str]:
        """The names of the tensors that images and arrays are fed to: what lies behind them is not run."""
        return [*(image_input.tensor.name for image_input in self.inputs), *(tensor.name for tensor in self.hold)]


@uncollected()
def resolve(
    model: Model,
    layer: Optional[TensorLike] = None,
    target: TargetLike = None,
    hold: Optional[HoldLike] = None,
    score: str = "logit",
    engine: str = "graph",
) -> Query:
    """Return what is asked of an engine; photos go to the input that the layer depends on, or else the score.

    The layer is the best for the score where none is named. Raises LayerError where it is not 4-D or does not lead to
    the score, TargetError, UnknownName, WrongFeed, and MissingFeed where the score needs what nobody feeds.
    """
    arrays, target = read_holds(model, hold), targets.as_target(target)
    score_tensor, cut = targets.score_tensor(model, target), [tensor.name for tensor in arrays]
    tensor = None if layer is None else model.tensor(layer)
    needed = model.inputs_of([score_tensor if tensor is None else tensor], cut) or model.inputs_of([score_tensor], cut)
    image_input = (needed or model.inputs)[0]
    if tensor is None:
        tensor = model.best_layer(image_input, score_tensor, cut)
    if tensor is None:
        raise UnknownName(
            f"{model.source} has no 4-D layer that all ways to {score_tensor.name!r} pass: name one, layer="
        )
    name = layer if isinstance(layer, str) else model.name_of(tensor)
    return _check(Query(model, engine, tensor, name, target, score, score_tensor, image_input, [image_input], arrays))


def resolve_images(
    model: Model,
    target: TargetLike = None,
    hold: Optional[HoldLike] = None,
    engine: str = "graph",
    score: str = "logit",
) -> Query:
    """Return what is asked where the score's slope at the images themselves is wanted; errors are those of resolve."""
    query = _of_images(model, target, hold, engine, score)[0]
    return _with_feeds(replace(query, inputs=[query.image_input]))


def resolve_images_of_branches(model: Model, target: Any, hold: Any, engine: str, score: str) -> List[Query]:
    """Return what resolve_images does for each input that the score needs, all inputs being fed."""
    return [_with_feeds(query) for query in _of_images(model, target, hold, engine, score)]


def _of_images(model: Model, target: TargetLike, hold: Optional[HoldLike], engine: str, score: str) -> List[Query]:
    """Return what is asked at the images of each input that the score needs, one or more."""
    arrays, target = read_holds(model, hold), targets.as_target(target)
    targets.check_target(model, target)
    score_tensor = targets.score_tensor(model, target)
    inputs = model.inputs_of([score_tensor], [tensor.name for tensor in arrays])
    if not inputs:
        raise does_not_lead(model.input, score_tensor)
    return [
        Query(model, engine, one.tensor, one.tensor.name, target, score, score_tensor, one, model.inputs, arrays)
        for one in inputs
    ]


def resolve_branches(
    model: Model,
    layer: Any = None,
    target: TargetLike = None,
    hold: Optional[HoldLike] = None,
    score: str = "logit",
    engine: str = "graph",
) -> List[Query]:
    """Return what is asked for each input that the score needs, all inputs being fed; errors are those of resolve.

    `layer` is one name for all, that of a shared layer standing for each of its calls, or a list with one for each.
    """
    arrays, target = read_holds(model, hold), targets.as_target(target)
    score_tensor, cut = targets.score_tensor(model, target), [tensor.name for tensor in arrays]
    inputs = model.inputs_of([score_tensor], cut)
    if layer is not None and not isinstance(layer, str) and len(layer) != len(inputs):
        raise UnknownName(f"{len(layer)} layers for {len(inputs)} inputs: give one for each")
    queries = []
    for i, image_input in enumerate(inputs):
        own = layer if layer is None or isinstance(layer, str) else layer[i]
        tensor = _layer_of_branch(model, image_input, own, score_tensor, cut)
        name = model.name_of(tensor)
        one = Query(model, engine, tensor, name, target, score, score_tensor, image_input, model.inputs, arrays)
        queries.append(_check(one))
    return queries


def _layer_of_branch(
    model: Model, image_input: ImageInput, layer: Optional[TensorLike], score_tensor: Tensor, cut: Collection[str]
) -> Tensor:
    """Return the layer that is explained for one of several inputs."""
    if layer is None:
        best = model.best_layer(image_input, score_tensor, cut)
        if best is None or model.inputs_of([best]) != [image_input]:
            raise UnknownName(
                f"no layer that only {image_input.tensor.name!r} leads to: name one for each input, layer=[...]"
            )
        return best
    calls = model.calls.outputs_of(layer) if isinstance(layer, str) and model.calls is not None else []
    own = [tensor for tensor in calls if model.inputs_of([tensor]) == [image_input]]
    return own[0] if len(own) == 1 else model.tensor(layer)


def _check(query: Query) -> Query:
    """Return a query with the values that nobody gave; raise where the model cannot answer it."""
    targets.check_target(query.model, query.target)
    check_layer(query.layer, query.score_tensor, query.cut, query.model)
    return _with_feeds(query)


def _with_feeds(query: Query) -> Query:
    """Return a query with the values that nobody gave; raise MissingFeed where one is not known."""
    try:
        return replace(query, fed=plan([query.layer, query.score_tensor], query.cut, query.model.required_feeds()))
    except MissingFeed as error:
        ways = remedies(query.model, query.layer, query.score_tensor, error.tensor, query.cut, query.engine)
        raise MissingFeed(error.message, error.tensor, ways) from None


def check_layer(layer: Tensor, score_tensor: Tensor, cut: Collection[str] = (), model: Optional[Model] = None) -> None:
    """Raise LayerError for a layer that is not 4-D, or does not lead to a score given the tensors named in `cut`."""
    check_dimensions(layer, model)
    if layer.op not in ancestors([score_tensor], [name for name in cut if name != layer.name]):
        raise does_not_lead(layer, score_tensor, model)


def check_dimensions(layer: Tensor, model: Optional[Model] = None) -> None:
    """Raise LayerError for a layer that has no rows, columns and channels, or not those of whole images."""
    if layer.shape.rank not in (None, 4):
        raise LayerError(f"{layer.name!r} is {layer.shape}: a layer to explain has four dimensions{_others(model)}")
    if is_split(layer.op):
        raise LayerError(f"{layer.name!r} {SPLIT}{_others(model)}")


def does_not_lead(layer: Tensor, score_tensor: Tensor, model: Optional[Model] = None) -> LayerError:
    """Return the error for a layer that the score does not depend on."""
    return LayerError(f"{layer.name!r} does not lead to the score {score_tensor.name!r}{_others(model)}")


def no_gradient(layer: Tensor, score_tensor: Tensor) -> LayerError:
    """Return the error for a layer that leads to a score by what has no gradient."""
    return LayerError(
        f"no gradient of {score_tensor.name!r} reaches {layer.name!r}: name a layer after what cuts it off"
    )


def refuse_loops(start: Tensor, score_tensor: Tensor) -> List[Operation]:
    """Return what leads from a tensor to a score; raise LayerError where a loop of TensorFlow 1 is among it."""
    way = between([start], score_tensor)
    loops = [op.name for op in way if op.type in LOOPS]
    if loops:
        raise LayerError(
            f"{start.name!r} leads to the score by the loop of {loops[0]!r}, whose gradient does not come along: "
            "name a score before it"
        )
    return way


@contextlib.contextmanager
def refusing_functions(layer: Tensor, score_tensor: Tensor) -> Iterator[None]:
    """Raise LayerError for TensorFlow's error where a loop or a choice of functions leads from a layer to a score.

    A gradient that needs what is inside one adds outputs to it, which a session that has run it does not know, and
    functions, of which another graph may have had some by the same names. Others are right.
    """
    try:
        yield
    except (tf.errors.InvalidArgumentError, ModelError, PhotoError) as error:
        functions = [op.name for op in between([layer], score_tensor) if op.type in BRANCHES]
        if not functions:
            raise
        raise LayerError(
            f"{layer.name!r} leads to the score by {functions[0]!r}, a loop or a choice of functions (tf.while_loop, "
            "tf.switch_case), whose gradient does not come along: name a layer after it, or a score before it"
        ) from error


def _others(model: Optional[Model]) -> str:
    """Return the end of a message: the layers that can be explained, where a model knows them."""
    if model is None:
        return ""
    names = [layer.name for layer in model.layers()[:3]]
    return "; layers that do: " + ", ".join(map(repr, names)) if names else "; the model has no such layer"
