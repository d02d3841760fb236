"""K.function on plain graphs: it asks for what its outputs need; and the learning phase."""

import numpy as np
import pytest

import slimcam
from slimcam import backend as K
from slimcam._tf import keras2, tf, tf1

A = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)


# --- functions


def test_a_function_maps_arrays_to_a_list_of_arrays(graph):
    x, y = K.placeholder((None, 3)), K.placeholder((3,))
    run = K.function([x, y], [x * y, K.sum(x)], name="both")
    assert (run.inputs, len(run.outputs), run.name) == ([x, y], 2, "both")
    product, total = run([A, [1, 2, 3]])
    np.testing.assert_array_equal(product, A * [1, 2, 3])
    assert total == A.sum()


def test_one_tensor_as_output_gives_one_array(graph):
    x = K.placeholder((None, 3))
    np.testing.assert_array_equal(K.function(x, 2 * x)(A), 2 * A)


def test_placeholders_that_outputs_do_not_need_are_not_asked_for(graph):
    x, other = K.placeholder((3,)), K.placeholder((3,), name="other")
    part, _ = 2 * x, x + other
    assert K.function([x], [part])([[1, 2, 3]])[0].tolist() == [2, 4, 6]
    assert K.function([x, other], [part])([[1, 2, 3], "ignored"])[0].tolist() == [2, 4, 6]


def test_a_placeholder_that_nobody_feeds_is_named_with_the_path_when_built(graph):
    x, other = K.placeholder((3,)), K.placeholder((3,), name="other")
    joint = tf.add(x, tf.multiply(other, 2.0, name="twice"), name="joint")
    with pytest.raises(slimcam.MissingFeed, match="'joint:0' needs 'other:0': joint <- twice <- other"):
        K.function([x], [joint])


def test_training_switches_get_their_inference_value(graph):
    x, keep = K.placeholder((3,)), tf1.placeholder("float32", [], name="keep_prob")
    run = K.function([x], [x * keep])
    assert [one.tensor for one in run.fed] == [keep]
    assert run([[1, 2, 3]])[0].tolist() == [1, 2, 3]
    assert K.function([x, keep], [x * keep])([[1, 2, 3], 2])[0].tolist() == [2, 4, 6]


def test_any_tensor_can_be_an_input_and_what_lies_behind_it_is_not_needed(graph):
    x = K.placeholder((3,))
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
    x, y = K.placeholder((3,)), K.placeholder((3,))
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
    x = K.placeholder(())
    total = K.variable(10.0)
    run = K.function([x], [total + 0.0], updates=[(total, total + x)])
    assert [run([value])[0] for value in (1, 2, 3)] == [10, 11, 13]
    assert K.get_value(total) == 16


def test_an_update_may_be_an_operation_and_is_what_needs_a_placeholder(graph):
    x, step = K.placeholder(()), K.placeholder((), name="step")
    total = K.variable(0.0)
    assign = tf1.assign_add(total, step)
    assert K.function([x, step], [x * 2], updates=[assign])([3, 4])[0] == 6
    assert K.get_value(total) == 4
    with pytest.raises(slimcam.MissingFeed, match="needs 'step:0'"):
        K.function([x], [x * 2], updates=[assign])


def test_a_variable_as_output_and_no_inputs(graph):
    assert K.function([], [K.variable([1.0, 2.0])])([])[0].tolist() == [1, 2]


def test_calls_add_nothing_to_the_graph(graph):
    x = K.placeholder((None, 3))
    weight = K.variable(np.ones((3, 2)))
    run = K.function([x], [K.gradients(K.sum(K.dot(x, weight)), x)[0]])
    run([A])
    graph.finalize()
    for _ in range(100):
        run([A])
    np.testing.assert_array_equal(run([A])[0], np.full_like(A, 2))


# --- learning phase


def dropping(graph):
    x = K.placeholder((None, 100))
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


def test_a_learning_phase_that_was_set_is_a_number_and_another_one_is_refused(graph):
    K.set_learning_phase(1)
    assert K.learning_phase() == 1
    x, y = dropping(graph)
    run = K.function([x, K.learning_phase()], [y])
    assert run([np.ones((1, 100)), 1])[0].min() == 0
    with pytest.raises(
        slimcam.WrongFeed,
        match=r"was set to 1 when the model was built, and 0 is given for it: K\.set_learning_phase\(0\) before that",
    ):
        run([np.ones((1, 100)), 0])


def test_a_learning_phase_that_was_set_later_is_fed(graph):
    x, y = dropping(graph)
    K.set_learning_phase(0)
    run = K.function([x, K.learning_phase()], [y])
    assert [run([np.ones((1, 100)), phase])[0].min() for phase in (0, 1)] == [1, 0]
