"""METRICS: how maps are judged. NumPy, never TensorFlow: scores of changed photos, and a heat map."""

import importlib.util
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Union

from .._packages import pip_line
from ..errors import MissingPackage, ParameterError, UnknownName
from ..methods.parameters import read_parameters
from ..suggest import nearest
from .metric import Metric
from .rows import ROWS

METRICS: Dict[str, Metric] = ROWS
FIRST = ("insertion", "deletion", "average_drop", "increase", "sparseness")  # where none is named

MetricsLike = Union[str, Sequence[str], Mapping[str, Mapping[str, Any]]]


class Measure(NamedTuple):
    """A metric with all its parameters."""

    name: str
    row: Metric
    parameters: Dict[str, Any]


def find_metric(name: str) -> Metric:
    """Return the row of METRICS; raise UnknownName for another name."""
    if name not in METRICS:
        raise UnknownName(f"no metric {name!r} (there are {', '.join(METRICS)}); {nearest(name, METRICS)}")
    return METRICS[name]


def read_metrics(metrics: MetricsLike, seed: int = 0) -> List[Measure]:
    """Return metrics by their names, or with parameters by name, "dialect" among them, checked.

    Raises UnknownName for a metric or a dialect that is not there, ParameterError for a parameter that is not, or does
    not fit.
    """
    if isinstance(metrics, str):
        metrics = [metrics]
    pairs = metrics.items() if isinstance(metrics, Mapping) else [(name, {}) for name in metrics]
    measures = [_measure(name, dict(given), seed) for name, given in pairs]
    if not measures or len({one.name for one in measures}) < len(measures):
        raise ParameterError(f"metrics={[one.name for one in measures]}: give one or more, each once")
    return measures


def _measure(name: str, given: Dict[str, Any], seed: int) -> Measure:
    row = find_metric(name)
    if row.package and importlib.util.find_spec(row.package) is None:
        raise MissingPackage(f"{name} needs {row.package}: {pip_line(row.package)}")
    dialect = given.pop("dialect", None)
    if dialect is not None and dialect not in row.dialects:
        known = ", ".join(row.dialects) or "none"
        raise UnknownName(f"{name} has no dialect {dialect!r} (it has {known}); {nearest(dialect, row.dialects)}")
    if "seed" in row.parameters:
        given = {"seed": seed, **given}
    return Measure(name, row, read_parameters(name, row.parameters, given, row.dialects.get(dialect, {})))
