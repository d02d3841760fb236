"""K, Keras 2's backend, on plain graphs: operations and gradients against NumPy."""

import numpy as np
import pytest
from fixtures.tolerance import assert_sums

import slimcam
from slimcam import backend as K
from slimcam._tf import eager, keras2, tf, tf1

A = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
B = np.random.RandomState(0).uniform(-1, 1, (2, 3, 4)).astype(np.float32)
C = np.random.RandomState(1).uniform(-1, 1, (5, 4, 2)).astype(np.float32)


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


@pytest.mark.parametrize(
    "name, said",
    [
        ("conv_2d", "near: 'conv2d', 'conv3d', 'conv1d'"),
        ("tensordot", "near: 'is_tensor'; TensorFlow's own is tf.tensordot, for tensors of a graph"),
        ("crelu", "near: 'relu', 'elu'; TensorFlow's own is tf.nn.crelu, for tensors of a graph"),
        ("nonesuch_at_all", "nothing is near it"),
    ],
)
def test_a_name_that_is_missing_suggests_the_nearest_and_tensorflow_s_own(name, said):
    with pytest.raises(AttributeError) as raised:
        getattr(K, name)
    assert str(raised.value) == f"slimcam.backend has no {name!r}; {said}"


# --- gradients


@pytest.mark.parametrize("reduce, slope", [(K.sum, 1), (K.mean, 1 / 6), (K.max, 0)], ids=["sum", "mean", "max"])
def test_axes_of_numpy_have_a_gradient(graph, reduce, slope):
    """As the gradient penalty of Wasserstein GANs asks for them: np.arange(1, len(x.shape))."""
    x = on_sizes(None, 2, 3)
    slopes = K.gradients(reduce(x, axis=np.arange(1, len(x.shape)))[1], x)[0]
    found = tf1.Session().run(slopes, {x: np.arange(12).reshape(2, 2, 3)})
    expected = np.zeros((2, 2, 3))
    expected[1] = slope
    expected[1, 1, 2] = slope or 1
    assert_sums(found, expected, 8)


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
    with pytest.warns(UserWarning, match=r"'Sum:0' does not depend on 'Placeholder_1:0', so its gradient is None"):
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
