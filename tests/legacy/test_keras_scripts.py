"""The scripts for Keras models, against each pipeline written out in plain TensorFlow and NumPy."""

import gc
import weakref

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import keras_nets
from fixtures.tolerance import SMALL_NET, assert_net, rounding_of_net

import slimcam
from slimcam import legacy
from slimcam._tf import TF_VERSION, keras2, keras3
from slimcam.legacy import resampling

STRETCHED = 10 * rounding_of_net(SMALL_NET)  # a stretch from the least to the largest value enlarges roundings

NEW = pytest.mark.skipif(TF_VERSION < (2, 16), reason="Keras 3 needs TensorFlow 2.16")


def net(keras):
    """Convolutions, then two dense layers with a ReLU between them and a softmax."""
    layers = keras.layers
    start = layers.Input((12, 12, 3), name="photo")
    x = keras_nets.conv(keras, "first")(start)
    x = layers.MaxPooling2D(name="pool")(x)
    x = keras_nets.conv(keras, "last", 6)(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(8, activation="relu", name="fc")(x)
    model = keras_nets.sow(keras.Model(start, layers.Dense(3, activation="softmax", name="predictions")(x), name="net"))
    kernel, bias = model.get_layer("first").get_weights()
    model.get_layer("first").set_weights([kernel / 60, bias])  # pixels are far from 1; the softmax must not be flat
    return model


@tf1.RegisterGradient("TestGuidedRelu")
def _guided(op, above):
    return above * tf1.cast(above > 0, tf1.float32) * tf1.cast(op.outputs[0] > 0, tf1.float32)


@tf1.RegisterGradient("TestRectifiedRelu")
def _rectified(op, above):
    return above * tf1.cast(above > 0, tf1.float32)


def plain(images, score, override=None):
    """The values and the gradient of `score(softmax)` at the layer `last`, by plain TensorFlow: (1, 6, 6, 6) each."""
    keras = keras2()
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default() as session, keras_nets.quiet():
        keras.backend.set_learning_phase(0)
        model = net(keras)
        place = tf1.placeholder(tf1.float32, [None, 12, 12, 3])
        with graph.gradient_override_map({"Relu": override} if override else {}):
            layer = keras_nets.through(model, place, until="last")
            output = keras_nets.after(model, layer, "last")
        return session.run([layer, tf1.gradients(score(output), layer)[0]], {place: images})


PHOTO = 60 * np.random.RandomState(7).uniform(-1, 1, (1, 12, 12, 3)).astype(np.float32)


@pytest.fixture(params=["keras 2", "graph", pytest.param("keras 3", marks=NEW)])
def model(request):
    """The net as a Keras 2 model, of today's mode or in a graph, or as one of Keras 3."""
    if request.param == "graph":
        with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), keras_nets.quiet():
            yield net(keras2())
    else:
        with keras_nets.quiet():
            made = net(keras3() if request.param == "keras 3" else keras2())
        yield made


def keras_grad_cam_by_hand(image, category):
    values, gradients = plain(image, lambda output: tf1.reduce_sum(output * np.eye(3, dtype=np.float32)[category]))
    gradients = gradients / (np.sqrt(np.mean(np.square(gradients))) + 1e-5)
    cam = np.ones(values.shape[1:3], np.float32)
    for i, weight in enumerate(gradients[0].mean((0, 1))):
        cam += weight * values[0, :, :, i]
    cam = np.maximum(cv2.resize(cam, (12, 12)), 0)
    heat = cam / np.max(cam)
    photo = np.minimum(image[0] - image[0].min(), 255)
    picture = np.float32(cv2.applyColorMap(np.uint8(255 * heat), cv2.COLORMAP_JET)) + np.float32(photo)
    return np.uint8(255 * picture / np.max(picture)), heat


def test_keras_grad_cam_is_the_published_one(model):
    given = PHOTO.copy()
    for category in (0, 2):
        picture, heat = legacy.grad_cam(model, given, category, "last")
        wanted, map_by_hand = keras_grad_cam_by_hand(PHOTO, category)
        assert_net(heat, map_by_hand)
        assert picture.dtype == np.uint8 and np.abs(picture.astype(int) - wanted).max() <= 4
    np.testing.assert_array_equal(given, PHOTO)


def test_keras_models_get_no_operations_and_their_copies_none_after_the_first_call(model):
    from slimcam.legacy import keras_scripts

    legacy.keras_grad_cam(model, PHOTO, 0, "last")
    copy = keras_scripts._COPIES[model].model.graph
    graphs = [copy, tf1.get_default_graph()]
    counts = [len(graph.get_operations()) for graph in graphs]
    for i in range(10):
        legacy.keras_grad_cam(model, PHOTO, i % 3, "last")
    assert [len(graph.get_operations()) for graph in graphs] == counts
    assert keras_scripts._COPIES[model].model.graph is copy


def test_keras_weights_are_those_of_now(model):
    before = legacy.keras_grad_cam(model, PHOTO, 1, "last")[1]
    layer = model.get_layer("last")
    layer.set_weights([np.ascontiguousarray(weight[..., ::-1]) for weight in layer.get_weights()])
    now = legacy.keras_grad_cam(model, PHOTO, 1, "last")[1]
    assert np.abs(now - before).max() > 1e-3
    layer.set_weights([np.ascontiguousarray(weight[..., ::-1]) for weight in layer.get_weights()])
    assert_net(legacy.keras_grad_cam(model, PHOTO, 1, "last")[1], before)


