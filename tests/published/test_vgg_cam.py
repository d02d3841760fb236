"""CAM with VGG16, put together so that it runs: the winning probability, then the second and the third class."""

import cv2
import numpy as np
import pytest
from fixtures.tolerance import VGG16, assert_net
from vgg import IMAGE, PHOTO, SIDE, in_graph, vgg16

import slimcam
from slimcam import backend as K
from slimcam._tf import TF_VERSION, keras2, tf

LAYER = "block5_conv3"
pytestmark = pytest.mark.random_order(disabled=True)  # in order, each VGG16 is made once


def heat_of(activations, gradients):
    """From gradients to the heat map: mean over channels, ReLU, / max where there is one."""
    pooled = gradients.mean(axis=(0, 1, 2))
    heatmap = np.maximum(np.mean(pooled * activations[0], axis=-1), 0)
    return heatmap / (np.max(heatmap) or 1e-10)


def by_k(model):
    """Return `cam(class)` by K.gradients, and the probabilities."""
    last = model.get_layer(LAYER).output
    (probabilities,) = K.function([model.input], [model.output])([IMAGE])

    def cam(number):
        grads = K.gradients(model.output[:, number], last)[0]
        pooled_grads = K.mean(grads, axis=(0, 1, 2))
        _, *got = K.function([model.input], [pooled_grads, last, grads])([IMAGE])
        return heat_of(*got)

    return cam, probabilities


def by_tape(model):
    """Return `cam(class)` by a GradientTape on a model with two outputs, and the probabilities."""
    both = keras2().models.Model([model.inputs], [model.get_layer(LAYER).output, model.output])
    probabilities = both(IMAGE)[1].numpy()

    def cam(number):
        with tf.GradientTape() as tape:
            activations, predictions = both(IMAGE)
            probability = predictions[:, number]
        return heat_of(activations.numpy(), tape.gradient(probability, activations).numpy())

    return cam, probabilities


@pytest.fixture(params=["K", "tape"], scope="module")
def pipeline(request):
    """Return the model, `cam(class)` and the probabilities, in the world of TensorFlow 1 or of 2."""
    if request.param == "K":
        with in_graph():
            model = vgg16(keras2())
            yield (model, *by_k(model))
    elif TF_VERSION < (2, 1):
        pytest.skip("a GradientTape of an eager model needs TensorFlow 2")
    else:
        model = vgg16(keras2())
        yield (model, *by_tape(model))


def test_the_three_best_classes_in_one_forward_pass(pipeline):
    model, cam, probabilities = pipeline
    left, best = probabilities.copy(), []
    for _ in range(3):  # the best is knocked out, so that the next one wins
        best.append(int(np.argmax(left[0])))
        left[0][best[-1]] = np.min(left)
    with slimcam.load(model) as loaded:
        maps = slimcam.explain(loaded, IMAGE, LAYER, slimcam.Top(3), dialect="csdn")
    assert maps.classes.tolist() == best
    assert_net(maps.scores, probabilities[0][best], VGG16)
    for heat, number in zip(maps.heat, best):
        assert_net(heat, cam(number), VGG16)


def test_the_overlay_is_half_colours_and_half_photo(pipeline):
    model, cam, probabilities = pipeline
    number = int(np.argmax(probabilities))
    heat = cv2.resize(cam(number), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    colours = cv2.applyColorMap(np.uint8(255 * np.clip(heat, 0, 1)), cv2.COLORMAP_JET)[..., ::-1]
    expected = cv2.addWeighted(PHOTO, 0.5, np.ascontiguousarray(colours), 0.5, 0)
    with slimcam.load(model, preprocess="caffe") as loaded:
        overlay = slimcam.explain(loaded, PHOTO, LAYER, number, dialect="csdn").overlay()[0]
    assert np.mean(np.abs(overlay.astype(int) - expected.astype(int)) <= 2) > 0.98
