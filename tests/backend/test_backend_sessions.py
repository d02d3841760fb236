"""K's values and sessions: which session holds the weights of a graph."""

import gc
import weakref

import numpy as np
import pytest

import slimcam
from slimcam import backend as K
from slimcam._tf import give_session, held_session, keras2, tf, tf1
from slimcam.backend.sessions import existing_session

# --- values and sessions


def test_values_are_got_and_set_without_new_operations(graph):
    weight, other = K.variable([1.0, 2.0]), K.variable(3, dtype="int32", name="other")
    assert (K.get_value(weight).tolist(), K.get_value(other), K.dtype(other)) == ([1, 2], 3, "int32")
    before = len(graph.get_operations())
    K.set_value(weight, [5, 6])
    K.batch_set_value([(weight, [7, 8]), (other, 9)])
    assert (K.get_value(weight).tolist(), K.get_value(other)) == ([7, 8], 9)
    assert len(graph.get_operations()) == before
    assert K.get_value(weight + 1.0).tolist() == [8, 9]
    assert K.get_value("neither") == "neither"
    with pytest.raises(slimcam.WrongFeed, match=r"K.set_value: '.*' is \(2,\), and the value given for it \(3,\)"):
        K.set_value(weight, [1, 2, 3])


def test_only_variables_without_a_value_are_initialised(graph):
    first = K.variable(1.0)
    K.set_value(first, 5.0)
    second = K.variable(2.0)
    assert K.function([], [first + 0.0, second + 0.0])([]) == [5, 2]


def test_a_variable_that_keras_does_not_know_is_not_initialised(graph):
    theirs = tf1.Variable(1.0, name="theirs")
    run = K.function([], [theirs + 0.0])
    with pytest.raises(slimcam.ModelError, match=r"a variable has no value in this graph's session .*theirs"):
        run([])


@pytest.mark.parametrize("keras_holds", ["no session", "another graph's"])
def test_the_default_session_of_the_graph_comes_first(graph, keras_holds):
    give_session(keras2(), None if keras_holds == "no session" else tf1.Session(graph=tf1.Graph()))
    weight = K.variable(1.0)
    K.set_value(weight, 2.0)
    run = K.function([], [weight + 0.0])
    with tf1.Session(graph=graph).as_default() as session:
        session.run(weight.initializer)
        assert (K.get_session(), run([])[0], K.get_value(weight)) == (session, 1, 1)
    assert (run([])[0], K.get_value(weight)) == (2, 2)


def test_a_default_session_of_another_graph_is_passed_over():
    with tf1.Graph().as_default():
        weight = K.variable(1.0)
        K.set_value(weight, 2.0)
    with tf1.Session(graph=tf1.Graph()).as_default():
        assert K.function([], [weight])([])[0] == 2


def test_set_session_is_for_its_graph_and_for_keras(graph):
    weight = K.variable(1.0)
    session = tf1.Session(graph=graph)
    session.run(weight.initializer, {weight.initializer.inputs[1]: 7.0})
    K.set_session(session)
    assert K.get_session() is session
    assert held_session(keras2()) is session
    with tf1.Graph().as_default():
        assert K.get_session() is not session
    assert K.get_value(weight) == 7


def test_keras_own_session_holds_the_weights(graph):
    layer = keras2().layers.Dense(1, use_bias=False)
    x = K.placeholder((None, 1))
    y = layer(x)
    layer.set_weights([np.array([[3.0]])])
    assert K.get_session() is held_session(keras2())
    assert K.function([x], [y])([[[2.0]]])[0].tolist() == [[6]]


def test_keras_session_of_another_graph_stays_and_ours_holds_what_it_is_given():
    with tf1.Graph().as_default():
        first = K.variable(1.0)
        K.set_value(first, 5.0)
    held = held_session(keras2())
    with tf1.Graph().as_default():
        second = K.variable(2.0)
        K.set_value(second, 6.0)
    assert held_session(keras2()) is held
    assert (K.get_value(first), K.get_value(second)) == (5, 6)


def test_a_session_of_ours_goes_with_its_graph():
    held_by_keras = tf1.Graph()
    K.set_session(tf1.Session(graph=held_by_keras))
    with tf1.Graph().as_default() as made:
        assert K.function([], [tf.constant(1)])([])[0] == 1
    session = weakref.ref(existing_session(made))
    assert session() is not None
    del made
    gc.collect()
    assert session() is None
