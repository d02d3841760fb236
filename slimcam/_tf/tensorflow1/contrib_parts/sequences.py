"""Small functions of `tensorflow.contrib` on sequences, a class a part; by 1.15's definitions."""

from typing import Any, Callable, List, Optional, Sequence, Tuple

from ...._types import Tensor
from ...core import tf, tf1


class Rnn:
    """tf.contrib.rnn"""

    @staticmethod
    def transpose_batch_time(x: Tensor) -> Tensor:
        """Swap the first two axes."""
        x = tf.convert_to_tensor(x)
        return tf.transpose(x, [1, 0, *range(2, x.shape.rank)])

    @staticmethod
    def stack_bidirectional_dynamic_rnn(
        cells_fw: Sequence[Any],
        cells_bw: Sequence[Any],
        inputs: Tensor,
        initial_states_fw: Any = None,
        initial_states_bw: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        parallel_iterations: Any = None,
        time_major: bool = False,
        scope: Optional[str] = None,
        swap_memory: bool = False,
    ) -> Tuple[Tensor, Tuple[Any, ...], Tuple[Any, ...]]:
        """Run bidirectional layers, each on both outputs of the one before, joined; return outputs and all states."""
        states: List[Any] = []
        with tf1.variable_scope(scope or "stack_bidirectional_rnn"):
            for i, (forward, backward) in enumerate(zip(cells_fw, cells_bw)):
                with tf1.variable_scope(f"cell_{i}"):
                    outputs, state = tf1.nn.bidirectional_dynamic_rnn(
                        forward,
                        backward,
                        inputs,
                        initial_state_fw=initial_states_fw[i] if initial_states_fw else None,
                        initial_state_bw=initial_states_bw[i] if initial_states_bw else None,
                        sequence_length=sequence_length,
                        parallel_iterations=parallel_iterations,
                        dtype=dtype,
                        time_major=time_major,
                        swap_memory=swap_memory,
                    )
                    inputs = tf.concat(outputs, 2)
                states.append(state)
        return (inputs, *(tuple(each) for each in zip(*states)))


class Seq2seq:
    """tf.contrib.seq2seq: its loss."""

    @staticmethod
    def sequence_loss(
        logits: Tensor,
        targets: Tensor,
        weights: Tensor,
        average_across_timesteps: bool = True,
        average_across_batch: bool = True,
        sum_over_timesteps: bool = False,
        sum_over_batch: bool = False,
        softmax_loss_function: Optional[Callable[..., Tensor]] = None,
        name: Optional[str] = None,
    ) -> Tensor:
        """Return the weighted cross entropy of (batch, time, classes) logits, summed by weight over the axes asked for.

        To average divides by the weights' sum, "to sum" by how many of them are not 0.
        """
        average = [1] * average_across_timesteps + [0] * average_across_batch
        if (average_across_timesteps and sum_over_timesteps) or (average_across_batch and sum_over_batch):
            raise ValueError("sequence_loss averages over an axis or sums over it, not both")
        axes = average or [1] * sum_over_timesteps + [0] * sum_over_batch
        with tf1.name_scope(name, "sequence_loss", [logits, targets, weights]):
            flat, wanted = tf.reshape(logits, [-1, tf.shape(logits)[2]]), tf.reshape(targets, [-1])
            entropy = softmax_loss_function or tf1.nn.sparse_softmax_cross_entropy_with_logits
            losses = entropy(labels=wanted, logits=flat) * tf.reshape(weights, [-1])
            losses = tf.reshape(losses, tf.shape(logits)[:2])
            if not axes:
                return losses
            counted = weights if average else tf.cast(tf.not_equal(weights, 0), losses.dtype)
            return tf.math.divide_no_nan(tf.reduce_sum(losses, axes), tf.reduce_sum(counted, axes))
