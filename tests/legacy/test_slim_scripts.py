"""The scripts for TensorFlow 1's programs, against each pipeline written out in plain TensorFlow and NumPy."""

import gc
import types
import weakref

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net

import slimcam
from slimcam import legacy
from slimcam.legacy import resampling

HIVE = 200  # terms: of a convolution, of a mean and of a root mean square over 100 values

X = np.random.RandomState(0).uniform(-1, 1, (1, 10, 8, 3)).astype(np.float32)


class Program:
    """A net with a switched dropout, in a graph and a session of its own, and its end points."""

    def __init__(self, sign=1.0, scale=1.0):
        random = np.random.RandomState(3)
        self.graph = tf1.Graph()
        with self.graph.as_default():
            self.images = tf1.placeholder(tf1.float32, [None, 10, 8, 3], name="images")
            training = tf1.placeholder(tf1.bool, [], name="is_training")
            first = tf1.Variable(random.normal(0, 0.4, (3, 3, 3, 5)).astype(np.float32), use_resource=True)
            layer = tf1.nn.relu(tf1.nn.conv2d(self.images, first, [1, 2, 2, 1], "SAME"), name="conv")
            kept = tf1.cond(training, lambda: 0.5 * layer, lambda: tf1.identity(layer))
            dense = np.abs(random.normal(0, 1, (5, 4))).astype(np.float32) if sign < 0 else random.normal(0, 1, (5, 4))
            self.dense = tf1.Variable((scale * sign * dense).astype(np.float32), use_resource=True)
            logits = tf1.matmul(tf1.reduce_mean(kept * kept, [1, 2]), self.dense, name="logits")
            self.end_points = {"Logits": logits, "PrePool": layer, "Mixed_7c": layer, "Images": self.images}
            self.double = self.dense.assign(self.dense * [[1.0, -2.0, 0.5, 3.0]])
            initialise = tf1.global_variables_initializer()
        self.session = tf1.Session(graph=self.graph)
        self.session.run(initialise)

    def count(self):
        return len(self.graph.get_operations())

    def raw(self, target, images=X):
        """The published formula up to the enlarging, on a gradient of its own in another graph: (5, 4)."""
        feeds = {self.images: images, "is_training:0": False}
        activations, dense = self.session.run([self.end_points["PrePool"], self.dense.value()], feeds)
        # d mean(logits x one-hot) / d A = (1 / 4) (1 / hw) 2 A w
        gradients = 2 * activations * dense[:, target] / (4 * activations.shape[1] * activations.shape[2])
        gradients = gradients / (np.sqrt(np.mean(np.square(gradients))) + 1e-5)
        heat = np.ones(activations.shape[1:3], np.float32)
        for i, weight in enumerate(gradients[0].mean((0, 1))):
            heat += weight * activations[0, :, :, i]
        return np.maximum(heat, 0)

    def hiveml(self, target, images=X, layer="PrePool"):
        return legacy.hiveml_grad_cam(images, self.images, self.end_points, self.session, target, layer, 4, 23)


@pytest.fixture
def program():
    made = Program()
    with made.session:
        made.dense.value()  # the read that raw() fetches
        yield made


@pytest.mark.parametrize("target", [0, 3, np.int64(2)])
def test_hiveml_map_is_the_published_one(program, target):
    raw = program.raw(target)
    found = program.hiveml(target)
    assert found.dtype == np.float32
    assert_net(found, cv2.resize(raw / raw.max(), (23, 23)), HIVE)
    named = {"img": X, "imgs0": program.images, "end_points": program.end_points, "sess": program.session}
    by_name = legacy.grad_cam(predicted_class=target, layer_name="PrePool", nb_classes=4, eval_image_size=23, **named)
    np.testing.assert_array_equal(by_name, found)


def test_small_gradients_are_dampened_as_published():
    small = Program(scale=1e-4)
    with small.session:
        raw = small.raw(1)
        assert_net(small.hiveml(1), cv2.resize(raw / raw.max(), (23, 23)), HIVE)


def test_nothing_is_added_after_the_first_call(program):
    program.hiveml(0)
    count, operations = program.count(), len(tf1.get_default_graph().get_operations())
    maps = [program.hiveml(i % 4) for i in range(50)]
    assert (program.count(), len(tf1.get_default_graph().get_operations())) == (count, operations)
    assert np.abs(maps[0] - maps[1]).max() > 0.01


def test_the_image_is_left_alone(program):
    given = X.copy()
    program.hiveml(0, given)
    np.testing.assert_array_equal(given, X)


def test_weights_are_those_of_now(program):
    before = program.hiveml(1)
    program.session.run(program.double)
    raw = program.raw(1)
    assert_net(program.hiveml(1), cv2.resize(raw / raw.max(), (23, 23)), HIVE)
    assert np.abs(program.hiveml(1) - before).max() > 0.01


def test_a_finalised_graph_is_explained_by_a_copy_with_the_weights_of_now(program):
    program.raw(1)  # its own read is in the graph then
    read = program.dense.value()
    program.dense.value = lambda: read
    program.graph.finalize()
    count = program.count()
    for target in (1, 2):
        raw = program.raw(target)
        assert_net(program.hiveml(target), cv2.resize(raw / raw.max(), (23, 23)), HIVE)
    program.session.run(program.double)
    raw = program.raw(1)
    assert_net(program.hiveml(1), cv2.resize(raw / raw.max(), (23, 23)), HIVE)
    assert program.count() == count


