"""A net of one convolution, a photo of 2 x 2, and its map by hand."""

import numpy as np
import tensorflow.compat.v1 as tf1

import slimcam

# A photo of 2 x 2, and its map: a is relu of the photo times 1 and -1, the logits are the means over places, and the
# winner is class 0 with (4 + 2) / 4, so that the map is a quarter of what is positive. Nothing is rounded.
X = np.array([[[[4], [-1]], [[2], [0]]]], np.float32)
MAP, SCORE = [[[1, 0], [0.5, 0]]], [1.5]


def head(images, name="a"):
    convolution = tf1.nn.conv2d(images, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME")
    return tf1.nn.softmax(tf1.identity(tf1.reduce_mean(tf1.nn.relu(convolution, name=name), [1, 2]), name="logits"))


def place(*shape, dtype=tf1.float32, name="x"):
    return tf1.placeholder(dtype, shape if shape else None, name=name)


def assert_map(model, images=X, raw=MAP, scores=SCORE):
    maps = slimcam.GradCAM(model, "a")(images)
    np.testing.assert_array_equal(maps.raw, raw)
    np.testing.assert_array_equal(maps.scores, scores)
    return maps


def photo(values):
    """Return the uint8 RGB photo of grey values; of three equal channels, the grey one is the same but for rounding."""
    return np.repeat(np.array(values, np.uint8)[..., None], 3, -1)


GREY = photo([[200, 0], [100, 0]])  # its map for class 0 is a quarter of it, where it is fed as it is


def assert_grey(model):
    maps = slimcam.GradCAM(model, "a")(GREY)
    np.testing.assert_allclose(maps.raw, [[[50, 0], [25, 0]]], rtol=1e-3)
    assert maps.overlay().shape == (1, 2, 2, 3)
