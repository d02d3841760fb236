"""tf.contrib.legacy_seq2seq: losses of lists of (batch, …) tensors over time, and models for several lengths."""

from typing import Any, Callable, List, Optional, Sequence, Tuple

from ...._types import Tensor
from ...core import tf1

Outputs = Tuple[List[Tensor], Any]


def sequence_loss_by_example(
    logits: Sequence[Tensor],
    targets: Sequence[Tensor],
    weights: Sequence[Tensor],
    average_across_timesteps: bool = True,
    softmax_loss_function: Optional[Callable[..., Tensor]] = None,
    name: Optional[str] = None,
) -> Tensor:
    """Return (batch,) weighted cross entropies of lists over time, averaged over it if asked for."""
    lengths = len(logits), len(weights), len(targets)
    if len(set(lengths)) > 1:
        raise ValueError("Lengths of logits, weights, and targets must be the same {}, {}, {}.".format(*lengths))
    with tf1.name_scope(name, "sequence_loss_by_example", [*logits, *targets, *weights]):
        losses = []
        for logit, target, weight in zip(logits, targets, weights):
            if softmax_loss_function is None:
                target = tf1.reshape(target, [-1])
                entropy = tf1.nn.sparse_softmax_cross_entropy_with_logits(labels=target, logits=logit)
            else:
                entropy = softmax_loss_function(labels=target, logits=logit)
            losses.append(entropy * weight)
        total = tf1.add_n(losses)
        return total / (tf1.add_n(list(weights)) + 1e-12) if average_across_timesteps else total


def sequence_loss(
    logits: Sequence[Tensor],
    targets: Sequence[Tensor],
    weights: Sequence[Tensor],
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Optional[Callable[..., Tensor]] = None,
    name: Optional[str] = None,
) -> Tensor:
    """Return the sum of sequence_loss_by_example over the batch, or its mean."""
    with tf1.name_scope(name, "sequence_loss", [*logits, *targets, *weights]):
        losses = sequence_loss_by_example(logits, targets, weights, average_across_timesteps, softmax_loss_function)
        cost = tf1.reduce_sum(losses)
        return cost / tf1.cast(tf1.shape(targets[0])[0], cost.dtype) if average_across_batch else cost


def model_with_buckets(
    encoder_inputs: List[Tensor],
    decoder_inputs: List[Tensor],
    targets: List[Tensor],
    weights: List[Tensor],
    buckets: Sequence[Tuple[int, int]],
    seq2seq: Callable[..., Outputs],
    softmax_loss_function: Optional[Callable[..., Tensor]] = None,
    per_example_loss: bool = False,
    name: Optional[str] = None,
) -> Tuple[List[List[Tensor]], List[Tensor]]:
    """Return outputs and losses of a model for each bucket, a pair of lengths; they share their weights."""
    for what, tensors, side in (
        ("encoder_inputs", encoder_inputs, 0),
        ("targets", targets, 1),
        ("weights", weights, 1),
    ):
        if len(tensors) < buckets[-1][side]:
            raise ValueError(
                f"Length of {what} ({len(tensors)}) must be at least that of last bucket ({buckets[-1][side]})."
            )
    loss_of = sequence_loss_by_example if per_example_loss else sequence_loss
    outputs, losses = [], []
    with tf1.name_scope(name, "model_with_buckets", [*encoder_inputs, *decoder_inputs, *targets, *weights]):
        for number, (source, target) in enumerate(buckets):
            with tf1.variable_scope(tf1.get_variable_scope(), reuse=True if number > 0 else None):
                made, _ = seq2seq(encoder_inputs[:source], decoder_inputs[:target])
                outputs.append(made)
                loss = loss_of(made, targets[:target], weights[:target], softmax_loss_function=softmax_loss_function)
                losses.append(loss)
    return outputs, losses
