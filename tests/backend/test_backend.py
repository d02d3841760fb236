"""K, Keras 2's backend, on plain graphs: operations against NumPy, functions that ask for what they need, sessions."""

import gc
import sys
import weakref

import numpy as np
import pytest
from fixtures.tolerance import assert_sums

import slimcam
from slimcam import backend as K
from slimcam._tf import eager, give_session, held_session, keras2, tf, tf1
from slimcam.backend.sessions import existing_session

A = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
B = np.random.RandomState(0).uniform(-1, 1, (2, 3, 4)).astype(np.float32)
C = np.random.RandomState(1).uniform(-1, 1, (5, 4, 2)).astype(np.float32)


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


def on_sizes(*sizes):
    return K.placeholder(sizes)


# --- operations

TERMS = 8  # of the longest sum below; exp, log and sqrt round less often
MAGNITUDES = np.tensordot(np.abs(B), np.abs(C), (2, 1))  # of the terms of the products of B and C

# name, what K makes, what NumPy gives, and the magnitude of the terms, where they have more than one sign
OPERATIONS = (
    ("mean of all", lambda: K.mean(tf.constant(A)), A.mean()),
    ("mean of axes", lambda: K.mean(tf.constant(B), axis=(0, 2)), B.mean((0, 2)), np.abs(B).mean((0, 2))),
    ("mean, axis kept", lambda: K.mean(tf.constant(A), axis=1, keepdims=True), A.mean(1, keepdims=True)),
    ("mean of bool", lambda: K.mean(tf.constant(A) > 0), np.float32(4 / 6)),
    ("mean of int", lambda: K.mean(tf.constant([1, 2])), np.float32(1.5)),
    ("sum", lambda: K.sum(tf.constant(A), axis=-1), A.sum(-1)),
    ("max", lambda: K.max(tf.constant(A), axis=0, keepdims=True), A.max(0, keepdims=True)),
    ("argmax", lambda: K.argmax(tf.constant(A)), A.argmax(-1)),
    ("sqrt of a negative is 0", lambda: K.sqrt(tf.constant([4.0, -1.0])), np.array([2, 0], np.float32)),
    ("square", lambda: K.square(tf.constant(A)), A * A),
    ("abs", lambda: K.abs(tf.constant(A)), np.abs(A)),
    ("exp", lambda: K.exp(tf.constant(A)), np.exp(A)),
    ("log", lambda: K.log(tf.constant([1.0, 2.0])), np.log(np.array([1, 2], np.float32)), 1),
    ("maximum", lambda: K.maximum(tf.constant(A), 1.0), np.maximum(A, 1)),
    ("clip", lambda: K.clip(tf.constant(A), -1, 2), np.clip(A, -1, 2)),
    ("clip from below only", lambda: K.clip(tf.constant(A), 0, None), np.maximum(A, 0)),
    ("clip, bounds crossed", lambda: K.clip(tf.constant(A), 2, 1), np.full_like(A, 2)),
    ("l2_normalize", lambda: K.l2_normalize(tf.constant(A), axis=1), A / np.sqrt((A**2).sum(1, keepdims=True))),
    ("dot of matrices", lambda: K.dot(tf.constant(A), tf.constant(A.T)), A @ A.T),
    ("dot as Theano's", lambda: K.dot(tf.constant(B), tf.constant(C)), np.tensordot(B, C, (2, 1)), MAGNITUDES),
    ("flatten", lambda: K.flatten(tf.constant(A)), A.reshape(-1)),
    ("reshape", lambda: K.reshape(tf.constant(A), (3, -1)), A.reshape(3, 2)),
    ("concatenate", lambda: K.concatenate([tf.constant(A), tf.constant(A)]), np.concatenate([A, A], -1)),
    ("expand_dims", lambda: K.expand_dims(tf.constant(A)), A[..., None]),
    ("squeeze", lambda: K.squeeze(tf.constant(A[None]), 0), A),
    ("cast", lambda: K.cast(tf.constant(A), "int32"), A.astype(np.int32)),
    ("one_hot", lambda: K.one_hot(tf.constant([2, 0]), 3), np.array([[0, 0, 1], [1, 0, 0]], np.float32)),
    ("shape", lambda: K.shape(tf.constant(A)), np.array([2, 3], np.int32)),
    ("constant", lambda: K.constant([1, 2], shape=(2, 1)), np.array([[1], [2]], np.float32)),
)


