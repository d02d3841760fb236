"""Which tensor holds the logits, in graphs of programs that train, and in graphs whose logits have places."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.control_flow import of_operations
from fixtures.tolerance import assert_net

import slimcam

X = np.array([[[[4], [-1]], [[2], [0]]]], np.float32)
LABELS = np.array([[0.0, 1.0]], np.float32)


def features(name="a"):
    """Return relu of the photo times 1 and -1, (N, 2, 2, 2)."""
    images = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
    return tf1.nn.relu(tf1.nn.conv2d(images, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME"), name=name)


def means(places=False):
    return tf1.reduce_mean(features(), [1, 2], keepdims=places, name="logits")


def labels():
    return tf1.placeholder(tf1.float32, [None, 2], name="labels")


def assert_map(model, why):
    assert [line for line in model.why if line.startswith("logits ")] == [why]
    maps = slimcam.GradCAM(model, "a")(X)
    np.testing.assert_array_equal(maps.raw, [[[1, 0], [0.5, 0]]])  # a quarter of what is positive
    np.testing.assert_array_equal(maps.scores, [1.5])


# --- losses written by hand


def by_cross_entropy():
    probabilities = tf1.nn.softmax(means(), name="probs")
    tf1.reduce_mean(-tf1.reduce_sum(labels() * tf1.log(probabilities), 1))
    right = tf1.equal(tf1.argmax(probabilities, 1), tf1.argmax(labels(), 1))
    tf1.reduce_mean(tf1.cast(right, tf1.float32))


def by_squares():
    tf1.reduce_sum(tf1.square(tf1.nn.sigmoid(means(), name="probs") - labels()), 1)


@pytest.mark.parametrize("build, kind", [(by_cross_entropy, "Softmax"), (by_squares, "Sigmoid")])
def test_a_loss_written_by_hand_does_not_hide_the_probabilities(model_of, build, kind):
    assert_map(model_of(build), f"logits 'logits:0': what probs ({kind}) reads")


def test_the_loss_of_sigmoids_reads_the_logits(model_of):
    def build():
        tf1.reduce_mean(tf1.nn.sigmoid_cross_entropy_with_logits(labels=labels(), logits=means()))

    assert_map(model_of(build), "logits 'logits:0': what logistic_loss/zeros_like (ZerosLike) reads")


def test_a_gate_before_further_weights_is_not_the_end(model_of):
    def build():
        gate = tf1.nn.sigmoid(means())
        tf1.reduce_mean(tf1.square(tf1.matmul(gate, tf1.ones([2, 1])) - 1.0))

    model = model_of(build)
    assert model.logits is None
    assert model.no_logits == "nothing of shape (N, classes) comes after 'x:0': say logits="


def test_probabilities_that_become_a_map_are_not_the_end(model_of):
    model = model_of(lambda: tf1.multiply(tf1.nn.sigmoid(means(places=True)), features("b"), name="gated"))
    assert model.logits is None


def test_several_heads_of_a_training_program_are_named(tmp_path):
    def heads():
        a = means()
        for name in ("kind", "side"):
            logits = tf1.multiply(a, 1.0, name=name)
            loss = tf1.nn.softmax_cross_entropy_with_logits_v2(labels=labels(), logits=logits)
            tf1.reduce_mean(loss * tf1.get_variable(f"{name}_weight", initializer=1.0))

    with tf1.Graph().as_default(), tf1.Session() as session:
        heads()
        session.run(tf1.global_variables_initializer())
        path = tf1.train.Saver().save(session, str(tmp_path / "model")) + ".meta"
    message = "the logits could be 'kind:0', 'side:0': say logits="
    with slimcam.load(path) as model, pytest.raises(slimcam.TargetError, match=message):
        slimcam.GradCAM(model, "a")
    with slimcam.load(path, input="x") as model:
        assert model.no_logits == message
    with slimcam.load(path, logits="side") as model:
        np.testing.assert_array_equal(slimcam.GradCAM(model, "a")(X).scores, [1.5])


# --- logits with places

FLATTENED = "(None, 1, 1, 2) flattened to (None, 2)"


def softmax_of_places():
    tf1.nn.softmax(means(places=True), name="probs")


@pytest.mark.parametrize(
    "build, options, why",
    [
        (softmax_of_places, {}, "what probs (Softmax) reads"),
        (lambda: means(places=True), {}, "the only (N, classes) that nothing reads"),
        (softmax_of_places, {"logits": "logits"}, "as asked"),
    ],
)
def test_logits_of_one_place_are_flattened(model_of, build, options, why):
    model = model_of(build, **options)
    assert model.logits.shape.as_list() == [None, 2]
    shapes = FLATTENED if "?" not in str(model.logits.shape) else FLATTENED.replace("None", "?")
    assert_map(model, f"logits 'logits:0': {why}, {shapes}")


def test_logits_of_several_places_are_none(model_of):
    model = model_of(lambda: tf1.identity(features(), name="out"))
    assert model.logits is None


# --- loops


def test_a_score_behind_a_loop_is_refused_in_words(model_of):
    def build():
        with of_operations():
            _, score = tf1.while_loop(lambda i, _: i < 2, lambda i, x: (i + 1, 2 * x), (0, means()))
        tf1.nn.softmax(tf1.reshape(score, [-1, 2]))

    message = "leads to the score by the loop of '.*', whose gradient does not come along: name a score before it"
    model = model_of(build)
    with pytest.raises(slimcam.LayerError, match="'a:0' " + message):
        slimcam.GradCAM(model, "a")
    for method in ("gradient", "fullgrad", "deeplift"):
        with pytest.raises(slimcam.LayerError, match=message):
            slimcam.Explainer(model, method=method)


def test_a_score_in_a_loop_that_does_not_end_is_refused_in_words(model_of):
    def build():
        within = tf1.raw_ops.Enter(data=means(), frame_name="loop")
        tf1.nn.softmax(tf1.reshape(within, [-1, 2], name="score"))

    model = model_of(build, logits="score")
    for act in (lambda: slimcam.GradCAM(model, "a"), lambda: slimcam.Explainer(model, method="gradient")):
        with pytest.raises(slimcam.LayerError, match="leads to the score by the loop of 'Enter'"):
            act()


@pytest.mark.filterwarnings("ignore:.*layer.* is deprecated:UserWarning")  # TensorFlow says it to tf_slim
def test_a_session_of_tf_slim_that_does_not_squeeze_its_logits_is_read():
    from tf_slim.nets import resnet_v2

    slim = slimcam.slim()
    with tf1.Graph().as_default(), tf1.Session() as session:
        images = tf1.placeholder(tf1.float32, [None, 32, 32, 3], name="images")
        with slim.arg_scope(resnet_v2.resnet_arg_scope()):
            blocks = [resnet_v2.resnet_v2_block("block1", base_depth=2, num_units=1, stride=1)]
            logits, end_points = resnet_v2.resnet_v2(images, blocks, 3, is_training=False, scope="net")
        session.run(tf1.global_variables_initializer())
        batch = np.random.RandomState(0).uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)
        values = session.run(logits, {images: batch})
        with slimcam.load(session, input=images, logits=logits) as model:
            assert values.shape == (2, 1, 1, 3)
            assert model.logits.shape.as_list() == [None, 3]
            maps = slimcam.GradCAM(model, "net/postnorm/Relu")(batch)
    assert "Logits" not in end_points
    assert_net(maps.scores, values.max((1, 2, 3)))
