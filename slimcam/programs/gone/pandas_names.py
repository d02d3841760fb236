"""Names of pandas that went, as they were."""

import functools
from typing import Any, Callable


class _Ix:
    """x.ix[…]: by label where the index has it, by position where the index is not of integers."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def _by_position(self, key: Any) -> bool:
        """Return whether the row is meant by its position."""
        row = key[0] if isinstance(key, tuple) else key
        if isinstance(row, slice):
            row = row.start if row.start is not None else row.stop
        if isinstance(row, (list, tuple)):
            row = row[0] if row else 0
        return isinstance(row, int) and not isinstance(row, bool) and self._data.index.inferred_type != "integer"

    def _key(self, key: Any) -> Any:
        """Return the key by labels."""
        parts = list(key) if isinstance(key, tuple) else [key]
        if self._by_position(key):
            parts[0] = self._data.index[parts[0]]
        if len(parts) > 1 and isinstance(parts[1], (int, slice)) and self._data.columns.inferred_type != "integer":
            columns = parts[1]
            if isinstance(columns, int) or isinstance(columns.start, int) or isinstance(columns.stop, int):
                parts[1] = self._data.columns[columns]
        return tuple(parts) if isinstance(key, tuple) else parts[0]

    def __getitem__(self, key: Any) -> Any:
        return self._data.loc[self._key(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._data.loc[self._key(key)] = value


ix = property(_Ix)


def as_matrix(self: Any, columns: Any = None) -> Any:
    """Return the values as an array, of some columns where they are given."""
    return (self if columns is None else self[columns]).to_numpy()


def append(
    self: Any, other: Any, ignore_index: bool = False, verify_integrity: bool = False, sort: bool = False
) -> Any:
    """Return the rows of both."""
    import pandas

    if isinstance(other, dict):
        other = pandas.Series(other)
    if isinstance(other, pandas.Series) and isinstance(self, pandas.DataFrame):
        if other.name is None and not ignore_index:
            raise TypeError("Can only append a Series if ignore_index=True or if the Series has a name")
        other = other.to_frame().T.infer_objects()
    parts = [self, *other] if isinstance(other, (list, tuple)) else [self, other]
    return pandas.concat(parts, ignore_index=ignore_index, verify_integrity=verify_integrity)


def iteritems(self: Any) -> Any:
    """Return names and columns, or labels and values."""
    return self.items()


def mad(self: Any, axis: Any = None, skipna: bool = True) -> Any:
    """Return the mean distance from the mean."""
    if self.ndim == 1:
        return (self - self.mean(skipna=skipna)).abs().mean(skipna=skipna)
    centre = self.mean(axis=axis or 0, skipna=skipna)
    return self.sub(centre, axis=1 - (axis or 0)).abs().mean(axis=axis or 0, skipna=skipna)


def get_value(self: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the value at a row and column."""
    return self.at[args if len(args) > 1 else args[0]]


def set_value(self: Any, *args: Any, **kwargs: Any) -> Any:
    """Set the value, the last argument, at a row and column."""
    *place, value = args
    self.at[tuple(place) if len(place) > 1 else place[0]] = value
    return self


def sort(self: Any, columns: Any = None, axis: int = 0, ascending: Any = True, inplace: bool = False) -> Any:
    """Return the rows in order of some columns, of the index where none are given."""
    if columns is None:
        return self.sort_index(axis=axis, ascending=ascending, inplace=inplace)
    return self.sort_values(columns, ascending=ascending, inplace=inplace)


def order(self: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the values in order."""
    return self.sort_values(*args, **kwargs)


def pad(self: Any, **kwargs: Any) -> Any:
    """Return gaps filled by what is before them."""
    return self.ffill(**kwargs)


def backfill(self: Any, **kwargs: Any) -> Any:
    """Return gaps filled by what comes after them."""
    return self.bfill(**kwargs)


def nonzero(self: Any) -> Any:
    """Return the places of what is not zero."""
    return self.to_numpy().nonzero()


def ptp(self: Any, **kwargs: Any) -> Any:
    """Return the largest minus the smallest."""
    return self.max() - self.min()


def ravel(self: Any, order: str = "C") -> Any:
    """Return the values as a flat array."""
    return self.to_numpy().ravel(order)


def applymap(self: Any, func: Callable, **kwargs: Any) -> Any:
    """Return each value after a function."""
    return self.map(func, **kwargs)


def lookup(self: Any, row_labels: Any, col_labels: Any) -> Any:
    """Return one value for each pair of labels."""
    return self.to_numpy()[self.index.get_indexer(row_labels), self.columns.get_indexer(col_labels)]


@classmethod  # type: ignore[misc]
def from_csv(cls: Any, path: Any, header: Any = 0, sep: str = ",", index_col: Any = 0, **kwargs: Any) -> Any:
    """Return the table of a file, its first column as the index of dates."""
    import pandas

    return pandas.read_csv(path, header=header, sep=sep, index_col=index_col, parse_dates=True, **kwargs)


def drop(real: Callable) -> Callable:
    """Return DataFrame.drop that takes the axis by its position."""

    @functools.wraps(real)
    def drop(self: Any, labels: Any = None, axis: Any = 0, *args: Any, **kwargs: Any) -> Any:
        return real(self, labels, *args, axis=axis, **kwargs)

    return drop


def value_counts(values: Any, **kwargs: Any) -> Any:
    """Return how often each value is there, the most frequent first."""
    import pandas

    return pandas.Series(values).value_counts(**kwargs)


def _rolling(name: str) -> Callable:
    def function(arg: Any, window: int, min_periods: Any = None, center: bool = False, **kwargs: Any) -> Any:
        return getattr(arg.rolling(window, min_periods=min_periods, center=center), name)(**kwargs)

    function.__doc__ = f"Return the {name} of each window."
    return function


rolling_mean, rolling_std, rolling_sum, rolling_var = map(_rolling, ("mean", "std", "sum", "var"))
rolling_min, rolling_max, rolling_median = map(_rolling, ("min", "max", "median"))


def _index(dtype: str) -> Callable:
    def function(data: Any = None, **kwargs: Any) -> Any:
        import pandas

        return pandas.Index([] if data is None else data, **{"dtype": dtype, **kwargs})

    return function


Int64Index, UInt64Index, Float64Index = map(_index, ("int64", "uint64", "float64"))
