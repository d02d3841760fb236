"""FullGrad: what the image and every bias contribute to the score, layer over layer, as large as the image."""

from typing import Dict, List, Sequence

import cv2
import numpy as np

from .net import Attribution, Contributions, Net, chunks
from .parts import own_scores
from .relevance_rules import Biases
from .resampling import enlarged

EPSILON = 1e-7  # by which a layer that contributes nothing is divided


def fullgrad(net: Net, implicit: bool = True, unit: str = "layer", enlarge: str = "corners") -> Attribution:
    """Add up the absolute contributions of the image and of each layer's biases; (N, H, W).

    Srinivas and Fleuret 2019, section 5. A score is the image times its gradient plus each bias times its own (section
    4). The absolute ones of a layer are stretched to [0, 1], over all its channels or by `unit` "channel" each for
    itself, and enlarged linearly: corners on corners, or by "centres" as OpenCV does. With `implicit`, activations have
    biases too: without, a net of others than Relu and LeakyRelu has a score that is more than these parts. A bias
    without places, that of a dense layer, is not in the map. Details: "gap" is the sum of all parts as they come less
    the score, "biases" and "implicit" what of that sum is theirs.
    """
    scores, maps = own_scores(net), []
    sums: Dict[str, List[np.ndarray]] = {"image": [], "biases": [], "implicit": []}
    for some in chunks(len(net.images), net.size):
        rows = np.arange(len(net.images))[some]
        parts = net.contributions(net.images[some], rows, Biases(implicit))
        maps.append(_map(parts, unit, enlarge))
        for name, each in zip(sums, ([parts.image], parts.biases, parts.implicit)):
            sums[name].append(_sum(each, len(rows)))
    image, biases, others = (np.concatenate(each) for each in sums.values())
    details = {"gap": image + biases + others - scores, "biases": biases, "implicit": others}
    return Attribution(np.concatenate(maps), details)


def _sum(parts: Sequence[np.ndarray], count: int) -> np.ndarray:
    """Return the sums of parts for each of `count` images, float64."""
    total = np.zeros(count)
    for part in parts:
        total += part.reshape(count, -1).sum(-1, dtype=np.float64)
    return total


def _map(parts: Contributions, unit: str, enlarge: str) -> np.ndarray:
    count, height, width, _ = parts.image.shape
    total = np.zeros((count, height, width))
    for part in (parts.image, *parts.biases, *parts.implicit):
        if part.ndim == 4 and len(part) == count:
            flat = stretched(np.abs(part), unit).sum(-1)
            total += _enlarged(flat, height, width, enlarge)
    return total.astype(np.float32)


def stretched(part: np.ndarray, unit: str) -> np.ndarray:
    """Return (N, h, w, K) stretched to [0, 1] for each image, or by `unit` "channel" for each channel of each."""
    axes = (1, 2) if unit == "channel" else (1, 2, 3)
    above = part - part.min(axes, keepdims=True)
    return np.asarray(above / (above.max(axes, keepdims=True) + EPSILON))


def _enlarged(maps: np.ndarray, height: int, width: int, enlarge: str) -> np.ndarray:
    if maps.shape[1:] == (height, width):
        return maps
    if enlarge == "corners":
        return enlarged(maps[..., None], height, width)[..., 0]
    return np.stack([cv2.resize(one, (width, height)) for one in maps.astype(np.float32)])
