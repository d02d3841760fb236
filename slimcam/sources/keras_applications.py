"""The nets of keras.applications: how their photos are prepared, and the names of their published files of weights.

Modes of preprocessing are those of each net's own `preprocess_input`: `caffe`, `torch` and `tf`, which is `squash`
here; later nets hold theirs inside. Names of files are those under which Keras stores what it downloads.
"""

import inspect
import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .._types import KerasModel, KerasModule
from ..errors import ModelError, UnknownName
from ..suggest import nearest

PREFIX = "keras:"


class Application(NamedTuple):
    """A row: the function of keras.applications, and what is known of its nets."""

    name: str
    preprocess: str
    size: int = 224


def _rows(names: str, preprocess: str, size: int = 224) -> List[Application]:
    return [Application(name, preprocess, size) for name in names.split()]


_SCALED = zip((224, 240, 260, 300, 380, 456, 528, 600), range(8))
APPLICATIONS: Tuple[Application, ...] = (
    *_rows("VGG16 VGG19 ResNet50 ResNet101 ResNet152", "caffe"),
    *_rows("DenseNet121 DenseNet169 DenseNet201", "torch"),
    *_rows("ResNet50V2 ResNet101V2 ResNet152V2 MobileNet MobileNetV2 NASNetMobile", "squash"),
    *_rows("InceptionV3 InceptionResNetV2 Xception", "squash", 299),
    *_rows("NASNetLarge", "squash", 331),
    *_rows("MobileNetV3Small MobileNetV3Large", "none"),
    *(row for size, i in _SCALED for row in _rows(f"EfficientNetB{i}", "none", size)),
    *(row for i, size in enumerate((224, 240, 260, 300)) for row in _rows(f"EfficientNetV2B{i}", "none", size)),
    *_rows("EfficientNetV2S", "none", 384),
    *_rows("EfficientNetV2M EfficientNetV2L", "none", 480),
    *_rows("ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge", "none"),
)
_BY_KEY: Dict[str, Application] = {row.name.lower(): row for row in APPLICATIONS}


class PublishedWeights(NamedTuple):
    """What the name of a published file says."""

    application: Application
    arguments: Dict[str, Any]  # of its function
    size: int


def key_of(name: str) -> str:
    """Return a net's name as it is looked up: without the prefix, capitals and underscores."""
    return re.sub(f"^{PREFIX}", "", name).replace("_", "").lower()


def find_application(name: str) -> Application:
    """Return the row of a net, `keras:VGG16`, `VGG16` or `vgg16`; raise UnknownName without such a net."""
    row = _BY_KEY.get(key_of(name))
    if row is None:
        close = nearest(key_of(name), _BY_KEY)
        raise UnknownName(
            f"no net {name!r} for a Keras file of weights; {close} of keras.applications; or net= is a model's .json "
            "or .yaml, 'package.module:function', or a function that returns the model"
        )
    return row


_TOP = r"(?P<notop>_notop|_no_top|-no-top)?\.h5$"
_NAMES = (
    r"(?P<net>vgg16|vgg19|resnet\d+(v2)?|inception_v3|inception_resnet_v2|xception|densenet\d+)"
    r"_weights_tf_dim_ordering_tf_kernels" + _TOP,
    r"(?P<net>mobilenet)_(?P<tenths>1_0|7_5|5_0|2_5)_(?P<size>\d+)_tf" + _TOP,
    r"(?P<net>mobilenet_v2)_weights_tf_dim_ordering_tf_kernels_(?P<alpha>\d+\.\d+)_(?P<size>\d+)" + _TOP,
    r"(?P<net>nasnet[_-](mobile|large))" + _TOP,
    r"(?P<net>efficientnetb\d)" + _TOP,
)
# how the names of MobileNet's files write its widths
_TENTHS = {"1_0": 1.0, "7_5": 0.75, "5_0": 0.5, "2_5": 0.25}


def published_weights(file: str) -> Optional[PublishedWeights]:
    """Return what the name of a file of weights says, None where Keras published none of that name.

    Raises ModelError for weights of Theano's order of dimensions.
    """
    for pattern in _NAMES:
        match = re.match(pattern, file, re.IGNORECASE)
        row = _BY_KEY.get(key_of(match.group("net").replace("-", "_"))) if match is not None else None
        if match is None or row is None:
            continue
        said = match.groupdict()
        arguments: Dict[str, Any] = {"include_top": said["notop"] is None}
        alpha = _TENTHS.get(said.get("tenths") or "") or said.get("alpha")
        if alpha is not None:
            arguments["alpha"] = float(alpha)
        return PublishedWeights(row, arguments, int(said.get("size") or row.size))
    if re.search(r"_(weights|kernels)_th_|_th_kernels", file):
        raise ModelError(
            f"{file}: weights for Theano's order of dimensions: take the file called …_tf_dim_ordering_tf_kernels.h5"
        )
    return None


# By the channels of its first convolution and of its second block: alpha of MobileNetV2, as its layers round them to 8.
_WIDTHS = {(16, 8): 0.35, (16, 16): 0.5, (24, 24): 0.75, (32, 24): 1.0, (40, 32): 1.3, (48, 32): 1.4}


def width_of(row: Application, kernels: Sequence[Sequence[int]]) -> Optional[float]:
    """Return the `alpha` of a MobileNet with such kernels, None for another net and for widths that Keras never had."""
    first = next((kernel[3] for kernel in kernels if tuple(kernel[:3]) == (3, 3, 3)), 0)
    if row.name == "MobileNet":
        return first / 32 or None
    points = [tuple(kernel[2:]) for kernel in kernels if tuple(kernel[:2]) == (1, 1)]
    between = next((outputs for inputs, outputs in points if inputs == first), 0)
    second = min((outputs for inputs, outputs in points if inputs == 6 * between), default=0)
    return _WIDTHS.get((first, second)) if row.name == "MobileNetV2" else None


def build(keras: KerasModule, row: Application, size: int, arguments: Dict[str, Any]) -> KerasModel:
    """Build a net without weights; raise UnknownName where this Keras has none of that name."""
    function = getattr(keras.applications, row.name, None)
    if function is None:
        raise UnknownName(f"this Keras' applications have no {row.name}: a newer TensorFlow has")
    takes = inspect.signature(function).parameters
    if "alpha" in arguments and "alpha" not in takes and "kwargs" not in takes:
        raise ModelError(f"{row.name} takes no alpha=")
    return function(weights=None, input_shape=(size, size, 3), **arguments)
