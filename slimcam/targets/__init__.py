"""What is explained: a score, one number per image, that gradients are taken of; as an object, as text, as JSON."""

from .box import Box, PickedScore, Picks
from .dense import Peak, Region
from .detections import Detection, detections, labels_of
from .objectives import Caricature, Channels, Direction, Diversity, Energy, Likeness, Neuron
from .scores import Channel, Dot, FunctionScore, Mean, Norm, Score, ScoreOfTensor, Sum, TensorScore, check_channel
from .target import (
    SCORES,
    Class,
    Target,
    Top,
    as_target,
    check_target,
    fed_mask,
    kind,
    mask,
    on_logits,
    score_tensor,
    winners,
)

__all__ = [
    "SCORES",
    "Box",
    "Caricature",
    "Channel",
    "Channels",
    "Class",
    "Detection",
    "Direction",
    "Diversity",
    "Dot",
    "Energy",
    "FunctionScore",
    "Likeness",
    "Mean",
    "Neuron",
    "Norm",
    "Peak",
    "PickedScore",
    "Picks",
    "Region",
    "Score",
    "ScoreOfTensor",
    "Sum",
    "Target",
    "TensorScore",
    "Top",
    "as_target",
    "check_channel",
    "check_target",
    "detections",
    "fed_mask",
    "kind",
    "labels_of",
    "mask",
    "on_logits",
    "score_tensor",
    "winners",
]
