"""Published Grad-CAM scripts by their own signatures, for programs that carry a copy of one.

| script                       | here                         | returns                                     |
|------------------------------|------------------------------|---------------------------------------------|
| hiveml/tensorflow-grad-cam   | hiveml_grad_cam, grad_cam    | map, (side, side) float32 in [0, 1]         |
| Ankush96/grad-cam.tensorflow | ankush96_grad_cam, grad_cam  | map three times, (224, 224, 3) float32      |
| insikk/Grad-CAM-tensorflow   | insikk_visualize             | the four pictures that it shows             |
| jacobgil/keras-grad-cam      | keras_grad_cam, grad_cam     | (H, W, 3) uint8 BGR, and map (H, W)         |
| raghakot/keras-vis           | visualize_cam                | map, (H, W) float32 in [0, 1]               |

Arguments and results are theirs. What differs: a graph gets new operations at the first call only, arrays that are
given stay as they are, and a map without a positive value is zeros, not NaN. The weights are those at the call.
"""

import inspect
from typing import Any

from .keras_scripts import keras_grad_cam, visualize_cam
from .slim_scripts import ankush96_grad_cam, hiveml_grad_cam, insikk_visualize

__all__ = [
    "ankush96_grad_cam",
    "grad_cam",
    "hiveml_grad_cam",
    "insikk_visualize",
    "keras_grad_cam",
    "visualize_cam",
]

_NAMED_GRAD_CAM = tuple(
    (function, inspect.signature(function)) for function in (hiveml_grad_cam, ankush96_grad_cam, keras_grad_cam)
)


def grad_cam(*args: Any, **named: Any) -> Any:
    """Call the published `grad_cam` that takes these arguments: hiveml's 8, Ankush96's 6 or keras-grad-cam's 4.

    Raises TypeError, with all three signatures, where none takes them.
    """
    for function, signature in _NAMED_GRAD_CAM:
        try:
            signature.bind(*args, **named)
        except TypeError:
            continue
        return function(*args, **named)
    taken = ", ".join(f"{function.__name__}({', '.join(one.parameters)})" for function, one in _NAMED_GRAD_CAM)
    raise TypeError(f"no published grad_cam takes these arguments; there are {taken}")
