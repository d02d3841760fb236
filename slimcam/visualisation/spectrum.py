"""Pictures as Fourier coefficients of decorrelated colours, and gradients back to these. NumPy, no TensorFlow.

A step that is as long for each frequency, and for each direction in which the colours of photos vary, leads to
pictures that look like photos where one that is as long for each pixel leads to noise (Olah, Mordvintsev and Schubert,
"Feature Visualization", Distill 2017). Formulas and constants are those of the code that came with it
(tensorflow/lucid, optvis/param/spatial.py and color.py).
"""

import functools
from typing import Tuple

import numpy as np

# The square root of the covariance of ImageNet's colours, RGB by RGB.
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
COLOURS /= np.max(np.linalg.norm(COLOURS, axis=0))
QUARTER = 4.0  # what lucid divides its pictures by, so that they start near grey
DEVIATION = 0.01  # of the coefficients at the start


def frequencies(height: int, width: int) -> np.ndarray:
    """Return the (height, columns) frequencies of a picture's coefficients, in cycles per pixel.

    An odd width has a column more, as the transform back gives an even one, of which the last is cut off.
    """
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.fftfreq(width)[: width // 2 + (2 if width % 2 else 1)]
    return np.sqrt(fx * fx + fy * fy)


def coefficients(size: Tuple[int, int], channels: int, random: np.random.RandomState) -> np.ndarray:
    """Return what an ascent starts from, (2, channels, height, columns) float32: real and imaginary parts."""
    shape = (2, channels, *frequencies(*size).shape)
    return random.normal(size=shape, scale=DEVIATION).astype(np.float32)


@functools.lru_cache(maxsize=8)
def _scale(height: int, width: int) -> np.ndarray:
    """Return what each coefficient is multiplied by: more, the lower its frequency."""
    lowest = 1.0 / max(width, height)
    return np.sqrt(width * height) / np.maximum(frequencies(height, width), lowest) / QUARTER


def picture_of(spectrum: np.ndarray, size: Tuple[int, int]) -> np.ndarray:
    """Return the (N, height, width, C) float32 pictures, in [0, 1], of (N, 2, C, height, columns) coefficients."""
    values = spectrum[:, 0] + 1j * spectrum[:, 1]
    pixels = np.fft.irfft2(values * _scale(*size))[..., : size[1]]
    pixels = np.moveaxis(pixels, 1, -1).astype(np.float32)
    if pixels.shape[-1] == 3:
        pixels = np.matmul(pixels, COLOURS.T)
    return _sigmoid(pixels)


def gradient_of(gradient: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Return the gradient at (N, 2, C, height, columns) coefficients of one at their (N, height, width, C) pictures."""
    height, width = pictures.shape[1:3]
    inner = gradient * pictures * (1 - pictures)
    if inner.shape[-1] == 3:
        inner = np.matmul(inner, COLOURS)
    inner = np.moveaxis(inner, -1, 1)
    if width % 2:
        inner = np.pad(inner, ((0, 0), (0, 0), (0, 0), (0, 1)), "constant")
    values = np.fft.rfft2(inner) * _scale(height, width) / (inner.shape[-1] * height)
    values[..., 1:-1] *= 2  # such a column stands for its conjugate too
    return np.stack([values.real, values.imag], 1).astype(np.float32)


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return (0.5 * np.tanh(0.5 * values) + 0.5).astype(np.float32)
