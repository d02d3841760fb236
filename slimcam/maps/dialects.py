"""DIALECTS: what each published pipeline does between evidence and picture.

Rows are names of other tables' rows, so that the command line reads this one without NumPy.
"""

from typing import Dict, NamedTuple, Tuple

from ..errors import UnknownName
from ..suggest import nearest


class Dialect(NamedTuple):
    """One published pipeline, from the score to the picture."""

    score: str  # a row of targets.SCORES
    method: str  # a row of methods.METHODS
    start: float  # what the sum over channels is added to
    average: bool  # whether channels are averaged, not summed
    before: Tuple[str, ...]  # steps before the resize, rows of steps.STEPS
    after: Tuple[str, ...]  # steps after it
    interpolation: str
    blend: Tuple[float, float]  # shares of colours and photo in the overlay
    source: str


DIALECTS: Dict[str, Dialect] = {
    "paper": Dialect(
        "logit", "gradcam", 0.0, False, ("relu", "unit"), (), "linear", (0.5, 0.5), "Selvaraju et al. 2017, eq. 1-2"
    ),
    "hiveml": Dialect(
        "mean_logit", "normalised", 1.0, False, ("relu", "unit"), (), "linear", (0.5, 0.5), "hiveml/tensorflow-grad-cam"
    ),
    "book": Dialect(
        "output", "gradcam", 0.0, True, ("relu", "unit"), (), "linear", (0.4, 1.0), "Deep Learning with Python, 5.4.3"
    ),
    "csdn": Dialect(
        "output", "gradcam", 0.0, True, ("relu", "unit"), (), "cubic", (0.5, 0.5), "a CSDN post on VGG16 (2021)"
    ),
    "gates": Dialect(
        "output",
        "gated",
        1.0,
        False,
        (),
        ("relu", "minmax"),
        "linear",
        (1.0, 0.5),
        "tensorflow/tensorflow issue 37680",
    ),
}


def find_dialect(name: str) -> Dialect:
    """Return the row of DIALECTS; raise UnknownName for another name."""
    if name not in DIALECTS:
        raise UnknownName(f"no dialect {name!r} (there are {', '.join(DIALECTS)}); {nearest(name, DIALECTS)}")
    return DIALECTS[name]
