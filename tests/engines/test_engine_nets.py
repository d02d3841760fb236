"""Nets of engines: what a session and a tape make of one Keras model; a Siamese net; a detector."""

import numpy as np
import pytest
from fixtures import keras_nets as nets
from fixtures.keras_nets import KERASES, quiet, sow
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import TF_VERSION
from slimcam.methods import METHODS

X, Y = nets.photos(), nets.photos(seed=1)
EAGER = pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")
FEW = {"samples": 4, "steps": 3, "masks": 4, "patch": 6, "stride": 6, "cells": 2, "weight": 1.0, "start": 0.5}
DEFAULTS = {name: {key: one.default for key, one in row.parameters.items()} for name, row in METHODS.items()}
NEW = "fullgrad", "sobol", "hsic", "extremal_perturbation", "meaningful_perturbation"
TWO_RULES = {name for name, row in METHODS.items() if row.rules(DEFAULTS[name])}  # which no tape has


@pytest.fixture(params=KERASES)
def model(request):
    with quiet():
        keras = request.param()
        layers = keras.layers
        start = layers.Input((nets.SIDE, nets.SIDE, 3), name="photo")
        x = layers.Conv2D(4, 3, activation="relu", padding="same", name="first")(start)
        x = layers.Conv2D(5, 3, activation="relu", padding="same", strides=2, name="last")(x)
        x = layers.GlobalAveragePooling2D(name="mean")(x)
        yield sow(keras.Model(start, layers.Dense(3, activation="softmax", name="probs")(x), name="net"))


@EAGER
@pytest.mark.parametrize("method", [name for name in METHODS if name not in TWO_RULES])
def test_a_tape_gives_the_map_of_a_session(model, method):
    options = {name: value for name, value in FEW.items() if name in METHODS[method].parameters}
    options.update({} if METHODS[method].needs == "pixels" else {"layer": "last"})
    with slimcam.load(model, preprocess="squash") as graph:
        expected = slimcam.Explainer(graph, method, target=1, **options)(X)
    with slimcam.load(model, engine="tape", preprocess="squash") as eager:
        maps = slimcam.Explainer(eager, method, target=1, engine="tape", **options)(X)
    if METHODS[method].parameters.get("sign"):  # a singular vector is as near as its value is from the next
        np.testing.assert_allclose(maps.raw, expected.raw, rtol=0, atol=1e-4 * np.abs(expected.raw).max())
        return
    assert_net(maps.raw, expected.raw)
    assert_net(maps.scores, expected.scores)


@EAGER
@pytest.mark.parametrize("method", ["gradcam", "gradient"])
def test_a_tape_averages_as_a_session_does(model, method):
    layer = {} if method == "gradient" else {"layer": "last"}
    with slimcam.load(model, preprocess="squash") as graph, slimcam.load(model, engine="tape") as eager:
        want = slimcam.augment(slimcam.Explainer(graph, method, **layer))(X)
        got = slimcam.augment(slimcam.Explainer(eager, method, engine="tape", **layer))(X)
        assert_net(got.raw, want.raw)
        assert got.classes.tolist() == want.classes.tolist()


@EAGER
def test_a_tape_does_not_see_biases(model):
    error = pytest.raises(slimcam.LayerError, match="a tape does not see the biases of a model: engine='graph' does")
    with slimcam.load(model, engine="tape") as eager, error:
        slimcam.Explainer(eager, "fullgrad", engine="tape")


@EAGER
@pytest.mark.parametrize("method", ["layercam", "gradient", "ablationcam", "scorecam"])
def test_a_tape_explains_the_winner_and_the_best_two(model, method):
    options = {} if METHODS[method].needs == "pixels" else {"layer": "last"}
    with slimcam.load(model, preprocess="squash") as graph, slimcam.load(model, engine="tape") as eager:
        for target in (None, slimcam.Top(2)):
            expected = slimcam.Explainer(graph, method, target=target, **options)(X)
            maps = slimcam.Explainer(eager, method, target=target, engine="tape", **options)(X)
            assert maps.classes.tolist() == expected.classes.tolist()
            assert_net(maps.raw, expected.raw)


@pytest.mark.parametrize("method", ["layercam", "gradient", "ablationcam", "scorecam", "smoothgrad", *NEW])
def test_one_branch_of_a_siamese_net_is_explained_with_the_other_held(tmp_path, method):
    path = nets_of_question()
    with slimcam.load(path, preprocess="unit") as net:
        options = {} if METHODS[method].needs == "pixels" else {"layer": "encoder@input_1"}
        options = {} if options and net.tensor("encoder@input_1").shape.rank != 4 else options
        alone = slimcam.Mean("encoder@input_1")
        size = net.inputs[0].tensor.shape.as_list()[1:3]
        photo = np.random.RandomState(0).randint(0, 256, (*size, 3)).astype(np.uint8)
        few = {name: value for name, value in FEW.items() if name in METHODS[method].parameters}
        maps = slimcam.Explainer(net, method, target=alone, **few)(photo)
        assert maps.finite.all() and maps.raw.any()
        held = slimcam.Explainer(
            net, method, hold={"encoder@input_2": "zeros"}, target=slimcam.Mean(net.outputs[0]), **few
        )
        assert held(photo).finite.all()
        with pytest.raises(slimcam.MissingFeed, match="input_2"):
            slimcam.Explainer(net, method, target=slimcam.Mean(net.outputs[0]))


def nets_of_question():
    """Return the path of the Siamese net of the question."""
    import pathlib

    return pathlib.Path(__file__).resolve().parents[1] / "data" / "siamese.h5"
