"""How photos are prepared for a net, where the caller and the file do not say it: by evidence in the graph.

A row of EVIDENCE is one kind, what decides most first. What is only assumed becomes a note, which whoever uses the
maps has to know; so does the last resort, photos as they are.
"""

from dataclasses import replace
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from .. import nets
from .._tf import tf
from .._types import NodeDef
from ..graphs.first_norm import FirstNorm, first_norm
from ..graphs.graph_defs import Wiring
from ..graphs.input_scaling import Scaling, scaling
from ..graphs.op_types import PROBABILITIES
from .image_nodes import ImageNode
from .parts import Parts
from .photo_inputs import shape_with_size

SAY = "say preprocess= where that is wrong"


class Preparation(NamedTuple):
    """A row of preprocess.PREPROCESSING, and why it is the one."""

    preprocess: str
    because: str
    assumed: bool = False  # likely, and no more


class Net(NamedTuple):
    """What is known of the graph whose photos are meant."""

    nodes: Mapping[str, NodeDef]
    input: ImageNode
    integers: bool  # whether it takes integers
    scaling: Optional[Scaling]  # what it does to the values of its images first
    norm: Optional[FirstNorm]  # what its first batch norm saw in training
    shapes: Dict[str, Tuple[int, ...]]  # of its weights
    parts_of_names: Set[str]  # the names of its operations and of their scopes, each alone


def with_preparation(parts: Parts, inputs: Sequence[ImageNode], wiring: Wiring) -> Parts:
    """Return parts that say how photos are prepared, and from what that is known; `wiring` is their graph's."""
    image, dtype = inputs[0], inputs[0].dtype
    shape = shape_with_size(image, parts.size)
    photos = shape is not None and len(shape) in (3, 4) and shape[-1] in (1, 3, None)
    if parts.preprocess is not None or not (photos or dtype.is_integer) or not (dtype.is_floating or dtype.is_integer):
        return parts
    constants = {name: node for name, node in wiring.nodes.items() if node.op == "Const"}
    first = scaling(parts.graph_def, image.name, image.values or shape, dtype, parts.weights, wiring, parts.timeout)
    norm = first_norm(wiring, image.name, _reader(constants, parts)) if first is None else None
    parts_of_names = {part for name in wiring.nodes for part in name.split("/")}
    net = Net(wiring.nodes, image, dtype.is_integer, first, norm, _shapes(constants, parts), parts_of_names)
    for evidence in EVIDENCE:
        preparation = evidence(net)
        if preparation is not None:
            break
    else:
        preparation = Preparation("none", "photos are fed as 0 to 255: nothing says how they were prepared", True)
    because = preparation.because
    notes = [f"{because}; {SAY}"] if preparation.assumed else []
    why = because if preparation.assumed else f"preprocess {preparation.preprocess!r}: {because}"
    return replace(parts, preprocess=preparation.preprocess, why=[*parts.why, why], notes=[*parts.notes, *notes])


def _reader(constants: Mapping[str, NodeDef], parts: Parts) -> Callable[[str], Optional[np.ndarray]]:
    """Return what reads a weight, a constant of the graph or one beside it, by its name."""

    def read(name: str) -> Optional[np.ndarray]:
        if name in constants:
            return tf.make_ndarray(constants[name].attr["value"].tensor)
        return parts.weights[name]() if name in parts.weights else None

    return read


def _shapes(constants: Mapping[str, NodeDef], parts: Parts) -> Dict[str, Tuple[int, ...]]:
    shapes = {name: tuple(shape) for name, shape in parts.shapes.items()}
    for name, node in constants.items():
        shapes[name] = tuple(dim.size for dim in node.attr["value"].tensor.tensor_shape.dim)
    return shapes


# --- evidence


def _integers(net: Net) -> Optional[Preparation]:
    """A graph that takes integers takes photos as they are."""
    return Preparation("none", f"{net.input.name + ':0'!r} takes integers") if net.integers else None


