"""Evidence from a Keras model as TensorFlow 2 runs it: eagerly, by `tf.GradientTape`.

No operation of the model's graph runs here: the graph only tells names (which layer, in which of its calls) and what a
score depends on. So where these maps equal those of a session, two ways that share nothing but the model agree.

While the model runs, each call of a layer is counted, as it was when the graph was traced. So a tensor of the graph is
known to the tape as a Place, an output of the n-th call, and the tape watches from there on.

A run ends in the time that the model's session has, `timeout=`: the clock is looked at after each call of a layer and
around each gradient. A single operation is not ended, nor is one gradient of all layers.
"""

import contextlib
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .. import targets
from .._tf import deadline, eager, kept_classes, tf
from .._types import KerasLayer, Tensor
from ..errors import LayerError, ModelError
from ..inputs.image_input import ImageInput, Rows
from ..inputs.photos import Batch
from ..inputs.preprocess import prepare_one
from ..layers.names import Call
from ..layers.watching import watch_calls
from ..methods.evidence import Evidence, plain
from ..model import Eager, Model
from .engine import Engine
from .holds import holds_of
from .resolve import Query, no_gradient
from .slopes import Slope, check_slope
from .tape_scores import scores_of

# What the last layer does to the logits, by the operation's type.
ACTIVATIONS: Dict[str, Callable[[Tensor], Tensor]] = {"Softmax": tf.nn.softmax, "Sigmoid": tf.nn.sigmoid}


class Place(NamedTuple):
    """Where a tensor of the graph is met when the model runs."""

    call: Call
    output: int  # which of the call's outputs
    before: str = ""  # the activation of the layer's own before which the output is taken, a row of ACTIVATIONS


@dataclass(frozen=True)
class TapeProbe:
    """What is kept of a run: the layer's output, and what the score is made from."""

    layer: Place
    sources: List[Place]  # of the score
    query: Query


def eager_model(model: Model) -> Eager:
    """Return what runs eagerly; raise ModelError for a model that TensorFlow 2 does not run so."""
    if model.eager is None:
        raise ModelError(
            f"{model.source} is a graph, and engine='tape' runs eager Keras models: give TensorFlow 2's model object, "
            f"or its file by slimcam.load(path, engine='tape') (this is TensorFlow {tf.__version__})"
        )
    return model.eager


def probe(query: Query) -> TapeProbe:
    """Find where a layer and a score are met when the model runs.

    Raises ModelError for a model that is no eager one, LayerError for a tensor inside a layer, which no tape sees.
    """
    eager_model(query.model)
    for tensor in query.hold:
        _place_held(query.model, tensor)
    return TapeProbe(output_place(query.model, query.layer), score_places(query), query)


def score_places(query: Query) -> List[Place]:
    """Return where the tensors that a score is made from are met."""
    target = query.target
    tensors = target.tensors(query.model) if isinstance(target, targets.Score) else [query.score_tensor]
    return [score_place(query.model, tensor) for tensor in tensors]


def output_place(model: Model, tensor: Tensor) -> Place:
    """Return the innermost call that gives a tensor; raise LayerError for one that no layer gives."""
    for call in model.calls or ():
        for number, output in enumerate(call.outputs):
            if output is tensor:
                return Place(call, number)
    maps = [repr(name) for name, one in (model.calls.tensors.items() if model.calls else ()) if one.shape.rank == 4]
    raise LayerError(
        f"{tensor.name!r} is inside a layer or between two, where no tape sees it: name what a layer gives, "
        f"{', '.join(maps[-6:]) or 'of which this model has none with four dimensions'}"
    )


def score_place(model: Model, tensor: Tensor) -> Place:
    """Return where a score's tensor is met: logits may be what a layer has before its own activation."""
    for call in model.calls or ():
        for number, output in enumerate(call.outputs):
            op = output.op
            while op.type == "Identity":
                op = op.inputs[0].op
            if output is not tensor and op.type in ACTIVATIONS and op.inputs[0] is tensor:
                own = all(one is not tensor for one in call.inputs)
                return Place(call, number, before=op.type) if own else output_place(model, tensor)
    return output_place(model, tensor)


def _place_held(model: Model, tensor: Tensor) -> Optional[Place]:
    """Return the call whose output is replaced, None for an input of the model."""
    return None if tensor.name in eager_model(model).inputs else output_place(model, tensor)


