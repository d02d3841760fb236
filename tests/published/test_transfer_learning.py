"""VGG16 as one layer of a bigger model, and guided gates: no model is rebuilt, and the graph is not disconnected."""

import cv2
import numpy as np
import pytest
from fixtures.tolerance import VGG16, assert_net, rounding_of_net
from vgg import IMAGE, SIDE, in_graph, vgg16

import slimcam
from slimcam import backend as K
from slimcam._tf import TF_VERSION, eager, keras2, keras3

LAYER = "vgg16/block5_conv3"


def transfer(keras):
    """A classifier of two classes on VGG16 without its head."""
    layers = keras.layers
    inputs = layers.Input((SIDE, SIDE, 3), name="photo")
    x = layers.GlobalAveragePooling2D(name="pool")(vgg16(keras, include_top=False)(inputs))
    small = keras.initializers.Constant(0.002)
    for i, units in enumerate((16, 16), 1):
        x = layers.Dense(units, activation="relu", kernel_initializer=small, name=f"dense_{i}")(x)
    kernel = keras.initializers.Constant(np.linspace(-0.5, 0.5, 32).reshape(16, 2))
    outputs = layers.Dense(2, activation="softmax", kernel_initializer=kernel, name="output")(x)
    return keras.Model(inputs, outputs)


def guided(activations, gradients):
    """The map of the pipeline, from one image's activations and gradients."""
    gates = (activations > 0).astype("float32") * (gradients > 0).astype("float32") * gradients
    weights = gates.mean(axis=(0, 1))
    cam = np.ones(activations.shape[:2], dtype=np.float32)
    for index, weight in enumerate(weights):
        cam += weight * activations[:, :, index]
    return cam


@pytest.fixture(scope="module")
def graph_model():
    with in_graph():
        yield transfer(keras2())


def test_guided_gates_by_k(graph_model):
    model = graph_model
    inner = model.get_layer("vgg16").get_layer("block5_conv3")
    with slimcam.load(model) as loaded:
        maps = slimcam.explain(loaded, IMAGE, LAYER, 1, dialect="gates")
        name = loaded.tensor(LAYER).name
    # the layer's own output belongs to the inner model's input; what the outer model computes has another name
    computed = model.output.graph.get_tensor_by_name(name)
    assert computed is not inner.get_output_at(0)
    grads = K.gradients(model.output[:, 1], computed)[0]
    activations, gradients = K.function([model.input], [computed, grads])([IMAGE])
    expected = guided(activations[0], gradients[0])
    assert_net(maps.raw[0], expected, VGG16)
    heat = np.maximum(cv2.resize(expected, (SIDE, SIDE)), 0)
    spread = heat.max() - heat.min()  # what the stretch divides roundings by, too
    # the map is ones and a sum that is small beside them: the net's rounding is of the sum, that of the 512 additions
    # of the whole; and the stretch takes differences of three values
    atol = 3 * (rounding_of_net(VGG16, np.abs(expected - 1).max()) + rounding_of_net(512, heat.max())) / spread
    np.testing.assert_allclose(maps.resized()[0], (heat - heat.min()) / spread, rtol=0, atol=atol)
    assert atol < 0.02


def test_the_pipeline_that_broke_asks_for_the_inner_models_input(graph_model):
    inner = graph_model.get_layer("vgg16").get_layer("block5_conv3")
    with pytest.warns(UserWarning, match="the layer was called again there, which made '.*block5_conv3/Relu:0'"):
        grads = K.gradients(graph_model.output[:, 1], inner.get_output_at(0))[0]
    assert grads is None


@pytest.mark.parametrize("keras", [keras2, keras3])
def test_eager_models_give_the_map_of_the_graph(graph_model, keras):
    if ((2, 1) if keras is keras2 else (2, 16)) > TF_VERSION:
        pytest.skip("eager Keras models need TensorFlow 2; Keras 3 needs 2.16")
    with slimcam.load(graph_model) as loaded:
        expected = slimcam.explain(loaded, IMAGE, LAYER, 1, dialect="gates").raw
    with eager():
        model = transfer(keras())
    with slimcam.load(model) as loaded:
        raw = slimcam.explain(loaded, IMAGE, LAYER, 1, dialect="gates").raw
    assert_net(raw, expected, VGG16)
