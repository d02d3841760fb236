"""tf.contrib.legacy_seq2seq: sequences as lists of (batch, …) tensors, by 1.15's definitions and names of variables."""

import copy
from typing import Any, Callable, List, Optional, Sequence, Tuple

from ...._types import Tensor
from ...core import tf, tf1
from .cells import EmbeddingWrapper, OutputProjectionWrapper, linear

Loop = Optional[Callable[[Tensor, int], Tensor]]
Outputs = Tuple[List[Tensor], Any]


def _embed_argmax(embedding: Any, output_projection: Any = None, update_embedding: bool = True) -> Loop:
    """Return what makes the next input of an output: the embedding of its best symbol."""

    def loop(before: Tensor, _: int) -> Tensor:
        if output_projection is not None:
            before = tf1.nn.xw_plus_b(before, output_projection[0], output_projection[1])
        embedded = tf1.nn.embedding_lookup(embedding, tf1.argmax(before, 1))
        return embedded if update_embedding else tf1.stop_gradient(embedded)

    return loop


def _either(feed_previous: Any, decode: Callable[[bool], Outputs], like: Any, length: int) -> Outputs:
    """Return what `decode(feed_previous)` does, for a tensor `feed_previous`; `like` has the state's structure."""

    def branch(feeds: bool) -> Callable[[], List[Tensor]]:
        def build() -> List[Tensor]:
            with tf1.variable_scope(tf1.get_variable_scope(), reuse=None if feeds else True):
                outputs, state = decode(feeds)
                return [*outputs, *tf.nest.flatten(state)]

        return build

    made = tf1.cond(feed_previous, branch(True), branch(False))
    return made[:length], tf.nest.pack_sequence_as(like, made[length:])


def rnn_decoder(
    decoder_inputs: Sequence[Tensor],
    initial_state: Any,
    cell: Any,
    loop_function: Loop = None,
    scope: Optional[str] = None,
) -> Outputs:
    """Run a cell over inputs; with a loop function each but the first is made of the output before."""
    with tf1.variable_scope(scope or "rnn_decoder"):
        state, outputs = initial_state, []  # type: Tuple[Any, List[Tensor]]
        for number, each in enumerate(decoder_inputs):
            if loop_function is not None and outputs:
                with tf1.variable_scope("loop_function", reuse=True):
                    each = loop_function(outputs[-1], number)
            if number > 0:
                tf1.get_variable_scope().reuse_variables()
            output, state = cell(each, state)
            outputs.append(output)
    return outputs, state


def basic_rnn_seq2seq(
    encoder_inputs: Any, decoder_inputs: Any, cell: Any, dtype: Any = tf1.float32, scope: Optional[str] = None
) -> Outputs:
    """Encode by a copy of the cell, decode by the cell."""
    with tf1.variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = tf1.nn.static_rnn(copy.deepcopy(cell), encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def tied_rnn_seq2seq(
    encoder_inputs: Any,
    decoder_inputs: Any,
    cell: Any,
    loop_function: Loop = None,
    dtype: Any = tf1.float32,
    scope: Optional[str] = None,
) -> Outputs:
    """Encode and decode by one cell, with one set of weights."""
    with tf1.variable_scope("combined_tied_rnn_seq2seq"):
        scope = scope or "tied_rnn_seq2seq"
        _, state = tf1.nn.static_rnn(cell, encoder_inputs, dtype=dtype, scope=scope)
        tf1.get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function=loop_function, scope=scope)


def embedding_rnn_decoder(
    decoder_inputs: Sequence[Tensor],
    initial_state: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    scope: Optional[str] = None,
) -> Outputs:
    """Decode symbols by their embeddings; fed by its own best symbols where asked for."""
    with tf1.variable_scope(scope or "embedding_rnn_decoder"):
        table = tf1.get_variable("embedding", [num_symbols, embedding_size])
        loop = _embed_argmax(table, output_projection, update_embedding_for_previous) if feed_previous else None
        embedded = [tf1.nn.embedding_lookup(table, one) for one in decoder_inputs]
        return rnn_decoder(embedded, initial_state, cell, loop_function=loop)


def embedding_rnn_seq2seq(
    encoder_inputs: Any,
    decoder_inputs: Any,
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Optional[str] = None,
) -> Outputs:
    """Encode and decode symbols."""
    with tf1.variable_scope(scope or "embedding_rnn_seq2seq") as at:
        if dtype is not None:
            at.set_dtype(dtype)
        encoder = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        _, state = tf1.nn.static_rnn(encoder, encoder_inputs, dtype=dtype or at.dtype)
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)

        def decode(feeds: bool, **options: Any) -> Outputs:
            sizes = num_decoder_symbols, embedding_size, output_projection
            return embedding_rnn_decoder(decoder_inputs, state, cell, *sizes, feed_previous=feeds, **options)

        if isinstance(feed_previous, bool):
            return decode(feed_previous)
        chosen = lambda feeds: decode(feeds, update_embedding_for_previous=False)  # noqa: E731
        return _either(feed_previous, chosen, state, len(decoder_inputs))


