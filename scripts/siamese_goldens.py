#!/usr/bin/env python3
"""Write tests/data/siamese.h5 and siamese.npz: run it on TensorFlow 1.15.5, whose maps the tests hold others against.

The maps are made by tf.gradients and a plain session on Keras' own graph; slimcam is not imported.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
TESTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests")
sys.path.insert(0, TESTS)

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from fixtures.siamese_net import NARROW, images, siamese  # noqa: E402


def cam(session, score, layer, feeds):
    """Return the Grad-CAM of a score, without the ReLU."""
    activations, gradients = session.run([layer, tf.gradients(score, layer)[0]], feeds)
    return np.einsum("nhwc,nc->nhw", activations, gradients.mean((1, 2)))


def goldens(session, model):
    """Return the maps of the encoder alone (a), of one branch with the other held (b), and of the pair (c)."""
    graph = session.graph
    names = ("encoder", "encoder_1")  # the calls on input_1 and on input_2
    one, two = (graph.get_tensor_by_name(f"{name}/max_pooling2d_3/MaxPool:0") for name in names)
    left, right = (graph.get_tensor_by_name(f"{name}/activation_5/Relu:0") for name in names)
    logit = graph.get_tensor_by_name("activation_6/Sigmoid:0").op.inputs[0]
    first, second = model.inputs
    x, y = images()
    features = session.run(two, {second: y})
    mean = lambda tensor: tf.reduce_mean(tensor, [1, 2, 3])  # noqa: E731
    return {
        "a1": cam(session, mean(one), left, {first: x}),
        "a2": cam(session, mean(two), right, {second: y}),
        "b_zeros": cam(session, logit, left, {first: x, two: np.zeros_like(features)}),
        "b_features": cam(session, logit, left, {first: x, two: features}),
        "c1": cam(session, logit, left, {first: x, second: y}),
        "c2": cam(session, logit, right, {first: x, second: y}),
    }


def main():
    if tf.__version__ != "1.15.5":
        sys.exit(f"TensorFlow 1.15.5 makes the goldens; this is {tf.__version__}")
    arrays = {}
    for width in (1, NARROW):
        with tf.Graph().as_default() as graph, tf.Session(graph=graph).as_default() as session:
            tf.keras.backend.set_learning_phase(0)
            model = siamese(tf.keras, width=width)
            if width == NARROW:
                model.save(os.path.join(TESTS, "data", "siamese.h5"), include_optimizer=False)
            arrays.update({f"{width}/{name}": array for name, array in goldens(session, model).items()})
    np.savez_compressed(os.path.join(TESTS, "data", "siamese.npz"), **arrays)


if __name__ == "__main__":
    main()
