"""Dropout that is left in training: a stage that is random."""

from typing import Any, Iterator, List, Optional, Tuple

import numpy as np

from ...graphs.op_types import ADDITIONS, RANDOM_PREFIXES, SELECTS
from ..sides import Found
from .case import Case
from .subgraph import Region

JOINS = ("Mul", "RealDiv", *ADDITIONS, *SELECTS)


def dropout(case: Case) -> Optional[Found]:
    """Pass over what B multiplies by, or adds to, its tensors at random."""
    return case.named("dropout left in training", _passed(case))


def _passed(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    joins = _joins(case.b)
    for scaled in (False, True) if joins else ():
        replaced = dict(case.b.starts)
        for op, tensor in joins:  # one after another: what the second reads hangs on the first
            kept = tensor if scaled else _unscaled(case.b, tensor)
            replaced[op.outputs[0]] = case.b.evaluated(kept, replaced)
        yield f"{', '.join(op.name for op, _ in joins)} in B, at random", case.b.run(replaced)


def _joins(region: Region) -> List[Tuple[Any, Any]]:
    """Return the operations where a random tensor meets one that is not, each with the latter."""
    random, joined, found = set(), set(), []
    for op in [*region.behind(), *region.ops]:
        if any(tensor.op in joined for tensor in op.inputs):
            joined.add(op)
        elif op.type.startswith(RANDOM_PREFIXES) or any(tensor.op in random for tensor in op.inputs):
            random.add(op)
            fixed = [t for t in op.inputs if t.op not in random and (t.op in region.among or t in region.starts)]
            if op.type in JOINS and fixed:
                joined.add(op)
                found.append((op, fixed[0]))
    return found


def _unscaled(region: Region, tensor: Any) -> Any:
    """Return what was multiplied by, or divided by, the share that is kept."""
    op = tensor.op
    moving = [t for t in op.inputs if t.op in region.among or t in region.starts]
    return moving[0] if op.type in ("Mul", "RealDiv") and op in region.among and len(moving) == 1 else tensor
