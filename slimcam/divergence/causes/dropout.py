"""Dropout that is left in training: a stage that is random."""

from typing import List, Tuple

from ..._types import Operation, Tensor
from ...graphs.op_types import ADDITIONS, SELECTS
from ...graphs.randomness import is_random
from .case import Case, Trial, Trials
from .subgraph import Subgraph

JOINS = ("Mul", "RealDiv", *ADDITIONS, *SELECTS)


def skip_dropout(case: Case) -> Trials:
    """Skip what B multiplies by, or adds to, its tensors at random."""
    joins = _joins(case.b)
    for scaled in (False, True) if joins else ():
        replaced = dict(case.b.starts)
        for op, tensor in joins:  # one after another: what the second reads depends on the first
            kept = tensor if scaled else _before_scale(case.b, tensor)
            replaced[op.outputs[0]] = case.b.run_tensor(kept, replaced)
        yield Trial(f"{', '.join(op.name for op, _ in joins)} in B, at random", case.b.run(replaced))


def _joins(subgraph: Subgraph) -> List[Tuple[Operation, Tensor]]:
    """Return the operations where a random tensor meets one that is not, each with the latter."""
    random, joined, joins = set(), set(), []
    for op in [*subgraph.behind(), *subgraph.ops]:
        if any(tensor.op in joined for tensor in op.inputs):
            joined.add(op)
        elif is_random(op.type) or any(tensor.op in random for tensor in op.inputs):
            random.add(op)
            fixed = [t for t in op.inputs if t.op not in random and (t.op in subgraph.among or t in subgraph.starts)]
            if op.type in JOINS and fixed:
                joined.add(op)
                joins.append((op, fixed[0]))
    return joins


def _before_scale(subgraph: Subgraph, tensor: Tensor) -> Tensor:
    """Return what was multiplied by, or divided by, the share that is kept."""
    op = tensor.op
    moving = [t for t in op.inputs if t.op in subgraph.among or t in subgraph.starts]
    return moving[0] if op.type in ("Mul", "RealDiv") and op in subgraph.among and len(moving) == 1 else tensor