def _retrain_py(net: Net) -> Optional[Preparation]:
    """A graph of TensorFlow's retrain.py ("for Poets") takes photos as its label_image.py prepares them.

    Whole, resized by TensorFlow 1's bilinear: (x - 128) / 128, or x / 255 for modules of TF Hub, which scale inside.
    """
    signs = ", ".join(name for name in _RETRAINED if name in net.parts_of_names)
    assumed = not signs  # a program of another kind may call its output as retrain.py does, where it is not told
    if assumed and _RESULT in net.nodes and net.nodes[_RESULT].op in PROBABILITIES:
        signs = _RESULT
    if not signs:
        return None
    inside = _scaled_inside(net)
    if inside is None:
        because = f"as label_image.py prepares photos for graphs of retrain.py ({signs})"
        return Preparation("retrained", f"photos are assumed to be prepared {because}" if assumed else because, assumed)
    kind = "retrained_unit" if inside.preprocess == "unit" else inside.preprocess
    return Preparation(kind, f"{inside.because}; it is a graph of retrain.py ({signs})")


_RESULT = "final_result"  # what retrain.py calls its softmax, where nobody says otherwise
_RETRAINED = ("BottleneckInputPlaceholder", "BottleneckInput", "final_training_ops", "final_retrain_ops")


def _scaled_inside(net: Net) -> Optional[Preparation]:
    """A graph that scales its images tells in which range it takes them: the one that then is a usual one."""
    if net.scaling is None:
        return None
    ranges = {name: net.scaling.of(*ends) for name, ends in _RANGES.items()}
    fitting = [name for name, (low, high) in ranges.items() if _is_usual(low, high)]
    if len(fitting) != 1:
        return None
    (low, high), (start, end) = ranges[fitting[0]], _RANGES[fitting[0]]
    does = f"{net.scaling.names[-1]!r} brings {start:g} to {end:g} to {low:.3g} to {high:.3g}"
    return Preparation(fitting[0], f"the graph scales by itself: {does}")


_RANGES = {"none": (0, 255), "unit": (0, 1), "squash": (-1, 1)}
_SPANS = ((0.9, 1.1), (1.8, 2.2), (240.0, 260.0))  # [0, 1]; [-1, 1]; pixels
_OVER_DEVIATION = (3.5, 5.5)
_DEVIATIONS_OF_DATA = (0.16, 0.38)  # narrower than photos', or [0, 1] less a low mean might be [-1, 1]
_OFF_CENTRE = 0.25  # of the span


def _is_usual(low: float, high: float) -> bool:
    """Whether a range of values is as wide as nets take them, and begins at 0 or has 0 in its middle.

    Or it is that of photos less their mean, over their deviation, as a Normalization that was adapted to them gives it.
    """
    span, middle = high - low, (high + low) / 2
    wide = any(least <= span <= most for least, most in _SPANS)
    normal = _MEANS[0] <= -low / span <= _MEANS[1] and _DEVIATIONS_OF_DATA[0] <= 1 / span <= _DEVIATIONS_OF_DATA[1]
    centred = abs(middle) < _OFF_CENTRE * span and (wide or _OVER_DEVIATION[0] <= span <= _OVER_DEVIATION[1])
    return normal or centred or (wide and abs(low) < 0.02 * span)


class _Application(NamedTuple):
    """A net of keras.applications: layers that it alone has together, and how its photos are prepared."""

    name: str
    layers: Tuple[str, ...]
    preprocess: str
    others: Tuple[str, ...] = ()  # layers that it does not have


