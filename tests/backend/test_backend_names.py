"""K has each public name of Keras 2.2.4's backend and of tf.keras 1.15's, and takes the arguments that these take."""

import inspect
import re

import pytest

from slimcam import backend as K
from slimcam._tf import TF_VERSION, keras2

# The functions of keras.backend of Keras 2.2.4 with the names of their arguments; what else is there are modules.
KERAS_2_2_4 = """
Function(inputs, outputs, updates, name)
abs(x)
all(x, axis, keepdims)
any(x, axis, keepdims)
arange(start, stop, step, dtype)
argmax(x, axis)
argmin(x, axis)
backend()
batch_dot(x, y, axes)
batch_flatten(x)
batch_get_value(ops)
batch_normalization(x, mean, var, beta, gamma, axis, epsilon)
batch_set_value(tuples)
bias_add(x, bias, data_format)
binary_crossentropy(target, output, from_logits)
cast(x, dtype)
cast_to_floatx(x)
categorical_crossentropy(target, output, from_logits, axis)
clear_session()
clip(x, min_value, max_value)
concatenate(tensors, axis)
constant(value, dtype, shape, name)
conv1d(x, kernel, strides, padding, data_format, dilation_rate)
conv2d(x, kernel, strides, padding, data_format, dilation_rate)
conv2d_transpose(x, kernel, output_shape, strides, padding, data_format, dilation_rate)
conv3d(x, kernel, strides, padding, data_format, dilation_rate)
conv3d_transpose(x, kernel, output_shape, strides, padding, data_format)
cos(x)
count_params(x)
ctc_batch_cost(y_true, y_pred, input_length, label_length)
ctc_decode(y_pred, input_length, greedy, beam_width, top_paths)
ctc_label_dense_to_sparse(labels, label_lengths)
cumprod(x, axis)
cumsum(x, axis)
depthwise_conv2d(x, depthwise_kernel, strides, padding, data_format, dilation_rate)
dot(x, y)
dropout(x, level, noise_shape, seed)
dtype(x)
elu(x, alpha)
epsilon()
equal(x, y)
eval(x)
exp(x)
expand_dims(x, axis)
eye(size, dtype, name)
flatten(x)
floatx()
foldl(fn, elems, initializer, name)
foldr(fn, elems, initializer, name)
function(inputs, outputs, updates)
gather(reference, indices)
get_session()
get_uid(prefix)
get_value(x)
get_variable_shape(x)
gradients(loss, variables)
greater(x, y)
greater_equal(x, y)
hard_sigmoid(x)
has_arg(fn, name, accept_all)
identity(x, name)
image_data_format()
image_dim_ordering()
in_test_phase(x, alt, training)
in_top_k(predictions, targets, k)
in_train_phase(x, alt, training)
int_shape(x)
is_keras_tensor(x)
is_placeholder(x)
is_sparse(tensor)
is_tensor(x)
l2_normalize(x, axis)
learning_phase()
less(x, y)
less_equal(x, y)
local_conv1d(inputs, kernel, kernel_size, strides, data_format)
local_conv2d(inputs, kernel, kernel_size, strides, output_shape, data_format)
log(x)
logsumexp(x, axis, keepdims)
manual_variable_initialization(value)
map_fn(fn, elems, name, dtype)
max(x, axis, keepdims)
maximum(x, y)
mean(x, axis, keepdims)
min(x, axis, keepdims)
minimum(x, y)
moving_average_update(x, value, momentum)
name_scope(name, default_name, values)
ndim(x)
normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon)
normalize_data_format(value)
not_equal(x, y)
one_hot(indices, num_classes)
ones(shape, dtype, name)
ones_like(x, dtype, name)
permute_dimensions(x, pattern)
placeholder(shape, ndim, dtype, sparse, name)
pool2d(x, pool_size, strides, padding, data_format, pool_mode)
pool3d(x, pool_size, strides, padding, data_format, pool_mode)
pow(x, a)
print_tensor(x, message)
prod(x, axis, keepdims)
random_binomial(shape, p, dtype, seed)
random_normal(shape, mean, stddev, dtype, seed)
random_normal_variable(shape, mean, scale, dtype, name, seed)
random_uniform(shape, minval, maxval, dtype, seed)
random_uniform_variable(shape, low, high, dtype, name, seed)
relu(x, alpha, max_value, threshold)
repeat(x, n)
repeat_elements(x, rep, axis)
reset_uids()
reshape(x, shape)
resize_images(x, height_factor, width_factor, data_format, interpolation)
resize_volumes(x, depth_factor, height_factor, width_factor, data_format)
reverse(x, axes)
rnn(step_function, inputs, initial_states, go_backwards, mask, constants, unroll, input_length)
round(x)
separable_conv1d(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)
separable_conv2d(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)
set_epsilon(e)
set_floatx(floatx)
set_image_data_format(data_format)
set_image_dim_ordering(dim_ordering)
set_learning_phase(value)
set_session(session)
set_value(x, value)
shape(x)
sigmoid(x)
sign(x)
sin(x)
slice(x, start, size)
softmax(x, axis)
softplus(x)
softsign(x)
sparse_categorical_crossentropy(target, output, from_logits, axis)
spatial_2d_padding(x, padding, data_format)
spatial_3d_padding(x, padding, data_format)
sqrt(x)
square(x)
squeeze(x, axis)
stack(x, axis)
std(x, axis, keepdims)
stop_gradient(variables)
sum(x, axis, keepdims)
switch(condition, then_expression, else_expression)
tanh(x)
temporal_padding(x, padding)
tile(x, n)
to_dense(tensor)
transpose(x)
transpose_shape(shape, target_format, spatial_axes)
truncated_normal(shape, mean, stddev, dtype, seed)
update(x, new_x)
update_add(x, increment)
update_sub(x, decrement)
var(x, axis, keepdims)
variable(value, dtype, name, constraint)
zeros(shape, dtype, name)
zeros_like(x, dtype, name)
"""

