"""The nets that slimcam can build, one row each, and how to build them or your own; this imports no TensorFlow.

A net is a function of TF-Slim's signature, `function(images, num_classes, is_training=...) -> (logits, end_points)`,
built under its arg scope. Graphs made here bear the names of TF-Slim's released ones, variables and operations alike.
"""

import functools
import inspect
import sys
import warnings
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .._types import Tensor
from ..errors import ModelError, UnknownName
from ..modules.importing import import_function
from ..suggest import nearest
from . import variable_table

Shapes = Dict[str, Tuple[int, ...]]

_AUXILIARY = "/AuxLogits/"
AVERAGE = "/ExponentialMovingAverage"  # what a checkpoint's name of a variable's average ends in


@dataclass(frozen=True)
class Net:
    """A net and what is known of its released checkpoint; functions are 'module:function', imported when used."""

    name: str
    function: str
    arg_scope: str
    scope: str  # the variable scope that it opens; "" where each part opens its own
    size: int  # height and width of the images that it was made for
    preprocess: str  # 'inception' or 'vgg'
    logits: str  # a tensor
    layer: str  # what to explain if nothing is said: the end point or tensor of the last feature map, after its ReLU
    head: str  # a variable whose last dimension is the number of classes
    classes: int  # 1001 where class 0 is the background
    arguments: Mapping[str, Any] = field(default_factory=dict)


NetLike = Union[str, Net, Callable[..., Any]]  # a name of NETS, "module:function", a row, or a function


def _net(
    name: str,
    module: str,
    scope: str,
    size: int,
    preprocess: str,
    classes: int,
    logits: str,
    head: str,
    layer: str,
    function: str = "",
    arg_scope: str = "",
    **arguments: Any,
) -> Net:
    """Read a row: a module with a dot is one of ours; logits, head, and a layer with a slash, lie below the scope."""
    module = __name__ + module if module.startswith(".") else module
    function = function or name
    inside = f"{scope}/" if scope else ""
    return Net(
        name,
        f"{module}:{function}",
        f"{module}:{arg_scope or function + '_arg_scope'}",
        scope,
        size,
        preprocess,
        f"{inside}{logits}:0",
        scope + layer if layer.startswith("/") else layer,
        f"{inside}{head}/biases",
        classes,
        arguments,
    )


