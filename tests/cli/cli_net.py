"""The small net that the tests of commands load."""

import numpy as np
import tensorflow.compat.v1 as tf1

SIDE = 8
LABELS = ["cat", "dog", "eel", "fox"]


def constant(*shape):
    return tf1.constant(np.random.RandomState(len(shape)).normal(size=shape).astype(np.float32))


def net(side=SIDE, gain=False, layer="maps"):
    """Convolution `layer`, mean, dense "logits", times the placeholder "gain" if so, softmax."""
    images = tf1.placeholder(tf1.float32, [None, side, side, 3], name="input")
    maps = tf1.nn.relu(tf1.nn.conv2d(images, constant(3, 3, 3, 6), [1, 1, 1, 1], "SAME"), name=layer)
    logits = tf1.matmul(tf1.reduce_mean(maps, [1, 2]), constant(6, 4), name="logits")
    if gain:
        logits = tf1.multiply(logits, tf1.placeholder(tf1.float32, [4], name="gain"), name="scaled")
    tf1.nn.softmax(logits)


def seeded(seed, *shape):
    return tf1.constant(np.random.RandomState(seed).normal(size=shape).astype(np.float32))


def deeper_net(layer="maps", kernel=0, classes=4, half=False):
    """Two convolutions, mean, dense, softmax; `kernel` seeds the second one's weights."""
    images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input")
    first = tf1.nn.relu(tf1.nn.conv2d(images, seeded(1, 3, 3, 3, 6), [1, 1, 1, 1], "SAME"), name="first")
    maps = tf1.nn.relu(
        tf1.nn.conv2d(first, seeded(kernel, 3, 3, 6, 6), [1, 1, 1, 1], "SAME", name="second"), name=layer
    )
    tf1.nn.softmax(tf1.matmul(tf1.reduce_mean(maps, [1, 2]), seeded(2, 6, classes), name="logits"))
