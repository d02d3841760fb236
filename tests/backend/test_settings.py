"""K's settings, what it knows of tensors, and its helpers that need none."""

import numpy as np
import pytest

from slimcam import backend as K
from slimcam._tf import tf, tf1

A = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)


# --- what is known of a tensor


def test_kinds_of_tensors_are_told(graph):
    x = K.placeholder((2, 3))
    assert (K.is_placeholder(x), K.is_placeholder(x + 1), K.is_placeholder(A)) == (True, False, False)
    assert (K.is_tensor(x), K.is_tensor(K.variable(0.0)), K.is_tensor(A)) == (True, True, False)
    assert (K.is_sparse(x), K.is_sparse(K.placeholder((2, 3), sparse=True))) == (False, True)
    assert (K.is_keras_tensor(x), K.count_params(K.zeros((2, 3))), K.get_variable_shape(x)) == (False, 6, (2, 3))
    with pytest.raises(ValueError, match="is of type ndarray, not a tensor"):
        K.is_keras_tensor(A)


def test_a_sparse_tensor_becomes_dense(graph):
    rows = tf.SparseTensor([[0, 1]], [5.0], [2, 2])
    assert K.eval(rows).tolist() == [[0, 5], [0, 0]]
    assert K.eval(K.concatenate([rows, rows], axis=0)).tolist() == [[0, 5], [0, 0], [0, 5], [0, 0]]
    assert K.eval(K.dot(rows, tf1.constant([[1.0], [2.0]]))).tolist() == [[10], [0]]


# --- settings


@pytest.fixture
def settings_as_found():
    kept = K.floatx(), K.epsilon(), K.image_data_format()
    yield
    K.set_floatx(kept[0])
    K.set_epsilon(kept[1])
    K.set_image_data_format(kept[2])


def test_settings_are_keras_own(graph, settings_as_found):
    K.set_floatx("float64")
    K.set_epsilon(1e-5)
    K.set_image_dim_ordering("th")
    assert (K.floatx(), K.epsilon(), K.image_data_format(), K.image_dim_ordering()) == (
        ("float64", 1e-5, "channels_first", "th")
    )
    assert K.dtype(K.zeros((1,))) == K.dtype(K.constant(1)) == "float64"
    assert K.int_shape(K.pool2d(tf1.zeros((1, 2, 8, 8)), (4, 4), (4, 4), padding="same")) == (1, 2, 2, 2)
    K.set_floatx(value="float32")
    K.set_epsilon(value=1e-7)
    assert (K.floatx(), K.epsilon()) == ("float32", 1e-7)
    with pytest.raises(ValueError, match=r'K\.set_image_dim_ordering takes "tf" or "th"; got \'channels_last\''):
        K.set_image_dim_ordering("channels_last")


def test_helpers_that_need_no_tensor():
    assert (K.backend(), K.normalize_data_format(None), K.normalize_data_format("Channels_First")) == (
        ("tensorflow", "channels_last", "channels_first")
    )
    assert K.transpose_shape((None, 4, 5, 3), "channels_first", (1, 2)) == (None, 3, 4, 5)
    assert K.transpose_shape([1, 2, 3], "channels_last", (1,)) == [1, 2, 3]
    assert K.has_arg(lambda x, *, y: 0, "y")
    assert [K.has_arg(lambda **kw: 0, "z", accept_all=flag) for flag in (False, True)] == [False, True]
    K.reset_uids()
    assert [K.get_uid("name"), K.get_uid("name"), K.get_uid("other")] == [1, 2, 1]


def test_a_learning_phase_for_a_while(graph):
    x = tf1.constant(A)
    phase = K.learning_phase()
    with K.learning_phase_scope(1):
        assert K.learning_phase() == 1
        assert K.eval(K.in_train_phase(x, -x)).tolist() == A.tolist()
    assert K.learning_phase() is phase
    assert K.eval(K.in_train_phase(x, -x)).tolist() == (-A).tolist()