# By the names of layers of keras.applications, Keras 2.0 to 3 (mode of imagenet_utils.preprocess_input).
_APPLICATIONS = (
    _Application("VGG16", ("block1_conv1", "block4_conv3", "block5_conv3"), "caffe", ("block5_conv4",)),
    _Application("VGG19", ("block1_conv1", "block4_conv4", "block5_conv4"), "caffe"),
    _Application("ResNet50", ("bn_conv1", "res2a_branch2a", "res5c_branch2c"), "caffe"),
    _Application("ResNet", ("conv1_conv", "conv1_bn", "conv5_block3_3_conv"), "caffe", ("post_bn",)),
    _Application("ResNetV2", ("conv1_conv", "conv5_block3_3_conv", "post_bn"), "squash"),
    _Application("InceptionV3", ("mixed0", "mixed9_1", "mixed10"), "squash"),
    _Application("InceptionResNetV2", ("mixed_5b", "mixed_7a", "conv_7b"), "squash"),
    _Application("Xception", ("block1_conv1", "block13_sepconv2", "block14_sepconv2"), "squash"),
    _Application("MobileNet", ("conv_dw_1", "conv_pw_13"), "squash"),
    _Application("MobileNetV2", ("expanded_conv_depthwise", "block_16_project", "Conv_1"), "squash"),
    _Application("DenseNet", ("pool4_conv", "conv5_block1_1_conv", "conv5_block16_2_conv"), "torch"),
    _Application("NASNet", ("stem_conv1", "reduction_conv_1_reduce_8"), "squash"),
    _Application("NASNet", ("stem_conv1", "reduction_conv_1_reduce_12"), "squash"),
)


def _application_of_keras(net: Net) -> Optional[Preparation]:
    """A net of keras.applications takes photos as its preprocess_input prepares them."""
    names = net.parts_of_names
    for row in _APPLICATIONS:
        if all(layer in names for layer in row.layers) and not any(layer in names for layer in row.others):
            return Preparation(row.preprocess, f"its layers are those of keras.applications' {row.name}")
    return None


def _slim_net(net: Net) -> Optional[Preparation]:
    """A net of slim's, known by its variables alone, was likely evaluated as slim does; it may be trained otherwise."""
    fitting = nets.nets_fitting(net.shapes)
    if len(fitting) != 1:
        return None
    row, seen = nets.NETS[fitting[0]], _first_norm(net)
    if row.preprocess == "inception" and seen is not None and seen.preprocess != "squash":
        return None  # it was trained on another range
    return Preparation(row.preprocess, _as_evaluated(row), True)


def _as_evaluated(net: nets.Net) -> str:
    return (
        f"photos are assumed to be prepared as slim evaluates {net.name} ({net.preprocess!r}), whose variables it has"
    )


def assumed_for(net: nets.Net) -> str:
    """Return the note on a net that is known by its variables alone."""
    return f"{_as_evaluated(net)}; {SAY}"


def _first_norm(net: Net) -> Optional[Preparation]:
    """The averages of a net's first batch norm are those of photos in one range, and not in the others."""
    if net.norm is None:
        return None
    fitting = [name for name, ends in _RANGES.items() if _is_of_photos(net.norm, *ends)]
    if len(fitting) != 1:
        return None
    low, high = _RANGES[fitting[0]]
    seen = f"{net.norm.name!r} saw values of mean {net.norm.mean:.2g} and deviation {net.norm.deviation:.2g}"
    return Preparation(fitting[0], f"photos are fed as {low:g} to {high:g}, since in training {seen}", True)


_MEANS, _DEVIATIONS = (0.1, 0.65), (0.14, 0.38)  # of photos in [0, 1]; of MNIST's digits 0.13 and 0.31


def _is_of_photos(seen: FirstNorm, low: float, high: float) -> bool:
    """Whether photos whose values lie between two ends have such a mean and such a deviation."""
    mean, deviation = (seen.mean - low) / (high - low), seen.deviation / (high - low)
    return _MEANS[0] <= mean <= _MEANS[1] and _DEVIATIONS[0] <= deviation <= _DEVIATIONS[1]


EVIDENCE: List[Callable[[Net], Optional[Preparation]]] = [
    _integers,
    _retrain_py,
    _scaled_inside,
    _application_of_keras,
    _slim_net,
    _first_norm,
]
