"""What darkflow writes beside a YOLO that it freezes: NAME.meta, JSON with what the graph does not say of its output.

darkflow's net/build.py writes it, and net/yolo and net/yolov2 read it.
"""

import os
from typing import List, NamedTuple, Optional, Tuple

from ..errors import ModelError
from ..files.reading import folders_of, leads_out, read_json

TYPES = {"[detection]": 1, "[region]": 2}  # the last layer's name, and the version of YOLO that ends in it


class Yolo(NamedTuple):
    """How a YOLO's output is read."""

    version: int  # 1 or 2
    boxes: int  # of a cell
    classes: int
    labels: List[str]
    anchors: Tuple[float, ...]  # of version 2: width and height of each box, in cells
    power: float  # of version 1: to which width and height are raised

    @property
    def channels(self) -> int:
        """How many values a cell has."""
        own = 5 + self.classes if self.version == 2 else 5
        return self.boxes * own + (self.classes if self.version == 1 else 0)


def read_yolo(path: str) -> Optional[Yolo]:
    """Return what is beside a frozen graph, None where that is nothing of darkflow's; ModelError for a damaged one."""
    beside = os.path.splitext(path)[0] + ".meta"
    if not path.endswith(".pb") or not os.path.isfile(beside) or leads_out(beside, folders_of(path)):
        return None
    try:
        meta = read_json(beside, ModelError)
    except ModelError:
        return None  # a MetaGraph of TensorFlow ends so, too
    version = TYPES.get(str(meta.get("type"))) if isinstance(meta, dict) else None
    if version is None:
        return None
    try:
        labels = [str(label) for label in meta.get("labels") or ()]
        anchors = tuple(float(side) for side in meta.get("anchors") or ())
        power = 1.0 + float(meta.get("sqrt", 0))
        yolo = Yolo(version, int(meta["num"]), int(meta["classes"]), labels, anchors, power)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{beside}: darkflow's description of a YOLO, and a damaged one ({error!r})") from error
    if version == 2 and len(anchors) != 2 * yolo.boxes:
        raise ModelError(f"{beside}: {len(anchors)} sides of anchors for {yolo.boxes} boxes a cell, not two for each")
    return yolo
