"""A model in other threads and processes: closed while it runs, pickled, forked."""

import functools
import os
import pickle
import signal
import threading
import time
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.threads import at_once

import slimcam

X = np.random.RandomState(3).uniform(0, 1, (2, 6, 6, 3)).astype(np.float32)


def net():
    random = np.random.RandomState(0)
    x = tf1.placeholder(tf1.float32, [None, 6, 6, 3], name="x")
    kernel = tf1.constant(random.randn(3, 3, 3, 4), tf1.float32)
    maps = tf1.nn.relu(tf1.nn.conv2d(x, kernel, 1, "SAME"), name="maps")
    tf1.reduce_mean(maps, [1, 2], name="logits")


def endless():
    x = tf1.placeholder(tf1.float32, [None, 6, 6, 3], name="x")
    end = tf1.while_loop(lambda i: i < 1.0, lambda i: i * 1.0, [tf1.reduce_max(x)])
    end = end[0] if isinstance(end, (list, tuple)) else end
    tf1.add(tf1.reduce_mean(tf1.nn.relu(x, name="maps"), [1, 2]), tf1.reshape(end, []) * 0.0, name="logits")


# --- closing


def test_closing_a_model_ends_a_call_with_an_error(model_of):
    model = model_of(endless)
    cam = slimcam.GradCAM(model, "maps", 1)
    timer = threading.Timer(0.3, model.close)
    timer.start()
    with pytest.raises(slimcam.ModelError, match=r"^the model is closed; load it again$"):
        cam(X / 2)  # that would never end
    timer.join()


def test_threads_that_close_and_call_at_the_same_time_get_maps_or_errors(model_of):
    for _ in range(5):
        model = model_of(net)
        cam = slimcam.GradCAM(model, "maps", 1)
        at_once(functools.partial(call_or_close, model, cam, cam(X).raw))


def call_or_close(model, cam, expected, i):
    if i % 4 == 3:
        time.sleep(0.002)
        model.close()
    for _ in range(20):
        try:
            np.testing.assert_array_equal(cam(X).raw, expected)
        except slimcam.ModelError as error:
            assert str(error) == "the model is closed; load it again"


# --- pickling


def test_a_model_is_pickled_as_its_path_and_options(model_of):
    with model_of(net, labels=list("abcd"), layer="maps", timeout=7.0) as model:
        data = pickle.dumps(model)
        assert len(data) < 500
        with pickle.loads(data) as again:
            assert (again.labels, again.layer.name, again.source) == (list("abcd"), "maps:0", model.source)
            np.testing.assert_array_equal(again.features("logits", X), model.features("logits", X))


def test_a_gradcam_is_pickled_with_what_it_was_built_of(model_of):
    with model_of(net) as model:
        held = {"maps": np.ones((6, 6, 4), np.float32)}
        targets = 2, slimcam.Top(2), [0, 1], slimcam.Mean(model.tensor("logits")) - slimcam.Channel("maps", 1)
        for options in [*({"target": one} for one in targets), {"hold": held, "dialect": "book", "method": "gated"}]:
            cam = slimcam.GradCAM(model, "maps", **options)
            again = pickle.loads(pickle.dumps(cam))
            np.testing.assert_array_equal(again(X).raw, cam(X).raw)
            assert (again.layer, again.dialect) == ("maps", cam.dialect)
            again.model.close()


def test_what_cannot_be_pickled_says_what_can(model_of):
    with tf1.Graph().as_default(), tf1.Session() as session:
        net()
        with slimcam.load(session) as model, pytest.raises(slimcam.ModelError, match=r"a live object.* its path"):
            pickle.dumps(model)
    with model_of(net) as model:
        cam = slimcam.GradCAM(model, "maps", lambda model: model.logits[:, 1])
        with pytest.raises(slimcam.TargetError, match=r"cannot go to another process.* name tensors by Mean"):
            pickle.dumps(cam)


# --- forking


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_process_that_is_forked_gets_an_error_and_does_not_hang(model_of):
    with model_of(net) as model:
        cam = slimcam.GradCAM(model, "maps", 1)
        cam(X)
        uses = [
            lambda: cam(X),
            lambda: slimcam.GradCAM(model, "maps"),
            lambda: model.features("maps", X),
            lambda: model.session.run(model.logits, {model.input: X}),
            lambda: slimcam.load(model.source),
        ]
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, for this very reason
            child = os.fork()
        if not child:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(20)
            for use in uses:
                try:
                    use()
                except slimcam.ModelError as error:
                    os.write(writing, f"{error}\n".encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as lines:
            errors = lines.read().splitlines()
        assert os.waitpid(child, 0)[1] == 0
        assert len(errors) == len(uses)
        assert all(one.startswith("this process was forked from one that had loaded a model") for one in errors)
        assert cam(X).raw.shape == (2, 6, 6)  # and the parent goes on
