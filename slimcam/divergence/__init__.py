"""Where two models diverge: their layers matched, the drift of each, the first that drifts apart, and why."""

from .comparing import compare_layers
from .report import Alone, LayerComparison, Row
from .types import DivergingPair, Explanation, Side, Stage

__all__ = ["Alone", "DivergingPair", "Explanation", "LayerComparison", "Row", "Side", "Stage", "compare_layers"]
