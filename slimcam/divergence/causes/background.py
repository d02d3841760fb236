"""The last layer: the class "background" before all others, which TF-Slim's nets of 1001 classes have."""

import numpy as np

from .case import Case, Trial, Trials


def remove_class(case: Case) -> Trials:
    """Leave out of B's classes the first or the last, if it has one more."""
    fewer, more = case.target, case.b_value()
    if fewer.ndim < 2 or fewer.shape[:-1] != more.shape[:-1] or more.shape[-1] - fewer.shape[-1] != 1:
        return
    counts = sorted(zip(case.names, (fewer.shape[-1], more.shape[-1])))
    text = f"{counts[0][1]} classes in A, {counts[1][1]} in B"
    for which, rest in (("the first", more[..., 1:]), ("the last", more[..., :-1])):
        yield Trial(f"{text}: {which} of {case.names[1]} left out", rest)
        with np.errstate(all="ignore"):
            scaled = rest / rest.sum(-1, keepdims=True)
        yield Trial(f"{text}: {which}, before the softmax, of {case.names[1]} left out", scaled)
