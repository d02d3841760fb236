"""Calls of shared layers are found in graphs that know nothing of layers: by the weights that operations read."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net, assert_sums

import slimcam
from slimcam.layers import shared as sharing

SIDE = 6
RANDOM = np.random.RandomState(0)
KERNEL, OTHER = (RANDOM.normal(size=(3, 3, 3, 2)).astype(np.float32) for _ in range(2))
DENSE = RANDOM.normal(size=(4, 2)).astype(np.float32)
X, Y = (RANDOM.uniform(0, 1, (2, SIDE, SIDE, 3)).astype(np.float32) for _ in range(2))


def conv(images, kernel, scope):
    """A convolution and a ReLU in scopes below `scope`, which is entered again, not made anew, if it ends in "/"."""
    with tf1.name_scope(scope) as base:
        inner = base if scope.endswith("/") else ""
        with tf1.name_scope(f"{inner}conv{'/' if inner else ''}"):
            made = tf1.nn.conv2d(images, kernel, 1, "SAME", name="Conv2D")
        with tf1.name_scope(f"{inner}act{'/' if inner else ''}"):
            return tf1.nn.relu(made, name="Relu")


def head(left, right):
    both = tf1.concat([tf1.reduce_mean(left, [1, 2]), tf1.reduce_mean(right, [1, 2])], 1, name="both")
    tf1.matmul(both, tf1.constant(DENSE, name="dense/kernel"), name="logits")


def places():
    return [tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name=name) for name in ("left", "right")]


def shared():
    """One encoder on two images, each call in a scope of its own."""
    left, right = places()
    kernel = tf1.constant(KERNEL, name="encoder/conv/kernel")
    head(conv(left, kernel, "encoder"), conv(right, kernel, "encoder"))


def alike():
    """Two encoders with names as of one, and weights of their own."""
    left, right = places()
    head(
        conv(left, tf1.constant(KERNEL, name="one"), "encoder"), conv(right, tf1.constant(OTHER, name="two"), "encoder")
    )


def in_one_scope():
    """One encoder on two images, both calls in one scope, as a function of TensorFlow 2 has them."""
    left, right = places()
    kernel = tf1.constant(KERNEL, name="weights")
    with tf1.name_scope("model/"):
        head(conv(left, kernel, "model/encoder/"), conv(right, kernel, "model/encoder/"))


def twice_in_a_row():
    """A convolution on its own output."""
    left, _ = places()
    kernel = tf1.constant(KERNEL[:, :, :2], name="kernel")
    first = conv(left[..., :2], kernel, "block")
    again = conv(first, kernel, "block")
    head(again, again)


def by_session(build):
    """Return the model of a live session with variables in place of the constants."""
    graph = tf1.Graph()
    with graph.as_default(), tf1.variable_scope("", use_resource=True):
        left, right = places()
        kernel = tf1.get_variable("encoder/conv/kernel", initializer=KERNEL)
        head(conv(left, kernel, "encoder"), conv(right, kernel, "encoder"))
        session = tf1.Session(graph=graph)
        session.run(tf1.global_variables_initializer())
    return slimcam.load(session, logits="logits")


NAMES = {"encoder", "encoder/act", "encoder/conv"}


def test_scopes_that_read_one_weight_are_calls_of_one_layer(model_of):
    model = model_of(shared, logits="logits")
    assert set(model.calls.tensors) == {f"{name}@{place}" for name in NAMES for place in ("left", "right")}
    assert model.tensor("encoder@left").name == "encoder/act/Relu:0"
    assert model.tensor("encoder@right").name == "encoder_1/act/Relu:0"
    assert model.tensor("encoder/conv@right").name == "encoder_1/conv/Conv2D:0"


def test_calls_in_one_scope_are_told_apart_by_what_they_touch(model_of):
    model = model_of(in_one_scope, logits="model/logits")
    assert set(model.calls.tensors) == {f"{name}@{place}" for name in NAMES for place in ("left", "right")}
    assert model.tensor("encoder@left").name == "model/encoder/act/Relu:0"
    assert model.tensor("encoder/conv@right").name == "model/encoder/conv/Conv2D_1:0"


def test_calls_are_found_in_a_live_session():
    with by_session(shared) as model:
        assert set(model.calls.tensors) == {f"{name}@{place}" for name in NAMES for place in ("left", "right")}


def test_layers_with_weights_of_their_own_are_no_calls_of_one(model_of):
    assert model_of(alike, logits="logits").calls is None


def test_a_layer_on_its_own_output_is_named_by_the_call_before(model_of):
    model = model_of(twice_in_a_row, logits="logits", input="left")
    assert model.tensor("block@left").name == "block/act/Relu:0"
    assert model.tensor("block@block@left").name == "block_1/act/Relu:0"


def test_names_do_not_hang_on_the_order_of_a_set():
    assert sharing._inner_first({"b", "a/c", "a", "a/c/d"}) == ["a/c/d", "a/c", "a", "b"]


def test_a_scope_of_several_calls_is_ambiguous(model_of):
    with pytest.raises(
        slimcam.UnknownName, match="'encoder' is called 2 times: say which, 'encoder@left' or 'encoder@right'"
    ):
        model_of(shared, logits="logits").tensor("encoder")


@pytest.mark.parametrize("build", [shared, in_one_scope])
def test_a_branch_of_a_frozen_graph_is_explained_alone(model_of, build):
    model = model_of(build, logits="logits" if build is shared else "model/logits")
    maps = slimcam.explain(model, Y, target=slimcam.Mean("encoder@right"))
    assert maps.layer == "encoder@right"
    activations = model.session.run(model.tensor("encoder@right"), {"right:0": Y})
    # each of 6 x 6 x 2 values has the gradient 1/72, so the map is the sum over both channels / 72
    assert_sums(maps.raw, activations.sum(-1) / 72, 72)


def test_pairs_of_a_frozen_graph_weigh_each_branch_by_its_own_gradient(model_of):
    model = model_of(shared, logits="logits")
    left, right = slimcam.explain_pair(model, X, Y, target=0)
    feeds = {"left:0": X, "right:0": Y}
    for maps, name, rows in ((left, "encoder@left", slice(2)), (right, "encoder@right", slice(2, 4))):
        activations = model.session.run(model.tensor(name), feeds)
        # the logit is the mean over 36 places times the branch's rows of the dense kernel
        assert_net(maps.raw, activations @ DENSE[rows, 0] / 36)
