"""The rule for a reshape: a dimension is known again by how many values it holds, and how many lie behind each."""

from typing import Optional, Sequence, Tuple

import numpy as np

from ..._types import Operation
from .rule import Constant, NoRule, Sights, ints, only
from .sight import Sight


def reshape(op: Operation, sights: Sights, known: Constant) -> Sight:
    """Other dimensions around rows and columns; both laid in a row, and apart again; or all that a vector holds.

    A dimension is known again by how many values it holds, and how many lie in those after it.
    """
    sight, old = only(sights), op.inputs[0].shape.as_list()
    new = op.outputs[0].shape.as_list() if op.outputs[0].shape.rank is not None else None
    if new is None or None in new[1:]:
        new = ints(op.inputs[1], known)
    if sight.laid_out:
        for reach, dim in zip(sight.reaches, sight.dims):
            if dim is not None:
                old[dim] = reach.positions
    dims = _found_again(sight, old, [None if n in (-1, None) else n for n in new])
    if dims is not None:
        return Sight(sight.reaches, dims)
    if len(new) > 2:
        raise NoRule(f"it mixes rows and columns: {old} to {list(new)}")
    return sight.blind()


def _found_again(
    sight: Sight, old: Sequence[Optional[int]], new: Sequence[Optional[int]]
) -> Optional[Tuple[Optional[int], Optional[int]]]:
    """Return where rows and columns are after a reshape, None where they are no more."""
    rows, columns = sight.reaches[0].positions, sight.reaches[1].positions
    row, column = sight.dims

    def place(count: int, behind: Optional[int]) -> Optional[int]:
        """Return the last dimension of so many values, with so many behind each."""
        fits = [i for i in range(len(new)) if new[i] in (count, None) and _product(new[i + 1 :]) == behind]
        return fits[-1] if fits and behind is not None else None

    if not sight.laid_out:  # in a row: apart again, or still in one
        assert column is not None
        behind = _product(old[column + 1 :])
        apart = place(columns, behind)
        if apart and new[apart - 1] == rows:
            return apart - 1, apart
        return _still_in_a_row(new, behind, rows * columns)
    places = [
        None if dim is None or count == 1 else place(count, _product(old[dim + 1 :]))
        for dim, count in ((row, rows), (column, columns))
    ]
    if all(at is not None or dim is None or n == 1 for at, dim, n in zip(places, sight.dims, (rows, columns))):
        return places[0], places[1]
    if row is not None and column == row + 1:
        return _still_in_a_row(new, _product(old[column + 1 :]), rows * columns)
    return None


def _still_in_a_row(new: Sequence[Optional[int]], behind: Optional[int], count: int) -> Optional[Tuple[int, int]]:
    """Return the dimension that rows and columns, with so many values behind each place, have in common."""
    for i, size in enumerate(new):
        if behind is not None and _product(new[i + 1 :]) == behind and (size is None or size % count == 0):
            return i, i
    return None


def _product(sizes: Sequence[Optional[int]]) -> Optional[int]:
    return None if None in sizes else int(np.prod([size for size in sizes if size is not None]))
