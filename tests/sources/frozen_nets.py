"""Graphs that tests freeze, and their maps by hand."""

import numpy as np
import tensorflow.compat.v1 as tf1

import slimcam

SIDE = 8


def constant(*shape, seed=0):
    return tf1.constant(np.random.RandomState(seed).normal(size=shape).astype(np.float32))


def placeholder(*shape, name="input", dtype=tf1.float32):
    return tf1.placeholder(dtype, shape, name=name)


def maps(images, name="maps"):
    return tf1.nn.relu(tf1.nn.conv2d(images, constant(3, 3, 3, 4), [1, 1, 1, 1], "SAME"), name=name)


def dense(features, name="logits"):
    return tf1.matmul(features, constant(4, 5, seed=1), name=name)


def net(images):
    """Convolution "maps", mean, dense "logits", softmax."""
    return tf1.nn.softmax(dense(tf1.reduce_mean(maps(images), [1, 2])))


def decoded(contents):
    """Decode one photo as the Inception graph of 2015 does, up to "Mul"."""
    pixels = tf1.cast(tf1.image.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE"), tf1.float32)
    resized = tf1.image.resize_bilinear(tf1.expand_dims(pixels, 0), [SIDE, SIDE])
    return tf1.multiply(tf1.subtract(resized, 128.0), 1 / 128, name="Mul")


def by_hand(path, fed, value, logits="logits:0"):
    """Return the raw map of the winning class, by a plain session on the graph as it is in the file."""
    with open(path, "rb") as file:
        graph_def = tf1.GraphDef.FromString(file.read())
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        tf1.import_graph_def(graph_def, name="")
        layer = graph.get_tensor_by_name("maps:0")
        gradient = tf1.gradients(tf1.reduce_max(graph.get_tensor_by_name(logits)), layer)[0]
        activations, gradients = session.run([layer, gradient], {fed: value})
    return (activations * gradients.mean((1, 2), keepdims=True)).sum(-1)


def explain(model, images):
    return slimcam.explain(model, images, "maps").raw
