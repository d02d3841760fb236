"""Evidence from a session.

A Probe is the part of a model's graph that one layer and one kind of target need: the score, and its gradient at the
layer. It is built once, kept with the model, and only run after that.
"""

from dataclasses import dataclass, replace
from typing import Any, Collection, Dict, List, Mapping, Optional, Sequence

import numpy as np

from .. import targets
from .._tf import tf, tf1
from ..errors import LayerError, MissingFeed, Remedy
from ..graphs.copying import repeated_head
from ..graphs.feeds import DefaultFeed, needs, plan
from ..graphs.op_types import CALLS
from ..graphs.walk import between, data_format, gates
from ..inputs.image_input import ImageInput
from ..methods.evidence import Evidence, plain
from ..model import Model
from .engine import Engine


@dataclass(frozen=True)
class Probe:
    """Tensors to fetch, k rows an image for k scores of each; `mask` is fed for a target on the logits."""

    layer: Any  # (N, h, w, C), or (N, C, h, w)
    scores: Any  # (N * k,)
    gradients: Any  # (N * k, h, w, C), or (N * k, C, h, w)
    classes: Any = None  # (N * k,); None where the mask says it, or where scores are not classes'
    mask: Any = None  # (N, classes)
    k: int = 1
    fed: Sequence[DefaultFeed] = ()
    channels_first: bool = False


def probe(
    model: Model, layer: Any, target: Any, score: str, held: Sequence[Any] = (), given: Sequence[ImageInput] = ()
) -> Probe:
    """Build the gradient of a target's score at a layer, or return the one that was built before.

    `given` are the inputs that images are fed to. Raises LayerError where the layer is not 4-D or does not lead to the
    score, and MissingFeed where the score needs what nobody feeds.
    """
    kind = _kind(target, score)
    names = tuple(image_input.tensor.name for image_input in given), tuple(sorted(tensor.name for tensor in held))
    key = (layer.name, kind, *names)
    return model.once(key, lambda: _build(model, layer, target, score, list(held), names[0]))


def _kind(target: Any, score: str) -> Any:
    if isinstance(target, targets.Score):
        return target.key()
    return ("top", target.k, score) if isinstance(target, targets.Top) else ("mask", score)


def _build(model: Model, layer: Any, target: Any, score: str, held: List[Any], given: Collection[str]) -> Probe:
    if layer.shape.rank not in (None, 4):
        raise LayerError(f"{layer.name!r} is {layer.shape}: a layer to explain has four dimensions; {_layers(model)}")
    with model.graph.as_default(), tf1.name_scope("slimcam/probe"):
        if isinstance(target, targets.Score):
            made = _differentiate(Probe(layer, target.build(model), None), held)
        else:
            targets.check_logits(model)
            made = (_top if isinstance(target, targets.Top) else _masked)(model, layer, target, score, held)
    if made.gradients is None:
        raise LayerError(f"{layer.name!r} does not lead to the score {_score_name(model, target)!r}; {_layers(model)}")
    calls = [op.name for op in between([layer], made.scores) if op.type in CALLS]
    if calls:
        raise LayerError(
            f"{layer.name!r} leads to the score by {calls[0]!r}, a function call whose gradient does not come along "
            "(a recurrent layer, say): save the model as .h5, or build it in a graph, and load that"
        )
    cut = [*given, *(tensor.name for tensor in held), *([made.mask.name] if made.mask is not None else [])]
    try:
        fed = plan([layer, made.scores], cut, model.required())
    except MissingFeed as error:
        remedies = _remedies(model, layer, made.scores, error.tensor, cut)
        raise MissingFeed(error.message, error.tensor, remedies) from None
    return replace(made, fed=fed, channels_first=data_format(layer.op) == "NCHW")


def _differentiate(made: Probe, held: List[Any]) -> Probe:
    """Add the gradient, None where the layer does not lead to the score; it does not flow through what is held."""
    return replace(made, gradients=tf1.gradients(made.scores, made.layer, stop_gradients=held or None)[0])


def _masked(model: Model, layer: Any, target: Any, score: str, held: List[Any]) -> Probe:
    mask = targets.fed_mask(model)
    return _differentiate(Probe(layer, targets.SCORES[score](model.logits, mask), None, mask=mask), held)


def _top(model: Model, layer: Any, target: Any, score: str, held: List[Any]) -> Probe:
    """One backward pass with k rows an image where the head can be copied, else k passes."""
    of, k = targets.SCORES[score], target.k
    classes = targets.winners(model, k)
    masks = tf.one_hot(classes, model.classes, dtype=model.logits.dtype)
    copied = None if model.single_image or held else repeated_head(layer, model.logits, k)
    if copied is not None:
        repeated, logits = copied
        made = _differentiate(Probe(repeated, of(logits, masks), None, classes, k=k), held)
        return replace(made, layer=layer)
    each = [_differentiate(Probe(layer, of(model.logits, masks[i::k]), None), held) for i in range(k)]
    if each[0].gradients is None:
        return each[0]
    gradients = tf.stack([one.gradients for one in each], 1)
    gradients = tf.reshape(gradients, tf.concat([[-1], tf.shape(layer)[1:]], 0))
    return Probe(layer, tf.reshape(tf.stack([one.scores for one in each], 1), [-1]), gradients, classes, k=k)


