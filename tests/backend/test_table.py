"""K's functions that are TensorFlow's or Keras' own, and those that Keras 2.2 computes in its own way, by hand."""

import numpy as np
import pytest
from fixtures.tolerance import rounding

from slimcam import backend as K
from slimcam._tf import TF_VERSION, keras2, tf, tf1

A = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
CUBE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
PICTURE = np.arange(4, dtype=np.float32).reshape(1, 2, 2, 1)
LINE = np.array([[[1.0], [2.0], [3.0]]], np.float32)  # (1, 3 places, 1 channel)
SHARES = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]], np.float32)
COLUMN = np.array([[1], [2]])
ONE_HOT = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
SURE = np.array([[0.0, 1.0]], np.float32)
LOG = np.log
FUZZ = float(np.float32(1e-7))


def t(value, dtype=None):
    return tf1.constant(value, dtype)


def ones(*shape):
    return tf1.ones(shape)


# what K makes, and what it is worth
ROWS = {
    "all": (lambda: K.all(t(A)), True),
    "any": (lambda: K.any(t(A * 0), axis=1), [False, False]),
    "arange": (lambda: K.arange(1, 7, 2), [1, 3, 5]),
    "argmin": (lambda: K.argmin(t(A)), [1, 2]),
    "batch_flatten": (lambda: K.batch_flatten(t(CUBE)), CUBE.reshape(2, 12)),
    "bias_add, channels first": (lambda: K.bias_add(t(A[None]), t([1.0, 2.0]), "channels_first"), A[None] + COLUMN),
    "cast_to_floatx": (lambda: K.cast_to_floatx(np.float64(0.5)), 0.5),
    "conv1d": (lambda: K.conv1d(t(LINE), t([[[1.0]], [[10.0]]])), [[[21], [32]]]),
    "conv1d, causal": (lambda: K.conv1d(t(LINE), t([[[1.0]], [[10.0]]]), padding="causal"), [[[10], [21], [32]]]),
    "conv2d": (lambda: K.conv2d(t(PICTURE), ones(2, 2, 1, 1)), [[[[6]]]]),
    "conv2d_transpose": (
        lambda: K.conv2d_transpose(t(PICTURE), ones(2, 2, 1, 1), (1, 4, 4, 1), (2, 2)),
        PICTURE.repeat(2, 1).repeat(2, 2),
    ),
    "conv3d": (lambda: K.conv3d(t(PICTURE[None]), ones(1, 2, 2, 1, 1)), [[[[[6]]]]]),
    "conv3d_transpose": (
        lambda: K.conv3d_transpose(t(PICTURE[None]), ones(1, 1, 1, 1, 1), (1, 1, 2, 2, 1)),
        PICTURE[None],
    ),
    "cos": (lambda: K.cos(t(0.0)), 1),
    "ctc_label_dense_to_sparse": (
        lambda: K.to_dense(K.ctc_label_dense_to_sparse(t([[5, 6, 0]]), t([2]))),
        [[5, 6, 0]],
    ),
    "cumprod": (lambda: K.cumprod(t(A), axis=1), A.cumprod(1)),
    "cumsum": (lambda: K.cumsum(t(A)), A.cumsum(0)),
    "depthwise_conv2d": (lambda: K.depthwise_conv2d(t(PICTURE), ones(2, 2, 1, 2)), [[[[6, 6]]]]),
    "elu": (lambda: K.elu(t([-1.0, 2.0]), alpha=0.5), [0.5 * (np.exp(-1) - 1), 2]),
    "equal": (lambda: K.equal(t(A), np.abs(A)), A > 0),
    "eye": (lambda: K.eye(2), [[1, 0], [0, 1]]),
    "foldl": (lambda: K.foldl(lambda a, b: a - b, t([1.0, 2.0, 4.0])), 1 - 2 - 4),
    "foldr": (lambda: K.foldr(lambda a, b: a - b, t([1.0, 2.0, 4.0])), 4 - 2 - 1),
    "gather": (lambda: K.gather(t(A), t([[1], [0]])), A[::-1, None]),
    "greater": (lambda: K.greater(t(A), 1.0), A > 1),
    "greater_equal": (lambda: K.greater_equal(t(A), 1.0), A >= 1),
    "hard_sigmoid": (lambda: K.hard_sigmoid(t([-3.0, 1.0, 3.0])), [0, 0.7, 1]),
    "identity": (lambda: K.identity(t(A)), A),
    "in_test_phase": (lambda: K.in_test_phase(t(A), t(-A), training=True), -A),
    "in_top_k": (lambda: K.in_top_k(t(SHARES), t([2, 1]), 1), [False, True]),
    "in_train_phase": (lambda: K.in_train_phase(t(A), t(-A)), -A),
    "in_train_phase, a function": (lambda: K.in_train_phase(lambda: t(A), t(-A), training=1), A),
    "less": (lambda: K.less(t(A), 1.0), A < 1),
    "less_equal": (lambda: K.less_equal(t(A), 1.0), A <= 1),
    "local_conv1d": (lambda: K.local_conv1d(t(LINE), t([[[1.0]], [[2.0]], [[3.0]]]), (1,), (1,)), [[[1], [4], [9]]]),
    "local_conv2d": (
        lambda: K.local_conv2d(t(PICTURE), t([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), (1, 1), (1, 1), (2, 2)),
        PICTURE * [[[[1], [2]], [[3], [4]]]],
    ),
    "logsumexp": (lambda: K.logsumexp(t([[0.0, 0.0]]), axis=1), [LOG(2)]),
    "map_fn": (lambda: K.map_fn(lambda row: row[0] * 2, t(A)), [2, 8]),
    "min": (lambda: K.min(t(A), axis=-1), [-2, -6]),
    "minimum": (lambda: K.minimum(t(A), 1.0), np.minimum(A, 1)),
    "not_equal": (lambda: K.not_equal(t(A), 1.0), A != 1),
    "ones": (lambda: K.ones((2,), dtype="int32"), [1, 1]),
    "ones_like": (lambda: K.ones_like(t(A)), np.ones((2, 3))),
    "permute_dimensions": (lambda: K.permute_dimensions(t(CUBE), (2, 0, 1)), CUBE.transpose(2, 0, 1)),
    "pool2d": (lambda: K.pool2d(t(PICTURE), (2, 2)), [[[[3]]]]),
    "pool2d, average": (lambda: K.pool2d(t(PICTURE), (2, 2), pool_mode="avg"), [[[[1.5]]]]),
    "pool3d": (lambda: K.pool3d(t(PICTURE[None]), (1, 2, 2)), [[[[[3]]]]]),
    "pow": (lambda: K.pow(t(A), 2), A * A),
    "print_tensor": (lambda: K.print_tensor(t(A), message="A is "), A),
    "prod": (lambda: K.prod(t(A), axis=1), [-6, -120]),
    "relu": (lambda: K.relu(t([-2.0, 0.5, 4.0]), alpha=0.5, max_value=3.0, threshold=1.0), [-1.5, -0.25, 3]),
    "repeat": (lambda: K.repeat(t(A), 2), np.stack([A, A], 1)),
    "repeat_elements": (lambda: K.repeat_elements(t(A), 2, 1), A.repeat(2, 1)),
    "resize_volumes": (
        lambda: K.resize_volumes(t(PICTURE[None]), 1, 2, 1, "channels_last"),
        PICTURE[None].repeat(2, 2),
    ),
    "reverse": (lambda: K.reverse(t(A), 1), A[:, ::-1]),
    "round": (lambda: K.round(t([0.5, 1.5, 2.4])), [0, 2, 2]),
    "separable_conv2d": (
        lambda: K.separable_conv2d(t(PICTURE), ones(2, 2, 1, 2), t([[[[1.0], [10.0]]]])),
        [[[[66]]]],
    ),
    "sigmoid": (lambda: K.sigmoid(t([0.0])), [0.5]),
    "sign": (lambda: K.sign(t(A)), np.sign(A)),
    "sin": (lambda: K.sin(t(0.0)), 0),
    "slice": (lambda: K.slice(t(A), [0, 1], [2, 1]), A[:, 1:2]),
    "softmax": (lambda: K.softmax(t([[0.0], [LOG(3)]], "float32"), axis=0), [[0.25], [0.75]]),
    "softplus": (lambda: K.softplus(t([0.0])), [LOG(2)]),
    "softsign": (lambda: K.softsign(t([-3.0, 1.0])), [-0.75, 0.5]),
    "spatial_2d_padding": (
        lambda: K.spatial_2d_padding(t(PICTURE), ((1, 0), (0, 1))),
        np.pad(PICTURE, ((0, 0), (1, 0), (0, 1), (0, 0)), "constant"),
    ),
    "spatial_3d_padding": (lambda: K.shape(K.spatial_3d_padding(t(PICTURE[None]))), [1, 3, 4, 4, 1]),
    "stack": (lambda: K.stack([t(A), t(-A)], axis=1), np.stack([A, -A], 1)),
    "std": (lambda: K.std(t([[1.0, 3.0]]), axis=1), [1]),
    "tanh": (lambda: K.tanh(t(0.0)), 0),
    "temporal_padding": (lambda: K.temporal_padding(t(LINE), (1, 0)), [[[0], [1], [2], [3]]]),
    "tile": (lambda: K.tile(t(A[0]), 2), np.tile(A[0], 2)),
    "transpose": (lambda: K.transpose(t(A)), A.T),
    "var": (lambda: K.var(t([[1.0, 3.0]]), axis=1), [1]),
    "zeros": (lambda: K.zeros((2, 1)), [[0], [0]]),
    "zeros_like": (lambda: K.zeros_like(t(A)), A * 0),
    # where Keras 2.2 has a way of its own
    "batch_dot": (lambda: K.batch_dot(t(A[None]), t(A.T[None])), [A @ A.T]),
    "batch_dot of vectors": (lambda: K.batch_dot(t(A), t(A), axes=1), (A * A).sum(1, keepdims=True)),
    "batch_dot with a vector": (lambda: K.batch_dot(t(A[None]), t(A[:1]), axes=(2, 1)), [A @ A[0]]),
    "batch_dot of four axes is one matrix for each": (
        lambda: K.batch_dot(t(CUBE[None]), t(CUBE[None]), axes=(3, 3)),
        (CUBE @ CUBE.transpose(0, 2, 1))[None],
    ),
    "batch_normalization": (
        lambda: K.batch_normalization(t(A), t([0.0, 1.0, 2.0]), ones(3), t([0.0, 0.0, 9.0]), 2 * ones(3), epsilon=3),
        A - [0, 1, 2] + [0, 0, 9],
    ),
    "batch_normalization along another axis": (
        lambda: K.batch_normalization(t(A), t([1.0, 2.0]), ones(2), None, None, axis=0, epsilon=0),
        A - COLUMN,
    ),
    "normalize_batch_in_training": (
        lambda: K.normalize_batch_in_training(t([[1.0], [3.0]]), ones(1), ones(1), [0], epsilon=3)[0],
        [[0.5], [1.5]],
    ),
    "binary_crossentropy": (lambda: K.binary_crossentropy(t([[1.0, 0.0]]), t([[0.25, 0.5]])), [[LOG(4), LOG(2)]]),
    "binary_crossentropy, sure and wrong": (
        lambda: K.binary_crossentropy(t(SURE[:, ::-1].copy()), t(SURE))[:, 0],
        [-LOG(FUZZ)],
    ),
    "categorical_crossentropy": (lambda: K.categorical_crossentropy(t(ONE_HOT), t(4 * SHARES)), [LOG(2), LOG(4 / 3)]),
    "categorical_crossentropy of logits": (
        lambda: K.categorical_crossentropy(t(ONE_HOT), t(LOG(SHARES)), from_logits=True),
        [LOG(2), LOG(4 / 3)],
    ),
    "sparse_categorical_crossentropy along another axis": (
        lambda: K.sparse_categorical_crossentropy(t([[0, 1]]), t(SHARES.T[None].copy()), axis=1),
        [[LOG(2), LOG(4 / 3)]],
    ),
    "ctc_decode": (lambda: K.ctc_decode(t(SHARES[None]), t([2]))[0][0], [[0, 1]]),
    "resize_images, nearest": (
        lambda: K.resize_images(t(PICTURE), 2, 1, "channels_last"),
        PICTURE.repeat(2, 1),
    ),
    "resize_images, bilinear as in TensorFlow 1": (
        lambda: K.resize_images(t(PICTURE), 1, 2, "channels_last", interpolation="bilinear")[0, :, :, 0],
        [[0, 0.5, 1, 1], [2, 2.5, 3, 3]],
    ),
    "resize_images, channels first": (
        lambda: K.resize_images(t(PICTURE.transpose(0, 3, 1, 2)), 2, 2, "channels_first"),
        PICTURE.repeat(2, 1).repeat(2, 2).transpose(0, 3, 1, 2),
    ),
    "separable_conv1d": (
        lambda: K.separable_conv1d(t(LINE), t([[[1.0, 2.0]], [[1.0, 2.0]]]), t([[[1.0], [10.0]]]), strides=2),
        [[[63]]],
    ),
    "separable_conv1d, channels first": (
        lambda: K.separable_conv1d(
            t(LINE.transpose(0, 2, 1)), ones(1, 1, 1), ones(1, 1, 1), data_format="channels_first"
        ),
        LINE.transpose(0, 2, 1),
    ),
    "stop_gradient of a list": (lambda: K.stop_gradient([t(A)])[0], A),
    "switch": (lambda: K.switch(t(0.0), t(A), lambda: t(-A)), -A),
    "switch by rows": (lambda: K.switch(t([True, False]), t(A), t(-A)), A * [[1], [-1]]),
    "switch by elements": (lambda: K.switch(t(CUBE[..., 0] > 5), t(CUBE), t(-CUBE)), CUBE * np.where(CUBE < 8, -1, 1)),
}
WHERE_IT_ROUNDS = rounding(16)  # of a logarithm, or a product of few terms


@pytest.mark.parametrize("row", ROWS)
def test_a_function_gives_what_keras_gave(graph, row):
    make, expected = ROWS[row]
    found = K.eval(make())
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=WHERE_IT_ROUNDS, atol=1e-7)


