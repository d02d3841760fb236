"""Detectors: the boxes and scores that a graph's non-maximum suppression chooses among, and what it chose.

Found by structure: from the suppression back over what only selects rows, out of the loops of a batch, to the tensors
that are selected from; and on to what the graph ends in. Nothing here runs a graph.
"""

import re
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from .._types import Operation, Tensor
from . import op_types
from .copying import copy_ops, ops_between
from .walk import after, ancestors, source

# Of these the first input holds the numbers, and the output some of them, or all.
_SELECTING = frozenset(
    (
        *("Slice", "StridedSlice", "Gather", "GatherV2", "GatherNd", "Unpack", "SplitV", "Max", "Enter"),
        *(*op_types.RESTATING, *op_types.SWITCHES, *op_types.BOUNDS),
    )
)
_RESHAPING = (*op_types.RESTATING, "Slice", "StridedSlice")  # from probabilities to what is selected from


class Suppression(NamedTuple):
    """What a non-maximum suppression reads and gives; N images, A anchors, C classes, at most K detections."""

    anchors: Tensor  # (N, A, 4) or (N, A, 1 or C, 4), or without N: boxes as top, left, bottom, right
    scores: Tensor  # (N, A, C), or without N or C
    boxes: Tensor  # (N, K, 4), or without N: those that were left
    box_scores: Tensor  # (N, K), or without N
    box_classes: Optional[Tensor]  # the same, as the graph numbers them
    number: Optional[Tensor]  # (N,) or (): how many of the K are detections


class OutputRole(NamedTuple):
    """What one of a detector's outputs is called, in the exports of TensorFlow's object detection API first."""

    name: str
    otherwise: str  # a pattern of the last part of other programs' names


ROLES = {
    "boxes": OutputRole("detection_boxes", r".*box.*"),
    "scores": OutputRole("detection_scores", r".*(score|prob|conf).*"),
    "classes": OutputRole("detection_classes", r".*(class|label).*"),
    "number": OutputRole("num_detections", r".*(num|count|valid).*"),
}


def find_suppression(ops: Sequence[Operation]) -> Optional[Suppression]:
    """Return the last suppression of a graph, None where it has none whose boxes and scores it ends in."""
    last = _last_of([op for op in ops if op.type in op_types.SUPPRESSIONS])
    if not last:
        return None
    ends = _ends(last)
    if "boxes" not in ends or "scores" not in ends:
        return None
    anchors, scores = (chosen_from(last[0].inputs[i], width) for i, width in enumerate((4, None)))
    return Suppression(anchors, scores, ends["boxes"], ends["scores"], ends.get("classes"), ends.get("number"))


def named_suppression(outputs: Mapping[str, Tensor]) -> Optional[Suppression]:
    """Return the suppression of a detector whose outputs say by their names what it chose, and among what.

    Those are the names of the object detection API's exports of TensorFlow 2, in which the suppression itself is inside
    a function. None where one of them is not there.
    """
    names = "raw_detection_boxes", "raw_detection_scores", ROLES["boxes"].name, ROLES["scores"].name
    if any(name not in outputs for name in names):
        return None
    anchors, scores, boxes, box_scores = (outputs[name] for name in names)
    return Suppression(
        anchors, scores, boxes, box_scores, *(outputs.get(ROLES[one].name) for one in ("classes", "number"))
    )


def chosen_from(tensor: Tensor, width: Optional[int] = None) -> Tensor:
    """Return the tensor that this one's rows are selected from; given a width, the last dimension keeps it.

    A loop over images ends the way: what it reads, image by image, is what is selected from.
    """
    best = tensor
    while True:
        op = tensor.op
        if op.type == "TensorArrayReadV3":
            scatter = source(op.inputs[2], op_types.OPENING).op
            return scatter.inputs[2] if scatter.type == "TensorArrayScatterV3" else best
        if op.type == "Split":
            tensor = op.inputs[1]
        elif (op.type in _SELECTING and not _is_of_proposals(op)) or _is_clipped(op):
            tensor = op.inputs[0]
        else:
            return best
        if width is None or tensor.shape.rank is None or tensor.shape.as_list()[-1:] in ([width], [None]):
            best = tensor


def _is_of_proposals(op: Operation) -> bool:
    """Whether rows are selected by another suppression: it made proposals, and these are the anchors of the next."""
    by = op.inputs[1:2] if op.type.startswith("Gather") else []
    return any(source(one, _RESHAPING).op.type in op_types.SUPPRESSIONS for one in by)


def _is_clipped(op: Operation) -> bool:
    """Whether four sides, each clipped to the picture, are put together again."""
    return op.type in ("ConcatV2", "Pack") and all(one.op.type in op_types.BOUNDS for one in op.inputs[:4])


def _last_of(suppressions: Sequence[Operation]) -> List[Operation]:
    """Return the suppressions, one for each class perhaps, whose boxes the others lead to: not those of proposals."""
    groups: Dict[str, List[Operation]] = {}
    for op in suppressions:
        groups.setdefault(chosen_from(op.inputs[0], 4).name, []).append(op)

    def before(group: List[Operation]) -> int:
        behind = ancestors([chosen_from(group[0].inputs[0], 4)])
        return sum(op in behind for op in suppressions)

    return max(groups.values(), key=before, default=[])


def _ends(last: Sequence[Operation]) -> Dict[str, Tensor]:
    """Return the tensors that a graph ends in after a suppression, by the role that name and shape give them."""
    tensors = [tensor for op in after(last) for tensor in op.outputs]
    tensors += [tensor for op in last if op.type in op_types.COMBINED for tensor in op.outputs]
    ends = [tensor for tensor in tensors if tensor.dtype.is_floating or tensor.dtype.is_integer]
    roles: Dict[str, Tensor] = {}
    for role, (name, otherwise) in ROLES.items():
        named = [tensor for tensor in ends if tensor.op.name.rsplit("/", 1)[-1] == name]
        unread = [one for one in ends if not one.consumers() and _matches(one, role, otherwise)]
        some = named or [one for one in unread if one not in roles.values()]
        if len(some) == 1:
            roles[role] = some[0]
    return roles


def _matches(tensor: Tensor, role: str, pattern: str) -> bool:
    """Whether shape and name are those of a role."""
    if tensor.op.type in op_types.COMBINED:
        return tensor is tensor.op.outputs[list(ROLES).index(role)]
    dims = tensor.shape.as_list() if tensor.shape.rank is not None else [None]
    if (role == "boxes") != (dims[-1:] == [4] and len(dims) > 1):
        return False
    return re.fullmatch(pattern, tensor.op.name.rsplit("/", 1)[-1].lower()) is not None


def logits_of(scores: Tensor) -> Tensor:
    """Return what scores are before their softmax or sigmoid, in the scores' order; else the scores themselves.

    Where the scores are a part of the probabilities, without those of the background say, so is what is returned: it
    is made of new operations, in the default graph.
    """
    probabilities = source(scores, _RESHAPING)
    if probabilities.op.type not in op_types.PROBABILITIES:
        return scores
    before = probabilities.op.inputs[0]
    if probabilities is scores:
        return before
    inside, outside = ops_between(probabilities, scores)
    return copy_ops(inside, scores, {**outside, probabilities.name: before})
