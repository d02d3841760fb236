"""PNASNet-5 (Liu et al. 2017, arXiv:1712.00559, figure 1); names, order and arguments follow TF-Slim."""

from typing import Any, Dict, Optional, Tuple

from .._types import Tensor
from .nasnet import Config, build, nasnet_large_arg_scope, nasnet_mobile_arg_scope
from .nasnet_cells import NONE, Cell

NORMAL = Cell(
    (
        (("5x5", 1), ("max", 1)),
        (("7x7", 0), ("max", 0)),
        (("5x5", 0), ("3x3", 0)),
        (("3x3", 4), ("max", 0)),
        (("3x3", 1), (NONE, 0)),
    ),
    joined_from=2,
)


def large_imagenet_config() -> Config:
    """Return the net of 331 x 331 images."""
    return Config(12, 216, 3.0, skip_reduction_layer_input=1, drop_path_keep_prob=0.6)


def mobile_imagenet_config() -> Config:
    """Return the net of 224 x 224 images."""
    return Config(9, 54, skip_reduction_layer_input=1)


def pnasnet_large_arg_scope(
    weight_decay: float = 4e-5, batch_norm_decay: float = 0.9997, batch_norm_epsilon: float = 1e-3
) -> Any:
    """Return the arg scope of the released large net."""
    return nasnet_large_arg_scope(weight_decay, batch_norm_decay, batch_norm_epsilon)


def pnasnet_mobile_arg_scope(
    weight_decay: float = 4e-5, batch_norm_decay: float = 0.9997, batch_norm_epsilon: float = 1e-3
) -> Any:
    """Return the arg scope of the released mobile net."""
    return nasnet_mobile_arg_scope(weight_decay, batch_norm_decay, batch_norm_epsilon)


def build_pnasnet_large(
    images: Tensor,
    num_classes: Optional[int],
    is_training: bool = True,
    final_endpoint: Optional[str] = None,
    config: Optional[Config] = None,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return as `nasnet.build_nasnet_mobile`."""
    return build(
        images, num_classes, config or large_imagenet_config(), is_training, final_endpoint, None, NORMAL, None
    )


def build_pnasnet_mobile(
    images: Tensor,
    num_classes: Optional[int],
    is_training: bool = True,
    final_endpoint: Optional[str] = None,
    config: Optional[Config] = None,
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Return as `nasnet.build_nasnet_mobile`."""
    config = config or mobile_imagenet_config()
    return build(images, num_classes, config, is_training, final_endpoint, None, NORMAL, None)


build_pnasnet_large.default_image_size = 331  # type: ignore[attr-defined]
build_pnasnet_mobile.default_image_size = 224  # type: ignore[attr-defined]
