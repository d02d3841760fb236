"""Batch normalisation: its epsilon, its statistics, the momentum that they were gathered with, and training."""

import itertools
from dataclasses import dataclass
from typing import Any, Iterator, List, Optional, Tuple

import numpy as np

from ..._tf import tf
from ...graphs.op_types import ADDITIONS, FUSED_NORMS, RESTATING, SWITCHES
from ...graphs.walk import readers, source
from ..sides import Found
from .case import Case
from .subgraph import Region

USUAL = (1e-3, 1e-5, 1.001e-5, 1e-4, 1e-6, 2e-5, 1e-12, 1e-2, 1e-8)
MOMENTA = (0.9, 0.95, 0.99, 0.997, 0.999, 0.9997)


@dataclass(frozen=True)
class Norm:
    """A batch norm that was found in a graph; tensors, None where there are none."""

    mean: Any
    variance: Any
    epsilon: float
    training: bool  # it takes mean and variance of the batch itself
    op: Any  # of FUSED_NORMS, or the addition of epsilon
    gamma: Any = None
    beta: Any = None


def norms(region: Region) -> List[Norm]:
    """Return the batch norms of a region, in the order of the flow."""
    found = []
    for op in [*region.behind(), *region.ops]:
        norm = None
        if op.type in FUSED_NORMS and op in region.among:
            gamma, beta, mean, variance = list(op.inputs)[1:]
            norm = Norm(mean, variance, op.get_attr("epsilon"), op.get_attr("is_training"), op, gamma, beta)
        elif op.type == "BatchNormWithGlobalNormalization":
            mean, variance, beta, gamma = list(op.inputs)[1:]
            norm = Norm(mean, variance, op.get_attr("variance_epsilon"), False, op, gamma, beta)
        elif op.type in ("Rsqrt", "Sqrt"):
            norm = _unfused(region, op)
        if norm is not None and _lives(region, op):
            found.append(norm)
    return found


def _lives(region: Region, op: Any) -> bool:
    """Whether an operation is run: of a training switch's two norms, one is."""
    if not any(tensor.op.type in SWITCHES for tensor in op.inputs):
        return True
    try:
        region.value(op.outputs[0])
    except tf.errors.InvalidArgumentError:
        return False
    return True


def _unfused(region: Region, root: Any) -> Optional[Norm]:
    """Read x * rsqrt(variance + epsilon) * gamma + (beta - mean * …), or (x - mean) / sqrt(variance + epsilon)."""
    add = root.inputs[0].op
    if add.type not in ADDITIONS:
        return None
    pair = list(add.inputs)
    single = [t for t in pair if t.op not in region.among and t.shape.num_elements() == 1]
    numbers = {t: np.asarray(region.value(t)).item() for t in single}
    small = [t for t, number in numbers.items() if 0 <= number < 0.1]
    if len(small) != 1:
        return None
    variance = next(t for t in pair if t is not small[0])
    mean, gamma, beta = _around(root.outputs[0])
    if mean is None:
        return None
    return Norm(mean, variance, numbers[small[0]], variance.op in region.among, add, gamma, beta)


def _around(inverse: Any) -> Tuple[Any, Any, Any]:
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


def _other(op: Any, tensor: Any) -> Any:
    others = [t for t in op.inputs if source(t, RESTATING) is not source(tensor, RESTATING)]
    return others[0] if others else op.inputs[0]


# --- trials


def epsilon(case: Case) -> Optional[Found]:
    """Add the difference of the epsilons to the variance of B's norm.

    Where A's norm is folded into its weights, usual epsilons are tried; where B's is, they are tried in A.
    """
    theirs = norms(case.a)
    if theirs and not norms(case.b):
        return case.named("batch norm epsilon", _folded(case, theirs), case.b_value())
    return case.named("batch norm epsilon", _epsilons(case))


def _folded(case: Case, theirs: List[Norm]) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    for norm in theirs:
        variance = case.a.value(norm.variance) if not norm.training else np.zeros(0)
        for number in USUAL if variance.size else ():
            moved = (variance + (number - norm.epsilon)).astype(variance.dtype)
            yield f"{norm.epsilon:.4g} in A, {number:.4g} in B's weights", case.a.run({norm.variance: moved})


