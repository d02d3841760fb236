"""Evaluation: what metrics say of maps: methods x metrics x photos, as numbers, table, CSV, JSON and contact sheet."""

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Sequence

import numpy as np

from ..text.printable import escape
from . import METRICS, Measure

if TYPE_CHECKING:
    from ..maps.maps import Maps


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The numbers of metrics for the maps of methods; NaN where a metric has none for a photo, which no mean counts."""

    values: np.ndarray  # (methods, metrics, photos) float64
    methods: Sequence[str]
    metrics: Sequence[Measure]
    photos: Sequence[str]
    curves: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)  # by metric and method, (photos, K)
    make_maps: Callable[[], Sequence["Maps"]] = list  # of each method

    def __repr__(self) -> str:
        shape = " x ".join(
            f"{count} {what}{'s' * (count != 1)}"
            for count, what in zip(self.values.shape, ("method", "metric", "photo"))
        )
        return f"<Evaluation: {shape}>"

    def __str__(self) -> str:
        return self.table()

    def __getitem__(self, which: Any) -> np.ndarray:
        """Return the numbers, (photos,), of a method and a metric: `evaluation["gradcam", "deletion"]`."""
        method, metric = which
        row: np.ndarray = self.values[
            list(self.methods).index(method), [one.name for one in self.metrics].index(metric)
        ]
        return row

    @property
    def count(self) -> np.ndarray:
        """(methods, metrics): how many photos have a number."""
        counts: np.ndarray = np.isfinite(self.values).sum(-1)
        return counts

    @property
    def mean(self) -> np.ndarray:
        """(methods, metrics): the mean over photos, NaN of none."""
        sums = np.where(np.isfinite(self.values), self.values, 0).sum(-1)
        return sums / np.where(self.count > 0, self.count, np.nan)

    @property
    def spread(self) -> np.ndarray:
        """(methods, metrics): the standard deviation over photos, with n - 1; NaN of fewer than two."""
        squares = np.square(np.where(np.isfinite(self.values), self.values - self.mean[..., None], 0)).sum(-1)
        return np.sqrt(squares / np.where(self.count > 1, self.count - 1, np.nan))

    def rows(self) -> List[Dict[str, Any]]:
        """Return a dict for each metric and method: names, what is better, mean, spread, photos, and all values."""
        return [
            {
                "metric": measure.name,
                "method": method,
                "better": METRICS[measure.name].better,
                "mean": _number(self.mean[i, j]),
                "spread": _number(self.spread[i, j]),
                "photos": int(self.count[i, j]),
                "values": [_number(value) for value in self.values[i, j]],
            }
            for j, measure in enumerate(self.metrics)
            for i, method in enumerate(self.methods)
        ]

    @property
    def maps(self) -> Dict[str, "Maps"]:
        """The Maps that were judged, by methods; those of an isolated model are made once more, while it is open."""
        return dict(zip(self.methods, self.make_maps()))

    def sheet(self, style: str = "overlay", **options: Any) -> np.ndarray:
        """Return a contact sheet, (H, W, 3) uint8 RGB: a row a method, a column a photo, its numbers below each map.

        The photos are the first row; `style` and `options` are of Maps.pictures. Many tiles are smaller ones.
        """
        from ..maps.method_sheets import method_sheet

        return method_sheet(self.maps, dict(zip(self.methods, map(self._words, self.values))), style, **options)

    def _words(self, values: np.ndarray) -> List[str]:
        """Return what stands below each map of a method: its numbers, (metrics, photos), by metrics' names."""
        names = [one.name for one in self.metrics]
        return ["  ".join(f"{name} {_shown(_number(one), 2)}" for name, one in zip(names, each)) for each in values.T]

    def table(self) -> str:
        """Return a table of a line for each metric and method, without the single photos."""
        from tabulate import tabulate

        lines = [
            (
                row["metric"],
                escape(row["method"]),
                row["better"],
                *map(_shown, (row["mean"], row["spread"])),
                row["photos"],
            )
            for row in self.rows()
        ]
        headers = "metric", "method", "better", "mean", "spread", "photos"
        align = "left", "left", "left", "right", "right", "right"
        return tabulate(lines, headers, disable_numparse=True, colalign=align)

    def csv(self) -> str:
        """Return the rows as CSV, with a column for each photo; a number that is not there is left out."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = "metric", "method", "better", "mean", "spread", "photos"
        writer.writerow([*names, *self.photos])
        for row in self.rows():
            numbers = ["" if value is None else repr(value) for value in row["values"]]
            writer.writerow([*("" if row[name] is None else row[name] for name in names), *numbers])
        return text.getvalue()

    def json(self) -> Dict[str, Any]:
        """Return photos, metrics with their parameters, rows, curves, as plain numbers and strings; null for none."""
        parameters = {
            measure.name: {name: _plain(value) for name, value in measure.parameters.items()}
            for measure in self.metrics
        }
        curves = {
            metric: {method: [list(map(_number, curve)) for curve in each] for method, each in methods.items()}
            for metric, methods in self.curves.items()
        }
        return {"photos": list(self.photos), "parameters": parameters, "rows": self.rows(), "curves": curves}


def _number(value: Any) -> Any:
    return float(value) if np.isfinite(value) else None


def _shown(value: Any, places: int = 4) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, bool, int, float)) else np.asarray(value).tolist()
