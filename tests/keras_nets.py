"""Small Keras nets with seeded weights, ways to load them, and their maps by plain TensorFlow.

A net is a function of a Keras (2 or 3) that returns a model. The same function makes the model that slimcam loads, of
any kind of KINDS, and the one whose map `truth` computes in a graph of its own.
"""

import contextlib
import warnings
import zlib

import numpy as np
import pytest
from siamese_net import encoder, images, seeded, siamese

import slimcam
from slimcam._tf import TF_VERSION, is_keras3, keras2, keras3, keras_of, tf, tf1

__all__ = ["encoder", "images", "seeded", "siamese"]  # of the question; the rest is below

SIDE = 12
NEW = pytest.mark.skipif(TF_VERSION < (2, 16), reason="Keras 3 needs TensorFlow 2.16")
KINDS = ("h5", "object", "graph", pytest.param("keras3", marks=NEW), pytest.param("file3", marks=NEW))
THREE = ("h5", "object", pytest.param("keras3", marks=NEW))  # one of each way into slimcam
KERASES = (pytest.param(keras2, id="Keras 2"), pytest.param(keras3, id="Keras 3", marks=NEW))


def photos(count=2, side=SIDE, seed=0, channels=3):
    """Return images in [-1, 1], (count, side, side, channels) float32."""
    return np.random.RandomState(seed).uniform(-1, 1, (count, side, side, channels)).astype(np.float32)


def skip_unless_convolved(kind):
    """Skip a test where TensorFlow itself does not convolve a type: 2.8 does not convolve bfloat16 on each CPU."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        ones = tf1.ones([1, 3, 3, 1], getattr(tf1, kind))
        try:
            session.run(tf1.nn.conv2d(ones, tf1.reshape(ones, [3, 3, 1, 1]), 1, "SAME"))
        except tf1.errors.OpError:
            pytest.skip(f"TensorFlow {tf1.__version__} does not convolve {kind} on this CPU")


# --- weights


def leaves(layer):
    """Yield the layers of a model that hold no other layer, those of the models in it too."""
    inner = getattr(layer, "layers", None)
    for one in [] if inner is None else inner:
        yield from leaves(one)
    if inner is None:
        yield layer


def sow(model):
    """Give every layer weights that hang on its name only, and batch norms statistics of their own."""
    pairs = []
    for layer in leaves(model):
        random = np.random.RandomState(zlib.crc32(layer.name.encode()))
        for i, weight in enumerate(layer.weights):
            shape = tuple(map(int, weight.shape))
            if "normalization" in type(layer).__name__.lower():
                array = random.uniform(0.5, 1.5, shape) if i in (0, 3) else random.normal(0, 0.3, shape)
            else:
                fan = max(1, int(np.prod(shape[:-1]))) if len(shape) > 1 else 100
                array = random.normal(0, np.sqrt(2 / fan), shape)
            pairs.append((weight, array))
    give(model, pairs)
    return model


def give(model, pairs):
    """Give weights of a model their values: pairs of a weight and an array."""
    if is_keras3(model):
        for weight, array in pairs:
            weight.assign(array)
    else:
        keras_of(model).backend.batch_set_value(pairs)  # at once: in a graph each run has its price


# --- loading and truth


@contextlib.contextmanager
def quiet():
    """Keras' own warnings, of what is old, are not what these tests are about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def load(kind, build, folder, **options):
    """Return the slimcam model of a net, through an object or a file of a kind of KINDS."""
    if kind == "h5":
        return slimcam.load(written(build, folder), **options)
    if kind == "graph":
        with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
            return slimcam.load(build(keras2()), **options)
    if kind == "object":
        with quiet():
            model = build(keras2())
        loaded = slimcam.load(model, **options)
        if TF_VERSION < (2, 0):
            keras2().backend.clear_session()  # the default graph would grow, and with it the time of each test
        return loaded
    if kind == "keras3":
        return slimcam.load(build(keras3()), **options)
    path = str(folder / "model.keras")
    with quiet():
        build(keras3()).save(path)
    return slimcam.load(path, **options)


def written(build, folder, name="model.h5"):
    """Write a net of Keras 2 as an .h5 file, from a graph of its own; return the path."""
    path = str(folder / name)
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        build(keras2()).save(path)
    return path


def truth(build, ends, *arrays):
    """Return the Grad-CAM map, (N, h, w), of a layer and a score that plain TensorFlow computes.

    `ends` is given the model and a placeholder for each array, and returns both tensors: the layer, and a score.
    """
    keras = keras2()
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default() as session, quiet():
        keras.backend.set_learning_phase(0)
        model = build(keras)
        places = [tf1.placeholder(tf.float32, [None, *array.shape[1:]]) for array in arrays]
        layer, score = ends(model, *places)
        gradient = tf1.gradients(score, layer)[0]
        a, g = session.run([layer, gradient], dict(zip(places, arrays)))
    return np.einsum("nhwc,nc->nhw", a, g.mean((1, 2)))


def through(model, tensor, until=None):
    """Call the layers of a chain one by one; return what the layer `until` gives, or the last."""
    for layer in model.layers:
        if type(layer).__name__ != "InputLayer":
            tensor = layer(tensor)
        if layer.name == until:
            break
    return tensor


def after(model, tensor, layer):
    """Call the layers of a chain that come after the layer of a name."""
    names = [one.name for one in model.layers]
    for one in model.layers[names.index(layer) + 1 :]:
        tensor = one(tensor)
    return tensor


def assert_map(found, expected):
    assert np.abs(expected).max() > 1e-6
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


# --- nets


def conv(keras, name, channels=4, **options):
    return keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=name, **options)


def tower(keras, name="tower", side=SIDE, channels=3, prefix=""):
    """A chain as a functional model: convolution, batch norm, pool, convolution."""
    layers = keras.layers
    start = layers.Input((side, side, channels), name=f"{name}_input")
    x = conv(keras, f"{prefix}conv_a")(start)
    x = layers.BatchNormalization(name=f"{prefix}norm")(x)
    x = layers.MaxPooling2D(name=f"{prefix}pool")(x)
    x = conv(keras, f"{prefix}conv_b")(x)
    return keras.Model(start, x, name=name)


def head(keras, x, classes=3, name="scores"):
    """Pool over space and score; no softmax."""
    x = keras.layers.GlobalAveragePooling2D(name=f"{name}_pool")(x)
    return keras.layers.Dense(classes, name=name)(x)


def pair_net(keras):
    """The tower on input_1 and on input_2, joined."""
    one, two = (keras.layers.Input((SIDE, SIDE, 3), name=name) for name in ("input_1", "input_2"))
    shared = tower(keras)
    joined = keras.layers.Concatenate(name="joined")([shared(one), shared(two)])
    return sow(keras.Model([one, two], head(keras, joined), name="pair"))


def nested_net(keras):
    """The tower as one layer of a classifier."""
    start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
    return sow(keras.Model(start, head(keras, conv(keras, "last")(tower(keras)(start))), name="nested"))


def flat_net(keras):
    """nested_net without the tower around its layers."""
    start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
    x = through(tower(keras), start)
    return sow(keras.Model(start, head(keras, conv(keras, "last")(x)), name="flat"))
