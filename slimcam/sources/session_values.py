"""Variables read from a session some at a time: a run for each takes 20 ms and more, all at once twice the memory."""

import functools
from typing import Dict, List, Mapping

import numpy as np

from .._tf import tf
from .._types import ArrayReader, Session, Tensor
from ..errors import ModelError

TOGETHER = 16  # variables in one run


def readers(session: Session, variables: Mapping[str, Tensor]) -> Dict[str, ArrayReader]:
    """Map names to what reads their variables now; it raises ModelError for one without a value.

    The first of a group that is read runs it, and each value is let go as it is taken.
    """
    values: Dict[str, np.ndarray] = {}

    def read(name: str, group: List[str]) -> np.ndarray:
        if name not in values:
            try:
                values.update(zip(group, session.run([variables[one] for one in group])))
            except tf.errors.FailedPreconditionError:
                values.update({one: value(session, one, variables[one]) for one in group})
        return values.pop(name)

    each: Dict[str, ArrayReader] = {}
    names = list(variables)
    for start in range(0, len(names), TOGETHER):
        group = names[start : start + TOGETHER]
        each.update({name: functools.partial(read, name, group) for name in group})
    return each


def value(session: Session, name: str, tensor: Tensor) -> np.ndarray:
    """Return the value of a variable; raise ModelError where it has none."""
    try:
        return session.run(tensor)
    except tf.errors.FailedPreconditionError as error:
        raise ModelError(
            f"the session's variable {name!r} is not initialised: restore its checkpoint, "
            "or run tf.compat.v1.global_variables_initializer(), before load()"
        ) from error
