"""smooth() and augment(): an explainer whose maps are means of another's, of the photo changed a little."""

from typing import Any, Dict, Sequence, Union

import numpy as np

from .. import targets
from ..errors import ParameterError
from ..methods.averages import AVERAGES
from ..methods.parameters import read_parameters
from .explainer import Explainer
from .gradcam import GradCAM

Cam = Union[Explainer, GradCAM]


def smooth(
    cam: Cam, samples: int = 25, noise: float = 0.15, spread: str = "range", seed: int = 0, each: str = "raw"
) -> Explainer:
    """Return an Explainer whose maps are the mean of those of a photo with normal noise (Smilkov et al. 2017).

    `cam` is any Explainer or GradCAM, or what smooth or augment returned of one. The noise is as in the method
    smoothgrad: its deviation is `noise` times the range of the photo's values, or by `spread` "absolute" `noise`.
    `each` "unit" takes each map cut off at 0 and stretched to [0, 1], as large as the photo. What is explained, the
    winning class say, is that of the photo without noise. Raises ParameterError.
    """
    return _average(cam, "smooth", {"samples": samples, "noise": noise, "spread": spread, "seed": seed, "each": each})


def augment(cam: Cam, flip: bool = True, factors: Sequence[float] = (0.9, 1.0, 1.1), each: str = "raw") -> Explainer:
    """Return an Explainer whose maps are the mean of those of a photo times each factor, and mirrored with `flip`.

    As aug_smooth of pytorch-grad-cam, which takes `each` map as "unit", cut off at 0 and stretched to [0, 1]. Factors
    are of the photo as the net is fed. What is mirrored is the photo alone: not what is held, nor another branch's.
    Raises ParameterError; for `flip` where a Box is explained, which has its place.
    """
    numbers = [float(one) for one in np.ravel(np.asarray(factors, np.float64))]
    if not numbers or not np.isfinite(numbers).all():
        raise ParameterError(f"augment: factors={factors!r}: give numbers, one or more")
    if flip and isinstance(cam.target, targets.PickedScore):
        raise ParameterError(f"augment: what {cam.target!r} picks is elsewhere in a mirrored photo: give flip=False")
    return _average(cam, "augment", {"flip": flip, "factors": numbers, "each": each})


def _average(cam: Cam, name: str, given: Dict[str, Any]) -> Explainer:
    if not isinstance(cam, (Explainer, GradCAM)):
        raise ParameterError(f"{name}: {cam!r} makes no maps: give an Explainer or a GradCAM")
    parameters = read_parameters(name, AVERAGES[name].parameters, given, {})
    return Explainer.of_average(cam, name, parameters)
