"""The preprocessing of a net, by its name: `get_preprocessing("inception_v3")`."""

from typing import Any, Callable, Dict

from ..._types import Tensor
from ...suggest import nearest
from . import cifarnet_preprocessing, inception_preprocessing, lenet_preprocessing, vgg_preprocessing

OF_INCEPTION = (
    *("inception", "inception_v1", "inception_v2", "inception_v3", "inception_v4", "inception_resnet_v2"),
    *("mobilenet_v1", "mobilenet_v1_075", "mobilenet_v1_050", "mobilenet_v1_025"),
    *("mobilenet_v2", "mobilenet_v2_035", "mobilenet_v2_140"),
    *("mobilenet_v3_small", "mobilenet_v3_large", "mobilenet_v3_small_minimalistic", "mobilenet_v3_large_minimalistic"),
    *("nasnet_mobile", "nasnet_large", "pnasnet_mobile", "pnasnet_large"),
)
OF_VGG = (
    *("resnet_v1_50", "resnet_v1_101", "resnet_v1_152", "resnet_v1_200"),
    *("resnet_v2_50", "resnet_v2_101", "resnet_v2_152", "resnet_v2_200"),
    *("vgg", "vgg_a", "vgg_16", "vgg_19"),
)
PREPROCESSINGS: Dict[str, Any] = {
    **dict.fromkeys(OF_INCEPTION, inception_preprocessing),
    **dict.fromkeys(OF_VGG, vgg_preprocessing),
    "cifarnet": cifarnet_preprocessing,
    "lenet": lenet_preprocessing,
}


def get_preprocessing(name: str, is_training: bool = False) -> Callable[..., Tensor]:
    """Return `preprocessing_fn(image, output_height, output_width, ...)` for one image, of any size.

    Raises ValueError for another name.
    """
    if name not in PREPROCESSINGS:
        raise ValueError(f"Preprocessing name [{name}] was not recognized; {nearest(name, PREPROCESSINGS)}")

    def preprocessing_fn(image: Tensor, output_height: int, output_width: int, **arguments: Any) -> Tensor:
        prepare = PREPROCESSINGS[name].preprocess_image
        return prepare(image, output_height, output_width, is_training=is_training, **arguments)

    return preprocessing_fn
