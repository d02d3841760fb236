"""Losses, whose shares are clipped where Keras 2.2 clips them, and what decodes the CTC loss' outputs."""

from typing import List, Tuple

from .._tf import tf, tf1
from .._types import BackendTensor, Tensor
from .settings import epsilon
from .symbols import in_their_graph


def _clipped(output: Tensor) -> Tensor:
    fuzz = tf.constant(epsilon(), output.dtype.base_dtype)
    return tf.clip_by_value(output, fuzz, 1 - fuzz)


@in_their_graph
def binary_crossentropy(target: BackendTensor, output: BackendTensor, from_logits: bool = False) -> BackendTensor:
    """Return the cross entropy of each element with its target; shares are clipped to epsilon and 1 - epsilon."""
    output = tf.convert_to_tensor(output)
    if not from_logits:
        output = _clipped(output)
        output = tf.math.log(output / (1 - output))
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.convert_to_tensor(target), logits=output)


@in_their_graph
def categorical_crossentropy(
    target: BackendTensor, output: BackendTensor, from_logits: bool = False, axis: int = -1
) -> BackendTensor:
    """Return the cross entropy along an axis; shares are made to sum to 1, then clipped."""
    output = tf.convert_to_tensor(output)
    _check_axis("categorical_crossentropy", axis, output)
    if from_logits:
        return tf1.nn.softmax_cross_entropy_with_logits_v2(labels=target, logits=output, axis=axis)
    output = _clipped(output / tf.reduce_sum(output, axis, True))
    return -tf.reduce_sum(target * tf.math.log(output), axis)


@in_their_graph
def sparse_categorical_crossentropy(
    target: BackendTensor, output: BackendTensor, from_logits: bool = False, axis: int = -1
) -> BackendTensor:
    """Return the cross entropy along an axis with targets that are classes' numbers; shares are clipped."""
    output = tf.convert_to_tensor(output)
    _check_axis("sparse_categorical_crossentropy", axis, output)
    rank = output.shape.rank
    if axis not in (-1, rank - 1):
        output = tf.transpose(output, [*(i for i in range(rank) if i != axis), axis])
    logits = output if from_logits else tf.math.log(_clipped(output))
    labels = tf.reshape(tf.cast(target, "int64"), [-1])
    flat = tf.reshape(logits, [-1, logits.shape.as_list()[-1]])
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=flat)
    return tf.reshape(each, tf.shape(logits)[:-1]) if rank > 2 else each


def _check_axis(name: str, axis: int, output: Tensor) -> None:
    rank = output.shape.rank
    if axis != -1 and axis not in range(rank):
        raise ValueError(f"K.{name}: axis {axis} is none of an output with {rank} axes: give -1 to {rank - 1}")


@in_their_graph
def ctc_decode(
    y_pred: BackendTensor, input_length: BackendTensor, greedy: bool = True, beam_width: int = 100, top_paths: int = 1
) -> Tuple[List[BackendTensor], BackendTensor]:
    """Decode (N, time, classes) shares; return for each path (N, longest) classes, padded with -1; and their logs."""
    logs = tf.math.log(tf.transpose(y_pred, [1, 0, 2]) + epsilon())
    lengths = tf.cast(input_length, "int32")
    if greedy:
        decoded, log_prob = tf1.nn.ctc_greedy_decoder(logs, lengths)
    else:
        decoded, log_prob = tf1.nn.ctc_beam_search_decoder(logs, lengths, beam_width=beam_width, top_paths=top_paths)
    return [tf.sparse.to_dense(one, default_value=-1) for one in decoded], log_prob
