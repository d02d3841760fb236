"""Evidence: what a map is made from, as arrays. Here it is gathered from a session.

A Probe is the part of a model's graph that one layer and one kind of target need: the score, and its gradient at the
layer. It is built once, kept with the model, and only run after that.
"""

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from . import target as targets
from ._tf import tf, tf1
from .errors import LayerError, TargetError
from .feeds import Fed, plan
from .graphs import data_format
from .model import Model


@dataclass(frozen=True)
class Evidence:
    """Arrays of one layer and one score, an image a row; channels are last, whatever the graph's layout."""

    activations: np.ndarray  # (N, h, w, C)
    gradients: np.ndarray  # (N, h, w, C), of the score at the activations
    scores: np.ndarray  # (N,)
    classes: np.ndarray  # (N,) int64, -1 where the score is not one class's


@dataclass(frozen=True)
class Probe:
    """Tensors to fetch, k scores an image; `mask` is fed for a target on the logits."""

    layer: Any
    scores: List[Any]
    gradients: List[Any]
    classes: List[Any]  # empty where the scores are not classes'
    mask: Any
    fed: List[Fed]
    channels_first: bool

    def fetches(self) -> Dict[str, Any]:
        """Return all that one run brings."""
        return {"layer": self.layer, "scores": self.scores, "gradients": self.gradients, "classes": self.classes}


def probe(model: Model, layer: Any, target: Any, score: str, held: Sequence[Any] = ()) -> Probe:
    """Build the gradient of a target's score at a layer, or return the one that was built before.

    Raises LayerError where the layer is not 4-D or does not lead to the score, and MissingFeed where the score needs
    what nobody feeds.
    """
    kind = _kind(target, score)
    key = (layer.name, kind, tuple(sorted(tensor.name for tensor in held)))
    if key not in model._cache:
        if layer.shape.rank not in (None, 4):
            raise LayerError(f"{layer.name!r} is {layer.shape}: a layer to explain has four dimensions; {_layers(model)}")
        model._cache[key] = _build(model, layer, target, score, list(held))
    return model._cache[key]


def _kind(target: Any, score: str) -> Any:
    if isinstance(target, targets.Score):
        return target.key()
    return ("top", target.k, score) if isinstance(target, targets.Top) else ("mask", score)


def _build(model: Model, layer: Any, target: Any, score: str, held: List[Any]) -> Probe:
    with model.graph.as_default(), tf1.name_scope("slimcam/probe"):
        scores, classes, mask = _scores(model, target, score)
        cut = [model.input.name, *(tensor.name for tensor in held), *([mask.name] if mask is not None else [])]
        fed = plan([layer, *scores], cut, _hints(model, layer))
        gradients = [tf1.gradients(one, layer, stop_gradients=held or None)[0] for one in scores]
    if gradients[0] is None:
        raise LayerError(f"{layer.name!r} does not lead to the score {_score_name(model, target)!r}; {_layers(model)}")
    return Probe(layer, scores, gradients, classes, mask, fed, data_format(layer.op) == "NCHW")


def _scores(model: Model, target: Any, score: str) -> Tuple[List[Any], List[Any], Any]:
    """Return the scores, their classes and the mask's placeholder, of which a kind of target has some."""
    if isinstance(target, targets.Score):
        return [target.build(model)], [], None
    if model.logits.shape.rank != 2 or model.logits.shape.as_list()[-1] is None:
        raise TargetError(f"the logits {model.logits.name!r} are {model.logits.shape}, not (N, classes): say logits=")
    of = targets.SCORES[score]
    if isinstance(target, targets.Top):
        classes = list(targets.winners(model, target.k))
        depth, dtype = model.classes, model.logits.dtype
        return [of(model.logits, tf.one_hot(one, depth, dtype=dtype)) for one in classes], classes, None
    mask = targets.fed_mask(model)
    return [of(model.logits, mask)], [], mask


def _score_name(model: Model, target: Any) -> str:
    return str(target.key()[1]) if isinstance(target, targets.Score) else model.logits.name


def _layers(model: Model) -> str:
    names = [layer.name for layer in model.layers()[:3]]
    return "layers that do: " + ", ".join(map(repr, names)) if names else "the model has no such layer"


def _hints(model: Model, layer: Any) -> str:
    return f'; or explain a score that does without it: target=slimcam.Mean("{model.name_of(layer)}")'


def gather(
    model: Model, probe: Probe, images: Mapping[Any, Any], mask: Optional[np.ndarray], holds: Mapping[Any, np.ndarray]
) -> Evidence:
    """Run a probe once: activations, gradients and scores of all images, k rows an image where it has k scores."""
    feeds = {fed.tensor: fed.value for fed in probe.fed}
    feeds.update(images)
    feeds.update(holds)
    if mask is not None:
        feeds[probe.mask] = mask
    fetches = probe.fetches()
    if probe.mask is not None:
        fetches["mask"] = probe.mask
    got = model.session.run(fetches, feeds)
    return _evidence(got, len(probe.scores), probe.channels_first)


def _evidence(got: Mapping[str, Any], k: int, channels_first: bool) -> Evidence:
    activations, gradients = got["layer"], np.stack(got["gradients"], 1)
    if channels_first:
        activations, gradients = np.moveaxis(activations, 1, -1), np.moveaxis(gradients, 2, -1)
    scores = np.stack(got["scores"], 1)
    classes = np.full(scores.shape, -1, np.int64)
    if got["classes"]:
        classes = np.stack(got["classes"], 1)
    elif "mask" in got:
        classes[:, 0] = _classes_of(got["mask"])
    repeated = np.repeat(activations, k, 0) if k > 1 else activations
    return Evidence(repeated, gradients.reshape(repeated.shape), scores.reshape(-1), classes.reshape(-1))


def _classes_of(mask: np.ndarray) -> np.ndarray:
    """Return the class of each row that picks just one, and -1 for a sum of classes."""
    single = (np.count_nonzero(mask, -1) == 1) & (mask.max(-1) == 1)
    return np.where(single, mask.argmax(-1), -1)


