"""A net of one convolution, and an image to feed it."""

import numpy as np
import tensorflow.compat.v1 as tf1

X = np.array([[[[1], [2]], [[-1], [-2]]]], np.float32)


def convolved(image, name):
    """Convolve one channel to two, 1 x 1 with weights 1 and -1, and cut off what is negative."""
    convolution = tf1.nn.conv2d(image, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME", name=f"{name}/conv")
    return tf1.nn.relu(convolution, name=name)


def headed(head, shape=(None, 2, 2, 1)):
    """Return a builder: a convolution with weights (1, -1) as layer `a`, and logits that `head` makes of its means."""

    def build():
        a = convolved(tf1.placeholder(tf1.float32, shape, name="x"), name="a")
        tf1.identity(head(tf1.reduce_mean(a, [1, 2])), name="logits")

    return build
