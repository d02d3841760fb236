"""Other weights: what is left where a layer does another thing, and nothing else explains it."""

from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from ..sides import Found
from .case import Case
from .norms import norms
from .subgraph import Region


def other_weights(case: Case) -> Optional[Found]:
    """Put A's weights in place of B's, one a time, and then all of them."""
    return case.named("other weights", _theirs(case))


def _theirs(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    given: Dict[Any, np.ndarray] = {}
    texts = []
    for a, b in paired(case):
        theirs, ours = case.a.value(a), case.b.value(b)
        if not np.array_equal(theirs, ours):
            array = theirs.reshape(ours.shape).astype(ours.dtype)
            far = float(np.abs(array.astype(np.float64) - ours).max())
            text = f"{b.op.name} is up to {far:.3g} from A's (whose largest is {np.abs(array).max():.3g})"
            yield text, case.b.run({b: array})
            given[b] = array
            texts.append(text)
    if len(given) > 1:
        yield "; ".join(texts), case.b.run(given)


def paired(case: Case) -> List[Tuple[Any, Any]]:
    """Return the weights of A's region and those of B's in the same place: by their role, else by shape and order."""
    found = []
    roles = [_roles(region) for region in (case.a, case.b)]
    for role, tensor in roles[1].items():
        if role in roles[0] and case.a.value(roles[0][role]).size == case.b.value(tensor).size:
            found.append((roles[0][role], tensor))
    used = [{tensor.name for tensor in one.values()} for one in roles]
    rest = [[t for t in region.weights() if t.name not in names] for region, names in zip((case.a, case.b), used)]
    for tensor in rest[1]:
        size = case.b.value(tensor).size
        same = next((one for one in rest[0] if case.a.value(one).size == size), None)
        if same is not None:
            rest[0].remove(same)
            found.append((same, tensor))
    return found


def _roles(region: Region) -> Dict[Tuple[int, str], Any]:
    found = {}
    for i, norm in enumerate(norms(region)):
        for role in ("mean", "variance", "gamma", "beta"):
            tensor = getattr(norm, role)
            if tensor is not None and tensor.op not in region.among:
                found[i, role] = tensor
    return found
