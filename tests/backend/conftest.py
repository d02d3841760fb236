"""A graph of its own for each test, and Keras left with the session that it held."""

import sys

import pytest

from slimcam._tf import held_session, keras2, tf1


@pytest.fixture(autouse=True)
def keras_session_as_found():
    held = held_session(keras2())
    yield
    sys.modules[keras2().backend.get_value.__module__].set_session(held)


@pytest.fixture
def graph():
    """Return a graph, the default one during the test."""
    with tf1.Graph().as_default() as made:
        yield made