def feeds(image_input: ImageInput, batch: Batch, part: List[int]) -> Dict[Tensor, np.ndarray]:
    """Return what the model takes for the images `part`; photos are prepared one by one, eagerly."""
    photos, tensor = image_input.photos, image_input.tensor
    if batch.array is not None or photos is None or photos.preprocess is None:
        return image_input.feeds(batch, part)
    row, channels = photos.preprocess, tensor.shape.as_list()[-1] or 3
    with eager():
        each = [prepare_one(row, tf.constant(batch.photos[i]), photos.size, channels, tensor.dtype) for i in part]
        return {tensor: np.stack([image.numpy() for image in each])}


def gather(
    model: Model,
    probes: Sequence[TapeProbe],
    images: Mapping[Tensor, Any],
    mask: Optional[np.ndarray],
    holds: Mapping[Tensor, np.ndarray],
) -> List[Evidence]:
    """Run the model once, forward and back: as graph.gather."""
    model.check_open()
    check = deadline(model.session)
    with eager(), tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        places = [place for one in probes for place in (one.layer, *one.sources)]
        values = run_places(model, places, images, holds, check, [one.layer for one in probes], tape)
        scores = [scores_of(one.query, [values[place] for place in one.sources], mask) for one in probes]
    with eager():
        return [_evidence(one.query, values[one.layer], *own, tape, check) for one, own in zip(probes, scores)]


def values(model: Model, tensors: Sequence[Tensor], batch: Batch) -> Rows:
    """Return what layers give for each image; a tensor may also be the logits, or an input: as Model.values."""
    eager_model(model)
    model.check_open()
    image_input = model.input_of(tensors)
    places = {one.name: score_place(model, one) for one in tensors if one is not image_input.tensor}

    def run(part: List[int]) -> Dict[str, np.ndarray]:
        fed = feeds(image_input, batch, part)
        with eager():
            met = run_places(model, list(places.values()), fed, {}, deadline(model.session)) if places else {}
            each = {name: met[place].numpy() for name, place in places.items()}
        return {one.name: fed[one] if one is image_input.tensor else each[one.name] for one in tensors}

    return image_input.in_parts(batch, run)


def slope(query: Query, rule: str = "", any_size: bool = False) -> Slope:
    """Return the slope of a score at the images, as slopes.slope; a tape has no other rule than the model's own."""
    check_slope(query)
    model, tensor, sources = query.model, query.image_input.tensor, score_places(query)
    eager_model(model)

    def run(images: np.ndarray, weights: Optional[np.ndarray] = None) -> Tuple[np.ndarray, np.ndarray]:
        model.check_open()
        if not tensor.shape[1:].is_compatible_with(images.shape[1:]):
            raise LayerError(
                f"{tensor.name!r} takes {tensor.shape}: a tape cannot give it other sizes, engine='graph' may"
            )
        holds = holds_of(query.hold, list(range(len(images))), len(images))
        check = deadline(model.session)
        with eager(), tf.GradientTape() as tape:
            fed = tf.constant(images, tensor.dtype)
            tape.watch(fed)
            values = run_places(model, sources, {tensor: fed}, holds, check)
            score = scores_of(query, [values[place] for place in sources], weights)[0][0]
        with eager():
            gradient = tape.gradient(score, fed)
        check()
        if gradient is None:
            raise no_gradient(tensor, query.score_tensor)
        return plain(score.numpy()), plain(gradient.numpy())

    return run


def _evidence(
    query: Query, layer: Tensor, scores: List[Tensor], classes: np.ndarray, tape: Any, check: Callable[[], None]
) -> Evidence:
    slopes = []
    for score in scores:
        slopes.append(tape.gradient(score, layer))
        check()
    if slopes[0] is None:
        raise no_gradient(query.layer, query.score_tensor)
    activations = plain(layer.numpy()).repeat(query.k, 0)
    gradients = np.stack([plain(slope.numpy()) for slope in slopes], 1).reshape(activations.shape)
    if query.channels_first:
        activations, gradients = np.moveaxis(activations, 1, -1), np.moveaxis(gradients, 1, -1)
    each = np.stack([plain(score.numpy()) for score in scores], 1).reshape(-1)
    return Evidence(activations, gradients, each, classes.astype(np.int64))


