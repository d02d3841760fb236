"""VGG16 with seeded weights on small images, in a graph of its own."""

import contextlib

import numpy as np

from slimcam._tf import tf1

SIDE = 64
MEAN = np.array([103.939, 116.779, 123.68], np.float32)  # BGR, as keras.applications.vgg16.preprocess_input has it
PHOTO = np.random.RandomState(0).randint(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
IMAGE = (PHOTO[..., ::-1].astype(np.float32) - MEAN)[None]


@contextlib.contextmanager
def in_graph():
    """Work as a program of TensorFlow 1 does: in a graph, with a session."""
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default():
        yield


def vgg16(keras, seed=14, **options):
    """Return VGG16 of keras.applications with weights that keep the activations alive."""
    model = keras.applications.VGG16(weights=None, input_shape=(SIDE, SIDE, 3), **options)
    random = np.random.RandomState(seed)
    weights = []
    for weight in model.get_weights():
        fan = np.prod(weight.shape[:-1]) if weight.ndim > 1 else 100
        weights.append((random.standard_normal(weight.shape) * np.sqrt(2 / fan)).astype(np.float32))
    if options.get("include_top", True):
        weights[-2] *= np.float32(0.01)  # so that the softmax leaves something to more than one class
    model.set_weights(weights)
    return model
