"""Build a model several times, a clone for each device, and train all by the sum of their gradients."""

import collections
from typing import Any, Callable, List, Mapping, Optional, Sequence, Set, Tuple

from ..._tf import slim as import_slim
from ..._tf import tf1
from ..._types import Tensor
from .config import DeploymentConfig

slim = import_slim()

__all__ = ["Clone", "DeployedModel", "DeploymentConfig", "create_clones", "deploy", "optimize_clones"]

Clone = collections.namedtuple("Clone", ["outputs", "scope", "device"])
DeployedModel = collections.namedtuple("DeployedModel", ["train_op", "summary_op", "total_loss", "clones"])
Pairs = List[Tuple[Any, Any]]  # (gradient, variable)


def create_clones(
    config: DeploymentConfig,
    model_fn: Callable[..., Any],
    args: Optional[Sequence[Any]] = None,
    kwargs: Optional[Mapping[str, Any]] = None,
) -> List[Clone]:
    """Call `model_fn(*args, **kwargs)` once for each clone, on its device, with the variables of the first."""
    clones = []
    with slim.arg_scope([slim.model_variable, slim.variable], device=config.variables_device()):
        for number in range(config.num_clones):
            with tf1.name_scope(config.clone_scope(number)) as scope:
                device = config.clone_device(number)
                reuse = True if number > 0 else None
                with tf1.device(device), tf1.variable_scope(tf1.get_variable_scope(), reuse=reuse):
                    outputs = model_fn(*(args or []), **(kwargs or {}))
                    clones.append(Clone(outputs, scope, device))
    return clones


def _clone_loss(clone: Clone, number: int, regularization_losses: Optional[List[Tensor]]) -> Optional[Tensor]:
    """Return a clone's share of the loss, with what is regularized; None without any. Both become summaries."""
    loss = regularization = total = None
    with tf1.device(clone.device):
        parts = []
        losses = tf1.get_collection(tf1.GraphKeys.LOSSES, clone.scope)
        if losses:
            loss = tf1.add_n(losses, name="clone_loss")
            loss = tf1.div(loss, 1.0 * number, name="scaled_clone_loss") if number > 1 else loss
            parts.append(loss)
        if regularization_losses:
            regularization = tf1.add_n(regularization_losses, name="regularization_loss")
            parts.append(regularization)
        if parts:
            total = tf1.add_n(parts)
    if loss is not None:
        tf1.summary.scalar("/".join(filter(None, ["Losses", clone.scope, "clone_loss"])), loss)
    if regularization is not None:
        tf1.summary.scalar("Losses/regularization_loss", regularization)
    return total


def optimize_clones(
    clones: Sequence[Clone], optimizer: Any, regularization_losses: Optional[List[Tensor]] = None, **kwargs: Any
) -> Tuple[Tensor, Pairs]:
    """Return the loss of all clones and, for each variable, the sum of its gradients.

    What is regularized counts once, with the first clone; `kwargs` go to compute_gradients.
    """
    if regularization_losses is None:
        regularization_losses = tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES)
    losses, pairs = [], []
    for clone in clones:
        with tf1.name_scope(clone.scope):
            loss = _clone_loss(clone, len(clones), regularization_losses)
            if loss is not None:
                with tf1.device(clone.device):
                    pairs.append(optimizer.compute_gradients(loss, **kwargs))
                losses.append(loss)
        regularization_losses = None
    return tf1.add_n(losses, name="total_loss"), _summed(pairs)


def _summed(clones: Sequence[Pairs]) -> Pairs:
    sums = []
    for pairs in zip(*clones):
        variable = pairs[0][1]
        gradients = [gradient for gradient, _ in pairs if gradient is not None]
        if len(gradients) > 1:
            sums.append((tf1.add_n(gradients, name=variable.op.name + "/sum_grads"), variable))
        elif gradients:
            sums.append((gradients[0], variable))
    return sums


def _losses_alone(clones: Sequence[Clone]) -> Optional[Tensor]:
    regularization_losses: Optional[List[Tensor]] = tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES)
    losses = []
    for clone in clones:
        with tf1.name_scope(clone.scope):
            losses.append(_clone_loss(clone, len(clones), regularization_losses))
        regularization_losses = None
    losses = [loss for loss in losses if loss is not None]
    return tf1.add_n(losses, name="total_loss") if losses else None


def deploy(
    config: DeploymentConfig,
    model_fn: Callable[..., Any],
    args: Optional[Sequence[Any]] = None,
    kwargs: Optional[Mapping[str, Any]] = None,
    optimizer: Any = None,
    summarize_gradients: bool = False,
) -> DeployedModel:
    """Build the clones, their loss and, with an optimizer, the operation that trains them; summaries of the first."""
    summaries = set(tf1.get_collection(tf1.GraphKeys.SUMMARIES))
    clones = create_clones(config, model_fn, args, kwargs)
    updates = tf1.get_collection(tf1.GraphKeys.UPDATE_OPS, clones[0].scope)
    train_op = None
    with tf1.device(config.optimizer_device()):
        if optimizer:
            with tf1.device(config.variables_device()):
                global_step = tf1.train.get_or_create_global_step()
            total_loss, pairs = optimize_clones(clones, optimizer)
            if pairs:
                if summarize_gradients:
                    summaries |= _gradient_summaries(pairs)
                updates.append(optimizer.apply_gradients(pairs, global_step=global_step))
                with tf1.control_dependencies([tf1.group(*updates)]):
                    train_op = tf1.identity(total_loss, name="train_op")
        else:
            total_loss = _losses_alone(clones)
        summaries |= set(tf1.get_collection(tf1.GraphKeys.SUMMARIES, clones[0].scope))
        if total_loss is not None:
            summaries.add(tf1.summary.scalar("total_loss", total_loss))
        summary_op = tf1.summary.merge(list(summaries), name="summary_op") if summaries else None
    return DeployedModel(train_op, summary_op, total_loss, clones)


def _gradient_summaries(pairs: Pairs) -> Set[Any]:
    summaries = set()
    for gradient, variable in pairs:
        values = gradient.values if isinstance(gradient, tf1.IndexedSlices) else gradient
        name = variable.op.name
        summaries.add(tf1.summary.histogram(name + ":gradient", values))
        summaries.add(tf1.summary.histogram(name + ":gradient_norm", tf1.global_norm([values])))
    return summaries