def test_keras_errors_say_what_to_do(model):
    with pytest.raises(slimcam.UnknownName, match=r"no tensor 'lasst'; near: .*'last'"):
        legacy.grad_cam(model, PHOTO, 0, "lasst")
    with pytest.raises(slimcam.TargetError, match="class 3 is out of range: there are classes 0 to 2"):
        legacy.grad_cam(model, PHOTO, 3, "last")
    with pytest.raises(slimcam.PhotoError, match=r"the image is \(12, 12, 3\)"):
        legacy.grad_cam(model, PHOTO[0], 0, "last")
    with pytest.raises(slimcam.ModelError, match="str is no Keras model"):
        legacy.grad_cam("model.h5", PHOTO, 0, "last")


def keras_vis_by_hand(filters, override=None, change=lambda gradients: gradients):
    def score(output):
        return sum(tf1.reduce_mean(output[:, i]) for i in filters)

    values, gradients = plain(PHOTO, score, override)
    gradients = change(gradients)
    gradients = gradients / (np.max(gradients) + 1e-7)
    heat = np.zeros(values.shape[1:3], np.float32)
    for i, weight in enumerate(gradients.mean((0, 1, 2))):
        heat += weight * values[0, ..., i]
    heat = resampling.like_scipy(np.maximum(heat, 0), (12, 12))
    return (heat - heat.min()) / (heat.max() - heat.min() + 1e-7)


@pytest.mark.parametrize("filters", [1, [0, 2]])
def test_keras_vis_map_is_the_published_one(model, filters):
    found = legacy.visualize_cam(model, -1, filters, PHOTO[0])
    assert found.shape == (12, 12) and found.dtype == np.float32 and found.max() > 0.9
    np.testing.assert_allclose(found, keras_vis_by_hand(np.atleast_1d(filters)), rtol=0, atol=STRETCHED)


RELUS = {"guided": "TestGuidedRelu", "relu": "TestRectifiedRelu", "deconv": "TestRectifiedRelu"}


@pytest.mark.parametrize("name", sorted(RELUS))
def test_keras_vis_backprop_modifiers_change_the_gradient_of_relu(model, name):
    found = legacy.visualize_cam(model, -1, 1, PHOTO, backprop_modifier=name)
    np.testing.assert_allclose(found, keras_vis_by_hand([1], RELUS[name]), rtol=0, atol=STRETCHED)
    assert np.abs(found - keras_vis_by_hand([1])).max() > 0.01


CHANGES = {
    "negate": lambda g: -g,
    "absolute": np.abs,
    "relu": lambda g: np.maximum(g, 0),
    "invert": lambda g: 1 / (g + 1e-7),
    "small_values": lambda g: np.abs(1 / (g + 1e-7)),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_keras_vis_gradient_modifiers(name):
    with keras_nets.quiet():
        made = net(keras2())
    by_name = legacy.visualize_cam(made, -1, 1, PHOTO, grad_modifier=name)
    np.testing.assert_array_equal(legacy.visualize_cam(made, -1, 1, PHOTO, grad_modifier=CHANGES[name]), by_name)
    if name in ("negate", "absolute", "relu"):  # the inverse of the least gradient is all noise
        np.testing.assert_allclose(by_name, keras_vis_by_hand([1], change=CHANGES[name]), rtol=0, atol=STRETCHED)


def test_keras_vis_takes_the_layer_before_as_published(model):
    idx = {layer.name: i for i, layer in enumerate(model.layers)}
    last = legacy.visualize_cam(model, idx["predictions"], 1, PHOTO)
    np.testing.assert_array_equal(legacy.visualize_cam(model, -1, 1, PHOTO, penultimate_layer_idx=idx["last"]), last)
    pool = legacy.visualize_cam(model, -1, 1, PHOTO, penultimate_layer_idx=idx["pool"])
    assert np.abs(pool - last).max() > 0.01
    # two before, not one: keras-vis looks from layer_idx - 2 on
    np.testing.assert_array_equal(
        legacy.visualize_cam(model, idx["last"], 1, PHOTO),
        legacy.visualize_cam(model, idx["last"], 1, PHOTO, penultimate_layer_idx=idx["first"]),
    )


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"backprop_modifier": "guidd"}, slimcam.UnknownName, "no modifier 'guidd' .*near: 'guided'"),
        ({"grad_modifier": "absolut"}, slimcam.UnknownName, "no modifier 'absolut' .*near: 'absolute'"),
        ({"filter_indices": 3}, slimcam.TargetError, "class 3 is out of range"),
        ({"seed_input": None}, slimcam.PhotoError, r"seed_input is \(\): give one image"),
        ({"layer_idx": 1}, slimcam.LayerError, "no convolution or pooling comes before layer 1, 'first'"),
        ({"layer_idx": 9}, slimcam.LayerError, "no layer 9: the model has 7 layers"),
        ({"layer_idx": 2, "penultimate_layer_idx": 3}, slimcam.LayerError, "layer 3, 'last', comes after layer 2"),
    ],
)
def test_keras_vis_errors_say_what_to_do(arguments, error, said):
    with keras_nets.quiet():
        made = net(keras2())
    given = {"layer_idx": -1, "filter_indices": 1, "seed_input": PHOTO, **arguments}
    with pytest.raises(error, match=said):
        legacy.visualize_cam(made, **given)


@pytest.mark.parametrize("keras", keras_nets.KERASES)
def test_a_keras_model_that_is_done_is_let_go(keras):
    with keras_nets.quiet():
        made = net(keras())
    legacy.keras_grad_cam(made, PHOTO, 0, "last")
    kept = weakref.ref(made)
    del made
    keras().backend.clear_session()
    gc.collect()
    assert kept() is None