ON_SYMBOLS = [
    "all", "argmin", "batch_dot", "batch_flatten", "batch_normalization", "binary_crossentropy", "conv2d", "ctc_decode",
    "cumsum", "elu", "equal", "foldl", "gather", "in_train_phase", "in_train_phase, a function", "local_conv2d",
    "map_fn", "normalize_batch_in_training", "permute_dimensions", "pool2d", "prod", "relu", "repeat_elements",
    "resize_images, nearest", "reverse", "separable_conv1d", "softmax", "spatial_2d_padding", "stack", "std",
    "stop_gradient of a list", "switch", "switch by elements", "temporal_padding", "tile", "transpose", "zeros_like",
]  # fmt: skip


@pytest.mark.skipif(TF_VERSION < (2, 4), reason="before TensorFlow 2.4 an eager model is made of tensors")
def test_a_function_gives_the_same_on_tensors_of_an_eager_model(monkeypatch):
    layers = keras2().layers
    start = layers.Input((1,), name="start")
    monkeypatch.setitem(
        globals(), "t", lambda value, dtype=None: layers.Lambda(lambda _: tf.constant(value, dtype))(start)
    )
    made = [ROWS[row][0]() for row in ON_SYMBOLS]
    for row, found in zip(ON_SYMBOLS, K.function([start], made)([[[0.0]]])):
        np.testing.assert_allclose(found, ROWS[row][1], WHERE_IT_ROUNDS, 1e-7, err_msg=row)


