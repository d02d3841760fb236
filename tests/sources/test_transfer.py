"""Nets of keras.applications as one layer of a model, against plain TensorFlow on the same net built flat."""

import numpy as np
import pytest
from fixtures.keras_nets import NEW, assert_map, head, photos, quiet, sow
from fixtures.tolerance import RESNET50, VGG16, assert_net

import slimcam
from slimcam._tf import keras2, keras3, tf1

SIDE = 64
X = photos(2, SIDE)
NETS = {"VGG16": VGG16, "ResNet50": RESNET50}


def base_of(keras, name, **options):
    return getattr(keras.applications, name)(weights=None, include_top=False, **options)


def last_of(base):
    """Return the name of the last layer of convolutions."""
    return "block5_conv3" if base.name.startswith("vgg") else base.layers[-1].name


def nested(keras, name):
    photo = keras.layers.Input((SIDE, SIDE, 3), name="photo")
    base = base_of(keras, name, input_shape=(SIDE, SIDE, 3))
    model = sow(keras.Model(photo, head(keras, base(photo))))
    return model, f"{base.name}/{last_of(base)}"


def flat(keras, name):
    photo = keras.layers.Input((SIDE, SIDE, 3), name="photo")
    base = base_of(keras, name, input_tensor=photo)
    return sow(keras.Model(photo, head(keras, base.output))), last_of(base)


def map_of(model, layer):
    with slimcam.load(model) as loaded:
        return slimcam.explain(loaded, X, layer, 1).raw


@pytest.mark.slow
@pytest.mark.parametrize("name", NETS)
def test_the_map_of_a_nested_layer_is_that_of_plain_tensorflow(name):
    """Against gradients taken on Keras' own graph of the flat net."""
    keras = keras2()
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default() as session, quiet():
        keras.backend.set_learning_phase(0)
        model, layer = flat(keras, name)
        tensor = model.get_layer(layer).output
        a, g = session.run([tensor, tf1.gradients(model.output[:, 1], tensor)[0]], {model.input: X})
        expected = np.einsum("nhwc,nc->nhw", a, g.mean((1, 2)))
        assert_map(map_of(*nested(keras, name)), expected, NETS[name])


@pytest.mark.parametrize("keras", [keras2, pytest.param(keras3, marks=NEW)])
def test_a_model_in_a_model_in_a_model_has_its_path(keras):
    layers = keras().layers
    with quiet():
        place = layers.Input((8, 8, 3))
        inner = keras().Model(place, layers.Conv2D(2, 3, name="conv")(place), name="inner")
        place = layers.Input((8, 8, 3))
        middle = keras().Model(place, layers.Activation("relu", name="act")(inner(place)), name="middle")
        place = layers.Input((8, 8, 3), name="photo")
        model = sow(keras().Model(place, head(keras(), middle(place))))
    with slimcam.load(model) as loaded:
        names = [layer.name for layer in loaded.layers()]
        assert {"middle", "middle/inner"} <= set(names)
        raw = slimcam.explain(loaded, X[:, :8, :8], "middle/inner/conv", 1).raw
        activations, weights = loaded.session.run(
            [loaded.tensor("middle/inner/conv"), loaded.graph.get_tensor_by_name(_kernel(loaded))],
            {"photo:0": X[:, :8, :8]},
        )
    # the mean over 6 x 6 places of what is positive, times the dense layer's column of class 1
    gradient = (activations > 0) * weights[:, 1] / 36
    assert_net(raw, np.einsum("nhwc,nc->nhw", activations, gradient.mean((1, 2))))


def _kernel(model):
    """Return the name of what the last dense layer reads."""
    (op,) = [op for op in model.graph.get_operations() if op.type == "MatMul" and not op.name.startswith("slimcam/")]
    return op.inputs[1].name
