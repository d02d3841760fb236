"""Box: one detection of a detector, by its rank or by its class and a point in it."""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .._tf import tf, tf1
from .._types import Tensor
from ..errors import TargetError, UnknownName
from ..inputs.image_input import ImageInput
from ..inputs.photos import Batch
from ..model import Model
from ..suggest import nearest
from .detections import Detection, check_detector, detect, labels_of
from .scores import Key, Score

Feeds = Callable[[List[int]], Dict[Tensor, Any]]  # of images of a batch: what is fed


class Picks(NamedTuple):
    """What was picked for each of N images."""

    places: np.ndarray  # (N, P) int32, which values of an image's are summed to its score
    classes: np.ndarray  # (N,) int64
    boxes: np.ndarray  # (N, 4) float32, top, left, bottom, right in pixels of the photo


class PickedScore(Score):
    """A score of which each image has another part, picked by what a first run gives; where it lies is fed."""

    def pick(self, others: Any, model: Model, image_input: ImageInput, batch: Batch, feeds: Feeds) -> Picks:
        """Return what is picked for the images of a batch; `others` is a target of this kind, or one for each image.

        Raises TargetError where an image has nothing of the kind.
        """
        raise NotImplementedError

    def formula(self, model: Model, values: Sequence[Tensor]) -> Tensor:
        raise TargetError(f"{self!r} is explained by itself: it cannot be a part of a sum, nor be climbed")

    def at(self, value: Tensor, places: Tensor) -> Tensor:
        """Return the (N,) sums of a tensor's values at (N, P) places, each among the values of its image."""
        each = tf.reshape(value, tf.stack([tf.shape(places)[0], -1]))
        weights = tf.reduce_sum(tf.one_hot(places, tf.shape(each)[1], dtype=each.dtype), 1)
        return tf.reduce_sum(each * weights, -1)

    @staticmethod
    def fed_places() -> Tensor:
        """Return the placeholder of places, (N, P), in the default graph."""
        return tf1.placeholder(tf.int32, [None, None], name="places")


class Box(PickedScore):
    """One detection: `Box(0)` is the best of a photo, `Box(1)` the next; `Box("cat", at=(x, y))` the cat there.

    `at` is in pixels of the photo, from its left and top: of the boxes of that class that hold the point the best is
    meant, and, where it is left out, the best of the label. The score is that of the box which the detection was before
    suppression: its class's logit, or where the net has no softmax or sigmoid its score.
    """

    def __init__(self, which: Union[int, str], at: Optional[Tuple[float, float]] = None) -> None:
        if isinstance(which, bool) or not isinstance(which, (int, str, np.integer)):
            raise TargetError(f"Box({which!r}): give the rank of a detection, from 0 on, or a class and at=(x, y)")
        if at is None and not isinstance(which, str) and which < 0:
            raise TargetError(f"Box({which}): detections are counted from 0, the best first")
        if at is not None and np.shape(at) != (2,):
            raise TargetError(f"Box({which!r}, at={at!r}): give at=(x, y), in pixels of the photo")
        self.which, self.place = which, None if at is None else (float(at[0]), float(at[1]))

    def __repr__(self) -> str:
        return f"Box({self.which!r}" + (")" if self.place is None else f", at={self.place})")

    def tensors(self, model: Model) -> List[Tensor]:
        return [check_detector(model).logits]

    def check(self, model: Model) -> None:
        detector = check_detector(model)
        if isinstance(self.which, str) and self.which not in (labels_of(model) or ()):
            labels = labels_of(model)
            if not labels:
                raise UnknownName(f"{self!r}: the model has no labels; give labels= or a class number")
            raise UnknownName(f"no label {self.which!r}; {nearest(self.which, labels)}")
        if self.place is not None and not isinstance(self.which, str):
            last = detector.first + detector.classes - 1
            if not detector.first <= self.which <= last:
                raise TargetError(f"{self!r}: the detector has classes {detector.first} to {last}")

    def key(self) -> Key:
        return ("Box",)  # which one is fed

    def pick(self, others: Any, model: Model, image_input: ImageInput, batch: Batch, feeds: Feeds) -> Picks:
        count = len(batch.photos)
        each = list(others) if isinstance(others, (list, tuple)) else [others] * count
        if len(each) != count:
            raise TargetError(f"{len(each)} targets for {count} photos; give one for each, or a single one")
        for one in each:
            one.check(model)
        some = detect(model, image_input, batch, feeds)
        names = [f"photo {i}" for i in range(count)] if count > 1 else ["the photo"]
        picked = [one.choose(own, name) for one, own, name in zip(each, some, names)]
        return Picks(
            np.array([one.places for one in picked], np.int32),
            np.array([one.class_id for one in picked], np.int64),
            np.array([one.box for one in picked], np.float32),
        )

    def choose(self, some: Sequence[Detection], photo: str = "the photo") -> Detection:
        """Return the detection that is meant among a photo's, best first; raise TargetError where there is none."""
        if self.place is None and not isinstance(self.which, str):
            if self.which >= len(some):
                raise TargetError(f"{self!r}: {photo} has {len(some)} detections" + (", from 0 on" if some else ""))
            return some[self.which]
        own = [one for one in some if self.which in (one.class_id, one.label)]
        if not own:
            raise TargetError(f"{self!r}: no detection in {photo} is of that class; {_in_words(some)}")
        there = own if self.place is None else [one for one in own if _holds(one, *self.place)]
        if not there:
            raise TargetError(f"{self!r}: no box of that class in {photo} holds that point; {_in_words(own)}")
        return there[0]


def _holds(one: Detection, x: float, y: float) -> bool:
    top, left, bottom, right = one.box
    return left <= x <= right and top <= y <= bottom


def _in_words(some: Sequence[Detection], most: int = 3) -> str:
    """Return the end of a message: the best detections."""
    lines = [f"class {one.class_id} {one.score:.2g} at {place_in_words(one.box)}" for one in some[:most]]
    return "the best are " + ", ".join(lines) if lines else "there are no others"


def place_in_words(box: Sequence[float]) -> str:
    """Return a box, (top, left, bottom, right), as it is printed: x and y of two corners, in whole pixels."""
    top, left, bottom, right = (round(float(side)) for side in box)
    return f"({left}, {top}) to ({right}, {bottom})"