def embedding_tied_rnn_seq2seq(
    encoder_inputs: Any,
    decoder_inputs: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_decoder_symbols: Optional[int] = None,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Optional[str] = None,
) -> Outputs:
    """Encode and decode symbols by one table and one cell."""
    with tf1.variable_scope(scope or "embedding_tied_rnn_seq2seq", dtype=dtype) as at:
        table = tf1.get_variable("embedding", [num_symbols, embedding_size], dtype=at.dtype)
        source = [tf1.nn.embedding_lookup(table, one) for one in encoder_inputs]
        target = [tf1.nn.embedding_lookup(table, one) for one in decoder_inputs]
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols or num_symbols)

        def decode(feeds: bool, update: bool = True) -> Outputs:
            loop = _embed_argmax(table, output_projection, update) if feeds else None
            return tied_rnn_seq2seq(source, target, cell, loop_function=loop, dtype=at.dtype)

        if isinstance(feed_previous, bool):
            return decode(feed_previous)
        like = cell.zero_state(tf1.shape(encoder_inputs[0])[0], at.dtype)
        return _either(feed_previous, lambda feeds: decode(feeds, False), like, len(decoder_inputs))


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
        length = attention_states.shape.as_list()[1] or tf1.shape(attention_states)[1]
        hidden = tf1.reshape(attention_states, [-1, length, 1, size])
        features, vectors = [], []
        for head in range(num_heads):
            kernel = tf1.get_variable(f"AttnW_{head}", [1, 1, size, size], dtype=dtype)
            features.append(tf1.nn.conv2d(hidden, kernel, [1, 1, 1, 1], "SAME"))
            vectors.append(tf1.get_variable(f"AttnV_{head}", [size], dtype=dtype))

        def attend(query: Any) -> List[Tensor]:
            if tf.nest.is_nested(query):
                query = tf1.concat(tf.nest.flatten(query), 1)
            seen = []
            for head in range(num_heads):
                with tf1.variable_scope(f"Attention_{head}"):
                    asked = tf1.cast(tf1.reshape(linear(query, size), [-1, 1, 1, size]), dtype)
                    scores = tf1.reduce_sum(vectors[head] * tf1.tanh(features[head] + asked), [2, 3])
                    shares = tf1.cast(tf1.nn.softmax(tf1.cast(scores, tf1.float32)), dtype)
                    mean = tf1.reduce_sum(tf1.reshape(shares, [-1, length, 1, 1]) * hidden, [1, 2])
                    seen.append(tf1.reshape(mean, [-1, size]))
            return seen

        state, outputs = initial_state, []  # type: Tuple[Any, List[Tensor]]
        nothing = tf1.zeros(tf1.stack([tf1.shape(decoder_inputs[0])[0], size]), dtype=dtype)
        nothing.set_shape([None, size])
        seen = attend(initial_state) if initial_state_attention else [nothing] * num_heads
        for number, each in enumerate(decoder_inputs):
            if number > 0:
                tf1.get_variable_scope().reuse_variables()
            if loop_function is not None and outputs:
                with tf1.variable_scope("loop_function", reuse=True):
                    each = loop_function(outputs[-1], number)
            width = each.shape.as_list()[1]
            if width is None:
                raise ValueError(f"Could not infer input size from input: {each.name}")
            output, state = cell(linear([tf1.cast(one, dtype) for one in (each, *seen)], width), state)
            again = number == 0 and initial_state_attention
            with tf1.variable_scope(tf1.get_variable_scope(), reuse=True if again else None):
                seen = attend(state)
            with tf1.variable_scope("AttnOutputProjection"):
                outputs.append(linear([tf1.cast(output, dtype), *seen], output_size))
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
        loop = _embed_argmax(table, output_projection, update_embedding_for_previous) if feed_previous else None
        return attention_decoder(
            [tf1.nn.embedding_lookup(table, one) for one in decoder_inputs],
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

        def decode(feeds: bool, **options: Any) -> Outputs:
            return embedding_attention_decoder(
                decoder_inputs,
                state,
                attention_states,
                cell,
                num_decoder_symbols,
                embedding_size,
                num_heads=num_heads,
                output_size=output_size,
                output_projection=output_projection,
                feed_previous=feeds,
                initial_state_attention=initial_state_attention,
                **options,
            )

        if isinstance(feed_previous, bool):
            return decode(feed_previous)
        chosen = lambda feeds: decode(feeds, update_embedding_for_previous=False)  # noqa: E731
        return _either(feed_previous, chosen, state, len(decoder_inputs))
