"""Model: whole as it is constructed, what is built once, from however many threads, and closing."""

import time

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.threads import at_once

import slimcam
from slimcam.graphs import walk

X = np.random.RandomState(3).uniform(0, 1, (2, 6, 6, 3)).astype(np.float32)


def two_layers():
    random = np.random.RandomState(0)
    x = tf1.placeholder(tf1.float32, [None, 6, 6, 3], name="x")
    with tf1.name_scope("first"):
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant(random.randn(3, 3, 3, 4), tf1.float32), 1, "SAME"), name="a")
    with tf1.name_scope("second"):
        b = tf1.nn.relu(tf1.nn.conv2d(a, tf1.constant(random.randn(3, 3, 4, 5), tf1.float32), 1, "SAME"), name="b")
    tf1.reduce_mean(b, [1, 2], name="logits")


@pytest.fixture
def model(model_of):
    return model_of(two_layers, labels=list("abcde"))


def count(model, kind, ending):
    return sum(op.type == kind and op.name.endswith(ending) for op in model.graph.get_operations())


def operations(model):
    return len(model.graph.get_operations())


# --- built once


def test_threads_that_build_gradcams_at_the_same_time_share_one_probe(model, model_of):
    alone = model_of(two_layers)
    expected = slimcam.GradCAM(alone, "first", target=2)(X).raw
    maps = at_once(lambda i: slimcam.GradCAM(model, "first", target=2)(X).raw)
    assert [np.array_equal(one, expected) for one in maps] == [True] * 8
    assert count(model, "PlaceholderWithDefault", "mask") == 1
    assert operations(model) == operations(alone)


def test_threads_that_build_different_gradcams_get_what_each_gets_alone(model, model_of):
    alone = model_of(two_layers)
    kinds = [("first", 1), ("second", 1), ("first", slimcam.Top(2)), ("second", slimcam.Top(3))]
    kinds += [("first", slimcam.Mean("second")), ("first", slimcam.Norm("second")), ("first", 4), ("second", None)]
    expected = [slimcam.GradCAM(alone, layer, target)(X).raw for layer, target in kinds]
    maps = at_once(lambda i: slimcam.GradCAM(model, *kinds[i])(X).raw)
    for one, other in zip(maps, expected):
        np.testing.assert_array_equal(one, other)
    assert operations(model) == operations(alone)


def test_a_function_as_target_is_called_once_though_threads_ask_at_the_same_time(model):
    calls = []

    def score(model):
        calls.append(1)
        return model.logits[:, 1]

    at_once(lambda i: slimcam.GradCAM(model, "first", score))
    assert calls == [1]


def test_threads_that_ask_for_the_layers_walk_the_graph_once(model, monkeypatch):
    found, walks = walk.worth_explaining, []

    def slowly(*ends):
        walks.append(1)
        time.sleep(0.02)
        return found(*ends)

    monkeypatch.setattr(walk, "worth_explaining", slowly)
    each = at_once(lambda i: model.layers())
    assert walks == [1]
    assert [[layer.name for layer in layers] for layers in each] == [["second", "first"]] * 8