_POOL, _FULL, _FC = "Logits/SpatialSqueeze", "Logits/Logits/BiasAdd", "fc8/squeezed"
_0C, _1C, _LAST = "Logits/Conv2d_0c_1x1", "Logits/Conv2d_1c_1x1", "Logits/Logits"
_CELLS = "final_layer/FC/BiasAdd", "final_layer/FC", "final_layer/Relu:0"
# ResNet v2: TF-Slim's table of preprocessings says 'vgg', but its list of checkpoints that they were made with
# Inception's (and measured at 299 pixels, which these nets take as well). AlexNet, OverFeat, VGG A and ResNet 200 were
# never released: their number of classes is what TF-Slim's training script gives them.
NETS: Dict[str, Net] = {
    net.name: net
    for net in (
        _net("alexnet_v2", "tf_slim.nets.alexnet", "alexnet_v2", 224, "vgg", 1001, _FC, "fc8", "/conv5"),
        _net("inception_v1", ".slim_variants", "InceptionV1", 224, "inception", 1001, _POOL, _0C, "Mixed_5c"),
        _net("inception_v2", ".slim_variants", "InceptionV2", 224, "inception", 1001, _POOL, _1C, "Mixed_5c"),
        _net("inception_v3", ".slim_variants", "InceptionV3", 299, "inception", 1001, _POOL, _1C, "Mixed_7c"),
        _net("inception_v4", ".inception_v4", "InceptionV4", 299, "inception", 1001, _FULL, _LAST, "Mixed_7d"),
        _net("inception_resnet_v2", ".inception_resnet_v2", "InceptionResnetV2", 299, "inception", 1001,
             _FULL, _LAST, "Conv2d_7b_1x1"),
        *(_net("mobilenet_v1" + suffix, ".mobilenet_v1", "MobilenetV1", 224, "inception", 1001,
               _POOL, _1C, "Conv2d_13_pointwise", function="mobilenet_v1", depth_multiplier=width)
          for suffix, width in (("", 1.0), ("_075", 0.75), ("_050", 0.5), ("_025", 0.25))),
        *(_net("mobilenet_v2" + suffix, ".mobilenet_v2", "MobilenetV2", 224, "inception", 1001,
               "Logits/output", _1C, "layer_19", function="mobilenet", arg_scope="training_scope",
               depth_multiplier=width, finegrain_classification_mode=True)
          for suffix, width in (
              ("_140", 1.4), ("_130", 1.3), ("", 1.0), ("_075", 0.75), ("_050", 0.5), ("_035", 0.35))),
        *(_net(f"mobilenet_v3_{kind}{suffix}", ".mobilenet_v3", "MobilenetV3", 224, "inception", 1001,
               "Logits/output", _1C, layer, function=kind, arg_scope="training_scope",
               depth_multiplier=width, finegrain_classification_mode=True)
          for kind, layer, widths in (
              ("large", "layer_17", (("", 1.0), ("_075", 0.75))), ("large_minimalistic", "layer_17", (("", 1.0),)),
              ("small", "layer_13", (("", 1.0), ("_075", 0.75))), ("small_minimalistic", "layer_13", (("", 1.0),)))
          for suffix, width in widths),
        *(_net(f"{family}_{kind}", f".{family}", "", size, "inception", 1001, *_CELLS,
               function=f"build_{family}_{kind}", arg_scope=f"{family}_{kind}_arg_scope")
          for family in ("nasnet", "pnasnet") for kind, size in (("mobile", 224), ("large", 331))),
        _net("overfeat", "tf_slim.nets.overfeat", "overfeat", 231, "vgg", 1001, _FC, "fc8", "/conv5"),
        *(_net(f"resnet_v1_{depth}", ".slim_variants", f"resnet_v1_{depth}", 224, "vgg", 1000,
               "SpatialSqueeze", "logits", "/block4", arg_scope="resnet_arg_scope")
          for depth in (50, 101, 152, 200)),
        *(_net(f"resnet_v2_{depth}", ".slim_variants", f"resnet_v2_{depth}", 224, "inception", 1001,
               "SpatialSqueeze", "logits", "/postnorm/Relu:0", arg_scope="resnet_arg_scope")
          for depth in (50, 101, 152, 200)),
        *(_net(f"vgg_{kind}", "tf_slim.nets.vgg", f"vgg_{kind}", 224, "vgg", 1000,
               _FC, "fc8", f"/conv5/conv5_{last}", arg_scope="vgg_arg_scope")
          for kind, last in (("a", 2), ("16", 3), ("19", 4))),
    )
}  # fmt: skip


