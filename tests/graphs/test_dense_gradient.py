"""Gradients of convolutions in a loaded graph are TensorFlow's own, also where they are taken as a matrix product."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net

import slimcam

X = np.random.RandomState(0).normal(size=(3, 6, 6, 2)).astype(np.float32)
KERNEL = np.random.RandomState(1).normal(size=(6, 6, 2, 4)).astype(np.float32)


def net(size, options):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 6, 6, 2], name="x")
        layer = tf1.multiply(images, tf1.constant(2.0), name="layer")
        kernel = tf1.constant(KERNEL[:size, :size])
        maps = tf1.nn.conv2d(layer, kernel, **options)
        tf1.reduce_mean(tf1.tanh(maps), [1, 2], name="logits")

    return build


@pytest.mark.parametrize(
    ("size", "options", "products"),
    [
        (6, {"strides": [1, 1, 1, 1], "padding": "VALID"}, 1),
        (6, {"strides": [1, 2, 2, 1], "padding": "VALID"}, 1),
        (6, {"strides": [1, 1, 1, 1], "padding": "SAME"}, 0),
        (3, {"strides": [1, 1, 1, 1], "padding": "VALID"}, 0),
        (3, {"strides": [1, 2, 2, 1], "padding": "SAME"}, 0),
    ],
)
def test_gradient_is_tensorflows(model_of, size, options, products):
    build = net(size, options)
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        build()
        gradient = tf1.gradients(graph.get_tensor_by_name("logits:0")[:, 1], graph.get_tensor_by_name("layer:0"))[0]
        expected = session.run(gradient, {"x:0": X})
    model = model_of(build, logits="logits")
    cam = slimcam.GradCAM(model, "layer", target=1)
    activations = 2 * X
    by_hand = (activations * expected.mean((1, 2), keepdims=True)).sum(-1)
    assert_net(cam(X).raw, by_hand)
    made = [op.type for op in model.graph.get_operations() if "gradients" in op.name]
    assert made.count("MatMul") == products
    assert made.count("Conv2DBackpropInput") == 1 - products
