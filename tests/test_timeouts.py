"""Runs that would never end: they end in time, and loops that do end are left alone."""

import contextlib

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.control_flow import of_operations

import slimcam

DARK, BRIGHT = (np.full((1, 4, 4, 3), value, np.float32) for value in (0.5, 2.0))


@contextlib.contextmanager
def of_functions():
    """Let tf.while_loop make a While, as TensorFlow 2 does."""
    operations = not tf1.control_flow_v2_enabled()
    tf1.enable_control_flow_v2()
    try:
        yield
    finally:
        if operations:
            tf1.disable_control_flow_v2()


def looping(kind, batch=None):
    """Return what builds a net that counts on from the largest value of its images, by nothing, until it is 1."""

    def build():
        x = tf1.placeholder(tf1.float32, [batch, 4, 4, 3], name="x")
        maps = tf1.nn.relu(x, name="maps")
        with kind():
            end = tf1.while_loop(lambda i: i < 1.0, lambda i: i * 1.0, [tf1.reduce_max(x)])
        end = end[0] if isinstance(end, (list, tuple)) else end
        tf1.add(tf1.reduce_mean(maps, [1, 2]), tf1.reshape(end, []) * 0.0, name="logits")

    return build


@pytest.mark.parametrize("kind", [of_operations, of_functions])
def test_a_loop_that_never_ends_is_an_error_and_one_that_ends_is_none(model_of, kind):
    with model_of(looping(kind), timeout=0.4) as model:
        cam = slimcam.GradCAM(model, "maps", 1)
        for run in (lambda: cam(DARK), lambda: model.features("logits", DARK)):
            with pytest.raises(slimcam.ModelError, match=r"^a run took more than 0.4 s: give timeout=, in seconds"):
                run()
        # the mean of each channel is its logit: its gradient at each of 16 places is 1/16, and 2 of them weigh 1/8
        np.testing.assert_array_equal(cam(BRIGHT).raw, np.full((1, 4, 4), 1 / 8, np.float32))


def test_a_loop_that_never_ends_is_an_error_as_a_model_is_loaded(model_of):
    with pytest.raises(slimcam.ModelError, match=r"^a run took more than 0.4 s"):
        model_of(looping(of_functions, batch=1), timeout=0.4)  # noise is run, to see if it takes two


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan"), "5", True])
def test_what_is_no_time_is_an_error(model_of, timeout):
    with pytest.raises(slimcam.ModelError, match=rf"^timeout={timeout!r}: give seconds, more than 0, or None"):
        model_of(looping(of_functions), timeout=timeout)


def test_runs_have_a_bound_unless_it_is_said_that_there_is_none(model_of):
    for options, expected in (({}, 1_800_000), ({"timeout": 0.5}, 500), ({"timeout": None}, 0)):
        with model_of(looping(of_functions), **options) as model:
            assert model.session._config.operation_timeout_in_ms == expected
