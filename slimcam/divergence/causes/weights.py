"""Different weights: the last cause tried, when the operations agree and nothing else explains the drift."""

from typing import Dict, List, Tuple

import numpy as np

from ..._types import Tensor
from ...maps.differences import largest, largest_difference
from .case import Case, Trial, Trials
from .norms import norms
from .subgraph import Subgraph


def replace_weights(case: Case) -> Trials:
    """Put A's weights in place of B's, one at a time, and then all of them."""
    replaced: Dict[Tensor, np.ndarray] = {}
    texts = []
    for a, b in weight_pairs(case):
        theirs, ours = case.a.value(a), case.b.value(b)
        if not np.array_equal(theirs, ours):
            array = theirs.reshape(ours.shape).astype(ours.dtype)
            gap = largest_difference(array.astype(np.float64), ours)
            text = f"{b.op.name} is up to {gap:.3g} from A's (whose largest is {largest(array):.3g})"
            yield Trial(text, case.b.run({b: array}))
            replaced[b] = array
            texts.append(text)
    if len(replaced) > 1:
        yield Trial("; ".join(texts), case.b.run(replaced))


def weight_pairs(case: Case) -> List[Tuple[Tensor, Tensor]]:
    """Return the weights of A's subgraph and those of B's in the same place: by their role, else by shape and order."""
    pairs = []
    roles = [_roles(subgraph) for subgraph in (case.a, case.b)]
    for role, tensor in roles[1].items():
        if role in roles[0] and case.a.value(roles[0][role]).size == case.b.value(tensor).size:
            pairs.append((roles[0][role], tensor))
    used = [{tensor.name for tensor in one.values()} for one in roles]
    rest = [[t for t in one.weights() if t.name not in names] for one, names in zip((case.a, case.b), used)]
    for tensor in rest[1]:
        size = case.b.value(tensor).size
        same = next((one for one in rest[0] if case.a.value(one).size == size), None)
        if same is not None:
            rest[0].remove(same)
            pairs.append((same, tensor))
    return pairs


def _roles(subgraph: Subgraph) -> Dict[Tuple[int, str], Tensor]:
    """Return the weights of a subgraph's norms, by which norm and what they are in it."""
    roles = {}
    for i, norm in enumerate(norms(subgraph)):
        for role in ("mean", "variance", "gamma", "beta"):
            tensor = getattr(norm, role)
            if tensor is not None and tensor.op not in subgraph.among:
                roles[i, role] = tensor
    return roles
