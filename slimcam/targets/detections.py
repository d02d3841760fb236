"""What a detector finds in photos, and which of its raw scores each detection came from.

Suppression (Neubeck and Van Gool 2006) only selects boxes, and has no gradient. So a detection is looked for among the
boxes that were selected from: the one with its score and its place is where it came from, and its logit is explained.
"""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .._tf import tf1
from .._types import ImagesLike, Tensor
from ..errors import TargetError
from ..graphs.darkflow import Yolo, read_yolo
from ..graphs.detection import Suppression, find_suppression, logits_of, named_suppression
from ..graphs.feeds import plan
from ..graphs.op_types import ADDITIONS, RESTATING
from ..graphs.walk import source
from ..inputs.image_input import ImageInput
from ..inputs.photos import Batch, as_batch
from ..isolation.elsewhere import where_the_model_is
from ..methods.evidence import plain
from ..model import Model
from .yolo import InView, find_in_output

SAME = 1e-3  # shares of the picture, and of scores, by which a detection may differ from the box that it was
PIXELS = 2.0  # where a box reaches beyond, boxes are in pixels of what the net is fed, not in shares of it

Sides = Tuple[float, float, float, float]  # top, left, bottom, right


class Detection(NamedTuple):
    """One thing that a detector found."""

    class_id: int  # as the detector numbers its classes
    label: str  # "" where there are no labels
    score: float  # after softmax or sigmoid, as the detector gives it
    box: Sides  # pixels of the photo
    places: Tuple[int, ...] = ()  # which of the raw logits, in their order, make its score before suppression


class Detector(NamedTuple):
    """How detections are read from what a session gives for one image."""

    logits: Tensor  # of any shape; the images of a batch come one after another
    tensors: List[Tensor]  # what is run
    # of their values, and the height and width of what the net is fed: the detections, best first
    read: Callable[[Sequence[np.ndarray], Sequence[int]], List[InView]]
    classes: int  # how many it knows
    first: int = 0  # the number of the first of these


def find_detector(model: Model) -> Optional[Detector]:
    """Return how detections are read from a model's graph, None where it is no detector."""
    return model.once("detector", lambda: _find_detector(model))


def _find_detector(model: Model) -> Optional[Detector]:
    parts = find_suppression(model.names.operations) or named_suppression(model.end_points)
    if parts is None:
        return _find_yolo(model)
    with model.graph.as_default(), tf1.name_scope("slimcam/detector"):
        logits = logits_of(parts.scores)
    tensors = {key: tensor for key, tensor in parts._asdict().items() if tensor is not None}
    classes = parts.scores.shape.as_list()[-1] if (parts.scores.shape.rank or 0) > 1 else None

    def read(values: Sequence[np.ndarray], size: Sequence[int]) -> List[InView]:
        return read_suppression(dict(zip(tensors, values)), size)

    return Detector(logits, list(tensors.values()), read, classes or 1, _first_class(model, parts))


def _find_yolo(model: Model) -> Optional[Detector]:
    """Return how a YOLO of darkflow is read, which says beside its file what it is."""
    yolo = read_yolo(model.source)
    outputs = [] if yolo is None else [one for one in model.outputs if _is_of(one, yolo)]
    if yolo is None or len(outputs) != 1:
        return None
    kind = yolo

    def read(values: Sequence[np.ndarray], size: Sequence[int]) -> List[InView]:
        return find_in_output(values[0], kind)

    return Detector(outputs[0], outputs, read, yolo.classes)


def _is_of(output: Tensor, yolo: Yolo) -> bool:
    """Whether a tensor may be a YOLO's output: (N, S, S, channels), of version 1 (N, S x S x channels)."""
    dims = output.shape.as_list() if output.shape.rank is not None else []
    if yolo.version == 2:
        return len(dims) == 4 and dims[-1] == yolo.channels
    return len(dims) == 2 and dims[-1] is not None and dims[-1] % yolo.channels == 0


def _first_class(model: Model, parts: Suppression) -> int:
    """Return what a graph adds to the numbers of classes, 1 where background is 0."""
    numbers = None if parts.box_classes is None else source(parts.box_classes, RESTATING).op
    if numbers is None or numbers.type not in ADDITIONS:
        return 0
    added = [one for one in numbers.inputs if one.op.type == "Const" and one.shape.rank == 0]
    return int(model.session.run(added[0])) if added else 0


def check_detector(model: Model) -> Detector:
    """Return a model's detector; raise TargetError for a model that has none."""
    detector = find_detector(model)
    if detector is None:
        raise TargetError(
            f"{model.source} is no detector that slimcam knows: its graph has no non-maximum suppression whose boxes "
            "and scores it ends in (a YOLO of darkflow needs the NAME.meta that was written with it, beside it)"
        )
    return detector


