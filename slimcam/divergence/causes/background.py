"""The last layer: the class "background" before all others, which TF-Slim's nets of 1001 classes have."""

from typing import Iterator, Optional, Tuple

import numpy as np

from ..sides import Found
from .case import Case


def background(case: Case) -> Optional[Found]:
    """Leave the first class out of whichever has one more."""
    a, b = case.target, case.b_value()
    if a.ndim < 2 or a.shape[:-1] != b.shape[:-1] or abs(a.shape[-1] - b.shape[-1]) != 1:
        return None
    more, whose, target = (a, "A", b) if a.shape[-1] > b.shape[-1] else (b, "B", a)
    text = f"{a.shape[-1]} classes in A, {b.shape[-1]} in B: {{}} of {whose} left out"
    return case.named("background class", ((text.format(which), rest) for which, rest in _without(more)), target)


def _without(array: np.ndarray) -> Iterator[Tuple[str, np.ndarray]]:
    for text, rest in (("the first", array[..., 1:]), ("the last", array[..., :-1])):
        yield text, rest
        with np.errstate(all="ignore"):
            yield f"{text}, before the softmax,", rest / rest.sum(-1, keepdims=True)
