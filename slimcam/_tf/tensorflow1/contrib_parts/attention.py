"""tf.contrib.seq2seq: attention to what an encoder put out; by 1.15's definitions and names of variables."""

import collections
import math
from typing import Any, Callable, List, Optional, Sequence, Tuple

import numpy as np

from ...._types import Tensor
from ...core import tf, tf1

RNNCell: Any = tf1.nn.rnn_cell.RNNCell


class AttentionMechanism:
    """Keys and values of a (batch, time, depth) memory, masked past each sequence's end."""

    def __init__(
        self,
        num_units: int,
        memory: Tensor,
        memory_sequence_length: Any,
        probability_fn: Optional[Callable[[Tensor], Tensor]],
        score_mask_value: Optional[float],
        dtype: Any,
    ) -> None:
        self.dtype = tf1.as_dtype(dtype or tf1.float32)
        self._softmax = probability_fn or tf1.nn.softmax
        self._mask: Optional[Tensor] = None
        self._masked = -np.inf if score_mask_value is None else score_mask_value
        memory = tf1.convert_to_tensor(memory)
        if memory_sequence_length is not None:
            lengths = tf1.convert_to_tensor(memory_sequence_length)
            self._mask = tf1.sequence_mask(lengths, tf1.shape(memory)[1])
            memory = memory * tf1.cast(self._mask, memory.dtype)[:, :, None]
        self.values = memory
        self.memory_layer = tf1.layers.Dense(num_units, name="memory_layer", use_bias=False, dtype=self.dtype)
        self.keys = self.memory_layer(memory)
        sizes = self.keys.shape.as_list()
        self.batch_size = sizes[0] or tf1.shape(self.keys)[0]
        self.alignments_size = self.state_size = sizes[1] or tf1.shape(self.keys)[1]

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Tensor:
        """Return (batch, time) zeros."""
        return tf1.zeros([batch_size, self.alignments_size], dtype)

    initial_state = initial_alignments

    def _shares(self, score: Tensor) -> Tuple[Tensor, Tensor]:
        if self._mask is not None:
            score = tf1.where(self._mask, score, self._masked * tf1.ones_like(score))
        shares = self._softmax(score)
        return shares, shares


class LuongAttention(AttentionMechanism):
    """The query times the keys (Luong et al. 2015)."""

    def __init__(
        self,
        num_units: int,
        memory: Tensor,
        memory_sequence_length: Any = None,
        scale: bool = False,
        probability_fn: Optional[Callable[[Tensor], Tensor]] = None,
        score_mask_value: Optional[float] = None,
        dtype: Any = None,
        name: str = "LuongAttention",
    ) -> None:
        super().__init__(num_units, memory, memory_sequence_length, probability_fn, score_mask_value, dtype)
        self._scale = scale

    def __call__(self, query: Tensor, state: Any) -> Tuple[Tensor, Tensor]:
        """Return (batch, time) shares, twice. Raises ValueError for a query of another depth than the keys'."""
        depth, units = query.shape.as_list()[-1], self.keys.shape.as_list()[-1]
        if depth != units:
            raise ValueError(
                f"Incompatible or unknown inner dimensions between query ({depth}) and keys ({units}); "
                "set num_units to the query's"
            )
        with tf1.variable_scope(None, "luong_attention", [query]):
            score = tf1.squeeze(tf1.matmul(query[:, None], self.keys, transpose_b=True), [1])
            if self._scale:
                ones = tf1.ones_initializer()
                score = score * tf1.get_variable("attention_g", dtype=query.dtype, initializer=ones, shape=())
        return self._shares(score)


class BahdanauAttention(AttentionMechanism):
    """A small net of query and keys (Bahdanau et al. 2014); normalised as Salimans and Kingma 2016 do."""

    def __init__(
        self,
        num_units: int,
        memory: Tensor,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        probability_fn: Optional[Callable[[Tensor], Tensor]] = None,
        score_mask_value: Optional[float] = None,
        dtype: Any = None,
        name: str = "BahdanauAttention",
    ) -> None:
        super().__init__(num_units, memory, memory_sequence_length, probability_fn, score_mask_value, dtype)
        self._units, self._normalize = num_units, normalize
        self.query_layer = tf1.layers.Dense(num_units, name="query_layer", use_bias=False, dtype=self.dtype)

    def __call__(self, query: Tensor, state: Any) -> Tuple[Tensor, Tensor]:
        """Return (batch, time) shares, twice."""
        with tf1.variable_scope(None, "bahdanau_attention", [query]):
            summed = self.keys + self.query_layer(query)[:, None]
            v = tf1.get_variable("attention_v", [self._units], dtype=query.dtype)
            if self._normalize:
                start = tf1.constant_initializer(math.sqrt(1.0 / self._units))
                g = tf1.get_variable("attention_g", dtype=query.dtype, initializer=start, shape=())
                zeros = tf1.zeros_initializer()
                summed = summed + tf1.get_variable("attention_b", [self._units], query.dtype, zeros)
                v = g * v * tf1.rsqrt(tf1.reduce_sum(tf1.square(v)))
            score = tf1.reduce_sum(v * tf1.tanh(summed), [2])
        return self._shares(score)


