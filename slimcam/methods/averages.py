"""AVERAGES: means of another method's maps, of the photo with noise, or mirrored and made darker and brighter."""

from typing import Any, Callable, Dict, Iterable, Mapping, NamedTuple, Sequence, Tuple

import cv2
import numpy as np

from .method import Method, Size
from .net import Attribution, Net
from .parameters import Parameter
from .pixels import noisy_photos
from .rows.pixels import NOISE, SAMPLES, SEED, SPREAD

Make = Callable[[Net], Attribution]  # a method with its parameters
Reduce = Callable[[Attribution], np.ndarray]  # its maps, (N, h, w)
Averages = Sequence[Tuple[str, Mapping[str, Any]]]  # rows of AVERAGES and their parameters, the innermost first
Change = Tuple[np.ndarray, bool]  # the photos changed, and whether they are mirrored
EPSILON = 1e-7  # added to what a map is divided by, as pytorch-grad-cam does


class Average(NamedTuple):
    """A row of AVERAGES."""

    changes: Callable[..., Iterable[Change]]  # of a Net and the parameters
    parameters: Mapping[str, Parameter]
    times: Callable[[Mapping[str, Any]], int]  # how often the method is asked


def passes_of(row: Method, parameters: Mapping[str, Any], averages: Averages, size: Size) -> int:
    """Return how many rows a method runs for a photo and a class, with all that averages its maps."""
    passes = row.passes(parameters, size)
    for name, given in averages:
        passes *= AVERAGES[name].times(given)
    return passes


def averaged(make: Make, reduce: Reduce, name: str, parameters: Mapping[str, Any]) -> Make:
    """Return a method whose maps are the mean of another's, by a row of AVERAGES.

    By the parameter `each` "unit" that is the mean of maps as large as the photo, each cut off at 0 and stretched to
    [0, 1], as pytorch-grad-cam has it; else of the maps as they come.
    """
    given = {key: value for key, value in parameters.items() if key != "each"}

    def mean(net: Net) -> Attribution:
        results = []
        for images, mirrored in AVERAGES[name].changes(net, **given):
            result = make(net.changed(np.ascontiguousarray(images, np.float32)))
            if parameters["each"] == "unit":
                result = Attribution(units(reduce(result), net.images.shape[1:3]), result.details)
            results.append(_mirrored(result) if mirrored else result)
        return _mean(results)

    return mean


def smooth(net: Net, samples: int, noise: float, spread: str, seed: int) -> Iterable[Change]:
    """Yield the photos with normal noise, `samples` times (Smilkov et al. 2017, section 3); see pixels.smoothgrad."""
    each = [
        noisy_photos(photo, int(number), samples, noise, spread, seed) for photo, number in zip(net.images, net.numbers)
    ]
    for photos in zip(*each):
        yield np.stack(photos), False


def augment(net: Net, flip: bool, factors: Sequence[float]) -> Iterable[Change]:
    """Yield the photos as they are fed times each factor, and then mirrored too; as aug_smooth of pytorch-grad-cam."""
    for mirrored in (False, True)[: 1 + flip]:
        for factor in factors:
            yield np.float32(factor) * (net.images[:, :, ::-1] if mirrored else net.images), mirrored


def units(maps: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Return maps cut off at 0, stretched to [0, 1], enlarged by OpenCV to (H, W), and stretched again."""
    height, width = size
    each = [cv2.resize(_stretched(np.maximum(one, 0)), (width, height)) for one in maps.astype(np.float32)]
    return np.stack([_stretched(one) for one in each])


def _stretched(one: np.ndarray) -> np.ndarray:
    above = one - one.min()
    return np.asarray(above / (above.max() + np.float32(EPSILON)))


def _mirrored(result: Attribution) -> Attribution:
    channels = None if result.channels is None else result.channels[:, :, ::-1]
    return Attribution(result.array[:, :, ::-1], result.details, channels)


def _mean(results: Sequence[Attribution]) -> Attribution:
    details = {name: np.mean([(one.details or {})[name] for one in results], 0) for name in results[0].details or {}}
    channels = [one.channels for one in results if one.channels is not None]
    array = np.mean([one.array for one in results], 0, dtype=np.float64).astype(np.float32)
    return Attribution(array, details, np.mean(channels, 0, dtype=np.float64).astype(np.float32) if channels else None)


EACH = Parameter("raw", "what the mean is of", choices=("raw", "unit"))
AVERAGES: Dict[str, Average] = {
    "smooth": Average(
        smooth,
        {"samples": SAMPLES, "noise": NOISE, "spread": SPREAD, "seed": SEED, "each": EACH},
        lambda parameters: int(parameters["samples"]),
    ),
    "augment": Average(
        augment,
        {
            "flip": Parameter(True, "whether mirrored photos count too"),
            "factors": Parameter((0.9, 1.0, 1.1), "what photos as they are fed are multiplied by", array=True),
            "each": EACH,
        },
        lambda parameters: len(parameters["factors"]) * (2 if parameters["flip"] else 1),
    ),
}
