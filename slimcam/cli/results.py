"""What the command line prints of results."""

from typing import List, Sequence

import numpy as np

from ..maps.maps import Maps
from ..maps.showing import MEANINGS
from ..targets import Detection
from ..targets.box import place_in_words
from ..text.printable import escape

NAMED = 8  # numbers of a list that a line names
SURE = 0.3  # a detection below this is not listed, unless it is the best


def describe_maps(file: str, maps: Maps, rows: Sequence[int], paths: Sequence[str], one_number: bool = False) -> str:
    """Return the line on a photo: what was explained, with its score, and where the picture of each map went.

    Of a model that gives `one_number` it is that, with its sign.
    """
    parts = []
    for row, path in zip(rows, paths):
        notes = soundness(maps, row)
        place = "" if maps.boxes is None else f" at {place_in_words(maps.boxes[row])}"
        name, value = maps.subject(row), f"{maps.scores[row]:.4g}"
        if one_number:
            name, value = "number", f"{maps.scores[row]:+.4g}"
            notes += " (the map shows what raises it; --style signed, also what lowers it)" if value[0] == "-" else ""
        parts.append(f"{name} {value}{place}{notes} -> {path}")
    return escape(f"{file}: " + "; ".join(parts))


def describe_recorded(maps: Maps, row: int) -> str:
    """Return the line on a recorded map: what was explained, with its score, and what is to be said of it."""
    return f"{maps.names[maps.photo[row]]}: {maps.layer}: {maps.title(row)}{soundness(maps, row)}"


def soundness(maps: Maps, row: int) -> str:
    """Return what is to be said of a map beside its score, with what it means: that it is flat, blank, or no number."""
    wrong = int((~np.isfinite(maps.raw[row])).sum())
    if wrong:
        return f" ({wrong} of {maps.raw[row].size} values of the map are NaN or infinite, so that it tells nothing)"
    notes = ""
    if maps.flat[row] and maps.raw[row].any():
        notes = f" (flat: {MEANINGS['flat']})"
    elif maps.blank[row]:
        notes = " (blank: nothing in the layer speaks for it)"
    return notes + ("" if maps.finite[row] else " (not to be trusted: NaN or infinity in what it is made from)")


def describe_detections(some: Sequence[Detection]) -> List[str]:
    """Return a line for each of the best detections of a photo: how it is asked for, class, score and place."""
    listed = [one for i, one in enumerate(some) if i < NAMED and (not i or one.score >= SURE)]
    return [
        escape(f"  box:{i} class {one.class_id}{' ' * bool(one.label)}{one.label} {one.score:.2g}")
        + f" at {place_in_words(one.box)}"
        for i, one in enumerate(listed)
    ]


def first_of(numbers: Sequence[int]) -> str:
    """Return the first of some numbers, as a line names them."""
    return ", ".join(map(str, numbers[:NAMED])) + (", …" if len(numbers) > NAMED else "")


def arrow_to(files: Sequence[str]) -> str:
    """Return the end of a line: the files that pictures went to."""
    return f" -> {files[0]}" + (f" … {files[-1]}" if len(files) > 1 else "")
