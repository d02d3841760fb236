"""A session of the caller's: read as it is now, and left as it was."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net

import slimcam
from slimcam.sources import weights

X = np.random.RandomState(0).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)


def program(resource):
    """An old program: a net with a switched batch norm, a loss and an optimiser, and its session."""
    slim = slimcam.slim()
    graph = tf1.Graph()
    with graph.as_default(), tf1.variable_scope(tf1.get_variable_scope(), use_resource=resource):
        tf1.set_random_seed(1)
        images = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="images")
        training = tf1.placeholder(tf1.bool, [], name="is_training")
        net = slim.conv2d(images, 4, 3, scope="conv")
        net = slim.batch_norm(net, is_training=training, scope="norm")
        net = slim.conv2d(net, 4, 3, stride=2, scope="last")
        logits = slim.fully_connected(tf1.reduce_mean(net, [1, 2]), 3, activation_fn=None, scope="logits")
        loss = tf1.reduce_mean(tf1.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1], logits=logits))
        train = tf1.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
        initialise = tf1.global_variables_initializer()
    graph.finalize()
    return tf1.Session(graph=graph), images, training, logits, train, initialise


@pytest.fixture(params=[False, True], ids=["reference variables", "resource variables"])
def old(request):
    session, *rest = program(request.param)
    with session:
        yield (session, *rest)


pytestmark = pytest.mark.filterwarnings("ignore:`(tf.)?layers?.\\w+` is deprecated:UserWarning")


def test_map_is_that_of_the_weights_in_the_session_now(old):
    session, images, training, logits, train, initialise = old
    session.run(initialise)
    session.run(train, {images: X, training: True})
    with slimcam.load(session, logits=logits) as model:
        maps = slimcam.explain(model, X, layer="last", target=1)
        found = model.session.run(model.logits, {model.input: X, "is_training:0": False})
    assert_net(found, session.run(logits, {images: X, training: False}))
    assert maps.fed == ["is_training:0 = False (not training)"]
    layer = session.run("last/Relu:0", {images: X, training: False})
    weights = session.run("logits/weights:0" if not _resource(session) else "logits/weights/Read/ReadVariableOp:0")
    by_hand = np.einsum("nhwc,c->nhw", layer, weights[:, 1] / 16)  # the mean over 4 x 4 places, then a dense layer
    assert_net(maps.raw, by_hand)


def _resource(session):
    return session.graph.get_operation_by_name("logits/weights").type == "VarHandleOp"


def test_training_on_does_not_change_a_loaded_model(old):
    session, images, training, logits, train, initialise = old
    session.run(initialise)
    with slimcam.load(session, logits=logits) as model:
        before = slimcam.explain(model, X, target=0).raw
        session.run(train, {images: X, training: True})
        np.testing.assert_array_equal(slimcam.explain(model, X, target=0).raw, before)


def test_finalised_graph_is_left_as_it_was(old):
    session, _, _, logits, _, initialise = old
    session.run(initialise)
    count = len(session.graph.get_operations())
    with slimcam.load(session, logits=logits):
        assert session.graph.finalized and len(session.graph.get_operations()) == count
    session.run("logits/BiasAdd:0", {"images:0": X, "is_training:0": False})  # and still open


def test_uninitialised_variable_is_named_with_what_to_do(old):
    session, _, _, logits, _, _ = old
    with pytest.raises(slimcam.ModelError, match=r"variable '.*' is not initialised: restore its checkpoint"):
        slimcam.load(session, logits=logits)


def test_large_variables_stay_variables(old, monkeypatch):
    session, _, _, logits, _, initialise = old
    session.run(initialise)
    with slimcam.load(session, logits=logits) as model:
        expected = slimcam.explain(model, X, target=2).raw
    monkeypatch.setattr(weights, "LARGE", 16)
    with slimcam.load(session, logits=logits) as model:
        assert any(op.type == "VarHandleOp" for op in model.graph.get_operations())
        assert_net(slimcam.explain(model, X, target=2).raw, expected)


def test_refresh_reads_the_weights_again_into_what_was_built(old):
    session, images, training, logits, train, initialise = old
    session.run(initialise)
    with slimcam.load(session, logits=logits) as model:
        cam = slimcam.GradCAM(model, target=0)
        before, operations = cam(X).raw, len(model.graph.get_operations())
        session.run(train, {images: X, training: True})
        model.refresh()
        after = cam(X)
        expected = slimcam.explain(slimcam.load(session, logits=logits), X, target=0)
        assert len(model.graph.get_operations()) == operations
    assert np.abs(after.raw - before).max() > 1e-4 * np.abs(before).max()
    np.testing.assert_array_equal(after.raw, expected.raw)
    np.testing.assert_array_equal(after.scores, session.run(logits, {images: X, training: False})[:, 0])


def test_a_model_from_a_file_has_nothing_to_refresh(model_of):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="images")
        tf1.matmul(tf1.reduce_mean(images, [1, 2]), tf1.ones([3, 2]), name="logits")

    with pytest.raises(slimcam.ModelError, match=r"model\.pb holds the weights that were loaded: load\(\) it again"):
        model_of(build, logits="logits").refresh()


def test_swish_is_explained_without_a_touch_on_the_program():
    graph = tf1.Graph()
    with graph.as_default():
        images = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="images")
        layer = tf1.nn.conv2d(images, tf1.ones([1, 1, 3, 2]), 1, "SAME", name="conv")
        swished = tf1.identity(tf1.nn.swish(layer), name="features")
        logits = tf1.matmul(tf1.reduce_mean(swished, [1, 2]), tf1.ones([2, 1]), name="logits")
        expected = tf1.gradients(logits, layer)[0]
    count = len(graph.get_operations())
    with tf1.Session(graph=graph) as session, slimcam.load(session, logits=logits) as model:
        maps = slimcam.explain(model, X, "conv", 0)
        activations, gradients = session.run([layer, expected], {images: X})
    by_hand = np.einsum("nhwc,nc->nhw", activations, gradients.mean((1, 2)))
    assert_net(maps.raw, by_hand)
    assert len(graph.get_operations()) == count