@pytest.mark.parametrize("row", OPERATIONS, ids=[row[0] for row in OPERATIONS])
def test_an_operation_gives_what_numpy_gives(graph, row):
    _, make, expected, *magnitude = row
    found = tf1.Session().run(make())
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert_sums(found, expected, TERMS, *magnitude)


def test_dot_takes_sizes_that_are_known_when_it_runs(graph):
    x = on_sizes(None, None, 4)
    assert K.int_shape(K.dot(x, tf.constant(C)))[2:] == (5, 2)
    found = tf1.Session().run(K.dot(x, tf.constant(C)), {x: B})
    assert_sums(found, np.tensordot(B, C, (2, 1)), 4, MAGNITUDES)


def test_what_is_known_of_a_tensor(graph):
    x = K.placeholder(ndim=3, dtype="float64", name="x")
    assert (K.int_shape(x), K.ndim(x), K.dtype(x), x.name) == ((None, None, None), 3, "float64", "x:0")
    assert K.int_shape(tf1.placeholder("float32")) is None
    assert K.dtype(K.placeholder((2,))) == K.floatx() == "float32"
    assert (K.epsilon(), K.image_data_format()) == (1e-7, "channels_last")


def test_an_operation_is_added_to_the_graph_of_its_argument():
    with tf1.Graph().as_default() as theirs:
        x = on_sizes(3)
    with tf1.Graph().as_default() as default:
        y = K.sqrt(K.mean(K.square(x)))
        assert tf1.get_default_graph() is default
    assert y.graph is theirs
    assert not default.get_operations()
    assert_sums(K.function([x], [y])([[3, 0, 0]])[0], np.sqrt(3), 3)


def test_a_name_that_is_missing_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"slimcam\.backend has no 'conv2d'; it has abs, argmax"):
        K.conv2d  # noqa: B018


# --- gradients


def test_gradients_are_those_of_the_sum_in_a_list(graph):
    x, y = on_sizes(3), on_sizes(3)
    found = K.gradients(x * x * y, [x, y])
    assert isinstance(found, list)
    values = tf1.Session().run(found, {x: [1, 2, 3], y: [1, 1, 2]})
    np.testing.assert_array_equal(values, [[2, 4, 12], [1, 4, 9]])


def test_one_variable_gives_a_list_of_one(graph):
    x = on_sizes(3)
    assert [tensor.shape.as_list() for tensor in K.gradients(K.sum(x), x)] == [[3]]


def test_a_gradient_that_does_not_exist_is_none_and_no_output(graph):
    x, other = on_sizes(3), on_sizes(3)
    grads = K.gradients(K.sum(x), [x, other])
    assert grads[1] is None
    with pytest.raises(
        slimcam.TargetError, match=r"output 1 is None: K\.gradients gives None for a tensor that its loss"
    ):
        K.function([x], grads)


