"""K in a process of TensorFlow 1's world, where TensorFlow 2's behaviour is off, as old programs are run."""

import subprocess
import sys
import textwrap

import pytest

CHECKS = """
    import importlib.util, os
    if importlib.util.find_spec("tf_keras"):
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import numpy as np
    import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()
    from slimcam import backend as K
    from slimcam._tf import keras2
    keras = keras2()
    optimizers = getattr(keras.optimizers, "legacy", keras.optimizers)

    def net():
        start = keras.layers.Input((4,))
        wide = keras.layers.Dense(64, activation="relu", name="wide")(start)
        return keras.Model(start, keras.layers.Dense(2)(keras.layers.Dropout(0.5)(wide)))

    X = np.arange(8, dtype=np.float32).reshape(2, 4)
    model = net()

    def one_session():
        session = K.get_session()
        np.testing.assert_array_equal(session.run(model.output, {model.input: X}), model.predict(X))
        assert tf.get_default_graph() is session.graph

    def learning_phase():
        run = K.function([model.input, K.learning_phase()], [model.output])
        np.testing.assert_array_equal(run([X, 0])[0], model.predict(X))
        assert np.ptp([run([X, 1])[0] for _ in range(4)], axis=0).max() > 1e-3
        session = K.get_session()
        fed = session.run(model.output, {model.input: X, K.learning_phase(): False})
        np.testing.assert_array_equal(fed, model.predict(X))

    def an_input_that_is_an_output():
        run = K.function([model.input], [layer.output for layer in model.layers])
        first, *_, last = run([X])
        np.testing.assert_array_equal(first, X)
        np.testing.assert_array_equal(last, model.predict(X))

    def updates():
        count, step = K.variable(1.0), K.placeholder(())
        run = K.function([step], [count * step], updates=[(count, count + 1), K.update_add(K.variable(0.0), step)])
        assert [run([10.0])[0] for _ in range(3)] == [10, 20, 30]
        assert K.get_value(count) == 4

    def optimizers_that_give_updates():
        weight = K.variable(1.0)
        loss = K.square(weight)
        by = optimizers.SGD(0.25).get_updates(params=[weight], loss=loss)  # to half of itself
        run = K.function([], [loss], updates=by)
        assert [run([])[0] for _ in range(3)] == [1, 0.25, 0.0625]
        labels = K.placeholder((None, 2))
        loss = K.mean(K.square(model.output - labels))
        for name in ("Adam", "RMSprop", "Adagrad"):
            by = getattr(optimizers, name)(0.01).get_updates(params=model.trainable_weights, loss=loss)
            train = K.function([model.input, labels, K.learning_phase()], [loss], updates=by)
            losses = [train([X / 10, np.ones((2, 2)), 0])[0] for _ in range(5)]
            assert losses[-1] < losses[0]

    def a_sum_that_begins_with_a_variable():
        loss = K.variable(0.0)
        loss += 0.5 * K.sum(K.square(model.get_layer("wide").output))
        gradient = K.gradients(loss, model.get_layer("wide").output)[0]
        both = K.function([model.input], [gradient, model.get_layer("wide").output])([X])
        np.testing.assert_array_equal(*both)
        assert K.eval(K.variable(3.0) + K.variable(4.0)) == 7

    def variables_of_the_program_have_values():
        mine = tf.Variable(3.0)
        assert K.get_session().run(mine) == 3
        K.get_session().run(mine.assign(5.0))
        assert K.get_session().run(mine) == 5

    def a_session_that_was_set():
        K.clear_session()
        session = tf.Session()
        K.set_session(session)
        other = net()
        made = other.predict(X)
        assert K.get_session() is session
        np.testing.assert_array_equal(session.run(other.output, {other.input: X}), made)
        np.testing.assert_array_equal(K.function([other.input], [other.output])([X])[0], made)

    def a_learning_phase_that_was_set():
        K.clear_session()
        K.set_learning_phase(1)
        other = net()
        run = K.function([other.input], [other.output])
        assert K.learning_phase() == 1
        assert np.ptp([run([X])[0] for _ in range(4)], axis=0).max() > 1e-3

    def a_session_that_is_the_default():
        with tf.Graph().as_default() as graph, tf.Session(graph=graph).as_default() as session:
            other = net()
            assert K.get_session() is session
            np.testing.assert_array_equal(K.function([other.input], [other.output])([X])[0], other.predict(X))

    for check in [value for name, value in list(globals().items()) if getattr(value, "__name__", "") == name and
                  getattr(value, "__module__", "") == "__main__" and name != "net"]:
        try:
            check()
            print("passed", check.__name__)
        except Exception as error:
            print("failed", check.__name__, type(error).__name__, str(error).replace(chr(10), " ")[:500])
"""


@pytest.fixture(scope="module")
def said():
    """Return what the checks said, by their names."""
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(CHECKS)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return {line.split()[1]: line for line in ended.stdout.splitlines() if line.startswith(("passed", "failed"))}


@pytest.mark.parametrize(
    "check",
    [
        "one_session",
        "learning_phase",
        "an_input_that_is_an_output",
        "updates",
        "optimizers_that_give_updates",
        "a_sum_that_begins_with_a_variable",
        "variables_of_the_program_have_values",
        "a_session_that_was_set",
        "a_learning_phase_that_was_set",
        "a_session_that_is_the_default",
    ],
)
def test_keras_2_2_in_tensorflow_1_s_world(said, check):
    assert said[check] == f"passed {check}"