def test_each_works_in_the_graph_of_its_argument():
    with tf1.Graph().as_default() as theirs:
        x = t(A)
    with tf1.Graph().as_default() as default:
        made = [K.softmax(x), K.tile(x, (1, 2)), K.batch_dot(x, x, 1), K.switch(x > 0, x, x), K.in_train_phase(x, x)]
        made += [K.bias_add(x, x[0]), K.resize_images(x[None, :, :, None], 2, 2, "channels_last")]
        assert {one.graph for one in made} == {theirs}
        assert not default.get_operations()


def test_a_recurrence_runs_step_by_step(graph):
    def step(x, states):
        return x + 10 * states[0], [x + 10 * states[0]]

    last, outputs, states = K.rnn(step, t(LINE), [t([[0.0]])], mask=t([[True, False, True]]))
    assert [K.eval(one).ravel().tolist() for one in (last, outputs, states[0])] == [[13], [1, 1, 13], [13]]


# --- random numbers: those of TensorFlow 1 for the same seeds, and NumPy's generator is asked as often


def test_random_numbers_are_those_of_tensorflow_1_and_of_numpys_seed(graph):
    np.random.seed(3)
    drawn = np.random.randint(int(10e6))
    after = np.random.randint(1000)
    np.random.seed(3)
    made = K.random_uniform((3,))
    assert np.random.randint(1000) == after
    session = K.get_session()
    assert session.run(made).tolist() == session.run(tf1.random_uniform((3,), seed=drawn)).tolist()
    coins = session.run(K.random_binomial((200,), p=0.25, seed=1))
    assert set(coins) == {0, 1}
    assert session.run(K.random_binomial((4,), p=1.0)).tolist() == [1] * 4
    assert np.abs(session.run(K.truncated_normal((1000,), stddev=0.5))).max() <= 1
    assert session.run(K.random_normal((2, 2), mean=7.0, stddev=0.0)).tolist() == [[7, 7], [7, 7]]
    assert K.get_value(K.random_normal_variable((2,), 7.0, 0.0)).tolist() == [7, 7]
    assert 4 <= K.get_value(K.random_uniform_variable((9,), 4, 5)).min() < 5
    assert session.run(K.dropout(ones(50), 0.5, seed=1)).tolist().count(2) in range(10, 41)


