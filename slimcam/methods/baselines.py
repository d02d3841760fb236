"""Baselines: the image that a photo is compared with, by a name or as an array, as the net is fed."""

from typing import Union

import numpy as np

from ..errors import ParameterError
from .net import Net, random_state
from .resampling import apply, gaussian

Baseline = Union[str, np.ndarray]

BLUR = 0.1  # sigma of "blur", as a share of the longer side: 22 pixels of 224, which leaves the colours only


def baseline_of(net: Net, baseline: Baseline, seed: int = 0) -> np.ndarray:
    """Return the baseline of each photo, (N, H, W, C) float32.

    "black", "grey" and "white" are what such pixels are after preprocessing, "zero" is 0 as fed, "noise" is uniform
    between black and white, "blur" the photo blurred, "mean" its mean colour. An array is (H, W, C), or of a shape that
    becomes it by broadcasting, or one for each photo.
    """
    photos = net.images
    if not isinstance(baseline, str):
        return _as_photos(photos, np.asarray(baseline, np.float32))
    if baseline in ("black", "grey", "white", "zero"):
        return np.broadcast_to(shade(net, baseline), photos.shape)
    if baseline == "mean":
        return np.broadcast_to(photos.mean((1, 2), keepdims=True), photos.shape)
    if baseline == "noise":
        return np.stack([_noise(net, seed, number) for number in net.numbers])
    if baseline == "blur":
        return blur(photos, BLUR * max(photos.shape[1:3]))
    raise ParameterError(f"no baseline {baseline!r} (there are black, grey, white, zero, mean, noise, blur)")


def shade(net: Net, name: str) -> np.ndarray:
    """Return a pixel, (C,) float32, that is black, grey, white, or zero as the net is fed."""
    black, white = (np.asarray(one, np.float32) for one in (net.black, net.white))
    return {"black": black, "white": white, "grey": (black + white) / 2, "zero": np.zeros_like(black)}[name]


def shades(net: Net) -> np.ndarray:
    """Return a black, a grey and a white image, (3, H, W, C)."""
    return np.stack([np.broadcast_to(shade(net, name), net.images.shape[1:]) for name in ("black", "grey", "white")])


def several(net: Net, baselines: Baseline) -> np.ndarray:
    """Return the baselines that are drawn from, (B, H, W, C) float32: "shades", the name of one, or an array."""
    shape = net.images.shape[1:]
    if isinstance(baselines, str):
        return shades(net) if baselines == "shades" else np.broadcast_to(shade(net, baselines), (1, *shape))
    array = np.asarray(baselines, np.float32)
    array = array[None] if array.ndim < 4 else array
    if array.shape[1:] != shape:
        raise ParameterError(f"baselines of shape {array.shape}: the net is fed {shape}, give (B, *{shape})")
    return array


def blur(images: np.ndarray, sigma: float) -> np.ndarray:
    """Blur (N, H, W, C) by a Gaussian; weights that fall beyond the edge are shared by the others."""
    rows, columns = (gaussian(side, sigma) for side in images.shape[1:3])
    rows, columns = (one / one.sum(1, keepdims=True) for one in (rows, columns))
    return apply(rows, columns, images).astype(np.float32)


def _noise(net: Net, seed: int, number: int) -> np.ndarray:
    black, white = shade(net, "black"), shade(net, "white")
    drawn = random_state(seed, number).uniform(0, 1, net.images.shape[1:])
    return (black + drawn * (white - black)).astype(np.float32)


def _as_photos(photos: np.ndarray, array: np.ndarray) -> np.ndarray:
    try:
        return np.broadcast_to(array, photos.shape)
    except ValueError:
        raise ParameterError(
            f"a baseline of shape {array.shape}: the net is fed {photos.shape[1:]}, give that shape"
        ) from None
