"""What the comparison of two models shows: rows of numbers, the first pair that diverges, and the likely cause."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ..text.printable import escape
from .types import Explanation


@dataclass(frozen=True)
class Row:
    """A pair of stages, or one that has none beside what the other model has in its place."""

    a: str  # names that A.tensor() and B.tensor() find
    b: str
    kind: str
    shape: Tuple[int, ...]  # of A's, without the batch and dimensions of one, channels last
    shape_b: Tuple[int, ...]
    drift: float  # largest difference of the activations as a share of A's largest; inf for other shapes or no numbers
    cosine: Optional[float]
    gradients: Optional[float]  # length of their difference as a share of A's; None where one of the two is not known
    parted: bool  # the activations drift beyond the tolerance, or this is the first that diverges
    rejoins: bool = False  # and what comes next agrees again: the same by another way, as where a bias moved


@dataclass(frozen=True)
class Alone:
    """A stage without a counterpart."""

    name: str
    kind: str


@dataclass(frozen=True)
class LayerComparison:
    """Two models side by side, stage by stage."""

    rows: List[Row]
    only_a: List[Alone]
    only_b: List[Alone]
    tolerance: float
    first: Optional[Row] = None  # the first that diverges
    what: str = ""  # what diverges there: "activations", or "gradients" where all activations agree
    cause: Optional[Explanation] = None
    skipped_a: Sequence[Alone] = ()  # what only A has right before it
    skipped_b: Sequence[Alone] = ()

    def verdict(self) -> str:
        """Return where the two diverge, and why, in a sentence or two."""
        if self.first is None:
            return f"no layer parts: {self._largest()}"
        place = f"{self.first.a!r} (A) / {self.first.b!r} (B), {self.first.kind}"
        far = self.first.drift if self.what == "activations" else self.first.gradients
        text = f"first part at {place}: drift {number(far)}"
        if self.first.shape != self.first.shape_b:
            text = f"first part at {place}: shapes {_shape(self.first)}"
        if self.what == "gradients":
            text = f"all activations agree; from the scores back, the gradients {text}"
        if self.cause is not None:
            undone = f"undone, the drift falls from {number(self.cause.before)} to {number(self.cause.after)}"
            return escape(f"{text}. {self.cause.cause}: {self.cause.detail}; {undone}")
        return escape(f"{text}. No cause that was tried explains it{self._skipped_text()}")

    def _skipped_text(self) -> str:
        each = [(name, alone) for name, alone in (("A", self.skipped_a), ("B", self.skipped_b)) if alone]
        return "".join(f"; right before it, only {name} has {_list(alone)}" for name, alone in each)

    def _largest(self) -> str:
        texts = []
        for what in ("drift", "gradients"):
            known = [row for row in self.rows if getattr(row, what) is not None and not row.rejoins]
            if known:
                row = max(known, key=lambda one: getattr(one, what))
                texts.append(f"{number(getattr(row, what))} of the {'activations' if what == 'drift' else what}")
                texts[-1] += f" (at {row.a!r})"
        return "largest drift " + ", ".join(texts) + f", of {len(self.rows)} pairs"

    def table(self, most: Optional[int] = None) -> str:
        """Return the rows as a table; of more than `most`, those around the first that diverges, or the last."""
        from tabulate import tabulate

        rows, middle = self.rows, len(self.rows) if self.first is None else self.rows.index(self.first)
        start = 0 if most is None else max(0, min(middle - most // 2, len(rows) - most))
        some = rows[start:] if most is None else rows[start : start + most]
        lines = [[*map(escape, self._line(row)), "" if row is not self.first else "<- first"] for row in some]
        heads = ("A", "B", "kind", "shape", "activations", "cosine", "gradients", "", "")
        texts = [tabulate(lines, heads, disable_numparse=True)]
        for name, alone in (("A", self.only_a), ("B", self.only_b)):
            if alone:
                texts.append(escape(f"only in {name}: {_list(alone)}"))
        return "\n".join(texts)

    def _line(self, row: Row) -> Tuple[str, ...]:
        state = "rejoins" if row.rejoins else "parted" if row.parted else ""
        cosine = "" if row.cosine is None else f"{row.cosine:.6f}"
        return row.a, row.b, row.kind, _shape(row), number(row.drift), cosine, number(row.gradients), state

    def to_json(self) -> Dict[str, Any]:
        """Return everything as what strict JSON holds; a drift without a number (other shapes) is None."""
        texts = {**asdict(self), "verdict": self.verdict()}
        texts["cause"] = None if self.cause is None else dict(self.cause._asdict())
        return _strict(texts)


def _list(alone: Sequence[Alone], most: int = 12) -> str:
    names = ", ".join(f"{one.name} ({one.kind})" for one in alone[:most])
    return names + (f" and {len(alone) - most} more" if len(alone) > most else "")


def number(value: Optional[float]) -> str:
    """Return a drift as people read it."""
    if value is None:
        return ""
    return f"{value:.1e}"


def _shape(row: Row) -> str:
    """Return the shape of a pair, both where they differ."""
    shapes = [" x ".join(map(str, shape)) for shape in dict.fromkeys((row.shape, row.shape_b))]
    return " and ".join(shapes)


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
