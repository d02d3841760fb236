"""Blurring and enlarging as matrices: one for the rows of an image, one for its columns; float64."""

import numpy as np


def gaussian(side: int, sigma: float, truncate: float = 4.0) -> np.ndarray:
    """Return the (side, side) matrix that blurs a column by a Gaussian of `sigma`, with zeros beyond its ends.

    The weights end at `truncate` sigmas and add up to 1, as in scipy.ndimage.gaussian_filter(mode="constant").
    """
    if sigma == 0:
        return np.eye(side)
    radius = int(truncate * sigma + 0.5)
    weights = np.exp(-0.5 / (sigma * sigma) * np.arange(-radius, radius + 1) ** 2)
    weights /= weights.sum()
    steps = np.arange(side)[:, None] - np.arange(side)[None]
    inside = np.abs(steps) <= radius
    return np.where(inside, weights[np.where(inside, steps, 0) + radius], 0.0)


def linear(side: int, larger: int) -> np.ndarray:
    """Return the (larger, side) matrix that enlarges a column linearly, with the first and last places on the ends.

    As PyTorch's align_corners=True and scipy.ndimage.zoom(order=1).
    """
    at = np.linspace(0, side - 1, larger) if larger > 1 else np.zeros(1)
    low = np.minimum(np.floor(at).astype(int), max(side - 2, 0))
    share = at - low
    matrix = np.zeros((larger, side))
    matrix[np.arange(larger), low] = 1 - share
    matrix[np.arange(larger), np.minimum(low + 1, side - 1)] += share
    return matrix


def nearest(side: int, smaller: int) -> np.ndarray:
    """Return which of `smaller` places each of `side` places is, (side,), where the smaller are enlarged as blocks."""
    return np.arange(side) * smaller // side


def apply(rows: np.ndarray, columns: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Return (..., H, W, C) images times a matrix for their rows, (h, H), and one for their columns, (w, W)."""
    *many, height, width, channels = image.shape
    # Each is one product of two matrices that lie in one piece, which BLAS is quickest at
    first = rows @ np.asarray(image, np.float64).reshape(*many, height, width * channels)
    turned = np.moveaxis(first.reshape(*many, len(rows), width, channels), -1, -2)
    second = np.ascontiguousarray(turned).reshape(-1, width) @ columns.T
    return np.moveaxis(second.reshape(*many, len(rows), channels, len(columns)), -1, -2)


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    """Return (..., H, W, C) images blurred by a Gaussian, float64, with zeros around them."""
    return apply(gaussian(image.shape[-3], sigma), gaussian(image.shape[-2], sigma), image)


def enlarged(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return (..., h, w, C) images enlarged linearly to (..., height, width, C), corners on corners."""
    return apply(linear(image.shape[-3], height), linear(image.shape[-2], width), image)
