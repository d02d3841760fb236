"""Pictures as coefficients of frequencies: the published formula, and its gradient."""

import numpy as np
import pytest
from fixtures.tolerance import rounding

from slimcam._tf import tf, tf1
from slimcam.visualisation import spectrum


def published(values, size):
    """Return lucid's picture of coefficients, and its gradient for random slopes, by TensorFlow's own operations."""
    height, width = size
    columns = width // 2 + (2 if width % 2 else 1)
    frequencies = np.sqrt(np.fft.fftfreq(height)[:, None] ** 2 + np.fft.fftfreq(width)[:columns] ** 2)
    scale = np.sqrt(width * height) / np.maximum(frequencies, 1 / max(size))
    svd = np.float32([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
    svd = svd / np.linalg.norm(svd, axis=0).max()
    with tf1.Graph().as_default(), tf1.Session() as session:
        given = tf.constant(values)
        pixels = tf1.spectral.irfft2d(np.complex64(scale) * tf.complex(given[:, 0], given[:, 1]))
        pixels = tf.transpose(pixels, [0, 2, 3, 1])[:, :height, :width] / 4
        picture = tf.sigmoid(tf.reshape(tf.matmul(tf.reshape(pixels, [-1, 3]), svd.T), tf.shape(pixels)))
        slopes = np.random.RandomState(1).normal(size=(len(values), height, width, 3)).astype(np.float32)
        return (*session.run([picture, tf1.gradients(picture, given, slopes)[0]]), slopes)


@pytest.mark.parametrize("size", [(8, 8), (6, 9), (7, 4)])
def test_picture_and_gradient_are_those_of_lucids_graph(size):
    random = np.random.RandomState(0)
    values = 30 * np.stack([spectrum.coefficients(size, 3, random) for _ in range(2)])
    picture, gradient, slopes = published(values, size)
    ours = spectrum.picture_of(values, size)
    # Each pixel is a sum over all coefficients, times three colours; a slope of the sigmoid is at most 1/4.
    terms, largest = 3 * values[0, 0, 0].size, np.abs(values).max() * np.sqrt(np.prod(size)) * max(size)
    np.testing.assert_allclose(ours, picture, rtol=0, atol=rounding(terms, largest / 4))
    back = spectrum.gradient_of(slopes, ours)
    np.testing.assert_allclose(back, gradient, rtol=0, atol=rounding(3 * np.prod(size), np.abs(gradient).max() * 4))


def test_one_frequency_is_one_wave():
    values = np.zeros((1, 2, 1, 4, 3), np.float32)
    values[0, 0, 0, 0, 1] = 1  # once across
    wave = np.log(1 / (1 / spectrum.picture_of(values, (4, 4))[0, :, :, 0] - 1))
    # 1 and its conjugate, over 16 pixels, x sqrt(16) / (1/4) / 4 of the scale: 1/2 cos
    np.testing.assert_allclose(wave, np.tile([0.5, 0, -0.5, 0], (4, 1)), rtol=0, atol=rounding(16))


def test_grey_pictures_have_no_colours():
    values = spectrum.coefficients((4, 4), 1, np.random.RandomState(0))[None]
    assert spectrum.picture_of(values, (4, 4)).shape == (1, 4, 4, 1)
    assert spectrum.gradient_of(np.ones((1, 4, 4, 1), np.float32), np.full((1, 4, 4, 1), 0.5)).shape == values.shape
