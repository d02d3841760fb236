"""MobileNet v2 (Sandler et al. 2018, arXiv:1801.04381, table 2); names, order and arguments follow TF-Slim."""

from typing import Any, Dict, Optional, Sequence, Tuple

from .._tf import tf1
from .._types import Tensor
from . import inverted_residuals
from .inverted_residuals import Activation, Block, Conv, Layer, training_scope

V2_DEF: Sequence[Layer] = (
    Conv(32, kernel=3, stride=2),
    Block(16, expansion=1, divisor=1),
    Block(24, stride=2),
    Block(24),
    Block(32, stride=2),
    *[Block(32)] * 2,
    Block(64, stride=2),
    *[Block(64)] * 3,
    *[Block(96)] * 3,
    Block(160, stride=2),
    *[Block(160)] * 2,
    Block(320),
    Conv(1280),
)


def mobilenet(
    input_tensor: Tensor,
    num_classes: Optional[int] = 1001,
    depth_multiplier: float = 1.0,
    scope: str = "MobilenetV2",
    conv_defs: Optional[Sequence[Layer]] = None,
    finegrain_classification_mode: bool = False,
    min_depth: Optional[int] = None,
    divisible_by: Optional[int] = None,
    activation_fn: Optional[Activation] = None,
    **arguments: Any,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (logits (N, num_classes), end points) of (N, H, W, 3) `input_tensor`; `inverted_residuals` has the rest.

    `finegrain_classification_mode` keeps the last layer as it is where the multiplier is less than 1, as in all
    released nets.
    """
    return inverted_residuals.mobilenet(
        input_tensor,
        conv_defs or V2_DEF,
        activation_fn or tf1.nn.relu6,
        num_classes,
        depth_multiplier,
        scope,
        finegrain_classification_mode and depth_multiplier < 1,
        divisible_by or 8,
        min_depth or 8,
        **arguments,
    )


mobilenet.default_image_size = 224  # type: ignore[attr-defined]


def mobilenet_base(
    input_tensor: Tensor, depth_multiplier: float = 1.0, **arguments: Any
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return (the last layer, end points), without a head."""
    return mobilenet(input_tensor, depth_multiplier=depth_multiplier, base_only=True, **arguments)


__all__ = ["V2_DEF", "mobilenet", "mobilenet_base", "training_scope"]
