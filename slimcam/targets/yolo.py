"""What a YOLO of darkflow finds: its output to detections, as darkflow's net/yolo and net/yolov2 read it. NumPy only.

A box's score is its objectness times its class's probability. Before these are probabilities, where both are added as
logarithms are, it is the sum of the objectness and the class's value: that is what is explained. Of one class it is
the objectness alone, since a softmax of one value is always 1.
"""

from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from ..graphs.darkflow import Yolo

OVERLAP = 0.4  # of two boxes of one class, from which on darkflow keeps the better one
MOST = 100  # of the best scores that are looked at


class InView(NamedTuple):
    """A detection as a graph has it: its box in shares of what the net saw."""

    class_id: int
    score: float
    box: np.ndarray  # (4,) top, left, bottom, right
    places: Tuple[int, ...]


def find_in_output(output: np.ndarray, yolo: Yolo) -> List[InView]:
    """Return the detections of one image, best first, from a YOLO's output for it."""
    cells = _cells(output, yolo)
    scores, boxes, places = (_second if yolo.version == 2 else _first)(output.reshape(-1), cells, yolo)
    order = np.argsort(-scores, axis=None, kind="stable")[:MOST]
    kept: Dict[int, List[int]] = {k: [] for k in range(yolo.classes)}
    best: Dict[int, int] = {}  # each box's class
    for box, k in zip(*(each.tolist() for each in np.unravel_index(order, scores.shape))):
        if all(overlap(boxes[box], boxes[other]) < OVERLAP for other in kept[k]):
            kept[k].append(box)
            best.setdefault(box, k)
    return [InView(k, float(scores[box, k]), np.clip(boxes[box], 0, 1), places(box, k)) for box, k in best.items()]


def _cells(output: np.ndarray, yolo: Yolo) -> int:
    """Return how many cells the picture has in a row: as many as in a column."""
    return round((output.size / yolo.channels) ** 0.5)


def _second(flat: np.ndarray, cells: int, yolo: Yolo) -> tuple:
    """Return scores (boxes, C), boxes (boxes, 4) and where a box's score is made, of version 2."""
    width = 5 + yolo.classes
    values = flat.reshape(cells, cells, yolo.boxes, width).astype(np.float64)
    rows, columns = np.mgrid[:cells, :cells][..., None]
    anchors = np.reshape(yolo.anchors, (yolo.boxes, 2))
    x, y = (columns + sigmoid(values[..., 0])) / cells, (rows + sigmoid(values[..., 1])) / cells
    wide, tall = (np.exp(values[..., 2 + i]) * anchors[:, i] / cells for i in range(2))
    classes = np.exp(values[..., 5:] - values[..., 5:].max(-1, keepdims=True))
    scores = sigmoid(values[..., 4:5]) * classes / classes.sum(-1, keepdims=True)

    def places(box: int, k: int) -> Tuple[int, ...]:
        objectness = int(box) * width + 4
        return (objectness, objectness + 1 + int(k)) if yolo.classes > 1 else (objectness,)

    return scores.reshape(-1, yolo.classes), _sides(x, y, wide, tall), places


def _first(flat: np.ndarray, cells: int, yolo: Yolo) -> tuple:
    """Return the same of version 1, whose values are no logits: the classes of cells, then what boxes are worth."""
    count, per = cells * cells, yolo.boxes
    start = count * yolo.classes
    classes = flat[:start].reshape(count, 1, yolo.classes)
    worth = flat[start : start + count * per].reshape(count, per, 1)
    sides = flat[start + count * per :].reshape(cells, cells, per, 4).astype(np.float64)
    rows, columns = np.mgrid[:cells, :cells][..., None]
    x, y = (sides[..., 0] + columns) / cells, (sides[..., 1] + rows) / cells
    wide, tall = (np.abs(sides[..., 2 + i]) ** yolo.power for i in range(2))

    def places(box: int, k: int) -> Tuple[int, ...]:
        objectness = start + int(box)
        return (objectness, int(box) // per * yolo.classes + int(k)) if yolo.classes > 1 else (objectness,)

    return (classes * worth).reshape(-1, yolo.classes), _sides(x, y, wide, tall), places


def _sides(x: np.ndarray, y: np.ndarray, wide: np.ndarray, tall: np.ndarray) -> np.ndarray:
    return np.stack([y - tall / 2, x - wide / 2, y + tall / 2, x + wide / 2], -1).reshape(-1, 4)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * values))


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the area that two boxes, (top, left, bottom, right), share over the area that they cover."""
    shared = np.maximum(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0).prod()
    both = (one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared
    return float(shared / both) if both > 0 else 0.0