def build(
    net: NetLike, images: Tensor, num_classes: Optional[int] = None, **arguments: Any
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Build `net` on `images` (N, H, W, 3) in the default graph, for inference; return (logits, end points).

    `net` is a name in NETS, a Net, a function of TF-Slim's signature, or 'module:function'. A function of the caller's
    is built under the arg scope that its module has for it: for `resnet_v1_50` the first of `resnet_v1_50_arg_scope`,
    `resnet_v1_arg_scope` and `resnet_arg_scope`. UnknownName without such a net, ModelError if it returns no pair.
    """
    from .._tf import imported_keras2, kept_classes, tf1

    function, arg_scope, known = _find(net)
    if num_classes is not None:
        known["num_classes"] = num_classes
    with ExitStack() as scopes, warnings.catch_warnings():
        # Said by TensorFlow to tf_slim; whoever builds a net can do nothing about it.
        warnings.filterwarnings("ignore", r"`(tf\.layers|layer)\.\w+` is deprecated", UserWarning)
        scopes.enter_context(tf1.variable_creator_scope(_by_identity))
        for keras in imported_keras2():  # slim's batch norm is a layer of Keras, made in a graph
            scopes.enter_context(kept_classes(keras))
        if arg_scope is not None:
            for enter in _arg_scopes():
                scopes.enter_context(enter(arg_scope(**_inference(arg_scope, named=True))))
        built = function(images, **{**_inference(function), **known, **arguments})
    if not (isinstance(built, (tuple, list)) and len(built) == 2 and isinstance(built[1], Mapping)):
        raise ModelError(
            f"net {_name(net)!r} must return (logits, end_points), a tensor and a dict; it returned {built!r}"
        )
    return built[0], dict(built[1])


def image_size(net: NetLike) -> int:
    """Return the side of the images that `net` was made for: as its row says, or slim's attribute of it, else 224."""
    row = NETS.get(net) if isinstance(net, str) else net
    return row.size if isinstance(row, Net) else getattr(_find(net)[0], "default_image_size", 224)


def variables(net: NetLike, num_classes: Optional[int] = None, size: Optional[int] = None) -> Shapes:
    """Return the shape of every variable of `net` for images of `size` pixels, by name, in order of making."""
    from .._tf import tf1

    size = size or image_size(net)
    with tf1.Graph().as_default():
        build(net, tf1.placeholder(tf1.float32, (None, size, size, 3)), num_classes)
        return {variable.op.name: tuple(variable.shape.as_list()) for variable in tf1.global_variables()}


def nets_fitting(shapes: Mapping[str, Sequence[int]]) -> List[str]:
    """Return the names in NETS whose variables are all among `shapes`, themselves or their averages.

    Any number of classes will do, and an auxiliary head, which only training needs, may be missing. No net is built for
    it: what variables each has stands in a table beside the code.
    """

    def saved(name: str) -> Tuple[int, ...]:
        return tuple(shapes.get(name, shapes.get(name + AVERAGE, ())))

    fitting = []
    for net in NETS.values():
        head = saved(net.head)
        known = _known_variables(net, head[-1]) if head else {}
        if head and all(
            saved(name) == shape or (_AUXILIARY in name and not saved(name)) for name, shape in known.items()
        ):
            fitting.append(net.name)
    return fitting


def _known_variables(net: Net, num_classes: int) -> Shapes:
    """Return what `variables` does: from the table, where the row is not one that a program added."""
    known = variable_table.shapes(net.name, num_classes)
    return variables(net, num_classes) if known is None else known


def _find(net: NetLike) -> Tuple[Callable[..., Any], Optional[Callable[..., Any]], Dict]:
    """Return the function of `net`, the one that gives its arg scope, and the arguments that its row has for it."""
    if isinstance(net, str) and ":" not in net:
        if net not in NETS:
            raise UnknownName(f"no net {net!r}; {nearest(net, NETS)}; one of your own is 'module:function'")
        net = NETS[net]
    if isinstance(net, Net):
        return _load(net.function)[1], _load(net.arg_scope)[1], {"num_classes": net.classes, **net.arguments}
    if isinstance(net, str):
        module, function = _load(net)
    elif callable(net):
        function = net
        module = sys.modules.get(getattr(net, "__module__", ""))
    else:
        raise UnknownName(f"no net {net!r}; give a name of slimcam.nets.NETS, 'module:function', or a function")
    return function, _arg_scope_of(module, getattr(function, "__name__", "")), {}


def _load(path: str) -> Tuple[Any, Callable[..., Any]]:
    return import_function(path, "net")


def _arg_scope_of(module: Any, name: str) -> Optional[Callable[..., Any]]:
    while name:
        arg_scope = getattr(module, name + "_arg_scope", None)
        if arg_scope is not None:
            return arg_scope
        name = name.rpartition("_")[0]
    return None


def _arg_scopes() -> List[Callable[..., Any]]:
    """Return every `arg_scope` that a net may read: tf_slim's, and on TensorFlow 1 contrib's, if it is imported."""
    from .._tf import slim

    contrib = sys.modules.get("tensorflow.contrib.slim") or sys.modules.get("tensorflow_core.contrib.slim")
    return [slim().arg_scope] + ([contrib.arg_scope] if contrib else [])


def _inference(function: Callable[..., Any], named: bool = False) -> Dict[str, Any]:
    """Return {'is_training': False} for a function that takes it, `named` or among its keywords; else nothing."""
    parameters = inspect.signature(function).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    return {"is_training": False} if "is_training" in parameters or (takes_any and not named) else {}


def _by_identity(next_creator: Callable[..., Any], **kwargs: Any) -> Any:
    """Make a variable that hashes as an object.

    In a graph TensorFlow 2's variables do so, too, but each asks first whether it is in one. Layers look every new
    variable up among all others: half of the time that an Inception takes to build would go there.
    """
    variable = next_creator(**kwargs)
    kind: Any = type(variable)
    variable.__class__ = _identity_class(kind)
    return variable


@functools.lru_cache(maxsize=None)
def _identity_class(kind: Any) -> Any:
    plain = {name: getattr(object, name) for name in ("__hash__", "__eq__", "__ne__")}
    return type(kind)(kind.__name__, (kind,), plain)


def _name(net: Any) -> str:
    return net if isinstance(net, str) else getattr(net, "name", getattr(net, "__name__", repr(net)))
