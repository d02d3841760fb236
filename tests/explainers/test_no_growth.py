"""Calls leave nothing behind: no operation in a graph and no object in the process, by any row of METHODS."""

import gc

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import keras_nets as nets
from fixtures import small_convnet
from fixtures.keras_nets import KERASES, quiet, sow

import slimcam
from slimcam._tf import TF_VERSION
from slimcam.methods import METHODS
from slimcam.methods.parameters import defaults

CALLS = 6
FEW = {"samples": 4, "steps": 3, "masks": 4, "patch": 8, "stride": 8, "cells": 2, "weight": 1.0, "start": 0.5}
OF_A_TAPE = [name for name, row in METHODS.items() if not row.rules(defaults(row.parameters))]  # it has no other rules


def few(method):
    return {name: value for name, value in FEW.items() if name in METHODS[method].parameters}


def assert_nothing_grows(explain, photos, graphs):
    """Call often, the winner and classes that are asked for; what is left after the second call must not grow."""

    def call():
        explain(photos)
        explain(photos, target=[0, 1])

    def counts():
        gc.collect()
        return [len(graph.get_operations()) for graph in graphs], len(gc.get_objects())

    for _ in range(2):
        call()
    operations, objects = counts()
    for _ in range(CALLS):
        call()
    operations_after, objects_after = counts()
    assert operations_after == operations
    assert objects_after - objects < CALLS  # less than one a call; some are the garbage collector's own lists


@pytest.fixture(autouse=True, scope="module")
def old_objects():
    """Let the garbage collector pass over what is there before the tests: TensorFlow's million objects take it long."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    path = tmp_path_factory.mktemp("growth") / "model.pb"
    small_convnet.write(path)
    with slimcam.load(path, logits="logits", preprocess="squash") as model:
        yield model


@pytest.mark.parametrize("method", list(METHODS))
def test_calls_of_a_session_leave_nothing_behind(net, photo, method):
    layer = None if METHODS[method].needs == "pixels" else "conv2"
    explain = slimcam.Explainer(net, method, layer, **few(method))
    assert_nothing_grows(explain, [photo(20, 30), photo(9, 12, 1)], [net.graph, tf1.get_default_graph()])


@pytest.fixture(scope="module", params=KERASES)
def eager(request):
    with quiet():
        keras = request.param()
        layers = keras.layers
        start = layers.Input((nets.SIDE, nets.SIDE, 3))
        x = layers.Conv2D(4, 3, activation="relu", name="last")(start)
        x = layers.Dense(3, name="logits")(layers.GlobalAveragePooling2D()(x))
        yield slimcam.load(sow(keras.Model(start, x)), engine="tape", preprocess="squash")


@pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")
@pytest.mark.parametrize("method", OF_A_TAPE)
def test_calls_of_a_tape_leave_nothing_behind(eager, method):
    layer = None if METHODS[method].needs == "pixels" else "last"
    explain = slimcam.Explainer(eager, method, layer, engine="tape", **few(method))
    photos = np.random.RandomState(0).uniform(-1, 1, (2, nets.SIDE, nets.SIDE, 3)).astype(np.float32)
    assert_nothing_grows(explain, photos, [eager.graph, tf1.get_default_graph()])