def _score_name(model: Model, target: Any) -> str:
    return str(target.key()[1]) if isinstance(target, targets.Score) else model.logits.name


def _layers(model: Model) -> str:
    names = [layer.name for layer in model.layers()[:3]]
    return "layers that do: " + ", ".join(map(repr, names)) if names else "the model has no such layer"


def _remedies(model: Model, layer: Any, score: Any, missing: Any, cut: Collection[str]) -> List[Remedy]:
    """Return what can be done where a score needs a placeholder that nobody feeds."""
    name = model.name_of(layer)
    remedies = []
    if not any(tensor is missing for tensor in _placeholders(model, layer, cut)):
        code = f'slimcam.GradCAM(model, "{name}", target=slimcam.Mean("{name}"))'
        remedies.append(Remedy(code, f"--layer {name} --target mean:{name}", "explain a score that does without it"))
    lacking = [
        image_input for image_input in model.inputs_of([layer, score], cut) if image_input.tensor.name not in cut
    ]
    held = [_last_alone(model, image_input, score) for image_input in lacking]
    if any(image_input.tensor is missing for image_input in lacking) and None not in held:
        zeros = ", ".join(f'"{one}": "zeros"' for one in held)
        options = " ".join(f"--hold {one}=zeros" for one in held)
        code = f'slimcam.GradCAM(model, "{name}", hold={{{zeros}}})'
        remedies.append(Remedy(code, f"--layer {name} {options}", f'or hold model.features("{held[0]}", photo)'))
        both = f"slimcam.explain_pair(model, {', '.join(f'photo_{i + 1}' for i in range(len(model.inputs)))})"
        command = f"slimcam pair {'PHOTO ' * len(model.inputs)}--model {model.source}"
        remedies.append(Remedy(both, command, "feed all, a map for each"))
    else:
        code = f'slimcam.GradCAM(model, "{name}", hold={{"{missing.name}": array}})'
        remedies.append(Remedy(code, f"--hold {missing.name}=FILE.npy", "give it a value"))
    return remedies


def _placeholders(model: Model, tensor: Any, cut: Collection[str]) -> List[Any]:
    """Return the placeholders and inputs that a tensor needs beside those in `cut`."""
    return needs([tensor], cut) + [image_input.tensor for image_input in model.inputs_of([tensor], cut)]


def _last_alone(model: Model, image_input: ImageInput, score: Any) -> Optional[str]:
    """Return the name of the last tensor on all remedies from an input to `score` that no other input leads to."""
    for op in gates(image_input.tensor, score):
        if not op.name.startswith("slimcam/") and model.inputs_of(op.outputs) == [image_input]:
            return model.name_of(op.outputs[0])
    return None


def gather(
    model: Model,
    probes: Sequence[Probe],
    images: Mapping[Any, Any],
    mask: Optional[np.ndarray],
    holds: Mapping[Any, np.ndarray],
) -> List[Evidence]:
    """Run probes together, once: activations, gradients and scores of all images, k rows an image for k scores."""
    feeds: Dict[Any, Any] = {fed.tensor: fed.value for probe in probes for fed in probe.fed}
    feeds.update(images)
    feeds.update(holds)
    if mask is not None:
        feeds.update((probe.mask, mask) for probe in probes)
    return [_evidence(probe, got) for probe, got in zip(probes, model.session.run(list(map(_fetches, probes)), feeds))]


def _fetches(probe: Probe) -> Dict[str, Any]:
    fetches = {"activations": probe.layer, "gradients": probe.gradients, "scores": probe.scores}
    if probe.classes is not None or probe.mask is not None:
        fetches["classes"] = probe.classes if probe.mask is None else probe.mask
    return fetches


def _evidence(probe: Probe, got: Mapping[str, np.ndarray]) -> Evidence:
    got = {key: plain(array) for key, array in got.items()}  # on 1.15 NumPy cannot calculate with bfloat16
    activations, gradients = got["activations"], got["gradients"]
    if probe.channels_first:
        activations, gradients = np.moveaxis(activations, 1, -1), np.moveaxis(gradients, 1, -1)
    activations = np.repeat(activations, probe.k, 0) if probe.k > 1 else activations
    classes = got.get("classes", np.full(len(got["scores"]), -1))
    if probe.mask is not None:
        classes = _classes_of(classes)
    return Evidence(activations, gradients, got["scores"], classes.astype(np.int64))


def _classes_of(mask: np.ndarray) -> np.ndarray:
    """Return the class of each row that picks just one, and -1 for a sum of classes."""
    single = (np.count_nonzero(mask, -1) == 1) & (mask.max(-1) == 1)
    return np.where(single, mask.argmax(-1), -1)


ENGINE = Engine(probe, ImageInput.feeds, gather, Model.features)