# --- variables


def test_updates_run_with_a_function(graph):
    x, count, step = K.placeholder(()), K.variable(0.0), K.variable(2.0)
    run = K.function([x], [x * 3], [K.update_add(count, 2.0), K.update(step, x), (K.variable(0.0), x)])
    assert [run([5.0])[0], run([7.0])[0]] == [15, 21]
    assert K.batch_get_value([count, step]) == [4, 7]
    assert K.function([], [K.update_sub(count, 3.0)])([]) == [1]


def test_a_moving_average_is_corrected_for_its_start_at_zero(graph):
    mean = K.variable([4.0, 8.0])
    move = K.function([], [K.moving_average_update(mean, tf.constant([2.0, 2.0]), 0.75)])
    # after a first step the average is the value itself, whatever the variable was
    np.testing.assert_allclose(move([])[0], [2, 2], rtol=rounding(8))
    np.testing.assert_allclose(K.get_value(mean), [2, 2], rtol=rounding(8))


def test_a_sum_begins_with_a_variable(graph):
    """As the Keras book's deep dream and style transfer begin theirs; resource variables refuse `+=`."""
    for start in (K.variable(0.0), K.zeros(())):
        loss = start
        loss += K.sum(t(A))
        loss -= 1.0
        loss *= 2.0
        loss /= 4.0
        assert (K.eval(loss), K.get_value(start)) == (2, 0)
        assert isinstance(start, tf.Variable)


# --- what does not fit


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda: K.batch_dot(t(A), t(A), axes=([0], 1)), "K.batch_dot: axes must be a number or two"),
        (lambda: K.switch(t(A), t([1.0]), t([2.0])), "K.switch: the condition has 2 axes, more than the 1"),
        (lambda: K.categorical_crossentropy(t(A), t(A), axis=2), "axis 2 is none of an output with 2 axes"),
        (lambda: K.sparse_categorical_crossentropy(t([1]), t(A), axis=5), "axis 5 is none of an output with 2 axes"),
        (lambda: K.resize_images(t(PICTURE), 2, 2, "channels_last", "cubic"), "must be one of nearest, bilinear"),
        (lambda: K.normalize_data_format("th"), "data_format must be"),
        (lambda: K.transpose_shape((1, 2), "th", (1,)), "data_format must be"),
    ],
)
def test_what_does_not_fit_is_told(graph, call, said):
    with pytest.raises(ValueError, match=said):
        call()
