"""Batch normalisation: its epsilon, its statistics, the momentum that they were gathered with, and training."""

import itertools
from dataclasses import dataclass
from typing import Iterator, List, Optional, Tuple

import numpy as np

from ..._tf import tf
from ..._types import NodeDef, Operation, Tensor
from ...graphs.op_types import ADDITIONS, FUSED_NORMS, RESTATING, SWITCHES
from ...graphs.walk import readers, source
from ...maps.differences import largest_difference
from .case import Case, Trial, Trials
from .subgraph import Subgraph

USUAL = (1e-3, 1e-5, 1.001e-5, 1e-4, 1e-6, 2e-5, 1e-12, 1e-2, 1e-8)
MOMENTA = (0.9, 0.95, 0.99, 0.997, 0.999, 0.9997)


@dataclass(frozen=True)
class Norm:
    """A batch norm of a graph; its tensors, None where there are none."""

    mean: Tensor
    variance: Tensor
    epsilon: float
    training: bool  # it takes mean and variance of the batch itself
    op: Operation  # of FUSED_NORMS, or the addition of epsilon
    gamma: Optional[Tensor] = None
    beta: Optional[Tensor] = None


def norms(subgraph: Subgraph) -> List[Norm]:
    """Return the batch norms of a subgraph, in the order of the flow."""
    in_order = []
    for op in [*subgraph.behind(), *subgraph.ops]:
        norm = None
        if op.type in FUSED_NORMS and op in subgraph.among:
            gamma, beta, mean, variance = list(op.inputs)[1:]
            norm = Norm(mean, variance, op.get_attr("epsilon"), op.get_attr("is_training"), op, gamma, beta)
        elif op.type == "BatchNormWithGlobalNormalization":
            mean, variance, beta, gamma = list(op.inputs)[1:]
            norm = Norm(mean, variance, op.get_attr("variance_epsilon"), False, op, gamma, beta)
        elif op.type in ("Rsqrt", "Sqrt"):
            norm = _unfused_norm(subgraph, op)
        if norm is not None and _lives(subgraph, op):
            in_order.append(norm)
    return in_order


def _lives(subgraph: Subgraph, op: Operation) -> bool:
    """Whether an operation is run: of a training switch's two norms, one is."""
    if not any(tensor.op.type in SWITCHES for tensor in op.inputs):
        return True
    try:
        subgraph.value(op.outputs[0])
    except tf.errors.InvalidArgumentError:
        return False
    return True


def _unfused_norm(subgraph: Subgraph, root: Operation) -> Optional[Norm]:
    """Read x * rsqrt(variance + epsilon) * gamma + (beta - mean * …), or (x - mean) / sqrt(variance + epsilon)."""
    add = root.inputs[0].op
    if add.type not in ADDITIONS:
        return None
    pair = list(add.inputs)
    single = [t for t in pair if t.op not in subgraph.among and t.shape.num_elements() == 1]
    numbers = {t: np.asarray(subgraph.value(t)).item() for t in single}
    small = [t for t, number in numbers.items() if 0 <= number < 0.1]
    if len(small) != 1:
        return None
    variance = next(t for t in pair if t is not small[0])
    mean, gamma, beta = _around(root.outputs[0])
    if mean is None:
        return None
    return Norm(mean, variance, numbers[small[0]], variance.op in subgraph.among, add, gamma, beta)


def _around(inverse: Tensor) -> Tuple[Optional[Tensor], Optional[Tensor], Optional[Tensor]]:
    """Return mean, gamma and beta of what multiplies by an inverse deviation, None for each that is not there."""
    gamma, scale = None, inverse
    for op in readers(inverse, RESTATING):
        if op.type == "Mul" and any(reader.type == "Mul" for reader in readers(op.outputs[0], RESTATING)):
            gamma, scale = _other(op, inverse), op.outputs[0]
    products = [op for op in readers(scale, RESTATING) if op.type == "Mul"]
    for op in products:
        if _other(op, scale).op.type == "Neg":  # -mean * inverse, where there is no beta
            return _other(op, scale).op.inputs[0], gamma, None
        for reader in readers(op.outputs[0], RESTATING):
            if reader.type == "Sub" and source(reader.inputs[1], RESTATING).op is op:  # beta - mean * inverse
                return _other(op, scale), gamma, reader.inputs[0]
    for op in [*products, *(op for op in readers(inverse, RESTATING) if op.type in ("Mul", "RealDiv"))]:
        other = _other(op, scale)
        if other.op.type == "Sub":  # (x - mean) * inverse
            return other.op.inputs[1], gamma, None
    return None, None, None


def _other(op: Operation, tensor: Tensor) -> Tensor:
    others = [t for t in op.inputs if source(t, RESTATING) is not source(tensor, RESTATING)]
    return others[0] if others else op.inputs[0]


# --- trials


def change_epsilon(case: Case) -> Trials:
    """Add the difference of the epsilons to the variance of B's norm; where A's is folded, usual epsilons are tried."""
    for a, b in _pairs(case):
        if b.training or (a is not None and a.training):
            continue
        for number in USUAL if a is None else (a.epsilon,):
            if not np.isclose(number, b.epsilon, rtol=1e-4, atol=0):
                yield Trial(f"{number:.4g} in A, {b.epsilon:.4g} in B", _with_epsilon(case.b, b, number))


