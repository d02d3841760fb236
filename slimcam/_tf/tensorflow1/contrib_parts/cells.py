"""Cells of tf.contrib.rnn, by 1.15's definitions and names of variables."""

import math
from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

from ...._types import Tensor
from ...core import tf1
from ...tf_slim import slim

RNNCell: Any = tf1.nn.rnn_cell.RNNCell
LSTMStateTuple: Any = tf1.nn.rnn_cell.LSTMStateTuple
Activation = Optional[Callable[..., Tensor]]


def linear(args: Union[Tensor, Sequence[Tensor]], output_size: int) -> Tensor:
    """Return the product of (batch, n) tensors, joined, with a variable `kernel`, plus `bias`, of the scope."""
    tensors: List[Tensor] = list(args) if isinstance(args, (list, tuple)) else [args]
    joined: Tensor = tensors[0] if len(tensors) == 1 else tf1.concat(tensors, 1)
    dtype = joined.dtype
    kernel = tf1.get_variable("kernel", [joined.shape.as_list()[1], output_size], dtype=dtype)
    zeros = tf1.constant_initializer(0.0, dtype=dtype)
    return tf1.nn.bias_add(tf1.matmul(joined, kernel), tf1.get_variable("bias", [output_size], dtype, zeros))


class _Wrapper(RNNCell):
    def __init__(self, cell: Any, reuse: Optional[bool]) -> None:
        super().__init__(_reuse=reuse)
        self._cell = cell

    @property
    def state_size(self) -> Any:
        """The sizes of the cell's state."""
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Return the cell's state of zeros."""
        with tf1.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return self._cell.zero_state(batch_size, dtype)


class EmbeddingWrapper(_Wrapper):
    """Look the input, whole numbers, up in a variable `embedding` before the cell."""

    def __init__(
        self,
        cell: Any,
        embedding_classes: int,
        embedding_size: int,
        initializer: Any = None,
        reuse: Optional[bool] = None,
    ) -> None:
        super().__init__(cell, reuse)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                f"Both embedding_classes and embedding_size must be > 0: {embedding_classes}, {embedding_size}."
            )
        self._size, self._initializer = [embedding_classes, embedding_size], initializer

    def call(self, inputs: Tensor, state: Any) -> Tuple[Tensor, Any]:
        """Return output and state of the cell."""
        with tf1.device("/cpu:0"):
            side = math.sqrt(3)  # of variance 1
            default = tf1.get_variable_scope().initializer or tf1.random_uniform_initializer(-side, side)
            dtype = (state[0] if isinstance(state, tuple) else state).dtype
            table = tf1.get_variable("embedding", self._size, initializer=self._initializer or default, dtype=dtype)
            return self._cell(tf1.nn.embedding_lookup(table, tf1.reshape(inputs, [-1])), state)


class InputProjectionWrapper(_Wrapper):
    """Multiply the input before the cell."""

    def __init__(
        self,
        cell: Any,
        num_proj: int,
        activation: Activation = None,
        input_size: Any = None,
        reuse: Optional[bool] = None,
    ) -> None:
        super().__init__(cell, reuse)
        self._num_proj, self._activation = num_proj, activation

    def call(self, inputs: Tensor, state: Any) -> Tuple[Tensor, Any]:
        """Return output and state of the cell."""
        projected = linear(inputs, self._num_proj)
        return self._cell(self._activation(projected) if self._activation else projected, state)


class OutputProjectionWrapper(_Wrapper):
    """Multiply the output of the cell."""

    def __init__(
        self, cell: Any, output_size: int, activation: Activation = None, reuse: Optional[bool] = None
    ) -> None:
        super().__init__(cell, reuse)
        if output_size < 1:
            raise ValueError(f"Parameter output_size must be > 0: {output_size}.")
        self._output_size, self._activation = output_size, activation

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._output_size

    def call(self, inputs: Tensor, state: Any) -> Tuple[Tensor, Any]:
        """Return the projected output, and the state of the cell."""
        output, state = self._cell(inputs, state)
        projected = linear(output, self._output_size)
        return (self._activation(projected) if self._activation else projected), state


class _LSTM(RNNCell):
    _num_units: int

    @property
    def state_size(self) -> Any:
        """The sizes of c and h."""
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        """The size of h."""
        return self._num_units


