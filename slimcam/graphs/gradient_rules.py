"""Other gradients for non-linearities, by name: a copy of a graph's operations takes them, the graph itself never.

A rule is asked for by its row of RULES, which names the registered gradient for each type of operation.
"""

from typing import Callable, Dict, Mapping

from .._tf import tf, tf1
from .._types import NodeDef, Operation, Tensor
from .graph_defs import set_gradient

RULES: Dict[str, Mapping[str, str]] = {
    "redirected": {"Relu": "SlimcamRedirectedRelu", "Relu6": "SlimcamRedirectedRelu6"},
}


def marker(rule: str) -> Callable[[NodeDef], None]:
    """Return a function that lets a GraphDef's node take its gradient by a row of RULES; "" changes nothing."""
    gradients = RULES[rule] if rule else {}

    def mark(node: NodeDef) -> None:
        if node.op in gradients:
            set_gradient(node, gradients[node.op])

    return mark


@tf.RegisterGradient("SlimcamRedirectedRelu")
def _redirected_relu(op: Operation, grad: Tensor) -> Tensor:
    """Let a gradient through that lifts a negative input, in images where the plain one is zero everywhere.

    So a picture on which a channel does not fire at all can be led to where it does (lucid,
    misc/redirected_relu_grad.py; signs are turned, since there a loss is made smaller).
    """
    low = op.inputs[0] < 0
    return _redirected(grad, low, low & (grad < 0))


@tf.RegisterGradient("SlimcamRedirectedRelu6")
def _redirected_relu6(op: Operation, grad: Tensor) -> Tensor:
    """As for Relu, and let through what lowers an input above 6."""
    low, high = op.inputs[0] < 0, op.inputs[0] > 6
    return _redirected(grad, low | high, (low & (grad < 0)) | (high & (grad > 0)))


def _redirected(grad: Tensor, shut: Tensor, away: Tensor) -> Tensor:
    """Return the gradient without what is `shut`, or, in an image that gets none of it, without what leads `away`."""
    nothing = tf.zeros_like(grad)
    plain = tf1.where(shut, nothing, grad)
    inner = tf.range(1, tf.rank(grad))
    dead = tf.reduce_all(tf.equal(plain, 0), inner, keepdims=True)
    return tf1.where(tf.logical_and(dead, tf.ones_like(shut)), tf1.where(away, nothing, grad), plain)
