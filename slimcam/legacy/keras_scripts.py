"""The scripts for Keras models: Keras 2, in a graph or eagerly, and Keras 3.

A model is copied by slimcam.load() at the first call, and the copy lives as long as the model; each map reads all
weights anew, for they may have been trained on.
"""

import functools
import re
import weakref
from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

from .._tf import is_graph_variable, keras_of, keras_session, output_layer, tf
from .._types import KerasLayer, KerasModel, NodeDef, Operation, Session, Tensor
from ..errors import LayerError, ModelError, PhotoError, TargetError, UnknownName
from ..graphs.copying import copy_ops, ops_between
from ..graphs.graph_defs import set_gradient
from ..maps import paint
from ..maps.steps import relu, unit
from ..methods.cams import raw_map
from ..methods.evidence import Evidence
from ..model import Model
from ..sources import keras_models
from ..sources.loading import load
from ..suggest import nearest
from . import score_gradients
from .resampling import like_scipy

EPSILON = 1e-7  # Keras' own, keras.backend.epsilon()


class Copy(NamedTuple):
    """slimcam's copy of a Keras model, and the session that its weights are read from."""

    model: Model
    output: Tensor  # the model's (first) output, after its softmax
    session: Any  # a weak reference; None for weights that are eager


_COPIES: Any = weakref.WeakKeyDictionary()  # Keras model: Copy


def _copy_of(model: KerasModel) -> Copy:
    """Return the copy of a Keras model with the weights of now; raise ModelError for what is no such model."""
    if not keras_models.is_keras(model):
        raise ModelError(f"{type(model).__name__} is no Keras model: give the model object, keras.Model")
    session = _session(model)
    copy = _COPIES.get(model)
    if copy is not None and (copy.session and copy.session()) is session:
        copy.model.refresh()
        return copy
    if copy is not None:
        copy.model.close()
    name = output_layer(model)
    if name is None:
        raise ModelError(
            f"the Keras model {model.name!r} has no output of its own, as a subclassed one: use slimcam.GradCAM"
        )
    # what runs it eagerly would keep the model, and the model its copy
    loaded = replace(load(model, logits=name), eager=None)
    _COPIES[model] = Copy(loaded, loaded.need_logits(), session and weakref.ref(session))
    return _COPIES[model]


def _session(model: KerasModel) -> Optional[Session]:
    """Return the session that holds a Keras model's weights, None where they are eager."""
    weights = [weight for weight in getattr(model, "weights", ()) if is_graph_variable(weight)]
    return keras_session(weights[0].graph, keras_of(model)) if weights else None


def _run(
    copy: Copy,
    score: score_gradients.Score,
    output: Tensor,
    layer: Tensor,
    images: Any,
    mask: np.ndarray,
    head: Optional[score_gradients.Head] = None,
) -> Evidence:
    """Run the gradient of a score in a copy of a Keras model."""
    name = copy.model.input.name
    gradient = score_gradients.gradient_of(score, output, layer, name, head, copy.model.required_feeds())
    return score_gradients.run(copy.model.session, gradient, {name: images}, mask)


# --- keras-grad-cam


def keras_grad_cam(
    input_model: KerasModel, image: np.ndarray, category_index: int, layer_name: str
) -> Tuple[np.ndarray, np.ndarray]:
    """Return the picture, (H, W, 3) uint8 BGR, and the map, (H, W) float32, of a (1, H, W, 3) preprocessed image.

    The model's output column, the softmax where it ends in one; the gradient over its root mean square; from ones;
    linear; ReLU; / max; JET + image. Published for 224 x 224; other sizes get maps of their own size. Raises
    UnknownName for a layer that is not, TargetError, LayerError, ModelError and PhotoError.
    """
    copy = _copy_of(input_model)
    images = np.asarray(image)
    if images.ndim != 4:
        raise PhotoError(f"the image is {images.shape}: keras-grad-cam takes a batch of one, (1, H, W, 3)")
    mask = score_gradients.one_hot(category_index, _count(copy.output))
    evidence = _run(copy, score_gradients.total, copy.output, copy.model.tensor(layer_name), images, mask)
    raw = raw_map(score_gradients.by_rms(evidence), "gradcam", 1.0)[0]
    heat = unit(relu(paint.resize(raw, images.shape[1:3])))
    photo = np.minimum(images[0] - images[0].min(), 255)
    picture = np.float32(paint.colour(heat)[..., ::-1]) + np.float32(photo)
    return (255 * picture / picture.max()).astype(np.uint8), heat


def _count(output: Tensor) -> int:
    count = score_gradients.class_count(output)
    if count is None:
        raise TargetError(f"{output.name!r} is {output.shape}: it does not say how many classes it has")
    return count


# --- keras-vis

GRAD_MODIFIERS: Dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "negate": np.negative,
    "absolute": np.abs,
    "invert": lambda gradients: 1 / (gradients + np.float32(EPSILON)),
    "relu": relu,
    "small_values": lambda gradients: np.abs(1 / (gradients + np.float32(EPSILON))),
}
BACKPROP_MODIFIERS = {"guided": True, "rectified": False, "relu": False, "deconv": False}  # whether [A > 0] is kept

# What keras-vis takes for convolutions and poolings, by the names of base classes in Keras 2 and 3.
_MAP_LAYERS = r"_?(Base)?(Depthwise|Separable)?Conv(Transpose)?|_?(Base)?Pooling(\dD)?"


