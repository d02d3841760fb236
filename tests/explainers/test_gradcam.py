"""GradCAM: built once, used often: nothing grows, layouts, choices; and what it leaves as it was."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.colours import RED_GREEN, colours
from fixtures.tolerance import assert_sums

import slimcam

PLACES = 100  # terms: a gradient's mean, and its root mean square, over at most 7 x 7 places of two channels


@pytest.fixture
def net(model_of):
    return model_of(colours, preprocess="none", logits="logits", labels=["red", "green"])


def operations(model):
    return len(model.graph.get_operations())


# --- nothing grows


def test_calls_add_no_operations(net, photo):
    cam = slimcam.GradCAM(net, "a")
    before = operations(net)
    cam(photo(4, 6))
    cam([photo(9, 5), photo(4, 6), photo(30, 40)], target=[0, 1, 0])
    cam(np.ones((5, 4, 6, 3), np.float32), target="green")
    cam(photo(4, 6), target=slimcam.Class(0) - slimcam.Class(1)).overlay()
    assert operations(net) == before


@pytest.mark.parametrize("target", [slimcam.Top(2), slimcam.Mean("a"), lambda model: model.logits[:, 0]])
def test_calls_add_no_operations_to_other_kinds_of_target(net, photo, target):
    cam = slimcam.GradCAM(net, "a", target)
    before = operations(net)
    cam(photo(4, 6))
    cam([photo(9, 5), photo(4, 6)])
    assert operations(net) == before


def test_targets_on_the_logits_share_one_gradient(net):
    slimcam.GradCAM(net, "a")
    before = operations(net)
    for target in (0, "green", slimcam.Class(0) - slimcam.Class(1), [0, 1], None):
        slimcam.GradCAM(net, "a", target)
        slimcam.GradCAM(net, net.tensor("a"), target, method="gated")
    assert operations(net) == before


def test_equal_targets_share_one_gradient(net):
    def first(model):
        return model.logits[:, 0]

    targets = (lambda: slimcam.Top(2), lambda: slimcam.Mean("a"), lambda: slimcam.Dot("logits", [1, 2]), lambda: first)
    for target in targets:
        slimcam.GradCAM(net, "a", target())
        before = operations(net)
        slimcam.GradCAM(net, "a", target())
        assert operations(net) == before


def test_dialects_of_one_score_share_one_gradient(net):
    slimcam.GradCAM(net, "a", dialect="book")
    before = operations(net)
    slimcam.GradCAM(net, "a", dialect="csdn")
    slimcam.GradCAM(net, "a", dialect="gates")
    assert operations(net) == before


# --- layouts


def test_layer_with_channels_first_gives_the_map_of_the_place(model_of):
    def build(first):
        x = tf1.placeholder(tf1.float32, [None, 2, 3, 1], name="x")
        a = tf1.nn.conv2d(x, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME")
        a = tf1.transpose(a, [0, 3, 1, 2]) if first else a
        a = tf1.nn.bias_add(a, tf1.constant([1.0, 0.0]), data_format="NCHW" if first else "NHWC")
        features = tf1.reduce_mean(tf1.nn.relu(a, name="a"), [2, 3] if first else [1, 2])
        tf1.multiply(features, tf1.constant([6.0, 12.0]), name="logits")

    image = np.array([[1, 2, 3], [-4, -5, -6]], np.float32).reshape(1, 2, 3, 1)
    maps = {}
    for first in (True, False):
        maps[first] = slimcam.GradCAM(model_of(lambda first=first: build(first)), "a", slimcam.Top(2))(image)
    # a0 = x + 1 where that is positive, with weight 6/6; a1 = -x, with weight 12/6; f0 = 9/6, f1 = 15/6
    assert_sums(maps[False].raw, [[[0, 0, 0], [8, 10, 12]], [[2, 3, 4], [0, 0, 0]]], 6)
    assert_sums(maps[True].raw, maps[False].raw, 6)
    assert maps[True].classes.tolist() == [1, 0]


# --- layers, dialects and methods


def test_layer_of_two_dimensions_is_refused(net):
    message = r"'logits:0' is \(.*, 2\): a layer to explain has four dimensions; layers that do: 'a'"
    with pytest.raises(slimcam.LayerError, match=message):
        slimcam.GradCAM(net, "logits")


def test_layer_that_does_not_lead_to_the_score_is_refused(model_of):
    def build():
        colours()
        tf1.nn.relu(tf1.get_default_graph().get_tensor_by_name("a:0"), name="side")

    model = model_of(build, logits="logits")
    for target in (None, slimcam.Top(1)):
        with pytest.raises(
            slimcam.LayerError, match="'side:0' does not lead to the score 'logits:0'; layers that do: 'a'"
        ):
            slimcam.GradCAM(model, "side", target)


@pytest.mark.parametrize("target", [0, slimcam.Top(1), slimcam.Channel("logits", 0)])
def test_layer_of_unknown_shape_is_explained(model_of, target):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 4, 6, 3], name="x")
        a = tf1.placeholder_with_default(tf1.nn.conv2d(x, tf1.constant(RED_GREEN), 1, "SAME"), None, name="a")
        tf1.ensure_shape(tf1.reduce_mean(a, [1, 2]), [None, 2], name="logits")

    image = np.ones((1, 4, 6, 3), np.float32)
    image[..., 0] = 24
    maps = slimcam.GradCAM(model_of(build, logits="logits"), "a", target)(image)
    assert_sums(maps.raw, np.ones((1, 4, 6)), PLACES)


def test_misspelt_layer_suggests(net):
    with pytest.raises(slimcam.UnknownName, match="no tensor 'logit'; near: 'logits'"):
        slimcam.GradCAM(net, "logit")


@pytest.mark.parametrize(
    "option, message", [("dialect", "no dialect 'bok'.*near: 'book'"), ("method", "no method 'bok'")]
)
def test_misspelt_option_suggests(net, option, message):
    with pytest.raises(slimcam.UnknownName, match=message):
        slimcam.GradCAM(net, "a", **{option: "bok"})


def test_method_takes_the_place_of_the_dialects(net):
    # logit of red: gradient 1/24 everywhere in one of two channels, of root mean square 1/24 / sqrt(2)
    maps = slimcam.GradCAM(net, "a", 0, method="normalised")(np.ones((1, 4, 6, 3), np.float32))
    assert_sums(maps.raw, np.full((1, 4, 6), 1 / 24 / (1 / 24 / 2**0.5 + 1e-5)), PLACES)


# --- what stays as it was


def test_images_and_photos_are_not_changed(net, photo):
    pictures = [photo(4, 6), photo(9, 5)]
    array, copies = np.ones((2, 4, 6, 3), np.float32), [picture.copy() for picture in pictures]
    cam = slimcam.GradCAM(net, "a")
    cam(pictures).overlay()
    cam(array).overlay()
    for picture, copy in zip(pictures, copies):
        np.testing.assert_array_equal(picture, copy)
    np.testing.assert_array_equal(array, 1)


def test_graph_session_and_scope_of_the_caller_are_not_touched(frozen, photo):
    path = frozen(colours)
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        one = tf1.constant(1.0)
        with tf1.name_scope("mine"), tf1.control_dependencies([one]), tf1.device("/cpu:0"):
            before = graph.as_graph_def()
            with slimcam.load(path, preprocess="none", logits="logits") as model:
                slimcam.GradCAM(model, "a")(photo(4, 6)).overlay()
                assert model.graph is not graph and model.session is not session
            assert graph.as_graph_def() == before
            assert tf1.get_default_graph() is graph and tf1.get_default_session() is session
        assert session.run(one + 1) == 2


WORLD = """
import os, sys
import cv2  # which changes sys.path by itself
import numpy as np
import tensorflow as tf
tf1 = tf.compat.v1
if {legacy}:
    tf1.disable_v2_behavior()