# Those that tf.keras.backend of TensorFlow 1.15.5 has besides, or with other names of arguments.
TF_KERAS_1_15 = """
batch_get_value(tensors)
function(inputs, outputs, updates, name)
get_session(op_input_list)
learning_phase_scope(value)
placeholder(shape, ndim, dtype, sparse, name, ragged)
rnn(step_function, inputs, initial_states, go_backwards, mask, constants, unroll, input_length, time_major, \
    zero_output_for_mask)
set_epsilon(value)
set_floatx(value)
"""


def rows(text):
    """Return "name(arguments)" as the name and the list of arguments."""
    return [(name, re.findall(r"\w+", names)) for name, names in re.findall(r"(\w+)\((.*?)\)", text, re.S)]


@pytest.mark.parametrize("name, wanted", rows(KERAS_2_2_4) + rows(TF_KERAS_1_15), ids=str)
def test_a_function_takes_the_arguments_that_it_took(name, wanted):
    assert name in K.__all__
    parameters = inspect.signature(getattr(K, name)).parameters
    by_place = [one.name for one in parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert set(wanted) <= set(parameters)
    assert [one for one in by_place if one in wanted] == by_place[: len(wanted)] or len(wanted) == 1


@pytest.mark.skipif(TF_VERSION[:2] != (1, 15), reason="the list is that of TensorFlow 1.15")
def test_the_list_of_tf_keras_is_whole():
    named = {name for name, _ in rows(KERAS_2_2_4 + TF_KERAS_1_15)}
    assert {name for name in dir(keras2().backend) if not name.startswith("_")} <= named


def test_each_name_is_listed_once_and_is_there():
    assert len(K.__all__) == len(set(K.__all__))
    assert [name for name in K.__all__ if not hasattr(K, name)] == []
    assert set(K.__all__) <= set(dir(K))


def test_an_argument_too_many_or_too_few_is_told_with_the_signature():
    with pytest.raises(TypeError, match=r"K\.tile\(x, n\): missing a required argument: 'n'"):
        K.tile([1])


def test_old_private_names_are_keras_own():
    assert (K._BACKEND, K._EPSILON, K._FLOATX, K._IMAGE_DATA_FORMAT) == ("tensorflow", 1e-7, "float32", "channels_last")
    assert K._preprocess_padding("same") == "SAME"
    assert K.tensorflow_backend is K
    with pytest.raises(AttributeError, match=r"slimcam\.backend has no '_nonesuch'"):
        K._nonesuch  # noqa: B018