class TestWhatIsNoTensorOfAGraph:
    ADVICE = r"with tf\.Graph\(\)\.as_default\(\):`, or use slimcam\.GradCAM\(model\)"

    def test_an_array(self, graph):
        x = on_sizes(3)
        with pytest.raises(slimcam.TargetError, match=f"K.gradients: variable 1 is of type ndarray.*{self.ADVICE}"):
            K.gradients(K.sum(x), [x, A])
        with pytest.raises(slimcam.TargetError, match=f"K.function: output 0 is of type ndarray.*{self.ADVICE}"):
            K.function([x], [A])

    def test_an_eager_tensor(self):
        with tf1.Graph().as_default():
            x = on_sizes(3)
        with eager():
            value = tf.constant(A)
        with pytest.raises(slimcam.TargetError, match=f"K.gradients: the loss is an eager EagerTensor.*{self.ADVICE}"):
            K.gradients(value, x)

    def test_a_model(self, graph):
        model = keras2().Sequential([keras2().layers.Dense(1, input_shape=(3,))], name="net")
        with pytest.raises(slimcam.TargetError, match=r"input 0 is the Keras model 'net'.*model\.input, model\.output"):
            K.function([model], [model.output])

    @pytest.mark.skipif(not tf1.executing_eagerly(), reason="TensorFlow 1 runs in graphs")
    def test_eager_mode_has_no_placeholder_and_no_session(self):
        with pytest.raises(slimcam.TargetError, match=f"K.placeholder: TensorFlow runs eagerly.*{self.ADVICE}"):
            K.placeholder((3,))
        with pytest.raises(slimcam.TargetError, match=f"K.get_session: TensorFlow runs eagerly.*{self.ADVICE}"):
            K.get_session()


# --- functions


def test_a_function_maps_arrays_to_a_list_of_arrays(graph):
    x, y = on_sizes(None, 3), on_sizes(3)
    run = K.function([x, y], [x * y, K.sum(x)], name="both")
    assert (run.inputs, len(run.outputs), run.name) == ([x, y], 2, "both")
    product, total = run([A, [1, 2, 3]])
    np.testing.assert_array_equal(product, A * [1, 2, 3])
    assert total == A.sum()


def test_one_tensor_as_output_gives_one_array(graph):
    x = on_sizes(None, 3)
    np.testing.assert_array_equal(K.function(x, 2 * x)(A), 2 * A)


def test_placeholders_that_outputs_do_not_need_are_not_asked_for(graph):
    x, other = on_sizes(3), K.placeholder((3,), name="other")
    part, _ = 2 * x, x + other
    assert K.function([x], [part])([[1, 2, 3]])[0].tolist() == [2, 4, 6]
    assert K.function([x, other], [part])([[1, 2, 3], "ignored"])[0].tolist() == [2, 4, 6]


def test_a_placeholder_that_nobody_feeds_is_named_with_the_path_when_built(graph):
    x, other = on_sizes(3), K.placeholder((3,), name="other")
    joint = tf.add(x, tf.multiply(other, 2.0, name="twice"), name="joint")
    with pytest.raises(slimcam.MissingFeed, match="'joint:0' needs 'other:0': joint <- twice <- other"):
        K.function([x], [joint])


def test_training_switches_get_their_inference_value(graph):
    x, keep = on_sizes(3), tf1.placeholder("float32", [], name="keep_prob")
    run = K.function([x], [x * keep])
    assert [one.tensor for one in run.fed] == [keep]
    assert run([[1, 2, 3]])[0].tolist() == [1, 2, 3]
    assert K.function([x, keep], [x * keep])([[1, 2, 3], 2])[0].tolist() == [2, 4, 6]


def test_any_tensor_can_be_an_input_and_what_lies_behind_it_is_not_needed(graph):
    x = on_sizes(3)
    middle = 2 * x
    assert [one.tolist() for one in K.function([middle], [middle + 1, middle])([[1, 2, 3]])] == [[2, 3, 4], [1, 2, 3]]


@pytest.mark.parametrize(
    "values, message",
    [
        ([A], r"K.function 'f' takes 2 values and was given 1: 'x:0', 'y:0'"),
        ([A[:, :2], A], r"'x:0' takes \(None, 3\), and the array given for it is \(2, 2\)"),
        ([A, [["a", "b", "c"]]], "'y:0' takes float32: "),
        ([A, None], "'y:0' was given None: give an array"),
    ],
)
def test_values_that_do_not_fit_are_named(graph, values, message):
    x, y = K.placeholder((None, 3), name="x"), K.placeholder((None, 3), name="y")
    run = K.function([x, y], [x + y], name="f")
    with pytest.raises(slimcam.WrongFeed, match=message):
        run(values)


