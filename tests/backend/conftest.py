"""A graph of its own for each test, and Keras left with the session that it held."""

import sys

import pytest
from fixtures.keras_nets import NEW

from slimcam._tf import held_session, keras2, keras3, tf1


@pytest.fixture(autouse=True)
def keras_session_as_found():
    held = held_session(keras2())
    yield
    sys.modules[keras2().backend.get_value.__module__].set_session(held)


@pytest.fixture(params=[pytest.param(keras2, id="Keras 2"), pytest.param(keras3, id="Keras 3", marks=NEW)])
def keras(request):
    """Return a Keras whose functional models are eager."""
    if not tf1.executing_eagerly():
        pytest.skip("TensorFlow 1 has no eager models")
    return request.param()


@pytest.fixture
def graph():
    """Return a graph, the default one during the test."""
    with tf1.Graph().as_default() as made:
        yield made