@pytest.mark.parametrize("finalised", [False, True])
def test_a_program_that_is_done_is_let_go(finalised):
    made = Program()
    if finalised:
        made.graph.finalize()
    made.hiveml(0)
    made.session.close()
    graph, session = weakref.ref(made.graph), weakref.ref(made.session)
    del made
    gc.collect()
    assert (graph(), session()) == (None, None)


def test_a_map_without_a_positive_value_is_zeros():
    against = Program(sign=-1.0, scale=50.0)
    images = 40 * np.ones_like(X)
    with against.session:
        if against.raw(0, images).max() > 0:
            images = -images
        assert against.raw(0, images).max() == 0
        np.testing.assert_array_equal(against.hiveml(0, images), np.zeros((23, 23), np.float32))


def test_a_wrong_end_point_names_the_nearest(program):
    with pytest.raises(slimcam.UnknownName, match="no end point 'Mixd_7c'; near: 'Mixed_7c'"):
        program.hiveml(0, layer="Mixd_7c")


@pytest.mark.parametrize(
    ("target", "said"), [(4, "class 4 is out of range: there are classes 0 to 3"), ("cat", "no class is 'cat'")]
)
def test_an_unknown_class_is_an_error(program, target, said):
    with pytest.raises(slimcam.TargetError, match=said):
        program.hiveml(target)


def test_another_number_of_classes_is_an_error(program):
    with pytest.raises(slimcam.TargetError, match=r"nb_classes is 1000, and the logits 'logits:0' have 4 classes"):
        legacy.grad_cam(X, program.images, program.end_points, program.session, 0, "PrePool", 1000, 23)


def test_a_session_of_another_graph_is_an_error(program):
    with tf1.Session(graph=tf1.Graph()) as other, pytest.raises(slimcam.ModelError, match="not of the session's graph"):
        legacy.grad_cam(X, program.images, program.end_points, other, 0, "PrePool", 4, 23)


def test_a_layer_that_is_no_map_or_leads_nowhere_is_an_error(program):
    with pytest.raises(slimcam.LayerError, match=r"'logits:0' is .*: a layer to explain has four dimensions"):
        program.hiveml(0, layer="Logits")
    with program.graph.as_default():
        program.end_points["aside"] = tf1.nn.relu(program.images, name="aside")
    with pytest.raises(slimcam.LayerError, match="'aside:0' does not lead to the score 'logits:0'"):
        program.hiveml(0, layer="aside")


def test_a_placeholder_that_nobody_feeds_is_named_with_the_way_to_it():
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        images, other = (tf1.placeholder(tf1.float32, [None, 4, 4, 3], name=name) for name in ("images", "other"))
        layer = tf1.nn.relu(images)
        end_points = {"Logits": tf1.reduce_mean(layer * other, [1, 2]), "layer": layer}
        with pytest.raises(slimcam.MissingFeed, match="needs 'other:0'"):
            legacy.grad_cam(X[:, :4, :4], images, end_points, session, 0, "layer", 3, 8)


def test_ankush96_map_is_the_published_one_three_times(program):
    layers = {"fc3": program.end_points["Logits"], "pool5": program.end_points["PrePool"]}
    vgg = types.SimpleNamespace(layers=layers, imgs=program.images)
    raw = program.raw(2)
    found = legacy.ankush96_grad_cam(X, vgg, program.session, 2, "pool5", 4)
    assert found.shape == (224, 224, 3)
    np.testing.assert_array_equal(legacy.grad_cam(X, vgg, program.session, 2, "pool5", 4), found)
    for channel in range(3):
        assert_net(found[..., channel], resampling.like_skimage(raw / raw.max(), (224, 224)), HIVE)
    with pytest.raises(slimcam.UnknownName, match="no layer 'pool_5'; near: 'pool5'"):
        legacy.ankush96_grad_cam(X, vgg, program.session, 2, "pool_5", 4)


def test_arguments_of_no_script_are_told_all_three():
    with pytest.raises(TypeError, match=r"there are hiveml_grad_cam\(img, .*ankush96_grad_cam\(x, .*keras_grad_cam\("):
        legacy.grad_cam(X, 1)


def test_insikk_pictures_are_those_that_it_shows():
    random = np.random.RandomState(5)
    image, guided = random.uniform(-100, 100, (2, 12, 12, 3))
    values, gradients = random.normal(0, 1, (2, 4, 3, 6)).astype(np.float32)
    kept = [one.copy() for one in (image, values, gradients, guided)]
    found = legacy.insikk_visualize(image, values, gradients, guided, size=12)
    heat = np.maximum(sum(w * values[..., i] for i, w in enumerate(gradients.mean((0, 1)))), 0)
    heat = resampling.like_skimage(heat / heat.max(), (12, 12))
    colours = cv2.cvtColor(cv2.applyColorMap(np.uint8(255 * heat), cv2.COLORMAP_JET), cv2.COLOR_BGR2RGB)

    def stretch(picture):
        return (picture - picture.min()) / (picture - picture.min()).max()

    np.testing.assert_allclose(found.image, stretch(image))
    assert np.abs(found.heat.astype(int) - colours).max() <= 4  # one level of 255, by rounding
    np.testing.assert_allclose(found.guided, stretch(guided))
    assert_net(found.guided_cam, stretch(guided) * heat[..., None], HIVE)
    for before, now in zip(kept, (image, values, gradients, guided)):
        np.testing.assert_array_equal(before, now)
