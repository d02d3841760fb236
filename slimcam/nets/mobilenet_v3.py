"""MobileNet v3 (Howard et al. 2019, arXiv:1905.02244, tables 1 and 2); names, order and arguments follow TF-Slim."""

from dataclasses import replace
from typing import Any, Dict, Optional, Sequence, Tuple

from .._tf import tf1
from .._types import Tensor
from . import inverted_residuals
from .inverted_residuals import Block, Conv, Layer, Pool, training_scope


def hard_swish(tensor: Tensor) -> Tensor:
    """Return x min(max(x + 3, 0), 6) / 6."""
    with tf1.name_scope("hard_swish"):
        return tensor * tf1.nn.relu6(tensor + 3.0) * (1.0 / 6.0)


def _minimalistic(layers: Sequence[Layer]) -> Sequence[Layer]:
    """Return the layers without gates, with kernels of 3 x 3 and ReLU."""
    plain = {Conv: {"activation": None}, Block: {"activation": None, "gated": False, "kernel": 3}, Pool: {}}
    return tuple(replace(layer, **plain[type(layer)]) for layer in layers)  # type: ignore[arg-type]


_SWISH: Dict[str, Any] = {"activation": hard_swish}
_GATED: Dict[str, Any] = {"kernel": 5, "gated": True}

V3_LARGE: Sequence[Layer] = (
    Conv(16, kernel=3, stride=2, **_SWISH),
    Block(16, 1),
    Block(24, 4, stride=2),
    Block(24, 3),
    Block(40, 3, stride=2, **_GATED),
    *[Block(40, 3, **_GATED)] * 2,
    Block(80, 6, stride=2, **_SWISH),
    Block(80, 2.5, **_SWISH),
    *[Block(80, 184 / 80, **_SWISH)] * 2,
    *[Block(112, 6, gated=True, **_SWISH)] * 2,
    Block(160, 6, stride=2, **_GATED, **_SWISH),
    *[Block(160, 6, **_GATED, **_SWISH)] * 2,
    Conv(960, **_SWISH),
    Pool(),
    Conv(1280, normalised=False, **_SWISH),
)
V3_SMALL: Sequence[Layer] = (
    Conv(16, kernel=3, stride=2, **_SWISH),
    Block(16, 1, stride=2, gated=True),
    Block(24, 72 / 16, stride=2),
    Block(24, 88 / 24),
    Block(40, 4, stride=2, **_GATED, **_SWISH),
    *[Block(40, 6, **_GATED, **_SWISH)] * 2,
    *[Block(48, 3, **_GATED, **_SWISH)] * 2,
    Block(96, 6, stride=2, **_GATED, **_SWISH),
    *[Block(96, 6, **_GATED, **_SWISH)] * 2,
    Conv(576, **_SWISH),
    Pool(),
    Conv(1024, normalised=False, **_SWISH),
)
V3_LARGE_MINIMALISTIC = _minimalistic(V3_LARGE)
V3_SMALL_MINIMALISTIC = _minimalistic(V3_SMALL)


def mobilenet(
    input_tensor: Tensor,
    num_classes: Optional[int] = 1001,
    depth_multiplier: float = 1.0,
    scope: str = "MobilenetV3",
    conv_defs: Optional[Sequence[Layer]] = None,
    finegrain_classification_mode: bool = False,
    **arguments: Any,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (logits (N, num_classes), end points) of (N, H, W, 3) `input_tensor`; `inverted_residuals` has the rest.

    `conv_defs` is the large net unless told; `finegrain_classification_mode` keeps its last layer as it is, whatever
    the multiplier, as in all released nets.
    """
    whole_last = finegrain_classification_mode
    return inverted_residuals.mobilenet(
        input_tensor, conv_defs or V3_LARGE, tf1.nn.relu, num_classes, depth_multiplier, scope, whole_last, **arguments
    )


def _of(name: str, layers: Sequence[Layer]) -> Any:
    def net(input_tensor: Tensor, num_classes: Optional[int] = 1001, **arguments: Any) -> Any:
        return mobilenet(input_tensor, num_classes, **{"conv_defs": layers, **arguments})

    net.__name__ = net.__qualname__ = name
    net.__doc__ = f"Return `mobilenet` of V3_{name.upper()}."
    net.default_image_size = 224  # type: ignore[attr-defined]
    return net


mobilenet.default_image_size = 224  # type: ignore[attr-defined]
large = _of("large", V3_LARGE)
small = _of("small", V3_SMALL)
large_minimalistic = _of("large_minimalistic", V3_LARGE_MINIMALISTIC)
small_minimalistic = _of("small_minimalistic", V3_SMALL_MINIMALISTIC)


def mobilenet_base(
    input_tensor: Tensor, depth_multiplier: float = 1.0, **arguments: Any
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (the last layer, end points), without a head."""
    return mobilenet(input_tensor, depth_multiplier=depth_multiplier, base_only=True, **arguments)


__all__ = [
    "V3_LARGE",
    "V3_LARGE_MINIMALISTIC",
    "V3_SMALL",
    "V3_SMALL_MINIMALISTIC",
    "large",
    "large_minimalistic",
    "mobilenet",
    "mobilenet_base",
    "small",
    "small_minimalistic",
    "training_scope",
]