def test_tensors_of_two_graphs_are_refused():
    ends = []
    for name in "ab":
        with tf1.Graph().as_default():
            ends.append(K.placeholder((1,), name=name))
    with pytest.raises(slimcam.TargetError, match="'a:0' and 'b:0' are of different graphs"):
        K.function([], ends)
    with pytest.raises(slimcam.TargetError, match="the input 'a:0' is not of the outputs' graph"):
        K.function(ends[:1], ends[1:])


def test_an_unknown_argument_is_refused(graph):
    with pytest.raises(slimcam.TargetError, match="no argument 'feeds'; beside updates and name it takes feed_dict"):
        K.function([], [tf.constant(1)], feeds={})


def test_options_of_keras_2(graph):
    x, y = on_sizes(3), on_sizes(3)
    count = K.variable(0.0)
    metadata = tf1.RunMetadata()
    options = tf1.RunOptions(trace_level=tf1.RunOptions.FULL_TRACE)
    run = K.function(
        [x],
        [x + y],
        feed_dict={y: [1, 1, 1]},
        fetches=[tf1.assign_add(count, 1.0)],
        options=options,
        run_metadata=metadata,
    )
    assert [one.tolist() for one in run([[1, 2, 3]])] == [[2, 3, 4]]
    assert K.get_value(count) == 1
    assert metadata.step_stats.dev_stats


def test_updates_run_after_the_outputs(graph):
    x = on_sizes()
    total = K.variable(10.0)
    run = K.function([x], [total + 0.0], updates=[(total, total + x)])
    assert [run([value])[0] for value in (1, 2, 3)] == [10, 11, 13]
    assert K.get_value(total) == 16


def test_an_update_may_be_an_operation_and_is_what_needs_a_placeholder(graph):
    x, step = on_sizes(), K.placeholder((), name="step")
    total = K.variable(0.0)
    assign = tf1.assign_add(total, step)
    assert K.function([x, step], [x * 2], updates=[assign])([3, 4])[0] == 6
    assert K.get_value(total) == 4
    with pytest.raises(slimcam.MissingFeed, match="needs 'step:0'"):
        K.function([x], [x * 2], updates=[assign])


def test_a_variable_as_output_and_no_inputs(graph):
    assert K.function([], [K.variable([1.0, 2.0])])([])[0].tolist() == [1, 2]


def test_calls_add_nothing_to_the_graph(graph):
    x = on_sizes(None, 3)
    weight = K.variable(np.ones((3, 2)))
    run = K.function([x], [K.gradients(K.sum(K.dot(x, weight)), x)[0]])
    run([A])
    graph.finalize()
    for _ in range(100):
        run([A])
    np.testing.assert_array_equal(run([A])[0], np.full_like(A, 2))


# --- learning phase


def dropping(graph):
    x = on_sizes(None, 100)
    return x, keras2().layers.Dropout(0.5)(x)


def test_the_learning_phase_may_stand_among_the_inputs(graph):
    x, y = dropping(graph)
    run = K.function([x, K.learning_phase()], [y])
    ones = np.ones((1, 100), np.float32)
    assert run([ones, 0])[0].tolist() == ones.tolist()
    assert set(run([ones, 1])[0].ravel().tolist()) == {0, 2}


def test_a_learning_phase_that_is_not_fed_is_test(graph):
    x, y = dropping(graph)
    assert K.function([x], [y])([np.ones((1, 100))])[0].min() == 1


def test_a_learning_phase_that_was_set_is_a_number_and_its_value_is_ignored(graph):
    K.set_learning_phase(1)
    assert K.learning_phase() == 1
    x, y = dropping(graph)
    run = K.function([x, K.learning_phase()], [y])
    assert run([np.ones((1, 100)), 0])[0].min() == 0


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
    x = on_sizes(None, 1)
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
