"""Model.layers(): which tensors are worth explaining, best first."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.colours import colours

import slimcam


@pytest.fixture
def net(model_of):
    return model_of(colours, preprocess="none", logits="logits", labels=["red", "green"])


def block(x, name, out):
    """Build convolution, bias and ReLU, `out` channels, as one scope."""
    with tf1.name_scope(name):
        weights = tf1.constant(np.ones((1, 1, x.shape.as_list()[-1], out), np.float32))
        return tf1.nn.relu(tf1.nn.bias_add(tf1.nn.conv2d(x, weights, 1, "SAME"), tf1.zeros([out])))


def test_layers_are_whole_blocks_the_last_first(model_of):
    def build():
        stem = block(tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="x"), "stem", 2)
        pooled = tf1.nn.max_pool(stem, 2, 2, "SAME", name="pool")
        mixed = tf1.concat([block(pooled, "left", 2), block(pooled, "right", 3)], 3, name="mixed")
        last = tf1.nn.avg_pool(mixed, 2, 2, "SAME", name="last_pool")
        tf1.reshape(last, [-1, 5], name="logits")

    model = model_of(build)
    assert [layer.tensor.name for layer in model.layers()] == ["mixed:0", "stem/Relu:0"]
    assert [layer.name for layer in model.layers()] == ["mixed", "stem"]
    assert [layer.shape for layer in model.layers()] == [(None, 2, 2, 5), (None, 4, 4, 2)]


def test_layer_of_a_residual_net_lies_after_its_last_norm(model_of):
    def build():
        trunk = block(tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="x"), "stem", 2)
        trunk = tf1.add(trunk, block(trunk, "unit", 2), name="unit_out")
        norm = tf1.nn.fused_batch_norm(trunk, [1.0, 1], [0.0, 0], [0.0, 0], [1.0, 1], is_training=False)[0]
        tf1.reduce_mean(tf1.nn.relu(norm, name="postnorm"), [1, 2], name="logits")

    assert [layer.tensor.name for layer in model_of(build).layers()] == ["postnorm:0", "stem/Relu:0"]


def test_layer_is_the_first_of_the_model_where_none_is_named(net, photo):
    maps = slimcam.GradCAM(net)(photo(4, 6))
    assert maps.layer == net.layers()[0].name == "a"


def test_layers_found_again_by_their_names(net):
    for layer in net.layers():
        assert net.tensor(layer.name) is layer.tensor


def test_gradients_of_slimcam_are_no_layers(net):
    slimcam.GradCAM(net, "a", slimcam.Top(2))  # before the layers are looked for
    assert [layer.name for layer in net.layers()] == ["a"]


def test_default_layer_with_channels_first_is_found_by_its_places(model_of):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 3, 1], name="x")
        a = tf1.transpose(tf1.nn.conv2d(x, tf1.ones([1, 1, 1, 1]), 1, "SAME"), [0, 3, 1, 2])
        a = tf1.nn.relu(tf1.nn.bias_add(a, tf1.constant([0.0]), data_format="NCHW"), name="a")  # 1 x 2 x 3
        pooled = tf1.reduce_mean(a, [2, 3], keepdims=True)  # 1 x 1 x 1: no places are left
        tf1.squeeze(tf1.nn.relu(pooled, name="pooled"), [2, 3], name="logits")

    assert model_of(build).layers()[0].name == "a"


def test_an_output_that_is_a_map_comes_last(model_of):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="images")
        x = tf1.nn.relu(tf1.nn.conv2d(images, tf1.ones([3, 3, 3, 2]), 1, "SAME"), name="first")
        x = tf1.nn.relu(tf1.nn.conv2d(x, tf1.ones([3, 3, 2, 2]), 1, "SAME"), name="second")
        tf1.nn.conv2d(x, tf1.ones([1, 1, 2, 2]), 1, "SAME", name="output")

    assert [layer.name for layer in model_of(build).layers()] == ["second", "first", "output"]


def test_of_a_map_alone_the_layer_is_that(model_of):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="images")
        tf1.nn.conv2d(images, tf1.ones([3, 3, 3, 2]), 1, "SAME", name="output")

    model = model_of(build)
    assert [layer.name for layer in model.layers()] == ["output"]
    assert slimcam.GradCAM(model, target=slimcam.Channel("output", 0)).layer == "output"


def test_a_map_before_what_has_no_known_shape_is_a_layer(model_of):
    """Dropout by a share whose placeholder says no shape, as of TensorFlow 1.0, leaves its result without one."""

    def build():
        x = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="x")
        share = tf1.placeholder(tf1.float32, name="share")
        last = tf1.nn.dropout(block(x, "last", 2), rate=1 - share)
        tf1.nn.softmax(tf1.matmul(tf1.reshape(last, [-1, 32]), tf1.ones([32, 3])))

    assert [layer.tensor.name for layer in model_of(build).layers()] == ["last/Relu:0"]
