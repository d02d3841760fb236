"""tf.contrib.crf: a linear chain of tags (Lafferty et al. 2001). Scores are (batch, time, tags) float32.

`transition_params` is (tags, tags), from the row's tag to the column's; steps past a sequence's length do not count.
"""

from typing import Any, List, Tuple

import numpy as np

from ...._types import Tensor
from ...core import tf1

Array = Any


def _valid(lengths: Tensor, scores: Tensor) -> Tensor:
    """Return (time, batch) booleans: which steps are inside of each sequence."""
    return tf1.transpose(tf1.sequence_mask(lengths, tf1.shape(scores)[1]))


def _by_time(scores: Tensor) -> Tensor:
    return tf1.transpose(scores, [1, 0, 2])


def crf_unary_score(tag_indices: Tensor, sequence_lengths: Tensor, inputs: Tensor) -> Tensor:
    """Return (batch,): the sum of the scores of the given tags."""
    chosen = tf1.reduce_sum(inputs * tf1.one_hot(tag_indices, tf1.shape(inputs)[2], dtype=inputs.dtype), 2)
    return tf1.reduce_sum(chosen * tf1.sequence_mask(sequence_lengths, tf1.shape(inputs)[1], dtype=tf1.float32), 1)


def crf_binary_score(tag_indices: Tensor, sequence_lengths: Tensor, transition_params: Tensor) -> Tensor:
    """Return (batch,): the sum of the scores of the transitions between the given tags."""
    number = tf1.cast(tf1.shape(transition_params)[0], tag_indices.dtype)
    steps = tag_indices[:, :-1] * number + tag_indices[:, 1:]
    scores = tf1.gather(tf1.reshape(transition_params, [-1]), steps)
    mask = tf1.sequence_mask(sequence_lengths, tf1.shape(tag_indices)[1], dtype=tf1.float32)
    return tf1.reduce_sum(scores * mask[:, 1:], 1)


def crf_sequence_score(
    inputs: Tensor, tag_indices: Tensor, sequence_lengths: Tensor, transition_params: Tensor
) -> Tensor:
    """Return (batch,): the score of the given tags, before it is normalised."""
    unary = crf_unary_score(tag_indices, sequence_lengths, inputs)
    return unary + crf_binary_score(tag_indices, sequence_lengths, transition_params)


def crf_multitag_sequence_score(
    inputs: Tensor, tag_bitmap: Tensor, sequence_lengths: Tensor, transition_params: Tensor
) -> Tensor:
    """Return (batch,): the score of all sequences of tags that a boolean map allows."""
    allowed = tf1.where(tag_bitmap, inputs, tf1.fill(tf1.shape(inputs), float("-inf")))
    return crf_log_norm(allowed, sequence_lengths, transition_params)


def crf_log_norm(inputs: Tensor, sequence_lengths: Tensor, transition_params: Tensor) -> Tensor:
    """Return (batch,): the logarithm of the sum over all tags; 0 for an empty sequence."""
    scores, valid = _by_time(inputs), _valid(sequence_lengths, inputs)

    def step(alphas: Tensor, at: Tuple[Tensor, Tensor]) -> Tensor:
        new = at[0] + tf1.reduce_logsumexp(alphas[:, :, None] + transition_params[None], [1])
        return tf1.where(at[1], new, alphas)

    alphas = tf1.foldl(step, (scores[1:], valid[1:]), initializer=scores[0])
    norm = tf1.reduce_logsumexp(alphas, [1])
    return tf1.where(tf1.less_equal(sequence_lengths, 0), tf1.zeros_like(norm), norm)


def crf_log_likelihood(
    inputs: Tensor, tag_indices: Tensor, sequence_lengths: Tensor, transition_params: Any = None
) -> Tuple[Tensor, Any]:
    """Return (batch,) log likelihoods of tags, and the transitions: a variable `transitions` where none are given."""
    if transition_params is None:
        number = inputs.shape.as_list()[2]
        transition_params = tf1.get_variable("transitions", [number, number])
    lengths = tf1.convert_to_tensor(sequence_lengths)
    score = crf_sequence_score(inputs, tf1.convert_to_tensor(tag_indices), lengths, transition_params)
    return score - crf_log_norm(inputs, lengths, transition_params), transition_params


def crf_decode(potentials: Tensor, transition_params: Tensor, sequence_length: Tensor) -> Tuple[Tensor, Tensor]:
    """Return the best tags, (batch, time) int32, zeros past the end, and their scores, (batch,)."""
    lengths = tf1.maximum(tf1.convert_to_tensor(sequence_length), 1)
    scores, valid = _by_time(potentials), _valid(lengths, potentials)
    size = tf1.shape(potentials)
    same = tf1.tile(tf1.range(size[2])[None], [size[0], 1])

    def forward(before: Tuple[Tensor, Tensor], at: Tuple[Tensor, Tensor]) -> Tuple[Tensor, Tensor]:
        ways = before[0][:, :, None] + transition_params[None]
        new = tf1.where(at[1], at[0] + tf1.reduce_max(ways, [1]), before[0])
        inside = tf1.tile(at[1][:, None], [1, size[2]])
        return new, tf1.where(inside, tf1.argmax(ways, 1, output_type=tf1.int32), same)

    states, sources = tf1.scan(forward, (scores[1:], valid[1:]), initializer=(scores[0], same))
    last = tf1.concat([scores[:1], states], 0)[-1]
    end = tf1.argmax(last, 1, output_type=tf1.int32)
    rows = tf1.range(size[0])
    earlier = tf1.scan(
        lambda tag, source: tf1.gather_nd(source, tf1.stack([rows, tag], 1)), sources, initializer=end, reverse=True
    )
    tags = tf1.transpose(tf1.concat([earlier, end[None]], 0))
    return tags * tf1.sequence_mask(lengths, size[1], dtype=tf1.int32), tf1.reduce_max(last, 1)


def viterbi_decode(score: Array, transition_params: Array) -> Tuple[List[Any], Any]:
    """Return the best tags of one (time, tags) array, and their score."""
    best, sources = score[0], []
    for now in score[1:]:
        ways = best[:, None] + transition_params
        sources.append(ways.argmax(0))
        best = (now + ways.max(0)).astype(score.dtype)
    tags = [np.argmax(best)]
    for source in reversed(sources):
        tags.append(source[tags[-1]])
    return tags[::-1], np.max(best)
