"""What is explained: a score, one number an image, that gradients are taken of; as an object, as text, as JSON."""

from .target import (
    SCORES,
    Channel,
    Class,
    Dot,
    Mean,
    Norm,
    Score,
    Top,
    as_target,
    check_logits,
    fed_mask,
    mask,
    scored,
    winners,
)

__all__ = [
    "SCORES",
    "Channel",
    "Class",
    "Dot",
    "Mean",
    "Norm",
    "Score",
    "Top",
    "as_target",
    "check_logits",
    "fed_mask",
    "mask",
    "scored",
    "winners",
]
