"""Variables read from a session some at a time: a run for each takes 20 ms and more, all at once twice the memory."""

import functools
from typing import Any, Callable, Dict, List, Mapping

import numpy as np

from .._tf import tf
from . import session as sessions

TOGETHER = 16  # variables in one run


def reads(session: Any, variables: Mapping[str, Any]) -> Dict[str, Callable[[], np.ndarray]]:
    """Map names to what reads their variables now; it raises ModelError for one without a value.

    The first of a group that is read runs it, and each value is let go as it is taken.
    """
    values: Dict[str, np.ndarray] = {}

    def value(name: str, group: List[str]) -> np.ndarray:
        if name not in values:
            try:
                values.update(zip(group, session.run([variables[one] for one in group])))
            except tf.errors.FailedPreconditionError:
                values.update({one: sessions.value(session, one, variables[one]) for one in group})
        return values.pop(name)

    found: Dict[str, Callable[[], np.ndarray]] = {}
    names = list(variables)
    for start in range(0, len(names), TOGETHER):
        group = names[start : start + TOGETHER]
        found.update({name: functools.partial(value, name, group) for name in group})
    return found
