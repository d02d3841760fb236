"""The question that nobody answered: a Siamese net that wants input_2. Its pipeline, its error, and three answers."""

import numpy as np
import pytest
from fixtures.siamese_net import NARROW, TERMS, images, siamese
from fixtures.tolerance import assert_net
from vgg import in_graph

import slimcam
from slimcam import backend as K
from slimcam._tf import keras2

X, Y = images(count=1)
LAYER = "encoder/activation_5@input_1"


@pytest.fixture(scope="module")
def model():
    with in_graph():
        K.set_learning_phase(0)
        yield siamese(keras2(), width=NARROW)


def call_on(model, name):
    """Return the encoder's output of its call on one input, by what it was called on and not by a number."""
    encoder, place = model.get_layer("encoder"), model.get_layer(name).output
    for i in range(len(encoder._inbound_nodes)):
        if encoder.get_input_at(i) is place:
            return encoder.get_output_at(i)
    raise LookupError(name)


def iterate(model, output):
    """The pipeline of the question: pooled gradients of the score, and the feature maps, for one image."""
    class_output = model.output[:, 0]
    grads = K.gradients(class_output, output)[0]
    pooled_grads = K.mean(grads, axis=(0, 1, 2))
    return K.function([model.inputs[0]], [pooled_grads, output[0]])


def test_the_pipeline_says_what_it_lacks_when_it_is_built(model):
    with pytest.raises(slimcam.MissingFeed, match=r"needs 'input_2:0': .* <- input_2"):
        iterate(model, model.get_layer("encoder").get_output_at(-1))


def test_the_gradient_of_the_joint_score_needs_the_other_image_too(model):
    with pytest.raises(slimcam.MissingFeed, match="needs 'input_2:0'"):
        iterate(model, call_on(model, "input_1"))


def test_the_encoder_alone(model):
    output = call_on(model, "input_1")
    grads = K.gradients(K.mean(output), output)[0]
    pooled, features = K.function([model.inputs[0]], [K.mean(grads, axis=(0, 1, 2)), output[0]])([X])
    with slimcam.load(model) as loaded:
        maps = slimcam.explain(loaded, X, "encoder@input_1", slimcam.Mean("encoder@input_1"))
    assert_net(maps.raw[0], features @ pooled, TERMS[NARROW])


def test_the_other_branch_held(model):
    left, right = call_on(model, "input_1"), call_on(model, "input_2")
    zeros = np.zeros([1, *K.int_shape(right)[1:]], np.float32)
    grads = K.gradients(model.output[:, 0], left)[0]
    pooled, features = K.function([model.inputs[0], right], [K.mean(grads, axis=(0, 1, 2)), left[0]])([X, zeros])
    with slimcam.load(model, logits=model.output.name) as loaded:
        maps = slimcam.explain(loaded, X, "encoder@input_1", hold={"encoder@input_2": "zeros"})
    expected = features @ pooled
    assert_net(maps.raw[0], expected, TERMS[NARROW])


def test_both_images(model):
    left, right = call_on(model, "input_1"), call_on(model, "input_2")
    both = [K.mean(grads, axis=(0, 1, 2)) for grads in K.gradients(model.output[:, 0], [left, right])]
    *pooled, one, two = K.function(model.inputs, [*both, left[0], right[0]])([X, Y])
    with slimcam.load(model, logits=model.output.name) as loaded:
        pair = slimcam.explain_pair(loaded, X, Y, layer="encoder")
    for maps, weights, features in zip(pair, pooled, (one, two)):
        expected = features @ weights
        assert_net(maps.raw[0], expected, TERMS[NARROW])
