"""Other backward rules on Keras models of every kind, nested and shared layers among them, against plain TensorFlow."""

import numpy as np
import pytest
from fixtures.keras_nets import KINDS, SIDE, head, load, photos, quiet, sow, tower
from fixtures.tolerance import SMALL_NET, assert_net, rounding_of_net

import slimcam
from slimcam._tf import keras2, tf, tf1

X = photos()


def without_biases(keras):
    """A model in a model: convolution, pool, depthwise and separable convolution, a residual sum; no bias at all."""
    layers = keras.layers
    plain = {"padding": "same", "activation": "relu", "use_bias": False}
    start = layers.Input((SIDE, SIDE, 3), name="inner_input")
    x = layers.Conv2D(4, 3, name="conv_a", **plain)(start)
    x = layers.MaxPooling2D(name="pool")(x)
    y = layers.SeparableConv2D(4, 3, name="separable", **plain)(x)
    x = layers.Add(name="residual")([x, layers.DepthwiseConv2D(3, name="depthwise", **plain)(y)])
    inner = keras.Model(start, x, name="inner")
    photo = layers.Input((SIDE, SIDE, 3), name="photo")
    x = layers.GlobalAveragePooling2D(name="mean")(inner(photo))
    return sow(keras.Model(photo, layers.Dense(3, use_bias=False, name="scores")(x), name="outer"))


def with_norms(keras):
    """The tower, with its batch norm and biases, as one layer of a classifier."""
    photo = keras.layers.Input((SIDE, SIDE, 3), name="photo")
    return sow(keras.Model(photo, head(keras, tower(keras)(photo)), name="nested"))


def plain(build, arrays, class_id=1):
    """Return of plain TensorFlow the scores of a class for each batch of images, and their gradients."""
    keras = keras2()
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default() as session, quiet():
        keras.backend.set_learning_phase(0)
        images = tf1.placeholder(tf.float32, [None, SIDE, SIDE, 3])
        score = build(keras)(images)[:, class_id]
        fetches = score, tf1.gradients(score, images)[0]
        return [session.run(fetches, {images: array}) for array in arrays]


@pytest.fixture(params=KINDS)
def loaded(request, tmp_path):
    """Return `loaded(build)`: the model of a kind."""
    models = []

    def make(build):
        models.append(load(request.param, build, tmp_path, preprocess="none"))
        return models[-1]

    yield make
    for model in models:
        model.close()


@pytest.mark.parametrize("method", ["lrp_z", "lrp_epsilon"])
def test_without_biases_the_rule_z_is_gradient_times_input(loaded, method):
    ((scores, slopes),) = plain(without_biases, [X])
    tiny = {"epsilon": 1e-9} if method == "lrp_epsilon" else {}
    maps = slimcam.Explainer(loaded(without_biases), method, target=1, **tiny)(X)
    assert_net(maps.channels, X * slopes, 10 * SMALL_NET)  # a share of a small sum is off by more than the sum
    assert_net(maps.channels.sum((1, 2, 3)), scores, 10 * SMALL_NET)


def test_deeplift_adds_up_to_what_the_score_is_more_than_the_baselines(loaded):
    (scores, _), (black, _) = plain(with_norms, [X, np.zeros_like(X)])
    maps = slimcam.Explainer(loaded(with_norms), "deeplift", target=1, baseline="zero")(X)
    bound = rounding_of_net(10 * SMALL_NET, np.abs(maps.channels).sum((1, 2, 3)).max())
    np.testing.assert_allclose(maps.channels.sum((1, 2, 3)), scores - black, rtol=0, atol=bound)


def test_guided_backprop_lets_through_what_is_positive_both_ways(loaded):
    """By hand: the gradient at each ReLU of the tower, where it and the activation are above 0, and no other."""
    keras = keras2()
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default() as session, quiet():
        keras.backend.set_learning_phase(0)
        images = tf1.placeholder(tf.float32, [None, SIDE, SIDE, 3])
        model = with_norms(keras)
        inner, x = model.get_layer("tower"), images
        relus = {}
        for layer in inner.layers[1:]:
            activation, layer.activation = getattr(layer, "activation", None), None
            x = layer(x)
            if activation is not None:
                x = relus[layer.name] = tf1.nn.relu(x)
        score = model.get_layer("scores")(tf1.reduce_mean(x, [1, 2]))[:, 1]
        slope = tf1.gradients(score, relus["conv_b"])[0]
        for name, before in (("conv_b", relus["conv_a"]), ("conv_a", images)):
            open_gates = tf1.cast(relus[name] > 0, tf.float32) * tf1.nn.relu(slope)
            slope = tf1.gradients(relus[name].op.inputs[0], before, grad_ys=open_gates)[0]
        wanted = session.run(slope, {images: X})
    maps = slimcam.Explainer(loaded(with_norms), "guided_backprop", target=1)(X)
    assert_net(maps.channels, wanted, SMALL_NET)