@where_the_model_is(List[List[Detection]], photos=["photos"])
def detections(model: Model, photos: ImagesLike) -> List[List[Detection]]:
    """Return what a detector finds in each photo, best first: class, score, and box in pixels of the photo.

    Photos are given as to a GradCAM. All that the graph gives are returned, those of a low score too. Raises
    TargetError for a model that is no detector.
    """
    detector = check_detector(model)
    image_input = (model.inputs_of([detector.logits]) or model.inputs)[0]
    batch = as_batch(photos)
    return detect(model, image_input, batch, lambda part: image_input.feeds(batch, part))


def detect(
    model: Model, image_input: ImageInput, batch: Batch, feeds: Callable[[List[int]], Dict[Tensor, Any]]
) -> List[List[Detection]]:
    """Return the detections of each image of a batch, of which `feeds(part)` says what is fed; one run for each."""
    model.check_open()
    detector = check_detector(model)
    labels = labels_of(model)
    each = []
    for i, window in enumerate(image_input.windows(batch)):
        fed = feeds([i])
        cut = [image_input.tensor.name, *(tensor.name for tensor in fed)]
        known = {one.tensor: one.value for one in plan(detector.tensors, cut, model.required_feeds())}
        values = [plain(one) for one in model.run(detector.tensors, {**known, **fed})]
        size = image_input.tensor.shape.as_list()[-3:-1] if image_input.tensor.shape.rank in (3, 4) else [None, None]
        own = batch.photos[i].shape[:2]
        seen = detector.read(values, [side or other for side, other in zip(size, own)])
        each.append([_on_photo(one, window, labels) for one in seen])
    return each


def labels_of(model: Model) -> Optional[List[str]]:
    """Return the labels by the detector's numbers of classes: where these begin at 1, the first is background's."""
    detector = find_detector(model)
    if detector is None or model.labels is None:
        return model.labels
    missing = detector.first if len(model.labels) == detector.classes else 0
    return ["background"] * missing + model.labels


def _on_photo(one: InView, window: Sides, labels: Optional[List[str]]) -> Detection:
    top, left, height, width = window
    (first, near), (last, far) = (one.box.reshape(2, 2) * (height, width) + (top, left)).tolist()
    label = labels[one.class_id] if labels and 0 <= one.class_id < len(labels) else ""
    return Detection(one.class_id, label, one.score, (first, near, last, far), one.places)


def read_suppression(values: Dict[str, np.ndarray], size: Sequence[int]) -> List[InView]:
    """Return the detections of one image, best first, from the values of a Suppression's tensors by their names.

    `size` is the height and width of what the net is fed. Raises TargetError for one that is none of the boxes that
    were selected from.
    """
    boxes, box_scores = values["boxes"].reshape(-1, 4), values["box_scores"].reshape(-1)
    count = int(np.asarray(values.get("number", len(boxes))).reshape(-1)[0])
    anchors, scores = as_anchors(values["anchors"], values["scores"])
    sides = np.tile(np.array(size, np.float32), 2) if np.abs(boxes[:count]).max(initial=0) > PIXELS else 1
    order = np.argsort(-box_scores[:count], kind="stable")
    views = []
    for k in order:
        place = place_of(boxes[k], float(box_scores[k]), anchors, scores)
        class_id = place % scores.shape[1]
        if "box_classes" in values:
            class_id = round(float(values["box_classes"].reshape(-1)[k]))
        views.append(InView(class_id, float(box_scores[k]), boxes[k] / sides, (place,)))
    return views


def as_anchors(anchors: np.ndarray, scores: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return boxes as (A, C, 4) or (A, 1, 4) and scores as (A, C), of one image, whatever the graph's shapes."""
    boxes = anchors.size // 4
    classes = scores.shape[-1] if scores.ndim > 1 else 1
    count = scores.size // classes
    if boxes % count or boxes // count > classes:
        classes, count = 1, scores.size
    anchors, scores = anchors.reshape(count, -1, 4), scores.reshape(count, classes)
    if 1 < anchors.shape[1] < classes:  # the background, first among the scores, has no boxes of its own
        anchors = np.concatenate([anchors[:, :1]] * (classes - anchors.shape[1]) + [anchors], 1)
    return anchors, scores


def place_of(box: np.ndarray, score: float, anchors: np.ndarray, scores: np.ndarray) -> int:
    """Return where among (A, C) scores a detection came from: the one whose box, clipped or not, and score it has.

    Where no box is that, because the graph moved them, its score must be the only one. Raises TargetError otherwise.
    """
    scale = max(1.0, float(np.abs(box).max()))
    apart = np.minimum(np.abs(anchors - box).max(-1), np.abs(np.clip(anchors, 0, scale) - box).max(-1)) / scale
    off = apart + np.abs(scores - score)
    place = int(off.argmin())
    if off.flat[place] <= SAME:
        return place
    alike = np.flatnonzero(scores == np.float32(score))
    if len(alike) == 1:
        return int(alike[0])
    raise TargetError(
        f"the detection of score {score:.4g} is none of the {len(anchors)} boxes that the graph's suppression selects "
        "from: explain another score"
    )
