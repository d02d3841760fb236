"""Every kind of method on a pair: each branch's map while the other photo stays as it is."""

import pickle

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net

import slimcam

X = np.random.RandomState(0).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)
Y = np.random.RandomState(1).uniform(-1, 1, (2, 10, 12, 3)).astype(np.float32)
METHODS = {
    "hirescam": {},
    "gradient": {},
    "integrated_gradients": {"steps": 3},
    "smoothgrad": {"samples": 2},
    "guided_backprop": {},
    "lrp_epsilon": {},
    "fullgrad": {},
    "scorecam": {},
    "ablationcam": {},
    "finercam": {},
    "conductance": {"steps": 2},
    "occlusion": {"patch": 4, "stride": 4},
    "rise": {"masks": 5},
    "guided_gradcam": {},
}
TERMS = 1_000  # of the sums along the longest path, there and back


def build():
    """Build a net whose logits are the product of what two branches, of one kernel, make of their images."""
    random = np.random.RandomState(3)
    kernel = tf1.constant(random.standard_normal((3, 3, 3, 4)).astype(np.float32))
    means = []
    for name, sides in (("x", (8, 8)), ("y", (10, 12))):
        image = tf1.placeholder(tf1.float32, [None, *sides, 3], name=name)
        conv = tf1.nn.conv2d(image, kernel, [1] * 4, "SAME", name=name + "_conv")
        means.append(tf1.reduce_mean(tf1.nn.relu(conv, name=name + "_relu"), [1, 2]))
    both = means[0] * means[1]
    tf1.matmul(both, tf1.constant(random.standard_normal((4, 3)).astype(np.float32)), name="logits")


@pytest.fixture
def model(model_of):
    return model_of(build, input=["x", "y"], logits="logits", preprocess="none")


def pair_of(model, method, **more):
    layer = {} if slimcam.METHODS[method].needs == "pixels" else {"layer": ["x_relu", "y_relu"]}
    return slimcam.ExplainPair(model, method=method, target=1, **{**layer, **METHODS[method], **more})


@pytest.mark.parametrize("method", METHODS)
def test_a_branch_is_explained_as_alone_with_the_others_photo_held(model, method):
    explain, rows = pair_of(model, method, seed=4), []
    explain.watch(rows.append)
    operations = len(model.graph.get_operations())
    pair = explain(X, Y)
    assert len(model.graph.get_operations()) == operations
    assert bool(rows) == (slimcam.METHODS[method].takes == "net")
    for maps, own, other, held in ((pair[0], "x", "y", Y), (pair[1], "y", "x", X)):
        layer = {} if slimcam.METHODS[method].needs == "pixels" else {"layer": own + "_relu"}
        how = {"seed": 4, "hold": {other: held}, **layer, **METHODS[method]}
        alone = slimcam.Explainer(model, method, target=1, **how)({"x": X, "y": Y}[own])
        assert_net(maps.raw, alone.raw, TERMS)
        assert_net(maps.scores, alone.scores, TERMS)


def test_a_gradient_is_tensorflows(model):
    pair = pair_of(model, "gradient")(X, Y)
    tensors = [model.graph.get_tensor_by_name(name + ":0") for name in ("x", "y")]
    with model.graph.as_default():
        wanted = model.session.run(tf1.gradients(model.logits[:, 1], tensors), dict(zip(tensors, (X, Y))))
    for maps, slope in zip(pair, wanted):
        assert_net(maps.channels, slope, TERMS)


def test_it_pickles_with_its_parameters(model):
    explain = pair_of(model, "smoothgrad", noise=0.5, seed=2)
    again = pickle.loads(pickle.dumps(explain))
    with again.model:
        for one, other in zip(explain(X, Y), again(X, Y)):
            np.testing.assert_array_equal(one.raw, other.raw)


def test_what_does_not_fit_is_said_as_it_is_built(model):
    for error, message, options in (
        (slimcam.ParameterError, "gradient is of pixels and takes no layer", {"method": "gradient", "layer": "x_relu"}),
        (slimcam.ParameterError, "smoothgrad has no parameter 'sample'", {"method": "smoothgrad", "sample": 2}),
        (slimcam.UnknownName, "no method 'scorcam'", {"method": "scorcam"}),
        (slimcam.UnknownName, "has no dialect 'book'", {"method": "scorecam", "dialect": "book"}),
    ):
        with pytest.raises(error, match=message):
            slimcam.ExplainPair(model, **options)


def test_a_peers_formula_is_a_dialect(model):
    mine = pair_of(model, "scorecam", dialect="tf-keras-vis")(X, Y)
    how = {"layer": "x_relu", "target": 1, "hold": {"y": Y}, "dialect": "tf-keras-vis"}
    assert_net(mine[0].raw, slimcam.Explainer(model, "scorecam", **how)(X).raw, TERMS)
