"""The net that is recorded, what is true of it by a plain session, and verifying it."""

import numpy as np
import tensorflow.compat.v1 as tf1

import slimcam

SIDE, CHANNELS, CLASSES = 8, 6, 7


X = np.random.RandomState(5).uniform(-1, 1, (3, SIDE, SIDE, 3)).astype(np.float32)


QUANTITIES = ["logits", "top classes", "scores", "activations", "gradients", "maps"]


def weights(seed, *shape):
    return np.random.RandomState(seed).normal(size=shape).astype(np.float32)


def net(layer="maps", kernel=2, classes=CLASSES, side=SIDE, channels=CHANNELS, dtype=tf1.float32, fed=None, after=None):
    """Two convolutions, mean, dense; `fed` is the input's dtype, `after` what is done to the logits."""

    def constant(seed, *shape):
        return tf1.constant(weights(seed, *shape), dtype)

    images = tf1.placeholder(fed or dtype, [None, side, side, 3], name="input")
    x = tf1.cast(images, dtype) if fed else images
    first = tf1.nn.relu(tf1.nn.conv2d(x, constant(1, 3, 3, 3, 6), [1, 2, 2, 1], "SAME"), name="first")
    maps = tf1.nn.conv2d(first, constant(kernel, 3, 3, 6, channels), [1, 1, 1, 1], "SAME")
    maps = tf1.nn.relu(maps, name=layer)
    means = tf1.reduce_mean(tf1.cast(maps, tf1.float32), [1, 2])
    logits = tf1.matmul(means, weights(3, channels, classes), name="logits")
    return after(logits) if after else logits


def truth(build, layer, fed=X, classes=None):
    """Return logits, activations and the gradients of a logit, the best if left out, by a plain session."""
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        build()
        logits, maps = (graph.get_tensor_by_name(f"{name}:0") for name in ("logits", layer))
        got = session.run(logits, {"input:0": fed})
        classes = got.argmax(-1) if classes is None else classes
        score = tf1.reduce_sum(logits * np.eye(got.shape[1], dtype=np.float32)[classes])
        return (got, *session.run([maps, tf1.gradients(score, maps)[0]], {"input:0": fed}))


def verify_graph(frozen, recorded, build, *arguments, **options):
    """Verify a graph that `build` makes."""
    return slimcam.verify(recorded, frozen(build, "new.pb"), *arguments, **options)


def failures(verification):
    return [(row.quantity, row.layer) for row in verification.rows if not row.passed]
