"""Segments: parts of a photo that look alike, as labels (H, W) from 0 on."""

import importlib
from typing import Any, List, Union

import numpy as np

from .._packages import pip_line
from ..errors import ParameterError
from .baselines import shade
from .net import Net

Segments = Union[str, np.ndarray]

SCALES = (50, 100, 150, 250, 500, 1200)  # of felzenszwalb, in XRAI
MIN_SIZE, SIGMA, RADIUS = 150, 0.8, 5


def labels_of(net: Net, row: int, segments: Segments, count: int) -> np.ndarray:
    """Return the labels of a photo's parts, (H, W) int: "squares", "slic", or an array of labels.

    There are about `count`; "slic" needs scikit-image.
    """
    height, width = net.images.shape[1:3]
    if not isinstance(segments, str):
        labels = np.asarray(segments)
        if labels.shape != (height, width):
            raise ParameterError(f"segments of shape {labels.shape}: the net is fed {(height, width)}, give that shape")
        return np.unique(labels, return_inverse=True)[1].reshape(height, width)
    if segments == "squares":
        sides = max(1, round(count**0.5))
        rows, columns = (np.minimum(np.arange(side) * sides // side, sides - 1) for side in (height, width))
        return np.unique(rows[:, None] * sides + columns[None], return_inverse=True)[1].reshape(height, width)
    if segments != "slic":
        raise ParameterError(f"no segments {segments!r} (there are squares, slic), nor an array of labels")
    labels = skimage("segmentation").slic(picture(net, row), n_segments=count, compactness=10, start_label=0)
    return np.unique(labels, return_inverse=True)[1].reshape(height, width)


def picture(net: Net, row: int) -> np.ndarray:
    """Return a photo between black 0 and white 1, (H, W, C) float64."""
    black, white = shade(net, "black"), shade(net, "white")
    return np.clip((net.images[row].astype(np.float64) - black) / (white - black), 0, 1)


def skimage(module: str) -> Any:
    """Return a module of scikit-image; raise ParameterError where it is not installed."""
    try:
        return importlib.import_module(f"skimage.{module}")
    except ImportError:
        raise ParameterError(f"segments of this kind need scikit-image: {pip_line('skimage')}") from None


def regions(image: np.ndarray) -> List[np.ndarray]:
    """Return masks (H, W) of what looks alike in a photo at six scales, each 5 pixels wider: XRAI's."""
    segmentation, morphology = skimage("segmentation"), skimage("morphology")
    image = image.astype(np.float64)
    image = 2 * (image - image.min()) / max(float(np.ptp(image)), 1e-12) - 1
    disk = morphology.disk(RADIUS)
    masks: List[np.ndarray] = []
    for scale in SCALES:
        labels = segmentation.felzenszwalb(image, scale=scale, sigma=SIGMA, min_size=MIN_SIZE)
        masks.extend(morphology.dilation((labels == label).astype(np.uint8), disk) > 0 for label in np.unique(labels))
    return masks
