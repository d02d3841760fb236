"""Gradients with another rule at the non-linearities: what passes a gate back, in a copy of the graph's operations.

A gate is an activation that lets its input through or not: Relu and its kin, and x times a gate of x itself, as swish
has it. R is what a gate is given, x its input, y its output.
"""

from typing import Callable, Dict, List, Sequence, Set

from ..._tf import tf, tf1
from ..._types import NodeDef, Operation, Tensor
from ...errors import ParameterError, RuleError
from .. import walk
from ..graph_defs import set_gradient

GATES = ("Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Softplus")
_WITHIN = ("Sigmoid", "Relu6", "Tanh", "Softplus", "Erf", "Identity", "Mul", "RealDiv", "Add", "AddV2", "Cast")
_PERCENT = "_slimcam_percent"  # the attribute of a node that says what RectGrad keeps
# Rules by name: the gradient that each gate then takes, and in a word what that is.
RULES: Dict[str, str] = {
    "guided": "SlimcamGuided",  # max(R, 0) times the activation's own slope (Springenberg et al. 2015)
    "guided_open": "SlimcamGuidedOpen",  # the same where x > 0, above 6 too: as xplique has it
    "deconvnet": "SlimcamDeconvnet",  # max(R, 0) (Zeiler and Fergus 2014)
    "rectgrad": "SlimcamRectGrad",  # R where y R is above its percentile in the image (Kim et al. 2019)
}
PERCENT = 98.0


def is_gate_rule(rule: str) -> bool:
    """Whether a text names a row of RULES: "guided", or "rectgrad 95" with what share of values it leaves out."""
    return rule.split(" ")[0] in RULES


def marker(rule: str, inside: Sequence[Operation]) -> Callable[[NodeDef], None]:
    """Return a function that lets the gates among the nodes of operations take their gradient by a rule.

    Raises RuleError where there is no gate, so that the gradient would be the plain one.
    """
    name, _, percent = rule.partition(" ")
    if percent and not 0 <= float(percent) < 100:
        raise ParameterError(f"percent={percent}: give a number from 0 to below 100")
    gates = gates_among(inside)
    if not gates:
        raise RuleError(
            f"rule {name!r} changes the gradient of {', '.join(GATES)} and swish, and there is none between the images "
            "and the score: the map would be the plain gradient's. Explain by that"
        )

    def mark(node: NodeDef) -> None:
        if node.name in gates:
            set_gradient(node, RULES[name])
            node.attr[_PERCENT].f = float(percent or PERCENT)
        elif node.op == "IdentityN" and "_gradient_op_type" in node.attr:
            del node.attr["_gradient_op_type"]  # a gradient that goes past the gate

    return mark


def gates_among(inside: Sequence[Operation]) -> Set[str]:
    """Return the names of the gates among operations; what a gate is made of is none by itself."""
    own = {op: _made_of(op) for op in inside if op.type == "Mul"}
    parts = {part.name for some in own.values() for part in some}
    plain = {op.name for op in inside if op.type in GATES and op.name not in parts}
    return plain | {op.name for op, some in own.items() if some}


def _made_of(product: Operation) -> List[Operation]:
    """Return the operations by which one factor is a gate of the other, none where it is not so."""
    number = _open_factor(product)
    if number < 0:
        return []
    return walk.near(product.inputs[1 - number].op, _FAR, lambda op: op.type in _WITHIN)


_FAR = 6  # how many operations a gate may be made of, one behind another: x tanh(softplus(x)), x relu6(x + 3) / 6


def _open_factor(product: Operation) -> int:
    """Return which input of a product is what the other gates, -1 where neither is: swish(x) = x sigmoid(x)."""
    for number in (0, 1):
        value, gate = product.inputs[number], product.inputs[1 - number]
        ops = walk.near(gate.op, _FAR, lambda op: op.type in _WITHIN)
        made = [op for op in ops if op.type in _WITHIN[:5]]
        halved = value.op.type == "Mul"  # 0.5 x (1 + erf(x / sqrt 2))
        sources = [value, *(value.op.inputs if halved else ())]
        if made and any(one is source for op in ops for one in op.inputs for source in sources):
            return number
    return -1


def _slope(op: Operation) -> Tensor:
    """Return the slope of an activation at its input; those of _KERNELS have an operation of their own."""
    value, output = op.inputs[0], op.outputs[0]
    one = tf.ones_like(value)
    if op.type == "Elu":
        return tf1.where(value > 0, one, output + 1)
    if op.type == "Selu":
        return tf1.where(value > 0, one * _SELU_SCALE, output + _SELU_SCALE * _SELU_ALPHA)
    if op.type == "LeakyRelu":
        return tf1.where(value > 0, one, one * op.get_attr("alpha"))
    return tf.sigmoid(value)  # of Softplus


# What multiplies by the slope in one go: no array of zeros and ones is made
_KERNELS = {"Relu": tf.raw_ops.ReluGrad, "Relu6": tf.raw_ops.Relu6Grad}
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@tf.RegisterGradient(RULES["guided"])
def _guided(op: Operation, grad: Tensor) -> List[Tensor]:
    rectified = tf.nn.relu(grad)
    if op.type == "Mul":
        return [rectified * op.inputs[1], rectified * op.inputs[0]]
    if op.type in _KERNELS:
        return [_KERNELS[op.type](gradients=rectified, features=op.outputs[0])]
    return [rectified * _slope(op)]


@tf.RegisterGradient(RULES["guided_open"])
def _guided_open(op: Operation, grad: Tensor) -> List[Tensor]:
    return _through(op, tf.raw_ops.ReluGrad(gradients=tf.nn.relu(grad), features=_input(op)))


@tf.RegisterGradient(RULES["deconvnet"])
def _deconvnet(op: Operation, grad: Tensor) -> List[Tensor]:
    return _through(op, tf.nn.relu(grad))


@tf.RegisterGradient(RULES["rectgrad"])
def _rectgrad(op: Operation, grad: Tensor) -> List[Tensor]:
    """The threshold is the value at the percentile, the nearest one, of all y R of the gate in an image."""
    relevance = op.outputs[0] * grad
    rows = tf.reshape(relevance, [tf.shape(relevance)[0], -1])
    count = tf.shape(rows)[1]
    place = tf.cast(tf.round(op.get_attr(_PERCENT) / 100 * tf.cast(count - 1, tf.float32)), tf.int32)
    threshold = tf.nn.top_k(rows, count - place).values[:, -1:]
    kept = tf.reshape(rows > threshold, tf.shape(relevance))
    return _through(op, tf1.where(kept, grad, tf.zeros_like(grad)))


def _input(op: Operation) -> Tensor:
    return op.inputs[_open_factor(op)] if op.type == "Mul" else op.inputs[0]


def _through(op: Operation, values: Tensor) -> List[Tensor]:
    """Return values as the gradients of a gate's inputs: all to what it lets through."""
    if op.type != "Mul":
        return [values]
    gradients = [tf.zeros_like(one) for one in op.inputs]
    gradients[_open_factor(op)] = values
    return gradients