class AttentionWrapperState(
    collections.namedtuple(
        "AttentionWrapperState",
        ["cell_state", "attention", "time", "alignments", "alignment_history", "attention_state"],
    )
):
    """The state of an AttentionWrapper."""

    def clone(self, **kwargs: Any) -> "AttentionWrapperState":
        """Return a copy with other parts, `cell_state=` say."""
        return self._replace(**kwargs)


class AttentionWrapper(RNNCell):
    """A cell with attention: what it attends to joins the next input, and makes the output."""

    def __init__(
        self,
        cell: Any,
        attention_mechanism: Any,
        attention_layer_size: Any = None,
        alignment_history: bool = False,
        cell_input_fn: Optional[Callable[[Tensor, Tensor], Tensor]] = None,
        output_attention: bool = True,
        initial_cell_state: Any = None,
        name: Optional[str] = None,
        attention_layer: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._is_multi = isinstance(attention_mechanism, (list, tuple))
        self._mechanisms: Sequence[Any] = attention_mechanism if self._is_multi else (attention_mechanism,)
        if attention_layer_size is not None and attention_layer is not None:
            raise ValueError("Only one of attention_layer_size and attention_layer should be set")
        self._cell, self._initial, self._history = cell, initial_cell_state, alignment_history
        self._join = cell_input_fn or (lambda inputs, attention: tf1.concat([inputs, attention], -1))
        self._output_attention = output_attention
        many = isinstance(attention_layer_size or attention_layer, (list, tuple))
        given = attention_layer_size or attention_layer
        each: List[Any] = list(given) if many else [given] * (given is not None)
        if each and len(each) != len(self._mechanisms):
            raise ValueError(f"one attention layer for each mechanism: {len(each)} vs {len(self._mechanisms)}")
        depths = [one.values.shape.as_list()[-1] for one in self._mechanisms]
        if attention_layer_size is not None:
            depths = each
            each = [
                tf1.layers.Dense(size, name="attention_layer", use_bias=False, dtype=one.dtype)
                for size, one in zip(each, self._mechanisms)
            ]
        elif each:
            depths = [layer.compute_output_shape([None, cell.output_size + n])[-1] for layer, n in zip(each, depths)]
        self._layers_of, self._attention_size = each, sum(int(depth) for depth in depths)

    def _one_or_all(self, parts: Sequence[Any]) -> Any:
        return tuple(parts) if self._is_multi else parts[0]

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._attention_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> AttentionWrapperState:
        """The sizes of the state's parts."""
        sizes = [one.alignments_size for one in self._mechanisms]
        return AttentionWrapperState(
            cell_state=self._cell.state_size,
            attention=self._attention_size,
            time=tf1.TensorShape([]),
            alignments=self._one_or_all(sizes),
            alignment_history=self._one_or_all([size if self._history else () for size in sizes]),
            attention_state=self._one_or_all(sizes),
        )

    def zero_state(self, batch_size: Any, dtype: Any) -> AttentionWrapperState:
        """Return the first state; the cell's is the one that was given, if any."""
        with tf1.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            state = self._initial if self._initial is not None else self._cell.zero_state(batch_size, dtype)
            starts = [one.initial_alignments(batch_size, dtype) for one in self._mechanisms]
            histories = [
                tf1.TensorArray(dtype, size=0, dynamic_size=True, element_shape=one.shape) if self._history else ()
                for one in starts
            ]
            return AttentionWrapperState(
                cell_state=tf.nest.map_structure(tf1.identity, state),
                attention=tf1.zeros([batch_size, self._attention_size], dtype),
                time=tf1.zeros([], tf1.int32),
                alignments=self._one_or_all(starts),
                alignment_history=self._one_or_all(histories),
                attention_state=self._one_or_all(starts),
            )

    def call(self, inputs: Tensor, state: AttentionWrapperState) -> Tuple[Tensor, AttentionWrapperState]:
        """Return the attention, or the cell's output, and the state."""
        output, cell_state = self._cell(self._join(inputs, state.attention), state.cell_state)
        before = state.attention_state if self._is_multi else [state.attention_state]
        histories = state.alignment_history if self._is_multi else [state.alignment_history]
        seen, shares, states, kept = [], [], [], []
        for number, mechanism in enumerate(self._mechanisms):
            share, next_state = mechanism(output, before[number])
            context = tf1.squeeze(tf1.matmul(share[:, None], mechanism.values), [1])
            if self._layers_of:
                context = self._layers_of[number](tf1.concat([output, context], 1))
            seen.append(context)
            shares.append(share)
            states.append(next_state)
            kept.append(histories[number].write(state.time, share) if self._history else ())
        attention = tf1.concat(seen, 1)
        following = AttentionWrapperState(
            cell_state=cell_state,
            attention=attention,
            time=state.time + 1,
            alignments=self._one_or_all(shares),
            alignment_history=self._one_or_all(kept),
            attention_state=self._one_or_all(states),
        )
        return (attention if self._output_attention else output), following
