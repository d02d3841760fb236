"""PNASNet-5 (Liu et al. 2017, arXiv:1712.00559, figure 1); names, order and arguments follow TF-Slim."""

from .nasnet import Config, builder, nasnet_mobile_arg_scope
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


# TF-Slim gives both the defaults of this one.
pnasnet_large_arg_scope = pnasnet_mobile_arg_scope = nasnet_mobile_arg_scope
build_pnasnet_large = builder(large_imagenet_config, 331, NORMAL, None)
build_pnasnet_mobile = builder(mobile_imagenet_config, 224, NORMAL, None)