def world():
    equality = tf1.Tensor._USE_EQUALITY
    switches = tf.executing_eagerly(), tf1.control_flow_v2_enabled(), tf1.resource_variables_enabled(), equality
    random = np.random.get_state()[1].tolist(), tf1.get_seed(None)
    return switches, random, dict(os.environ), tf1.logging.get_verbosity(), np.geterr(), list(sys.path)

before = world()
import slimcam
with slimcam.load({path!r}, preprocess="none", logits="logits") as model:
    maps = slimcam.GradCAM(model, "a")(np.full((4, 6, 3), 24, np.uint8))
    maps.overlay()
for now, then in zip(world(), before):
    assert now == then, (now, then)
assert np.allclose(maps.raw, 1)  # 24 / 24; 24 roundings are less than 1e-5
assert len(tf1.get_default_graph().get_operations()) == 0
if not {legacy} and tf.__version__ > "2":
    assert float(tf.constant(1.0) + 1) == 2
"""


@pytest.mark.parametrize("legacy", [False, True])
def test_switches_of_the_process_are_not_touched(frozen, legacy):
    code = WORLD.format(path=frozen(colours), legacy=legacy)
    paths = str(pathlib.Path(slimcam.__file__).resolve().parents[1]), os.environ["PYTHONPATH"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_rows_that_are_not_one_image_s_are_an_error(model_of):
    """Images of 4 x 4 where a net is made for 2 x 2 are cut in four by its Reshape."""

    def build():
        x = tf1.placeholder(tf1.float32, [None, None, None, 1], name="x")
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.ones([1, 1, 1, 1]), 1, "SAME"), name="a")
        tf1.nn.softmax(tf1.matmul(tf1.reshape(a, [-1, 4]), tf1.ones([4, 2])), name="end")

    cam = slimcam.GradCAM(model_of(build, preprocess="none"), "a")
    assert cam(np.ones((2, 2, 2, 1), np.float32)).raw.shape == (2, 2, 2)
    with pytest.raises(slimcam.LayerError, match=r"the score has 8 rows for 2 images, .*of another size, say size="):
        cam(np.ones((2, 4, 4, 1), np.float32))
