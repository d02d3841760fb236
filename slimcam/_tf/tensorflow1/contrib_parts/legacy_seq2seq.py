"""tf.contrib.legacy_seq2seq: sequences as lists of (batch, …) tensors, by 1.15's definitions and names of variables."""

import copy
from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple

from ...._types import Tensor
from ...core import tf, tf1
from .cells import EmbeddingWrapper, OutputProjectionWrapper

Loop = Optional[Callable[[Tensor, int], Tensor]]
Outputs = Tuple[List[Tensor], Any]


def embed_argmax(embedding: Any, output_projection: Any = None, update_embedding: bool = True) -> Loop:
    """Return what makes the next input of an output: the embedding of its best symbol."""

    def loop(before: Tensor, _: int) -> Tensor:
        if output_projection is not None:
            before = tf1.nn.xw_plus_b(before, output_projection[0], output_projection[1])
        embedded = tf1.nn.embedding_lookup(embedding, tf1.argmax(before, 1))
        return embedded if update_embedding else tf1.stop_gradient(embedded)

    return loop


def embed(
    symbols: Sequence[Tensor], table: Any, output_projection: Any, feed_previous: bool, update: bool
) -> Tuple[List[Tensor], Loop]:
    """Return the embeddings of symbols, and what makes the next input of an output where a decoder feeds itself."""
    loop = embed_argmax(table, output_projection, update) if feed_previous else None
    return [tf1.nn.embedding_lookup(table, one) for one in symbols], loop


def either(feed_previous: Any, decode: Callable[[bool], Outputs], like: Any, length: int) -> Outputs:
    """Return what `decode(feed_previous)` does, for a tensor `feed_previous`; `like` has the state's structure."""

    def branch(feeds: bool) -> Callable[[], List[Tensor]]:
        def build() -> List[Tensor]:
            with tf1.variable_scope(tf1.get_variable_scope(), reuse=None if feeds else True):
                outputs, state = decode(feeds)
                return [*outputs, *tf.nest.flatten(state)]

        return build

    made = tf1.cond(feed_previous, branch(True), branch(False))
    return made[:length], tf.nest.pack_sequence_as(like, made[length:])


def steps(inputs: Sequence[Tensor], loop_function: Loop, outputs: List[Tensor]) -> Iterator[Tensor]:
    """Yield what each step is fed, the second and later in one set of weights; `outputs` grows from step to step."""
    for number, each in enumerate(inputs):
        if number > 0:
            tf1.get_variable_scope().reuse_variables()
        if loop_function is not None and outputs:
            with tf1.variable_scope("loop_function", reuse=True):
                each = loop_function(outputs[-1], number)
        yield each


def rnn_decoder(
    decoder_inputs: Sequence[Tensor],
    initial_state: Any,
    cell: Any,
    loop_function: Loop = None,
    scope: Optional[str] = None,
) -> Outputs:
    """Run a cell over inputs; with a loop function each but the first is made of the output before."""
    with tf1.variable_scope(scope or "rnn_decoder"):
        state = initial_state
        outputs: List[Tensor] = []
        for each in steps(decoder_inputs, loop_function, outputs):
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
        embedded, loop = embed(decoder_inputs, table, output_projection, feed_previous, update_embedding_for_previous)
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
        return either(feed_previous, chosen, state, len(decoder_inputs))


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
            loop = embed_argmax(table, output_projection, update) if feeds else None
            return tied_rnn_seq2seq(source, target, cell, loop_function=loop, dtype=at.dtype)

        if isinstance(feed_previous, bool):
            return decode(feed_previous)
        like = cell.zero_state(tf1.shape(encoder_inputs[0])[0], at.dtype)
        return either(feed_previous, lambda feeds: decode(feeds, False), like, len(decoder_inputs))
