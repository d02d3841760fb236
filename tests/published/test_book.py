"""What convnets learn, as the Keras book shows it: activations, filters by gradient ascent, class activation maps."""

import cv2
import numpy as np
import pytest
from fixtures.book import sheet_of_the_book
from fixtures.tolerance import VGG16, assert_net, rounding_of_net
from vgg import IMAGE, PHOTO, SIDE, in_graph, vgg16

import slimcam
from slimcam import backend as K
from slimcam._tf import TF_VERSION, keras2, keras3

ELEPHANT = 386
pytestmark = pytest.mark.random_order(disabled=True)  # in order, each VGG16 is made once


@pytest.fixture(scope="module", params=["graph", "eager", "Keras 3"])
def model(request):
    """VGG16 in a graph, as the book's programs have it; and as they get it today, after changing the import of K."""
    if request.param == "graph":
        with in_graph():
            yield vgg16(keras2())
    elif ((2, 1) if request.param == "eager" else (2, 16)) > TF_VERSION:
        pytest.skip("eager Keras models need TensorFlow 2; Keras 3 needs 2.16")
    else:
        yield vgg16(keras2() if request.param == "eager" else keras3())


def test_intermediate_activations_of_the_first_layers(model):
    outputs = [layer.output for layer in model.layers[:8]]
    activations = K.function([model.input], outputs)([IMAGE])
    assert [array.shape[1:] for array in activations] == [K.int_shape(tensor)[1:] for tensor in outputs]
    np.testing.assert_array_equal(activations[0], IMAGE)
    assert all((array >= 0).all() for array in activations[1:])
    channel = activations[1][0, :, :, 4]
    tile = np.clip((channel - channel.mean()) / channel.std() * 64 + 128, 0, 255).astype("uint8")
    assert tile.shape == (SIDE, SIDE)
    assert abs(float(tile.mean()) - 128) < 10


def test_sheets_of_the_first_layers(model):
    with slimcam.load(model) as loaded:
        acts = slimcam.activations(loaded, IMAGE)
    assert acts.layers == [layer.name for layer in model.layers[1:9]]  # the book's model begins with no input layer
    for layer in acts.layers:
        expected = sheet_of_the_book(acts[layer].copy())
        np.testing.assert_array_equal(acts.sheet(layer, colormap="grey"), expected)
    outputs = [model.get_layer(layer).output for layer in acts.layers]
    for layer, array in zip(acts.layers, K.function([model.input], outputs)([IMAGE])):
        assert_net(acts[layer], array, VGG16)


def deprocess(x):
    x = (x - x.mean()) / (x.std() + 1e-5) * 0.1 + 0.5
    return (np.clip(x, 0, 1) * 255).astype("uint8")


def ascent(model, name, index):
    """Return the losses of 40 steps of gradient ascent on one filter, and the picture that it likes."""
    loss = K.mean(model.get_layer(name).output[:, :, :, index])
    grads = K.gradients(loss, model.input)[0]
    grads /= K.sqrt(K.mean(K.square(grads))) + 1e-5
    iterate = K.function([model.input], [loss, grads])
    data = np.random.RandomState(0).uniform(size=(1, SIDE, SIDE, 3)) * 20 + 128.0
    losses = []
    for _ in range(40):
        value, step = iterate([data])
        losses.append(float(value))
        data += step
    return losses, deprocess(data[0])


@pytest.mark.parametrize("name, index", [("block1_conv1", 0), ("block3_conv1", 1)])
def test_gradient_ascent_finds_what_a_filter_likes(model, name, index):
    losses, picture = ascent(model, name, index)
    assert losses[-1] > losses[0]
    assert sum(later > earlier for earlier, later in zip(losses, losses[1:])) >= 37
    assert (picture.shape, picture.dtype) == ((SIDE, SIDE, 3), np.uint8)


def test_the_gradient_is_divided_by_its_root_mean_square(model):
    loss = K.mean(model.get_layer("block2_conv1").output[:, :, :, 0])
    grads = K.gradients(loss, model.input)[0]
    normalised = grads / (K.sqrt(K.mean(K.square(grads))) + 1e-5)
    plain, step = K.function([model.input], [grads, normalised])([IMAGE])
    np.testing.assert_allclose(step, plain / (np.sqrt(np.mean(plain**2)) + 1e-5), rtol=rounding_of_net(plain.size))


def heatmap(model):
    """The class activation map of the elephant, as the book computes it."""
    elephant = model.output[:, ELEPHANT]
    last = model.get_layer("block5_conv3")
    grads = K.gradients(elephant, last.output)[0]
    pooled = K.mean(grads, axis=(0, 1, 2))
    iterate = K.function([model.input], [pooled, last.output[0]])
    weights, activations = iterate([IMAGE])
    for i in range(512):
        activations[:, :, i] *= weights[i]
    heat = np.maximum(np.mean(activations, axis=-1), 0)
    return heat / np.max(heat)


def test_the_class_activation_map_is_the_dialect_of_the_book(model):
    with slimcam.load(model) as loaded:
        maps = slimcam.explain(loaded, IMAGE, "block5_conv3", ELEPHANT, dialect="book")
    assert_net(heatmap(model), maps.heat[0], VGG16)


def test_the_overlay_is_the_heat_in_jet_at_four_tenths_and_the_photo(model):
    colours = cv2.applyColorMap(np.uint8(255 * cv2.resize(heatmap(model), (SIDE, SIDE))), cv2.COLORMAP_JET)
    expected = np.clip(colours[..., ::-1] * 0.4 + PHOTO, 0, 255)
    with slimcam.load(model, preprocess="caffe") as loaded:
        overlay = slimcam.explain(loaded, PHOTO, "block5_conv3", ELEPHANT, dialect="book").overlay()[0]
    difference = np.abs(overlay.astype(float) - expected)
    assert np.mean(difference <= 1) > 0.98  # a level of the colour map may differ where the heat lies between two


def test_the_loop_adds_no_operation(model):
    last = model.get_layer("block5_conv3")
    iterate = K.function([model.input], [K.mean(last.output)])
    iterate([IMAGE])
    count = len(iterate.graph.get_operations())
    for _ in range(5):
        iterate([IMAGE])
    assert len(iterate.graph.get_operations()) == count
