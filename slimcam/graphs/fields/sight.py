"""Sight: which dimensions of a tensor rows and columns of the image run along, and what each position there sees."""

from typing import Callable, NamedTuple, Optional, Tuple

from .reach import Reach

Dims = Tuple[Optional[int], Optional[int]]


class Sight(NamedTuple):
    """What a tensor's positions see of the image.

    A dimension is None where rows or columns run along none: all values then see the same. It is one for both where
    places were laid in a row, (N * h * w, C).
    """

    reaches: Tuple[Reach, Reach]  # rows, columns
    dims: Dims

    def moved(self, to: Callable[[int], Optional[int]]) -> "Sight":
        """Return the sight with dimensions in other places; None: one that is gone."""
        rows, columns = (None if dim is None else to(dim) for dim in self.dims)
        return Sight(self.reaches, (rows, columns))

    def without(self, dims: Tuple[int, ...]) -> "Sight":
        """Return the sight after values along some dimensions went into one, which stays."""
        gone = [dim in dims for dim in self.dims]
        rows, columns = (reach.whole() if out else reach for reach, out in zip(self.reaches, gone))
        row, column = (None if out else dim for dim, out in zip(self.dims, gone))
        return Sight((rows, columns), (row, column))

    def blind(self) -> "Sight":
        """Return the sight of what mixes all values of the tensor."""
        return Sight((self.reaches[0].whole(), self.reaches[1].whole()), (None, None))

    @property
    def laid_out(self) -> bool:
        """Whether rows and columns have a dimension each, or none, so that a window can slide along them."""
        return self.dims[0] is None or self.dims[0] != self.dims[1]

    def mapped(self, dims: Dims, along: Callable[[Reach, int], Reach]) -> "Sight":
        """Return the sight with each reach as `along(reach, 0 for rows or 1 for columns)` makes it."""
        rows, columns = (along(reach, i) for i, reach in enumerate(self.reaches))
        return Sight((rows, columns), dims)
