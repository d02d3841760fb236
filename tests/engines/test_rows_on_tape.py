"""A Keras model that takes the values of images in a row, by both engines."""

import numpy as np
import pytest
import tensorflow as tf
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import TF_VERSION

pytestmark = pytest.mark.skipif(TF_VERSION < (2, 1), reason="models are eager from TensorFlow 2.1 on")


@pytest.mark.parametrize("engine", ["graph", "tape"])
def test_rows_and_images_give_the_same_map(engine):
    layers = tf.keras.layers
    row = layers.Input((16,))
    kernel = tf.keras.initializers.Constant(np.linspace(-1, 1, 27).reshape(3, 3, 1, 3))
    images = layers.Reshape((4, 4, 1))(row)
    given = {"kernel_initializer": kernel, "bias_initializer": "ones"}
    maps = layers.Conv2D(3, 3, activation="relu", name="maps", **given)(images)
    model = tf.keras.Model(row, layers.Dense(2)(layers.GlobalAveragePooling2D()(maps)))
    rows = np.random.RandomState(0).uniform(size=(2, 16)).astype(np.float32)
    expected = np.asarray(model(rows))
    with slimcam.load(model, engine=engine) as loaded:
        cam = slimcam.GradCAM(loaded, "maps", target=1, engine=engine)
        of_rows, of_images = cam(rows), cam(rows.reshape(2, 4, 4, 1))
    assert_net(of_rows.scores, expected[:, 1])
    assert_net(of_images.scores, expected[:, 1])
    np.testing.assert_array_equal(of_rows.raw, of_images.raw)
