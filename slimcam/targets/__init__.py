"""What is explained: a score, one number per image, that gradients are taken of; as an object, as text, as JSON."""

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
    score_tensor,
    winners,
)

__all__ = [
    "SCORES",
    "Caricature",
    "Channel",
    "Channels",
    "Class",
    "Direction",
    "Diversity",
    "Dot",
    "Energy",
    "FunctionScore",
    "Likeness",
    "Mean",
    "Neuron",
    "Norm",
    "Score",
    "ScoreOfTensor",
    "Sum",
    "Target",
    "TensorScore",
    "Top",
    "as_target",
    "check_channel",
    "check_target",
    "fed_mask",
    "kind",
    "mask",
    "score_tensor",
    "winners",
]