def visualize_cam(
    model: KerasModel,
    layer_idx: int,
    filter_indices: Union[int, List[int], None],
    seed_input: np.ndarray,
    penultimate_layer_idx: Optional[int] = None,
    backprop_modifier: Union[str, Callable[[Any], Any], None] = None,
    grad_modifier: Union[str, Callable[[np.ndarray], np.ndarray], None] = None,
) -> np.ndarray:
    """Return the (H, W) float32 map in [0, 1] of an image, (H, W, C) or a batch of it, as keras-vis 0.5 does.

    The mean of each filter in `filter_indices` of the layer's output (of all where None), summed; the gradient over its
    maximum; ReLU; cubic splines; min-max. (0.4.1 on PyPI enlarges by Pillow and returns jet colours.) Backprop
    modifiers act on the Relu operations after the layer explained. Raises UnknownName for a modifier that is not,
    LayerError where no layer before `layer_idx` fits, TargetError, ModelError and PhotoError.
    """
    if callable(backprop_modifier):
        model, backprop_modifier = backprop_modifier(model), None
    head = (
        None
        if backprop_modifier is None
        else _head(BACKPROP_MODIFIERS[_existing_name(backprop_modifier, BACKPROP_MODIFIERS)])
    )
    change = grad_modifier
    if change is None or isinstance(change, str):
        change = GRAD_MODIFIERS[_existing_name(change, GRAD_MODIFIERS)] if change is not None else np.asarray
    copy = _copy_of(model)
    layer = copy.model.tensor(_penultimate(model, layer_idx, penultimate_layer_idx).name)
    output = copy.model.tensor(model.layers[layer_idx].name)
    images = _batch_of_one(seed_input)
    mask = _filters(filter_indices, _count(output))
    evidence = _run(copy, score_gradients.spatial_mean, output, layer, images, mask, head)
    gradients = change(evidence.gradients)
    scaled = gradients / (gradients.max() + np.float32(EPSILON))
    heat = like_scipy(relu(raw_map(Evidence(evidence.activations, scaled), "gradcam")[0]), images.shape[1:3])
    return (heat - heat.min()) / (heat.max() - heat.min() + np.float32(EPSILON))


def _existing_name(name: str, rows: Mapping[str, Any]) -> str:
    if name not in rows:
        raise UnknownName(f"no modifier {name!r} (there are {', '.join(rows)}); {nearest(name, rows)}")
    return name


def _batch_of_one(image: Any) -> np.ndarray:
    array = np.asarray(image)
    array = array[None] if array.ndim == 3 else array
    if array.ndim != 4 or len(array) != 1:
        raise PhotoError(f"seed_input is {np.shape(image)}: give one image, (H, W, C), or a batch of one")
    return array


def _filters(indices: Any, count: int) -> np.ndarray:
    """Return what each filter counts; None is the mean of all, as keras-vis has it."""
    return np.full(count, 1 / count, np.float32) if indices is None else score_gradients.one_hot(indices, count)


def _penultimate(model: KerasModel, layer_idx: int, penultimate_layer_idx: Optional[int]) -> KerasLayer:
    """Return the layer to explain: as asked, or the nearest convolution or pooling at least two layers before."""
    layers = model.layers
    if not -len(layers) <= layer_idx < len(layers):
        raise LayerError(f"no layer {layer_idx}: the model has {len(layers)} layers")
    place = penultimate_layer_idx
    if place is None:
        before = layers[: layer_idx - 1]
        place = next((i for i in range(len(before) - 1, -1, -1) if _is_map_layer(before[i])), None)
    if place is None:
        raise LayerError(
            f"no convolution or pooling comes before layer {layer_idx}, {layers[layer_idx].name!r}: "
            "say penultimate_layer_idx="
        )
    if not -len(layers) <= place < len(layers):
        raise LayerError(f"no layer {place}: the model has {len(layers)} layers")
    if place % len(layers) > layer_idx % len(layers):
        raise LayerError(f"layer {place}, {layers[place].name!r}, comes after layer {layer_idx}: name one before it")
    return layers[place]


def _is_map_layer(layer: KerasLayer) -> bool:
    kinds = [kind.__name__ for kind in type(layer).__mro__]
    if "Wrapper" in kinds:
        kinds = [kind.__name__ for kind in type(layer.layer).__mro__]
    return any(re.fullmatch(_MAP_LAYERS, kind) for kind in kinds)


@functools.lru_cache(maxsize=None)
def _head(guided: bool) -> score_gradients.Head:
    """Return what copies the operations from a layer to an output with another gradient of Relu (registered once)."""
    name = "SlimcamGuidedRelu" if guided else "SlimcamRectifiedRelu"

    @tf.RegisterGradient(name)
    def gradient(op: Operation, above: Tensor) -> Tensor:
        kept = above * tf.cast(above > 0, above.dtype)
        return kept * tf.cast(op.outputs[0] > 0, above.dtype) if guided else kept

    return functools.partial(_with_relu_gradient, name)


def _with_relu_gradient(gradient: str, layer: Tensor, output: Tensor) -> Tensor:
    """Copy what lies between two tensors into the default graph, Relu operations with a gradient of that name."""

    def edit(node: NodeDef) -> None:
        if node.op == "Relu":
            set_gradient(node, gradient)

    inside, outside = ops_between(layer, output)
    return copy_ops(inside, output, {**outside, layer.name: layer}, edit)
