"""What the converter of the TensorFlow at hand makes of a graph: its maps are those of the graph."""

import os
import sys

import numpy as np
import pytest
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import tf, tf1

LAYERS = "conv1/Relu6", "conv2/Relu"


def _graph(images):
    """Build a net of a batch norm, a dilated depthwise convolution and a dense layer on a flattened pool."""
    rng = np.random.RandomState(0)

    def variable(name, *shape):
        return tf1.get_variable(name, initializer=rng.normal(0, 0.5, shape).astype(np.float32))

    x = tf.nn.conv2d(images, variable("conv1/weights", 3, 3, 3, 4), [1, 1, 1, 1], "SAME", name="conv1/Conv2D")
    statistics = [np.float32(numbers) for numbers in ([1, 2, 3, 4], [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], [1, 2, 1, 2])]
    x = tf1.nn.fused_batch_norm(x, *statistics, is_training=False, name="conv1/bn")[0]
    x = tf.nn.relu6(x, name="conv1/Relu6")
    x = tf1.nn.depthwise_conv2d(x, variable("conv2/weights", 3, 3, 4, 2), [1, 1, 1, 1], "SAME", rate=[2, 2])
    x = tf.nn.bias_add(x, variable("conv2/biases", 8), name="conv2/BiasAdd")
    x = tf.nn.relu(x, name="conv2/Relu")
    x = tf1.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID", name="pool")
    x = tf.matmul(tf.reshape(x, [-1, 4 * 4 * 8]), variable("fc/weights", 128, 5), name="fc/MatMul")
    return tf.nn.softmax(tf.nn.bias_add(x, variable("fc/biases", 5), name="fc/BiasAdd"), name="probabilities")


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """A .tflite of that net by this TensorFlow's converter, which 1.15.5 runs as a program, and the maps of the net."""
    images = np.random.RandomState(1).uniform(0, 1, (2, 8, 8, 3)).astype(np.float32)
    path = tmp_path_factory.mktemp("converted") / "net.tflite"
    before = os.environ["PATH"]
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), before])
    try:
        with tf1.Graph().as_default(), tf1.Session() as session:
            photos = tf1.placeholder(tf.float32, [1, 8, 8, 3], name="photos")
            probabilities = _graph(photos)
            session.run(tf1.global_variables_initializer())
            path.write_bytes(tf1.lite.TFLiteConverter.from_session(session, [photos], [probabilities]).convert())
            model = slimcam.load(session, input=photos, logits="fc/BiasAdd")
            maps = {layer: slimcam.explain(model, images, layer, 3) for layer in LAYERS}
    finally:
        os.environ["PATH"] = before
    return str(path), images, maps


@pytest.mark.filterwarnings("ignore")  # the converter's own
@pytest.mark.parametrize("layer", LAYERS)
def test_maps_of_a_converted_net_are_those_of_the_net(converted, layer):
    path, images, maps = converted
    ours = slimcam.explain(slimcam.load(path), images, layer, 3)
    assert_net(ours.raw, maps[layer].raw)
    assert_net(ours.scores, maps[layer].scores)
