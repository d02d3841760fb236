"""What load and the choice of a layer take of graphs of many nodes grows with the nodes, not with their square."""

import functools
import gc
import sys

import pytest
import tensorflow.compat.v1 as tf1
from frozen_nets import constant, dense, maps, placeholder

import slimcam
from slimcam.graphs import worth

STEPS = 200


def repeated(step, x, count):
    for _ in range(count):
        x = step(x)
    return x


def pooled(x):
    return tf1.reduce_mean(x, [1, 2])


def copies(count):
    """Operations that hand on what they read."""
    tf1.nn.softmax(dense(pooled(repeated(tf1.identity, maps(placeholder(None, 8, 8, 3)), count))))


def gates(count):
    """Sigmoids, of which the last is the model's."""
    repeated(tf1.sigmoid, dense(pooled(maps(placeholder(None, 8, 8, 3)))), count)


def ends(count):
    """A number for each image after each layer of one weight, which nothing reads."""
    x, kernel = maps(placeholder(None, 8, 8, 3)), constant(1, 1, 4, 4)
    for _ in range(count // 3):
        x = tf1.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME")
        tf1.reduce_mean(x, [1, 2, 3])


def copied_weights(count):
    """Copies of a weight, each of the one before, and what reads each of them."""
    x, weight = maps(placeholder(None, 8, 8, 3)), tf1.constant([0.5] * 4)
    for _ in range(count // 2):
        weight = tf1.identity(weight)
        x = x + weight
    tf1.nn.softmax(dense(pooled(x)))


def two_inputs(count):
    """Two images, whose sum goes through layers of which none is of one image alone."""
    both = maps(placeholder(None, 8, 8, 3, name="left")) + placeholder(None, 8, 8, 4, name="right")
    kernel = constant(1, 1, 4, 4)
    x = repeated(lambda x: tf1.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME"), both, count // 2)
    tf1.nn.softmax(dense(pooled(x)))


def truths(count):
    """Truth values that have a value, by each of which a layer is multiplied."""
    x = maps(placeholder(None, 8, 8, 3))
    for i in range(count // 3):
        x *= tf1.cast(tf1.placeholder_with_default(False, [], name=f"truth_{i}"), tf1.float32)
    tf1.nn.softmax(dense(pooled(x)))


def calls_of(run):
    """Return how many functions Python calls in a run, TensorFlow's among them; not what clears away earlier tests."""
    count = 0

    def on_event(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    gc.collect()
    gc.disable()
    sys.setprofile(on_event)
    try:
        run()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


def load(path):
    slimcam.load(path, preprocess="unit").close()


def load_and_choose(path):
    with slimcam.load(path, preprocess="unit") as model:
        model.layers()
        hold = {"right": "zeros"} if len(model.inputs) > 1 else None
        slimcam.GradCAM(model, target=slimcam.Mean(model.ends[0].name), hold=hold)


@pytest.mark.parametrize(
    "build, run",
    [
        (copies, load_and_choose),
        (gates, load_and_choose),
        (copied_weights, load_and_choose),
        (two_inputs, load_and_choose),
        (ends, load),
        (truths, load_and_choose),
    ],
)
def test_work_grows_with_the_nodes(frozen, build, run):
    run(frozen(lambda: build(10)))  # what is done once in a process
    paths = [frozen(functools.partial(build, n * STEPS), f"{n}.pb") for n in (1, 2, 3)]
    one, two, three = (calls_of(functools.partial(run, path)) for path in paths)
    # as many nodes more cost as much again, and up to 5/3 of it where the work grows with the nodes' square
    assert three - two < 1.05 * (two - one)


def test_of_very_many_ends_the_first_are_walked_for_layers(frozen, monkeypatch):
    with slimcam.load(frozen(lambda: ends(30)), preprocess="unit") as model:
        every = [layer.name for layer in model.layers()]
    monkeypatch.setattr(worth, "_MOST_WALKED", 200)
    with slimcam.load(frozen(lambda: ends(30)), preprocess="unit") as model:
        some = [layer.name for layer in model.layers()]
    assert some and set(some) < set(every)