class LayerNormBasicLSTMCell(_LSTM):
    """LSTM with layer normalisation (Ba et al. 2016) and dropout of what is new (Semeniuta et al. 2016)."""

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Callable[..., Tensor] = tf1.tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: Optional[int] = None,
        reuse: Optional[bool] = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units, self._activation, self._forget_bias = num_units, activation, forget_bias
        self._keep_prob, self._seed = dropout_keep_prob, dropout_prob_seed
        self._layer_norm, self._gain, self._shift = layer_norm, norm_gain, norm_shift

    def _norm(self, tensor: Tensor, scope: str) -> Tensor:
        if not self._layer_norm:
            return tensor
        with tf1.variable_scope(scope):
            for name, value in (("gamma", self._gain), ("beta", self._shift)):
                start = tf1.constant_initializer(value)
                tf1.get_variable(name, shape=tensor.shape[-1:], initializer=start, dtype=tensor.dtype)
        return slim().layer_norm(tensor, reuse=True, scope=scope)

    def call(self, inputs: Tensor, state: Any) -> Tuple[Tensor, Any]:
        """Return h, and (c, h)."""
        c, h = state
        joined = tf1.concat([inputs, h], 1)
        size = [joined.shape.as_list()[-1], 4 * self._num_units]
        gates = tf1.matmul(joined, tf1.get_variable("kernel", size, dtype=joined.dtype))
        if not self._layer_norm:
            gates = tf1.nn.bias_add(gates, tf1.get_variable("bias", [size[1]], dtype=joined.dtype))
        names = ("input", "transform", "forget", "output")
        i, j, f, o = (self._norm(one, name) for one, name in zip(tf1.split(gates, 4, axis=1), names))
        new = self._activation(j)
        if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
            new = tf1.nn.dropout(new, self._keep_prob, seed=self._seed)
        c = self._norm(c * tf1.sigmoid(f + self._forget_bias) + tf1.sigmoid(i) * new, "state")
        h = self._activation(c) * tf1.sigmoid(o)
        return h, LSTMStateTuple(c, h)


class LSTMBlockCell(_LSTM):
    """LSTM with peepholes and a clipped state where asked for; 1.15 computes it in one operation."""

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: Optional[float] = None,
        use_peephole: bool = False,
        dtype: Any = None,
        reuse: Optional[bool] = None,
        name: str = "lstm_cell",
    ) -> None:
        super().__init__(_reuse=reuse, dtype=dtype, name=name)
        self._num_units, self._forget_bias = num_units, forget_bias
        self._clip, self._use_peephole = cell_clip, use_peephole

    def call(self, inputs: Tensor, state: Any) -> Tuple[Tensor, Any]:
        """Return h, and (c, h)."""
        c, h = state
        gates = linear([inputs, h], 4 * self._num_units)
        i, j, f, o = tf1.split(gates, 4, axis=1)
        peepholes: List[Any] = [0.0, 0.0, 0.0]
        if self._use_peephole:
            peepholes = [tf1.get_variable(f"w_{gate}_diag", [self._num_units]) for gate in "ifo"]
        i = tf1.sigmoid(i + c * peepholes[0])
        c = tf1.sigmoid(f + self._forget_bias + c * peepholes[1]) * c + i * tf1.tanh(j)
        if self._clip is not None and self._clip > 0:
            c = tf1.clip_by_value(c, -self._clip, self._clip)
        h = tf1.sigmoid(o + c * peepholes[2]) * tf1.tanh(c)
        return h, LSTMStateTuple(c, h)


class GRUBlockCell(RNNCell):
    """GRU with its gates by the names of 1.15's operation."""

    _names = ("w_ru", "b_ru", "w_c", "b_c")

    def __init__(
        self,
        num_units: Optional[int] = None,
        cell_size: Optional[int] = None,
        reuse: Optional[bool] = None,
        name: str = "gru_cell",
    ) -> None:
        super().__init__(_reuse=reuse, name=name)
        if (cell_size is None) == (num_units is None):
            raise ValueError("Exactly one of num_units or cell_size must be provided.")
        self._size: Any = num_units or cell_size

    @property
    def state_size(self) -> Any:
        """The size of h."""
        return self._size

    @property
    def output_size(self) -> Any:
        """The size of h."""
        return self._size

    def call(self, inputs: Tensor, state: Tensor) -> Tuple[Tensor, Tensor]:
        """Return h twice, as output and state."""
        depth = inputs.shape.as_list()[1] + self._size
        ones, zeros = tf1.constant_initializer(1.0), tf1.constant_initializer(0.0)
        w_ru, b_ru, w_c, b_c = self._names
        gates = tf1.matmul(tf1.concat([inputs, state], 1), tf1.get_variable(w_ru, [depth, 2 * self._size]))
        gates = tf1.sigmoid(tf1.nn.bias_add(gates, tf1.get_variable(b_ru, [2 * self._size], initializer=ones)))
        r, u = tf1.split(gates, 2, axis=1)
        new = tf1.matmul(tf1.concat([inputs, r * state], 1), tf1.get_variable(w_c, [depth, self._size]))
        new = tf1.tanh(tf1.nn.bias_add(new, tf1.get_variable(b_c, [self._size], initializer=zeros)))
        h = (1 - u) * new + u * state
        return h, h


class GRUBlockCellV2(GRUBlockCell):
    """GRUBlockCell with the names of GRUCell's variables."""

    _names = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")
