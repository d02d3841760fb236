"""Other backward rules on graphs: what gates pass back, worked by hand, and relevance by an Explainer."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net, rounding_of_net

import slimcam
from slimcam.errors import LayerError, ParameterError, RuleError
from slimcam.graphs import walk
from slimcam.graphs.relevance import gates

WEIGHTS = np.float32([[[[1, 1, 1, 1]]]])  # of one channel, four
SIGNS = np.float32([[1, 0], [-2, 0], [3, 1], [4, 0]])  # of four channels, two classes


def of_gate(gate):
    """Return a net that passes x, x, x and x through a gate; class 0 is 1, -2, 3 and 4 times these."""

    def build():
        x = tf1.placeholder(tf1.float32, [None, 1, 2, 1], name="x")
        y = gate(tf1.nn.conv2d(x, WEIGHTS, 1, "SAME"))
        tf1.matmul(tf1.reduce_sum(tf1.identity(y, name="y"), [1, 2]), SIGNS, name="logits")

    return build


def swish(x):
    return x * tf1.sigmoid(x)


def gelu(x):
    return 0.5 * x * (1 + tf1.erf(x * np.float32(np.sqrt(0.5))))


def hard_swish(x):
    return x * (tf1.nn.relu6(x + 3) * np.float32(1 / 6))


def explained(model_of, gate, method, images, **parameters):
    """Return the map of class 0."""
    model = model_of(of_gate(gate), logits="logits", preprocess="none")
    images = np.float32(images).reshape(1, 1, 2, 1)
    return slimcam.Explainer(model, method, target=0, **parameters)(images).channels[0, 0, :, 0]


SIGMOID = 1 / (1 + np.exp(-1.0))
# What comes back of 1, 3 and 4, the positive ones: 8 times the slope at an input of 1, and of -1 or, for Relu6, of 7.
GUIDED = {
    "relu": (tf1.nn.relu, [1, -1], [8, 0]),
    "relu6": (tf1.nn.relu6, [1, 7], [8, 0]),
    "elu": (tf1.nn.elu, [1, -1], [8, 8 * np.exp(-1)]),
    "selu": (tf1.nn.selu, [1, -1], [8 * 1.05070098, 8 * 1.05070098 * 1.67326324 * np.exp(-1)]),
    "leaky": (lambda x: tf1.nn.leaky_relu(x, 0.25), [1, -1], [8, 2]),
    "softplus": (tf1.nn.softplus, [1, -1], [8 * SIGMOID, 8 * (1 - SIGMOID)]),
    "swish": (swish, [1, 0], [8 * (SIGMOID + SIGMOID * (1 - SIGMOID)), 4]),
}


@pytest.mark.parametrize("name", GUIDED)
def test_guided_lets_positive_gradients_through_by_the_slope(model_of, name):
    gate, images, want = GUIDED[name]
    assert_net(explained(model_of, gate, "guided_backprop", images), np.float32(want))


@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
def test_of_the_winning_class_the_net_is_run_once(model_of, method):
    model = model_of(of_gate(tf1.nn.relu), logits="logits", preprocess="none")
    explain = slimcam.Explainer(model, method)
    images = np.float32([1, -1]).reshape(1, 1, 2, 1)
    assert_net(explain(images).channels, slimcam.Explainer(model, method, target=0)(images).channels)  # 6 against 1
    slopes = [tensors for rule, tensors in explain.cam._runs.slopes.items() if rule]
    run = walk.ancestors([slopes[0].scores, slopes[0].gradients])
    assert [op.type for op in run].count("Conv2D") == 1


GATES = [(tf1.nn.relu, 8), (tf1.nn.elu, 8), (swish, 8), (hard_swish, 8), (tf1.nn.relu6, 8), (gelu, 4)]


@pytest.mark.parametrize("gate, want", GATES)
def test_deconvnet_lets_positive_gradients_through_whatever_the_input(model_of, gate, want):
    # what a gelu multiplies by its gate is half of x
    assert_net(explained(model_of, gate, "deconvnet", [-1, 7]), np.float32([want, want]))


@pytest.mark.parametrize("gate", [tf1.nn.relu6, swish, hard_swish])
def test_without_the_upper_gate_what_is_clipped_passes(model_of, gate):
    got = explained(model_of, gate, "guided_backprop", [-1, 7], upper=False)
    assert_net(got, np.float32([0, 8]))
    assert_net(explained(model_of, gate, "guided_backprop", [-1, 7], dialect="xplique"), np.float32([0, 8]))


def test_innvestigate_starts_at_the_score(model_of):
    # the score is 6 of the sum of x
    got = explained(model_of, tf1.nn.relu, "guided_backprop", [1, 2], dialect="innvestigate")
    assert_net(got, np.float32([18 * 8, 18 * 8]))


def test_rectgrad_keeps_where_output_times_gradient_is_largest(model_of):
    # of the two pixels 1 and 2: 1, -2, 3, 4 and 2, -4, 6, 8; of eight the place of 75 % is 5.25, the sixth smallest: 4
    got = explained(model_of, tf1.nn.relu, "rectgrad", [1, 2], percent=75)
    np.testing.assert_allclose(got, [0, 7])
    # of 50 %, 3.5, whose nearest even is 4, the fifth smallest: 3
    np.testing.assert_allclose(explained(model_of, tf1.nn.relu, "rectgrad", [1, 2], percent=50), [4, 7])


@pytest.mark.parametrize("target, want", [(0, 8), (1, 1), (slimcam.Class(1) - slimcam.Class(0), 2)])
def test_a_rule_is_of_the_class_that_is_asked_for(model_of, target, want):
    # a class that does not win: what is copied reads the mask that is fed; 1 - 0 is -1, 2, -2 and -4
    model = model_of(of_gate(tf1.nn.relu), logits="logits", preprocess="none")
    got = slimcam.Explainer(model, "deconvnet", target=target)(np.ones((1, 1, 2, 1), np.float32))
    np.testing.assert_allclose(got.channels, want)


@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet", "rectgrad"])
def test_a_net_without_gates_is_refused_at_build(model_of, method):
    model = model_of(of_gate(tf1.tanh), logits="logits")
    with pytest.raises(RuleError, match="none between the images and the score: the map would be the plain gradient's"):
        slimcam.Explainer(model, method)


def test_a_gate_in_a_gate_is_no_gate_of_its_own():
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [None, 2])
        y = hard_swish(x) * tf1.sigmoid(tf1.matmul(tf1.nn.relu(x, name="own"), np.eye(2, dtype=np.float32)))
        tf1.nn.relu6(y, name="last")
        found = gates.gates_among(graph.get_operations())
    assert len(found) == 3
    assert {"own", "last"} <= found


RELEVANCE = ["lrp_z", "lrp_epsilon", "lrp_gamma", "lrp_alpha_beta", "deep_taylor", "deeplift"]


@pytest.mark.parametrize("method", RELEVANCE)
def test_an_explainer_gives_relevance_and_says_what_is_kept(model_of, method):
    model = model_of(of_gate(tf1.nn.relu), logits="logits", preprocess="none")
    images = np.float32([1, 2, 3, -4]).reshape(2, 1, 2, 1)
    parameters = {"baseline": "zero"} if method == "deeplift" else {}
    explainer = slimcam.Explainer(model, method, target=0, **parameters)
    operations = len(model.graph.get_operations())
    maps = explainer(images)
    assert len(model.graph.get_operations()) == operations
    np.testing.assert_allclose(maps.scores, [18, 18])
    if method == "deeplift":
        np.testing.assert_allclose(maps.details["gap"], [0, 0], atol=1e-5)
    else:
        kept = 1.0 if method != "lrp_alpha_beta" else maps.details["kept"]
        np.testing.assert_allclose(maps.details["kept"], kept, rtol=1e-5)
    if method in ("lrp_z", "deeplift"):
        np.testing.assert_allclose(maps.channels[:, 0, :, 0], [[6, 12], [18, 0]], rtol=1e-5)


@pytest.mark.parametrize("target", [slimcam.Mean("logits"), slimcam.Dot("logits", [1, 2])])
@pytest.mark.parametrize("method", ["lrp_z", "deeplift"])
def test_a_score_of_a_tensor_is_gone_back_from_itself(model_of, method, target):
    model = model_of(of_gate(tf1.nn.relu), logits="logits", preprocess="none")
    images = np.float32([1, 2]).reshape(1, 1, 2, 1)
    maps = slimcam.Explainer(model, method, target=target, **({"baseline": "zero"} if method == "deeplift" else {}))(
        images
    )
    gradients = slimcam.Explainer(model, "gradient_x_input", target=target)(images)
    np.testing.assert_allclose(maps.channels, gradients.channels, rtol=1e-5)


def test_relevance_of_a_class_that_is_no_winner(model_of):
    model = model_of(of_gate(tf1.nn.relu), logits="logits", preprocess="none")
    maps = slimcam.Explainer(model, "lrp_z", target=1)(np.float32([1, 2]).reshape(1, 1, 2, 1))
    np.testing.assert_allclose(maps.channels[0, 0, :, 0], [1, 2], rtol=1e-6)


def test_parameters_of_relevance_are_checked_at_build(model_of):
    model = model_of(of_gate(tf1.nn.relu), logits="logits")
    with pytest.raises(ParameterError, match="is not a rule and how many layers"):
        slimcam.Explainer(model, "lrp_z", composite="wrong")
    with pytest.raises(ParameterError, match="give low= and high="):
        slimcam.Explainer(model, "deep_taylor", low=0.0)


def test_an_operation_without_a_rule_is_named_at_build(model_of):
    model = model_of(of_gate(lambda x: tf1.sin(x, name="wave")), logits="logits")
    with pytest.raises(RuleError, match="'wave' is an operation of type Sin"):
        slimcam.Explainer(model, "lrp_z")


def test_a_held_tensor_gets_nothing(model_of):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 1, 2, 1], name="x")
        other = tf1.multiply(x, 3, name="other")
        tf1.reshape(
            tf1.stack([tf1.reduce_sum(x + other, [1, 2, 3]), tf1.reduce_sum(x, [1, 2, 3])], 1), [-1, 2], "logits"
        )

    model = model_of(build, logits="logits", preprocess="none")
    images = np.float32([1, 2]).reshape(1, 1, 2, 1)
    for method in ("lrp_z", "deeplift"):
        parameters = {"baseline": "zero"} if method == "deeplift" else {}
        maps = slimcam.Explainer(model, method, target=0, hold={"other": 1.0}, **parameters)(images)
        np.testing.assert_allclose(maps.channels[0, 0, :, 0], [1, 2], rtol=1e-6)


def test_a_tape_has_no_rule_of_its_own(model_of):
    model = model_of(of_gate(tf1.nn.relu), logits="logits")
    with pytest.raises((LayerError, slimcam.errors.ModelError)):
        slimcam.Explainer(model, "lrp_z", engine="tape")


def test_single_images_are_run_one_by_one(model_of):
    def build():
        x = tf1.placeholder(tf1.float32, [1, 1, 2, 1], name="x")
        y = tf1.nn.relu(tf1.nn.conv2d(x, WEIGHTS, 1, "SAME"))
        y = tf1.concat([y, tf1.zeros([1, 1, 2, 1])], -1)  # of one image
        tf1.matmul(tf1.reduce_sum(y, [1, 2]), np.concatenate([SIGNS, [[1, 1]]]).astype(np.float32), name="logits")

    model = model_of(build, logits="logits", preprocess="none")
    images = np.float32([1, 2, 3, 4]).reshape(2, 1, 2, 1)
    for method in ("lrp_z", "deeplift"):
        parameters = {"baseline": "zero"} if method == "deeplift" else {}
        maps = slimcam.Explainer(model, method, target=0, **parameters)(images)
        assert_net(maps.channels, 6 * images, 20)


def test_fullgrad_reads_biases_with_a_score_of_its_own_and_with_holds(model_of):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
        y = tf1.nn.relu(tf1.nn.bias_add(tf1.nn.conv2d(x, WEIGHTS, 1, "SAME"), np.float32([1, 2, 3, -9])), name="y")
        z = tf1.add(y, tf1.reduce_sum(x, [1, 2, 3], keepdims=True, name="other"), name="z")
        tf1.add(tf1.matmul(tf1.reduce_mean(z, [1, 2]), SIGNS), np.float32([5, 7]), name="logits")

    model = model_of(build, logits="logits", preprocess="none")
    images = np.random.RandomState(0).uniform(-1, 1, (3, 2, 2, 1)).astype(np.float32)
    largest = 100.0  # of any part
    for target in (None, 1, slimcam.Class(0) - slimcam.Class(1), slimcam.Top(2), slimcam.Mean("z")):
        for hold in (None, {"other": np.float32(2).reshape(1, 1, 1)}):
            maps = slimcam.Explainer(model, "fullgrad", target=target, hold=hold)(images)
            np.testing.assert_allclose(maps.details["gap"], 0, atol=rounding_of_net(100, largest))
            assert np.abs(maps.details["biases"]).min() > 0 and maps.raw.min() >= 0 and maps.raw.max() > 0


def test_fullgrad_of_a_score_that_images_do_not_reach_is_an_error(model_of):
    model = model_of(of_gate(tf1.nn.relu), logits="logits", preprocess="none")
    with pytest.raises(LayerError, match=r"no gradient of 'logits:0' reaches 'x:0'|does not lead"):
        slimcam.Explainer(model, "fullgrad", target=0, hold={"y": "zeros"})
