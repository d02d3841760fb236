"""Evidence from a session.

A Probe is the part of a model's graph that one layer and one kind of target need: the score, and its gradient at the
layer. It is built once, kept with the model, and only run after that.
"""

import functools
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np

from .. import targets
from .._tf import tf, tf1
from .._types import Tensor
from ..errors import LayerError
from ..graphs.copying import repeated_head
from ..graphs.feeds import DefaultFeed
from ..graphs.op_types import CALLS
from ..inputs.image_input import ImageInput
from ..methods.evidence import Evidence, plain
from ..model import Model
from .engine import Engine
from .resolve import Query, no_gradient, refuse_loops, refusing_functions
from .slopes import slope


@dataclass(frozen=True)
class Probe:
    """Tensors to fetch, k rows per image for k scores of each; `mask` is fed for a target on the logits."""

    layer: Tensor  # (N, h, w, C), or (N, C, h, w)
    scores: Tensor  # (N * k,)
    gradients: Optional[Tensor]  # (N * k, h, w, C), or (N * k, C, h, w); None where the layer does not reach the scores
    classes: Optional[Tensor] = None  # (N * k,); None where the mask says it, or where scores are not classes'
    mask: Optional[Tensor] = None  # (N, classes), or, of what is picked, (N, P) places
    picked: bool = False  # the mask says places, and no classes
    k: int = 1
    fed: Sequence[DefaultFeed] = ()
    channels_first: bool = False


def probe(query: Query) -> Probe:
    """Build the gradient of a score at a layer, or return the one that was built before.

    Raises LayerError where no gradient reaches the layer.
    """
    inputs = tuple(image_input.tensor.name for image_input in query.inputs)
    key = (
        query.layer.name,
        targets.kind(query.target, query.score),
        inputs,
        tuple(sorted(tensor.name for tensor in query.hold)),
    )
    return query.model.once(key, lambda: _build(query))


def _build(query: Query) -> Probe:
    calls = [op.name for op in refuse_loops(query.layer, query.score_tensor) if op.type in CALLS]
    if calls:
        raise LayerError(
            f"{query.layer.name!r} leads to the score by {calls[0]!r}, a function call whose gradient does not come "
            "along (a recurrent layer, say): save the model as .h5, or build it in a graph, and load that"
        )
    refusing = refusing_functions(query.layer, query.score_tensor)
    with query.model.graph.as_default(), tf1.name_scope("slimcam/probe"), refusing:
        if isinstance(query.target, targets.PickedScore):
            built = _picked(query)
        elif isinstance(query.target, targets.Score):
            built = _differentiate(Probe(query.layer, query.target.build(query.model), None), query)
        else:
            built = (_top if isinstance(query.target, targets.Top) else _on_mask)(query)
    if built.gradients is None:
        raise no_gradient(query.layer, query.score_tensor)
    return replace(built, fed=query.fed, channels_first=query.channels_first)


def _differentiate(built: Probe, query: Query) -> Probe:
    """Add the gradient, None where no gradient reaches the layer; it does not flow through what is held.

    Raises LayerError where TensorFlow has none of an operation between, or cannot read a constant that it asks for.
    """
    stops = list(query.hold) or None
    try:
        return replace(built, gradients=tf1.gradients(built.scores, built.layer, stop_gradients=stops)[0])
    except (LookupError, TypeError, ValueError) as error:
        first = f"{type(error).__name__}: {error}".splitlines()[0]
        raise LayerError(
            f"{query.layer_name!r}: TensorFlow cannot differentiate what comes after it ({first}): name a later layer"
        ) from error


def _on_mask(query: Query) -> Probe:
    mask = targets.fed_mask(query.model)
    return _differentiate(
        Probe(query.layer, targets.SCORES[query.score](query.model, query.score_tensor, mask), None, mask=mask), query
    )


def _picked(query: Query) -> Probe:
    places = query.target.fed_places()
    score = query.target.at(query.score_tensor, places)
    return _differentiate(Probe(query.layer, score, None, mask=places, picked=True), query)


def _top(query: Query) -> Probe:
    """One backward pass with k rows per image where the head can be copied, else k passes."""
    model, layer, logits, k = query.model, query.layer, query.score_tensor, query.k
    score = functools.partial(targets.SCORES[query.score], model)
    classes = targets.winners(model, k)
    masks = tf.one_hot(classes, model.classes, dtype=logits.dtype)
    copied = None if model.single_image or query.hold else repeated_head(layer, logits, k)
    if copied is not None:
        repeated, copied_logits = copied
        built = _differentiate(Probe(repeated, score(copied_logits, masks), None, classes, k=k), query)
        return replace(built, layer=layer)
    each = [_differentiate(Probe(layer, score(logits, masks[i::k]), None), query) for i in range(k)]
    if each[0].gradients is None:
        return each[0]
    gradients = tf.stack([one.gradients for one in each], 1)
    gradients = tf.reshape(gradients, tf.concat([[-1], tf.shape(layer)[1:]], 0))
    return Probe(layer, tf.reshape(tf.stack([one.scores for one in each], 1), [-1]), gradients, classes, k=k)


def gather(
    model: Model,
    probes: Sequence[Probe],
    images: Mapping[Tensor, Any],
    mask: Optional[np.ndarray],
    holds: Mapping[Tensor, np.ndarray],
) -> List[Evidence]:
    """Run probes together, once: activations, gradients and scores of all images, k rows per image for k scores."""
    feeds: Dict[Tensor, Any] = {fed.tensor: fed.value for probe in probes for fed in probe.fed}
    feeds.update(images)
    feeds.update(holds)
    if mask is not None:
        feeds.update((probe.mask, mask) for probe in probes)
    with refusing_functions(probes[0].layer, probes[0].scores):
        values = model.run(list(map(_fetches, probes)), feeds)
    return [_evidence(probe, got) for probe, got in zip(probes, values)]


def _fetches(probe: Probe) -> Dict[str, Tensor]:
    fetches: Dict[str, Tensor] = {"activations": probe.layer, "gradients": probe.gradients, "scores": probe.scores}
    if probe.classes is not None or (probe.mask is not None and not probe.picked):
        fetches["classes"] = probe.classes if probe.mask is None else probe.mask
    return fetches


def _evidence(probe: Probe, got: Mapping[str, np.ndarray]) -> Evidence:
    got = {key: plain(array) for key, array in got.items()}  # on 1.15 NumPy cannot calculate with bfloat16
    activations, gradients = got["activations"], got["gradients"]
    if probe.channels_first:
        activations, gradients = np.moveaxis(activations, 1, -1), np.moveaxis(gradients, 1, -1)
    activations = np.repeat(activations, probe.k, 0) if probe.k > 1 else activations
    classes = got.get("classes", np.full(len(got["scores"]), -1))
    if probe.mask is not None and not probe.picked:
        classes = classes_of(classes)
    return Evidence(activations, gradients, got["scores"], classes.astype(np.int64))


def classes_of(mask: np.ndarray) -> np.ndarray:
    """Return the class of each row that picks just one, and -1 for a sum of classes."""
    single = (np.count_nonzero(mask, -1) == 1) & (mask.max(-1) == 1)
    return np.where(single, mask.argmax(-1), -1)


ENGINE = Engine(probe, ImageInput.feeds, gather, Model.values, slope)