def change_epsilon_beside_folded(mirror: Case) -> Trials:
    """Try usual epsilons in A's norm where B's is folded into its weights."""
    for norm in norms(mirror.b) if not norms(mirror.a) else ():
        for number in USUAL if not norm.training else ():
            text = f"{norm.epsilon:.4g} in A, {number:.4g} in B's weights"
            yield Trial(text, _with_epsilon(mirror.b, norm, number))


def _with_epsilon(subgraph: Subgraph, norm: Norm, epsilon: float) -> Optional[np.ndarray]:
    """Return a subgraph's value with another epsilon in a norm."""
    variance = subgraph.value(norm.variance)
    return subgraph.run({norm.variance: (variance + (epsilon - norm.epsilon)).astype(variance.dtype)})


def undo_momentum(case: Case) -> Trials:
    """Undo, in B's statistics, what another momentum made of the same updates, from 0 and 1 on.

    After any number of updates with the same values, moving means of two momenta are in one ratio over all channels,
    and so are the distances of the moving variances from 1.
    """
    for a, b in _inference_pairs(case):
        theirs, ours = _statistics(case.a, a), _statistics(case.b, b)
        x = np.concatenate([theirs[0].ravel(), 1 - theirs[1].ravel()])
        y = np.concatenate([ours[0].ravel(), 1 - ours[1].ravel()])
        if x.size != y.size or x.size < 4 or not x.any():
            continue
        ratio = float(x @ y / (x @ x))
        if abs(ratio) < 1e-6 or np.isclose(ratio, 1, rtol=1e-3):
            continue
        text = f"B's moving mean and 1 - variance are {ratio:.4g} times A's{_one_update(ratio)}"
        yield Trial(text, case.b.run({b.mean: ours[0] / ratio, b.variance: 1 - (1 - ours[1]) / ratio}))


def _one_update(ratio: float) -> str:
    """Return which usual momenta give a ratio of statistics after one update."""
    pairs = itertools.permutations(MOMENTA, 2)
    known = [f"{a} in A, {b} in B" for a, b in pairs if np.isclose(ratio, (1 - b) / (1 - a), rtol=1e-3)]
    return f", as after one update with {' or '.join(known)}" if known else ""


def replace_statistics(case: Case) -> Trials:
    """Put A's moving mean and variance in place of B's."""
    for a, b in _inference_pairs(case):
        theirs, ours = _statistics(case.a, a), _statistics(case.b, b)
        if theirs[0].size == ours[0].size:
            new = [one.reshape(other.shape) for one, other in zip(theirs, ours)]
            gaps = [largest_difference(one, other) for one, other in zip(new, ours)]
            text = f"moving mean up to {gaps[0]:.3g} apart, variance up to {gaps[1]:.3g}"
            yield Trial(text, case.b.run({b.mean: new[0], b.variance: new[1]}))


def use_moving_statistics(case: Case) -> Trials:
    """Let B's norm use moving statistics, A's or its own, in place of the batch's."""
    for a, b in _pairs(case):
        if not b.training or (a is not None and a.training):
            continue
        choices: List[Tuple[str, List[np.ndarray]]] = []
        if b.op.type in FUSED_NORMS and case.b.value(b.mean).size:
            choices.append(("B's own", _statistics(case.b, b)))
        if a is not None:
            choices.append(("A's", _statistics(case.a, a)))
        for whose, arrays in choices:
            text = f"B takes mean and variance of each batch; with {whose} moving ones it agrees"
            yield Trial(text, _with_statistics(case.b, b, arrays))


def _with_statistics(subgraph: Subgraph, norm: Norm, arrays: List[np.ndarray]) -> Optional[np.ndarray]:
    """Return a subgraph's value with these mean and variance in place of the batch's."""
    if norm.op.type not in FUSED_NORMS:
        tensors = norm.mean, norm.variance
        return subgraph.run({t: array.reshape(subgraph.value(t).shape) for t, array in zip(tensors, arrays)})

    def change(node: NodeDef) -> None:
        if node.name == norm.op.name:
            node.attr["is_training"].b = False
            node.input[3:5] = list(edges)

    edges = dict(zip(("edge/mean", "edge/variance"), arrays))
    return subgraph.run_edited(change, added=edges)


def _pairs(case: Case) -> Iterator[Tuple[Optional[Norm], Norm]]:
    """Yield each norm of B's subgraph with the one of A's in the same place, None where A has no such."""
    theirs = norms(case.a)
    ours = norms(case.b)
    for i, norm in enumerate(ours):
        yield (theirs[i] if len(theirs) == len(ours) else None), norm


def _inference_pairs(case: Case) -> Iterator[Tuple[Norm, Norm]]:
    for a, b in _pairs(case):
        if a is not None and not a.training and not b.training:
            yield a, b


def _statistics(subgraph: Subgraph, norm: Norm) -> List[np.ndarray]:
    return [subgraph.value(norm.mean), subgraph.value(norm.variance)]
