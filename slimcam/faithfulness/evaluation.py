"""Evaluation: what metrics say of maps: methods x metrics x photos, as numbers, table, CSV and JSON."""

import csv
import io
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence

import numpy as np

from ..text.printable import escape
from . import METRICS, Measure


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The numbers of metrics for the maps of methods; NaN where a metric has none for a photo, which no mean counts."""

    values: np.ndarray  # (methods, metrics, photos) float64
    methods: Sequence[str]
    metrics: Sequence[Measure]
    photos: Sequence[str]

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
        """Return photos, metrics with their parameters, and rows, as plain numbers and strings; null for no number."""
        parameters = {
            measure.name: {name: _plain(value) for name, value in measure.parameters.items()}
            for measure in self.metrics
        }
        return {"photos": list(self.photos), "parameters": parameters, "rows": self.rows()}


def _number(value: Any) -> Any:
    return float(value) if np.isfinite(value) else None


def _shown(value: Any) -> str:
    return "-" if value is None else f"{value:.4f}"


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, bool, int, float)) else np.asarray(value).tolist()
