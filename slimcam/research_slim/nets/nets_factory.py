"""A net by its name, as scripts of research/slim ask for it: `get_network_fn("inception_v3", num_classes=1001)`."""

import functools
import importlib
from typing import Any, Callable, Dict, Optional

from ..._tf import slim as import_slim
from ..._types import Tensor
from ...errors import GoneName
from ...nets import NETS, nasnet
from ...suggest import nearest
from . import cifarnet, inception_utils, lenet

slim = import_slim()

# What research/slim has besides, and slimcam does not.
NOT_HERE = ("i3d", "s3dg", "mobilenet_edgetpu", "mobilenet_edgetpu_075")


def _member(path: str) -> Callable[..., Any]:
    name, _, function = path.partition(":")
    member: Callable[..., Any] = getattr(importlib.import_module(name), function)
    return member


def _net(name: str) -> Callable[..., Any]:
    """Return the function of a row of NETS, with what its row sets, and the size of its images."""
    row = NETS[name]
    function = _member(row.function)
    net = functools.wraps(function)(functools.partial(function, **row.arguments)) if row.arguments else function
    net.default_image_size = row.size  # type: ignore[attr-defined]
    return net


networks_map: Dict[str, Callable[..., Any]] = {
    **{name: _net(name) for name in NETS},
    "cifarnet": cifarnet.cifarnet,
    "lenet": lenet.lenet,
    "nasnet_cifar": nasnet.build_nasnet_cifar,
}
arg_scopes_map: Dict[str, Callable[..., Any]] = {
    **{name: _member(row.arg_scope) for name, row in NETS.items()},
    **{f"inception_v{version}": inception_utils.inception_arg_scope for version in (1, 2, 3, 4)},
    "cifarnet": cifarnet.cifarnet_arg_scope,
    "lenet": lenet.lenet_arg_scope,
    "nasnet_cifar": nasnet.nasnet_cifar_arg_scope,
}


def get_network_fn(
    name: str, num_classes: Optional[int], weight_decay: float = 0.0, is_training: bool = False
) -> Callable[..., Any]:
    """Return `network_fn(images, ...) -> (logits, end points)` with its default_image_size.

    Raises GoneName for a net that is not here, ValueError for one that is nowhere.
    """
    if name in NOT_HERE:
        raise GoneName(
            f"slimcam has no net {name!r}; put the folder nets of tensorflow/models, research/slim, beside the program"
        )
    if name not in networks_map:
        raise ValueError(f"Name of network unknown {name}; {nearest(name, networks_map)}")
    function = networks_map[name]

    @functools.wraps(function)
    def network_fn(images: Tensor, **arguments: Any) -> Any:
        with slim.arg_scope(arg_scopes_map[name](weight_decay=weight_decay)):
            return function(images, num_classes, is_training=is_training, **arguments)

    return network_fn
