"""Two Maps to numbers: how far apart they are, and whether they say the same. NumPy and OpenCV; no TensorFlow."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .._types import PathLike
from ..errors import ComparisonError
from ..text.printable import escape
from . import paint, showing
from .differences import cosine, largest, largest_difference, share
from .maps import Maps

# Ranks, tops and peaks are of values in steps of this share of the largest: float32 makes the ties of a map, and flat
# maps, differ by a tenth of it, and the order of such values is noise.
STEP = 1e-6


class Figure(NamedTuple):
    """One figure of a comparison: how it is shown, and which of several is the worst."""

    name: str  # a field of Comparison
    header: str
    form: str
    worst: Callable[[np.ndarray], Union[float, np.floating]]


FIGURES = (
    Figure("absolute", "max |B-A|", ".2e", np.max),
    Figure("relative", "of max |A|", ".2e", np.max),
    Figure("cosine", "cosine", ".6f", np.min),
    Figure("pearson", "Pearson", ".6f", np.min),
    Figure("spearman", "Spearman", ".6f", np.min),
    Figure("iou5", "IoU 5%", ".2f", np.min),
    Figure("iou10", "10%", ".2f", np.min),
    Figure("iou20", "20%", ".2f", np.min),
    Figure("peaks", "peaks", ".3f", np.max),
)


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """How the raw maps of A and B differ; each figure is an array over the maps, (N,) float64.

    Two flat maps of one value are alike (1); a flat map and any other are not (0); no figure is NaN.
    """

    absolute: np.ndarray  # largest absolute difference, in the maps' own unit
    relative: np.ndarray  # the same as a share of A's largest absolute value (of B's where A is all zeros)
    cosine: np.ndarray  # of the two maps as vectors, -1 to 1
    pearson: np.ndarray  # -1 to 1
    spearman: np.ndarray  # -1 to 1; ties share their mean rank
    iou5: np.ndarray  # intersection over union of the top 5 % of places, 0 to 1; all places of a tie are in, or out
    iou10: np.ndarray
    iou20: np.ndarray
    peaks: np.ndarray  # distance between the peaks as a share of the map's diagonal; of tied ones, between the nearest
    agrees: np.ndarray  # (N,) bool: A and B explain the same class
    resized: np.ndarray  # (N,) bool: the maps differ in size, and the coarser was resized to the finer
    a: Maps
    b: Maps

    def __repr__(self) -> str:
        return f"<Comparison of {self.summary()}>"

    def __len__(self) -> int:
        return len(self.absolute)

    @property
    def agreement(self) -> float:
        """The share of maps of which A and B explain the same class."""
        return float(self.agrees.mean())

    @property
    def worst(self) -> Dict[str, float]:
        """The worst of all maps, by figure."""
        return {figure.name: float(figure.worst(getattr(self, figure.name))) for figure in FIGURES}

    def summary(self) -> str:
        """Return the worst figures in one line."""
        worst, maps = self.worst, "1 map" if len(self) == 1 else f"{len(self)} maps"
        return (
            f"{maps}: at most {worst['relative']:.2e} of A's largest value apart, Pearson at least "
            f"{worst['pearson']:.6f}, IoU of the top 10 % at least {worst['iou10']:.2f}; "
            f"{self.agrees.sum()} of {len(self)} classes agree"
        )

    def table(self, names: Optional[Sequence[PathLike]] = None) -> str:
        """Return a table, one row per map and the worst below; `names` are of the maps or of their photos."""
        from tabulate import tabulate

        rows = [[escape(name), escape(self._class(i)), *self._row(i)] for i, name in enumerate(self.map_names(names))]
        worst = [format(self.worst[figure.name], figure.form) for figure in FIGURES]
        rows.append(["worst", f"{self.agrees.sum()} of {len(self)} agree", *worst])
        headers = ("map", "class", *(figure.header for figure in FIGURES))
        align = ("left", "left", *("right" for _ in FIGURES))
        lines = [tabulate(rows, headers, disable_numparse=True, colalign=align)]
        if self.resized.any():
            sizes = sorted({f"{_size(self.a.raw[i])} and {_size(self.b.raw[i])}" for i in np.flatnonzero(self.resized)})
            lines.append(f"The coarser map was resized to the finer: {', '.join(sizes)}.")
        lines += [f"{word}: {meaning}." for word, meaning in showing.MEANINGS.items() if f"({word})" in lines[0]]
        return "\n".join(lines)

    def to_json(self) -> Dict[str, Any]:
        """Return the figures as plain numbers and strings, none of them NaN or infinite."""
        names = [figure.name for figure in FIGURES]
        maps = [
            {
                "photo": int(self.a.photo[i]),
                **{name: float(getattr(self, name)[i]) for name in names},
                "classes": [int(self.a.classes[i]), int(self.b.classes[i])],
                "agrees": bool(self.agrees[i]),
                "resized": bool(self.resized[i]),
            }
            for i in range(len(self))
        ]
        return {"maps": maps, "worst": self.worst, "agreement": self.agreement}

    def picture(self, i: int = 0) -> np.ndarray:
        """Paint map `i` of A, that of B, and B - A, side by side with captions, (H, W, 3) uint8 RGB.

        Each is as large as the photo (small ones are enlarged). Blue is less in B, red more; full colours stand for A's
        largest absolute value (B's where A is all zeros).
        """
        overlays = [maps[i].overlay()[0] for maps in (self.a, self.b)]
        change = _at_size(self.b, i, overlays[0].shape[:2]) - _at_size(self.a, i, overlays[0].shape[:2])
        return paint.difference(overlays[0], overlays[1], change, largest(self.a.raw[i]) or largest(self.b.raw[i]))

    def _row(self, i: int) -> List[str]:
        return [format(getattr(self, figure.name)[i], figure.form) for figure in FIGURES]

    def _class(self, i: int) -> str:
        """Return the label of map `i`, both where they differ, and what tells nothing."""
        notes = [showing.note(maps, i) for maps in (self.a, self.b)]
        if self.agrees[i] and notes[0] == notes[1]:
            return self.a.label(i) + notes[0]
        return " / ".join((maps.label(i) or "-") + note for maps, note in zip((self.a, self.b), notes))

    def map_names(self, names: Optional[Sequence[PathLike]]) -> List[str]:
        """Return a name for each map, of names of the maps or of their photos; numbers without any."""
        if names is None:
            return [str(i) for i in range(len(self))]
        if len(names) not in (len(self), len(self.a.photos)):
            raise ComparisonError(f"{len(names)} names for {len(self)} maps of {len(self.a.photos)} photos")
        return [str(names[i if len(names) == len(self) else self.a.photo[i]]) for i in range(len(self))]


def compare(a: Maps, b: Maps) -> Comparison:
    """Compare the raw maps of two Maps, map by map.

    Raises ComparisonError where they hold different numbers of maps or photos, and where a raw map is not finite.
    """
    _check(a, b)
    pairs = [_of_one_size(a.raw[i], b.raw[i]) for i in range(len(a))]
    rows = [_figures(*pair) for pair in pairs]
    arrays = {figure.name: np.array([row[figure.name] for row in rows], np.float64) for figure in FIGURES}
    resized = np.array([np.shape(a.raw[i]) != np.shape(b.raw[i]) for i in range(len(a))])
    return Comparison(**arrays, agrees=np.asarray(a.classes) == np.asarray(b.classes), resized=resized, a=a, b=b)


def _check(a: Maps, b: Maps) -> None:
    """Raise ComparisonError for what cannot be compared."""
    for name, maps in (("A", a), ("B", b)):
        if not hasattr(maps, "raw"):
            raise ComparisonError(f"{name} is no Maps but {type(maps).__name__}: compare what a GradCAM returns")
    for what, counts in (("maps", (len(a), len(b))), ("photos", (len(a.photos), len(b.photos)))):
        if counts[0] != counts[1]:
            raise ComparisonError(f"A has {counts[0]} {what} and B {counts[1]}: explain the same photos by both")
    if not len(a):
        raise ComparisonError("A and B hold no maps")
    for name, maps in (("A", a), ("B", b)):
        bad = [str(i) for i in range(len(maps)) if not np.isfinite(maps.raw[i]).all()]
        if bad:
            raise ComparisonError(f"{name} holds NaN or infinity in its raw maps {', '.join(bad)}: nothing to compare")


def _of_one_size(a: np.ndarray, b: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return two (h, w) maps as float64 of one size, the larger of their heights and of their widths."""
    size = max(a.shape[0], b.shape[0]), max(a.shape[1], b.shape[1])
    one, other = (raw if raw.shape == size else paint.resize(raw, size) for raw in (a, b))
    return np.asarray(one, np.float64), np.asarray(other, np.float64)


def _figures(a: np.ndarray, b: np.ndarray) -> Dict[str, float]:
    """Return every figure of two (h, w) maps."""
    absolute = largest_difference(a, b)
    relative = share(absolute, largest(a) or largest(b))
    figures = {"absolute": absolute, "relative": relative, "cosine": likeness(a, b)}
    in_steps = _steps(a), _steps(b)
    figures["peaks"] = between_peaks(*in_steps)
    flat = _likeness_of_flat(a, b)
    figures["pearson"] = pearson(a, b) if flat is None else flat
    figures["spearman"] = pearson(ranks(in_steps[0]), ranks(in_steps[1])) if flat is None else flat
    for percent in (5, 10, 20):
        figures[f"iou{percent}"] = overlap(*in_steps, percent) if flat is None else flat
    return figures


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Return the cosine of two finite arrays as vectors: 1 of two that are zeros, 0 where one is."""
    angle = cosine(a, b)
    return float(a.any() == b.any()) if angle is None else angle


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Return Pearson's correlation of two arrays, neither of them flat."""
    return likeness(a - a.mean(), b - b.mean())


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the rank of each value of an array, flat, from 1 on; ties share their mean rank."""
    _, which, counts = np.unique(values.reshape(-1), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[which.reshape(-1)]


def top(values: np.ndarray, percent: int) -> np.ndarray:
    """Mark the top places of an array, at least one; where the last is tied with others, they are all in."""
    count = -(-values.size * percent // 100)
    return values >= np.sort(values, axis=None)[-count]


def overlap(a: np.ndarray, b: np.ndarray, percent: int) -> float:
    """Return the intersection over union of the top places of two arrays."""
    tops = top(a, percent), top(b, percent)
    return float((tops[0] & tops[1]).sum() / (tops[0] | tops[1]).sum())


def between_peaks(a: np.ndarray, b: np.ndarray) -> float:
    """Return the distance between the peaks of two (h, w) maps, or the nearest of tied ones, by their diagonal."""
    peaks = [np.argwhere(values == values.max()) for values in (a, b)]
    nearest = min(np.hypot(*(peaks[1] - peak).T).min() for peak in peaks[0])
    return float(nearest / np.hypot(*a.shape))


def _likeness_of_flat(a: np.ndarray, b: np.ndarray) -> Optional[float]:
    """Return 1 of two flat maps of one value, 0 where a map is flat and the other is another, None of other maps."""
    if len(np.unique(_steps(a))) > 1 and len(np.unique(_steps(b))) > 1:
        return None
    return float(largest_difference(a, b) <= STEP * max(largest(a), largest(b)))


def _steps(values: np.ndarray) -> np.ndarray:
    """Return values in whole steps of STEP of the largest."""
    return np.round(values / (STEP * (largest(values) or 1)))


def _size(raw: np.ndarray) -> str:
    return " x ".join(map(str, np.shape(raw)))


def _at_size(maps: Maps, i: int, size: Tuple[int, int]) -> np.ndarray:
    """Return raw map `i` laid over its photo, at `size` (height, width); zeros where the net did not look."""
    window = maps.window(i)
    whole = paint.inlay(paint.resize(maps.raw[i], window[2:]), maps.photos[maps.photo[i]].shape[:2], window)
    return whole if whole.shape == size else paint.resize(whole, size)
