"""Where two Keras models part and why: one thing planted in the second, on its way from Keras 2 to 3 or not."""

import numpy as np
import pytest
from fixtures import keras_nets as nets
from fixtures.keras_nets import NEW

from slimcam.divergence import compare_layers

SIDE = 12


def build(keras, change="", momentum=0.99):
    """A small classifier with one change, and weights that depend on names only."""
    layers, x = keras.layers, keras.layers.Input((SIDE, SIDE, 3), name="photo")
    start = x
    explicit = change == "explicit padding"
    if explicit:
        x = layers.ZeroPadding2D(1, name="pad")(x)
    x = layers.Conv2D(4, 3, strides=2, padding="valid" if explicit else "same", name="conv_a")(x)
    norm = layers.BatchNormalization(epsilon=0.01 if change == "epsilon" else 0.001, momentum=momentum, name="norm")
    x = norm(x, training=True) if change == "norm in training" else norm(x)
    if change != "no relu":
        x = layers.Activation("relu", name="act")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="conv_b")(x)
    x = layers.Activation("tanh", name="act_b")(x)
    if change == "tanh twice":
        x = layers.Activation("tanh", name="act_c")(x)
    if change == "dropout":
        x = layers.Dropout(0.5, name="drop")(x, training=True)
    x = layers.Flatten(name="flat")(x)
    model = nets.sow(keras.Model(start, layers.Dense(5, name="scores")(x), name="net"))
    for name, index, make in OF_WEIGHTS.get(change, ()):
        arrays = model.get_layer(name).get_weights()
        arrays[index] = np.ascontiguousarray(make(arrays[index]))
        model.get_layer(name).set_weights(arrays)
    return model


# What is done to an array of a layer.
OF_WEIGHTS = {
    "statistics": [("norm", 2, lambda array: array + 0.1), ("norm", 3, lambda array: 1.3 * array)],
    "flipped": [("conv_a", 0, lambda array: array[::-1, ::-1])],
    "transposed": [("conv_b", 0, lambda array: array.transpose(1, 0, 2, 3))],
    "BGR": [("conv_a", 0, lambda array: array[:, :, ::-1])],
    "channels first": [("scores", 0, lambda array: array.reshape(6, 6, 8, 5).transpose(2, 0, 1, 3).reshape(-1, 5))],
    "half": [("conv_a", i, lambda array: array.astype(np.float16).astype(np.float32)) for i in (0, 1)],
    "other": [("conv_a", 1, lambda array: array + 0.1)],
}

PLANTED = [
    ("explicit padding", "conv_a", "padding", "SAME in A, VALID after pads of 1 in B"),
    ("epsilon", "norm", "batch norm epsilon", "0.001 in A, 0.01 in B"),
    ("norm in training", "norm", "batch norm left in training", "of each batch"),
    ("no relu", "act", "missing activation", "relu"),
    ("tanh twice", "act_c", "doubled activation", "tanh of tanh"),
    ("dropout", "drop", "dropout left in training", "drop"),
    ("statistics", "norm", "batch norm statistics", "mean up to 0.1 apart"),
    ("flipped", "conv_a", "flipped kernel", "180 degrees"),
    ("transposed", "conv_b", "transposed kernel", "height and width"),
    ("BGR", "conv_a", "channel order", "BGR"),
    ("channels first", "scores", "transposed kernel", "channels first"),
    ("half", "conv_a", "float16", "rounded to float16"),
    ("other", "conv_a", "other weights", "up to 0.1 from A's"),
    ("", None, None, ""),
]
KINDS = ["h5", pytest.param("keras3", marks=NEW)]
TRAINING = ("norm in training", "dropout")  # which Keras 3 does not do where a model is called without training


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """Return the model without a change, from an .h5 file."""
    with nets.load("h5", build, tmp_path_factory.mktemp("unchanged")) as model:
        yield model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change, layer, cause, detail", PLANTED)
def test_a_change_of_a_keras_model_is_named(unchanged, tmp_path, kind, change, layer, cause, detail):
    if kind == "keras3" and change in TRAINING:
        layer = cause = None
    with nets.load(kind, lambda keras: build(keras, change), tmp_path, keep_dropout=True) as model:
        found = compare_layers(unchanged, model, nets.photos(3, SIDE))
    assert (found.cause and found.cause.cause) == cause
    assert (found.first is None) == (cause is None)
    if cause is not None:
        assert layer in (found.first.a, found.first.b)
        assert detail in found.cause.detail


def trained(keras, momentum, batches):
    """Return the net after steps of training that change its moving statistics only, from 0 and 1 on."""
    model = build(keras, momentum=momentum)
    gamma, beta, mean, variance = model.get_layer("norm").get_weights()
    model.get_layer("norm").set_weights([gamma, beta, np.zeros_like(mean), np.ones_like(variance)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    for seed in batches:
        model.train_on_batch(nets.photos(4, SIDE, seed), np.zeros((4, 5), "f"))
    return model


@pytest.mark.parametrize("batches, cause", [((0, 0, 0), "batch norm momentum"), ((0, 1, 2), "batch norm statistics")])
def test_momentum_is_told_where_the_updates_were_the_same(tmp_path, batches, cause):
    kinds = [lambda keras, momentum=momentum: trained(keras, momentum, batches) for momentum in (0.99, 0.8)]
    with nets.load("object", kinds[0], tmp_path) as a, nets.load("object", kinds[1], tmp_path) as b:
        found = compare_layers(a, b, nets.photos(3, SIDE))
    assert found.cause.cause == cause