def _epsilons(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    for a, b in _pairs(case):
        if b.training or (a is not None and a.training):
            continue
        for number in USUAL if a is None else (a.epsilon,):
            if not np.isclose(number, b.epsilon, rtol=1e-4, atol=0):
                variance = case.b.value(b.variance)
                moved = (variance + (number - b.epsilon)).astype(variance.dtype)
                yield f"{number:.4g} in A, {b.epsilon:.4g} in B", case.b.run({b.variance: moved})


def momentum(case: Case) -> Optional[Found]:
    """Undo, in B's statistics, what another momentum made of the same updates, from 0 and 1 on.

    After any number of updates with the same values, moving means of two momenta are in one ratio over all channels,
    and so are the distances of the moving variances from 1.
    """
    return case.named("batch norm momentum", _momenta(case))


def _momenta(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    for a, b in _inference(case):
        theirs, ours = _statistics(case.a, a), _statistics(case.b, b)
        x = np.concatenate([theirs[0].ravel(), 1 - theirs[1].ravel()])
        y = np.concatenate([ours[0].ravel(), 1 - ours[1].ravel()])
        if x.size != y.size or x.size < 4 or not x.any():
            continue
        ratio = float(x @ y / (x @ x))
        if abs(ratio) < 1e-6 or np.isclose(ratio, 1, rtol=1e-3):
            continue
        text = f"B's moving mean and 1 - variance are {ratio:.4g} times A's{_one_update(ratio)}"
        yield text, case.b.run({b.mean: ours[0] / ratio, b.variance: 1 - (1 - ours[1]) / ratio})


def _one_update(ratio: float) -> str:
    """Return which usual momenta give a ratio of statistics after one update."""
    pairs = itertools.permutations(MOMENTA, 2)
    known = [f"{a} in A, {b} in B" for a, b in pairs if np.isclose(ratio, (1 - b) / (1 - a), rtol=1e-3)]
    return f", as after one update with {' or '.join(known)}" if known else ""


def statistics(case: Case) -> Optional[Found]:
    """Put A's moving mean and variance in place of B's."""
    return case.named("batch norm statistics", _theirs(case))


def _theirs(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    for a, b in _inference(case):
        theirs, ours = _statistics(case.a, a), _statistics(case.b, b)
        if theirs[0].size == ours[0].size:
            new = [one.reshape(other.shape) for one, other in zip(theirs, ours)]
            far = [float(np.abs(one - other).max()) for one, other in zip(new, ours)]
            text = f"moving mean up to {far[0]:.3g} apart, variance up to {far[1]:.3g}"
            yield text, case.b.run({b.mean: new[0], b.variance: new[1]})


def training(case: Case) -> Optional[Found]:
    """Let B's norm use moving statistics, A's or its own, in place of the batch's."""
    return case.named("batch norm left in training", _moving(case))


def _moving(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
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
            yield text, _fixed(case.b, b, arrays)


def _fixed(region: Region, norm: Norm, arrays: List[np.ndarray]) -> Optional[np.ndarray]:
    """Return a region with given mean and variance in place of the batch's."""
    if norm.op.type not in FUSED_NORMS:
        shaped = {t: array.reshape(region.value(t).shape) for t, array in zip((norm.mean, norm.variance), arrays)}
        return region.run(shaped)

    def change(node: Any) -> None:
        if node.name == norm.op.name:
            node.attr["is_training"].b = False
            node.input[3:5] = list(given)

    given = dict(zip(("edge/mean", "edge/variance"), arrays))
    return region.rebuilt(change, added=given)


def _pairs(case: Case) -> Iterator[Tuple[Optional[Norm], Norm]]:
    """Yield each norm of B's region with the one of A's in the same place, None where A has no such."""
    theirs = norms(case.a)
    ours = norms(case.b)
    for i, norm in enumerate(ours):
        yield (theirs[i] if len(theirs) == len(ours) else None), norm


def _inference(case: Case) -> Iterator[Tuple[Norm, Norm]]:
    for a, b in _pairs(case):
        if a is not None and not a.training and not b.training:
            yield a, b


def _statistics(region: Region, norm: Norm) -> List[np.ndarray]:
    return [region.value(norm.mean), region.value(norm.variance)]
