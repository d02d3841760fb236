"""tf.contrib.legacy_seq2seq: its decoders with attention, by 1.15's definitions and names of variables."""

import copy
import functools
from typing import Any, Callable, List, Optional, Sequence

from ...._types import Tensor
from ...core import tf, tf1
from .cells import EmbeddingWrapper, OutputProjectionWrapper, linear
from .legacy_seq2seq import Loop, Outputs, either, embed, steps


def _attention(states: Tensor, num_heads: int, dtype: Any) -> Callable[[Any], List[Tensor]]:
    """Return what makes of a query, a state, the mean of (batch, length, size) states that each head attends to."""
    size = states.shape.as_list()[2]
    length = states.shape.as_list()[1] or tf1.shape(states)[1]
    hidden = tf1.reshape(states, [-1, length, 1, size])
    features, vectors = [], []
    for head in range(num_heads):
        kernel = tf1.get_variable(f"AttnW_{head}", [1, 1, size, size], dtype=dtype)
        features.append(tf1.nn.conv2d(hidden, kernel, [1, 1, 1, 1], "SAME"))
        vectors.append(tf1.get_variable(f"AttnV_{head}", [size], dtype=dtype))

    def attend(query: Any) -> List[Tensor]:
        if tf.nest.is_nested(query):
            query = tf1.concat(tf.nest.flatten(query), 1)
        means = []
        for head in range(num_heads):
            with tf1.variable_scope(f"Attention_{head}"):
                key = tf1.cast(tf1.reshape(linear(query, size), [-1, 1, 1, size]), dtype)
                scores = tf1.reduce_sum(vectors[head] * tf1.tanh(features[head] + key), [2, 3])
                shares = tf1.cast(tf1.nn.softmax(tf1.cast(scores, tf1.float32)), dtype)
                mean = tf1.reduce_sum(tf1.reshape(shares, [-1, length, 1, 1]) * hidden, [1, 2])
                means.append(tf1.reshape(mean, [-1, size]))
        return means

    return attend


def attention_decoder(
    decoder_inputs: Sequence[Tensor],
    initial_state: Any,
    attention_states: Tensor,
    cell: Any,
    output_size: Optional[int] = None,
    num_heads: int = 1,
    loop_function: Loop = None,
    dtype: Any = None,
    scope: Optional[str] = None,
    initial_state_attention: bool = False,
) -> Outputs:
    """Decode with attention to (batch, length, size) states (Vinyals et al. 2015, arXiv:1412.7449)."""
    if not decoder_inputs:
        raise ValueError("Must provide at least 1 input to attention decoder.")
    if num_heads < 1:
        raise ValueError("With less than 1 heads, use a non-attention decoder.")
    size = attention_states.shape.as_list()[2]
    if size is None:
        raise ValueError(f"Shape[2] of attention_states must be known: {attention_states.shape}")
    output_size = output_size or cell.output_size
    with tf1.variable_scope(scope or "attention_decoder", dtype=dtype) as at:
        dtype = at.dtype
        attend = _attention(attention_states, num_heads, dtype)
        state = initial_state
        outputs: List[Tensor] = []
        nothing = tf1.zeros(tf1.stack([tf1.shape(decoder_inputs[0])[0], size]), dtype=dtype)
        nothing.set_shape([None, size])
        context = attend(initial_state) if initial_state_attention else [nothing] * num_heads
        for each in steps(decoder_inputs, loop_function, outputs):
            width = each.shape.as_list()[1]
            if width is None:
                raise ValueError(f"Could not infer input size from input: {each.name}")
            output, state = cell(linear([tf1.cast(one, dtype) for one in (each, *context)], width), state)
            again = not outputs and initial_state_attention
            with tf1.variable_scope(tf1.get_variable_scope(), reuse=True if again else None):
                context = attend(state)
            with tf1.variable_scope("AttnOutputProjection"):
                outputs.append(linear([tf1.cast(output, dtype), *context], output_size))
    return outputs, state


def embedding_attention_decoder(
    decoder_inputs: Sequence[Tensor],
    initial_state: Any,
    attention_states: Tensor,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_size: Optional[int] = None,
    output_projection: Any = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    dtype: Any = None,
    scope: Optional[str] = None,
    initial_state_attention: bool = False,
) -> Outputs:
    """Decode symbols by their embeddings, with attention."""
    with tf1.variable_scope(scope or "embedding_attention_decoder", dtype=dtype):
        table = tf1.get_variable("embedding", [num_symbols, embedding_size])
        embedded, loop = embed(decoder_inputs, table, output_projection, feed_previous, update_embedding_for_previous)
        return attention_decoder(
            embedded,
            initial_state,
            attention_states,
            cell,
            output_size=output_size,
            num_heads=num_heads,
            loop_function=loop,
            initial_state_attention=initial_state_attention,
        )


def embedding_attention_seq2seq(
    encoder_inputs: Any,
    decoder_inputs: Any,
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Optional[str] = None,
    initial_state_attention: bool = False,
) -> Outputs:
    """Encode and decode symbols, with attention to what the encoder put out."""
    with tf1.variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype) as at:
        encoder = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        outputs, state = tf1.nn.static_rnn(encoder, encoder_inputs, dtype=at.dtype)
        attention_states = tf1.concat([tf1.reshape(one, [-1, 1, cell.output_size]) for one in outputs], 1)
        output_size = None
        if output_projection is None:
            cell, output_size = OutputProjectionWrapper(cell, num_decoder_symbols), num_decoder_symbols

        decode = functools.partial(
            embedding_attention_decoder,
            decoder_inputs,
            state,
            attention_states,
            cell,
            num_decoder_symbols,
            embedding_size,
            num_heads=num_heads,
            output_size=output_size,
            output_projection=output_projection,
            initial_state_attention=initial_state_attention,
        )
        if isinstance(feed_previous, bool):
            return decode(feed_previous=feed_previous)
        chosen = lambda feeds: decode(feed_previous=feeds, update_embedding_for_previous=False)  # noqa: E731
        return either(feed_previous, chosen, state, len(decoder_inputs))