def run_places(
    model: Model,
    places: Sequence[Place],
    images: Mapping[Tensor, Any],
    holds: Mapping[Tensor, np.ndarray],
    check: Callable[[], None],
    watched: Sequence[Place] = (),
    tape: Any = None,
) -> Dict[Place, Tensor]:
    """Run the model on images, with outputs of layers replaced, and return the tensors met at the places.

    `check` raises once its time is over.
    """
    met: Dict[Place, Tensor] = {}
    paths = {call.start: call.path for call in model.calls or ()}
    replaced = {_place_held(model, tensor): array for tensor, array in holds.items()}

    def around(call: Call, layer: KerasLayer, inputs: Any, run: Callable[[], Any]) -> Any:
        if paths.get(call.start, call.path) != call.path:
            raise LayerError(f"{model.source} calls {call.path!r} where its graph has {paths[call.start]!r}")
        here = [place for place in [*places, *replaced] if place is not None and place.call.start == call.start]
        activation = next((place.before for place in here if place.before), "")
        with _linear(layer, activation) if activation else contextlib.nullcontext():
            result = run()
        check()
        for place in here:
            if place in replaced:
                result = _with_output(result, place.output, replaced[place])
            met[place] = [one for one in tf.nest.flatten(result) if tf.is_tensor(one)][place.output]
            if place in watched:
                tape.watch(met[place])
        return result

    live = eager_model(model)
    tensors = _inputs(model, live.inputs, images, holds)
    with kept_classes(live.keras, live.classes), watch_calls(live.keras, live.model, around):
        try:
            live.call(tensors)
        except Exception:  # Keras makes another error of that of a layer, with a text of its own
            check()
            raise
    for place in places:
        if place not in met:
            raise LayerError(f"{model.source} did not call {place.call.path!r} this time, as its graph does")
    return met


def _with_output(result: Any, output: int, array: np.ndarray) -> Any:
    """Return what a call gives, with an array in the place of one of its outputs."""
    flat = tf.nest.flatten(result)
    at = [i for i, one in enumerate(flat) if tf.is_tensor(one)][output]
    flat[at] = tf.broadcast_to(tf.cast(array, flat[at].dtype), tf.shape(flat[at]))
    return tf.nest.pack_sequence_as(result, flat)


def _inputs(
    model: Model, names: Sequence[str], images: Mapping[Tensor, Any], holds: Mapping[Tensor, np.ndarray]
) -> List[Tensor]:
    """Return what the model is called with, for its inputs by name."""
    arrays = {tensor.name: array for tensor, array in [*images.items(), *holds.items()]}
    count = len(next(iter(images.values())))
    for one in model.inputs:
        if one.values is not None and one.tensor.name in arrays:
            row = [count, *one.values.shape.as_list()[1:]]
            arrays[one.values.name] = tf.reshape(tf.cast(arrays[one.tensor.name], one.values.dtype), row)
    return [_input(model.graph.get_tensor_by_name(name), arrays.get(name), count) for name in names]


def _input(tensor: Tensor, value: Any, count: int) -> Tensor:
    """Return an input's value for the call; what nothing depends on is zeros."""
    if tf.is_tensor(value):
        return value  # which a tape watches
    dims = [count, *(size or 1 for size in tensor.shape.as_list()[1:])]
    if value is not None and np.ndim(value) == len(dims):
        dims[1:] = np.shape(value)[1:]
    array = np.zeros(dims, tensor.dtype.as_numpy_dtype) if value is None else value
    return tf.constant(np.broadcast_to(array, dims), tensor.dtype)


@contextlib.contextmanager
def _linear(layer: KerasLayer, name: str) -> Iterator[None]:
    """Let a layer give what its activation, a row of ACTIVATIONS, is given; raise LayerError if it has another."""
    kept = getattr(layer, "activation", None)
    some = tf.constant([[-1.0, 0.5, 2.0]])
    if not callable(kept) or not np.allclose(kept(some), ACTIVATIONS[name](some)):
        raise LayerError(
            f"{layer.name!r} applies its {name} by itself, so that no tape sees what is before it: give the scores a "
            "layer of their own, or load with logits= the name of a layer"
        )
    layer.activation = lambda values: values
    try:
        yield
    finally:
        layer.activation = kept


ENGINE = Engine(probe, feeds, gather, values, slope)
