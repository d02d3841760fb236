"""What a verification shows: one row per quantity and layer, against tolerances that are printed. NumPy only."""

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional

import numpy as np
from tabulate import tabulate

from ..errors import UnknownName
from ..maps.differences import largest, largest_difference, share
from ..suggest import nearest
from ..targets import as_json
from ..text.printable import escape

# Shares of the largest absolute value that was recorded. Between 1.15.5 and 2.21 InceptionV3 and ResNet v2 50 differ by
# up to 2.6e-6 of it in activations, 1.4e-6 in gradients, and 2.2e-6 in maps, where rounding decides no tie.
TOLERANCES: Dict[str, float] = {
    "input": 1e-5,
    "logits": 1e-5,
    "scores": 1e-5,
    "activations": 2e-5,
    "gradients": 2e-5,
    "maps": 2e-5,
}
TOP = "top classes"  # each of two logits may move, so classes may change places within twice the logits' tolerance


@dataclass(frozen=True)
class Row:
    """One quantity of a recording, and how far the model's lies from it."""

    quantity: str
    layer: str  # "" for what is not of one layer
    difference: float  # the largest, absolute
    relative: float  # the same as a share of the largest absolute value that was recorded
    tolerance: float
    beyond: Optional[float] = None  # the share that rounding alone does not explain, where that was tried

    @property
    def passed(self) -> bool:
        """Whether the share, or what of it rounding does not explain, is within the tolerance."""
        return (self.relative if self.beyond is None else self.beyond) <= self.tolerance


@dataclass(frozen=True)
class Verification:
    """What a model gives, against a recording."""

    recorded: Dict[str, Any]  # made_by, model, photos, target, dialect, method and engine, as golden.json has them
    verified: Dict[str, Any]  # made_by, source and engine
    rows: List[Row]

    @property
    def passed(self) -> bool:
        """Whether every quantity is within its tolerance."""
        return all(row.passed for row in self.rows)

    def header(self) -> str:
        """Return, in two lines, what was recorded, where and how, and what was verified, and where."""
        old, new = self.recorded, self.verified
        digest = old["model"]["sha256"]
        photos = len(old["photos"])
        how = f"{photos} photo{'s' * (photos != 1)}, {as_json.describe(old['target'])}, "
        how += f"dialect {old['dialect']}, method {old['method']}"
        lines = (
            f"recorded  {old['model']['source']}{f' (sha256 {digest[:12]})' if digest else ''}, "
            f"{_program(old['made_by'])}, engine {old['engine']}; {how}",
            f"verified  {new['source']}, {_program(new['made_by'])}, engine {new['engine']}",
        )
        return "\n".join(map(escape, lines))

    def verdict(self) -> str:
        """Return in a line whether all passed, or else what did not."""
        failed = [
            f"{row.quantity} of {row.layer}" if row.layer else row.quantity for row in self.rows if not row.passed
        ]
        if failed:
            return escape(f"FAILED: {', '.join(failed)}")
        return f"passed: all {len(self.rows)} are within their tolerances"

    def table(self) -> str:
        """Return the report for a terminal: header, one row per quantity and layer, verdict."""
        headers = "quantity", "layer", "largest difference", "of the largest value", "tolerance", ""
        rows = [
            (row.quantity, row.layer, f"{row.difference:.2e}", f"{row.relative:.2e}", f"{row.tolerance:g}", _word(row))
            for row in self.rows
        ]
        align = "left", "left", "right", "right", "right", "left"
        table = tabulate([[*map(escape, row)] for row in rows], headers, disable_numparse=True, colalign=align)
        return f"{self.header()}\n\n{table}\n\n{self.verdict()}"

    def to_json(self) -> Dict[str, Any]:
        """Return the report as JSON; a difference without a number (NaN or infinity on one side only) is null."""
        rows = [
            {
                "quantity": row.quantity,
                "layer": row.layer or None,
                "difference": _number(row.difference),
                "relative": _number(row.relative),
                "tolerance": row.tolerance,
                "beyond": None if row.beyond is None else _number(row.beyond),
                "passed": row.passed,
            }
            for row in self.rows
        ]
        return {"passed": self.passed, "recorded": self.recorded, "verified": self.verified, "rows": rows}


def _word(row: Row) -> str:
    if row.beyond is None:
        return "ok" if row.passed else "FAILED"
    if row.passed:
        return f"ok: rounding decides a tie, and but for that {row.beyond:.2e}"
    return f"FAILED: {row.beyond:.2e} is more than rounding does"


def _number(value: float) -> Optional[float]:
    return value if np.isfinite(value) else None


def _program(made_by: Mapping[str, Any]) -> str:
    return f"TensorFlow {made_by['tensorflow']} on Python {made_by['python']}"


def chosen_tolerances(some: Optional[Mapping[str, float]]) -> Dict[str, float]:
    """Return TOLERANCES with `some` in their place; raise UnknownName for a quantity that there is not."""
    for name in some or {}:
        if name not in TOLERANCES:
            raise UnknownName(
                f"no quantity {name!r} has a tolerance (there are {', '.join(TOLERANCES)}); {nearest(name, TOLERANCES)}"
            )
    return {**TOLERANCES, **(some or {})}


def row_of(
    quantity: str,
    layer: str,
    recorded: np.ndarray,
    computed: np.ndarray,
    tolerance: float,
    scale: Optional[float] = None,
) -> Row:
    """Return the row of two arrays of one shape; `scale` is the largest value recorded, if not theirs."""
    old, new = np.asarray(recorded, np.float64), np.asarray(computed, np.float64)
    whole = largest(old, equal_nan=True) if scale is None else scale
    return _row(quantity, layer, largest_difference(old, new, equal_nan=True), whole, tolerance)


def _row(quantity: str, layer: str, difference: float, scale: float, tolerance: float) -> Row:
    return Row(quantity, layer, difference, share(difference, scale), tolerance)


def row_of_top(recorded: np.ndarray, top: np.ndarray, computed: np.ndarray, tolerance: float) -> Row:
    """Return the row of the top classes: by how much the recorded logits of classes that changed places differ.

    `recorded` (N, classes) are the logits, `top` (N, k) their best classes, `computed` (N, k) the model's.
    """
    row = np.arange(len(top))[:, None]
    logits = np.asarray(recorded, np.float64)
    difference = largest_difference(logits[row, top], logits[row, computed], equal_nan=True)
    return _row(TOP, "", difference, largest(logits, equal_nan=True), 2 * tolerance)


def worst(rows: List[Row]) -> Row:
    """Return the row of the largest difference."""
    return max(rows, key=lambda row: row.relative)
