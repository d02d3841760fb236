"""TF-Slim, end points, the masked logit and the normalised gradient: the class that won, and one that did not."""

import cv2
import numpy as np
import pytest
from fixtures.tolerance import INCEPTION_V1, assert_net, rounding_of_net
from vgg import in_graph

import slimcam
from slimcam import backend as K
from slimcam import nets
from slimcam._tf import tf, tf1

SIDE, CLASSES, LAYER = 224, 7, "Mixed_5c"
IMAGE = np.random.RandomState(0).uniform(-1, 1, (1, SIDE, SIDE, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def net():
    """Return the session, the placeholder and the end points of a program with a slim net of seeded weights."""
    with in_graph():
        tf1.set_random_seed(0)
        images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="imgs0")
        logits, end_points = nets.build("inception_v1", images, num_classes=CLASSES)
        session = tf1.get_default_session()
        session.run(tf1.global_variables_initializer())
        yield session, images, dict(end_points, Logits=logits)


def published(session, images, end_points, predicted):
    """The map of the published program: masked logit, normalised gradient, ones start, ReLU, / max."""
    one_hot = tf1.sparse_to_dense(predicted, [CLASSES], 1.0)
    loss = tf.reduce_mean(end_points["Logits"] * one_hot)
    grads = tf1.gradients(loss, end_points[LAYER])[0]
    grads = grads / (tf.sqrt(tf.reduce_mean(tf.square(grads))) + tf.constant(1e-5))
    output, values = session.run([end_points[LAYER], grads], {images: IMAGE})
    weights = np.mean(values[0], axis=(0, 1))
    cam = np.ones(output[0].shape[:2], np.float32)
    for i, weight in enumerate(weights):
        cam += weight * output[0][:, :, i]
    cam = np.maximum(cam, 0)
    return cam / np.max(cam)


@pytest.mark.parametrize("rank", [0, CLASSES - 1], ids=["the class that won", "the one that came last"])
def test_any_class_is_explained_as_the_published_program_does(net, rank):
    session, images, end_points = net
    (logits,) = K.function([images], [end_points["Logits"]])([IMAGE])
    predicted = int(np.argsort(-logits[0])[rank])
    expected = published(session, images, end_points, predicted)
    with slimcam.load(session, input=images, logits=end_points["Logits"]) as model:
        maps = slimcam.explain(model, IMAGE, end_points[LAYER].name, predicted, dialect="hiveml")
    assert_net(maps.heat[0], expected, INCEPTION_V1)
    assert_net(maps.resized()[0], cv2.resize(expected, (SIDE, SIDE)), INCEPTION_V1)


def test_a_score_of_several_classes_is_the_sum_of_their_maps(net):
    session, images, end_points = net
    with slimcam.load(session, input=images, logits=end_points["Logits"]) as model:
        cam = slimcam.GradCAM(model, end_points[LAYER].name)
        each = [cam(IMAGE, target=i).raw for i in (0, 1, 2)]
        largest = (10 * np.abs(each[0]) + 5 * np.abs(each[1]) + np.abs(each[2])).max()
        rating = cam(IMAGE, target=10 * slimcam.Class(0) + 5 * slimcam.Class(1) + -1 * slimcam.Class(2)).raw
    atol = rounding_of_net(INCEPTION_V1, largest)
    np.testing.assert_allclose(rating, 10 * each[0] + 5 * each[1] - each[2], rtol=0, atol=atol)
