"""What is read from the command line's words: targets, and values for tensors."""

import os
import re
from typing import Any, Optional, Tuple

import numpy as np

from .._types import TargetLike
from ..errors import TargetError, WrongFeed
from ..model import Model
from .scores import Channel, Dot, Mean, Norm
from .target import Top

# targets of a tensor: mean:TENSOR, norm:TENSOR, channel:TENSOR:K, dot:TENSOR=FILE
SCORES = "mean", "norm", "channel", "dot"


def read_target(model: Model, text: Optional[str]) -> TargetLike:
    """Read a target: a class number, topK, a score of a tensor, or else a label.

    Raises TargetError for a score that lacks a part.
    """
    if text is None:
        return None
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"top\d+", text):
        return Top(int(text[3:]))
    kind, _, rest = text.partition(":")
    if not rest or kind not in SCORES:
        return text
    if kind == "channel":
        tensor, _, k = rest.rpartition(":")
        if not k.isdigit():
            raise TargetError(f"--target {text}: give channel:TENSOR:NUMBER")
        return Channel(tensor, int(k))
    if kind == "dot":
        tensor, _, file = rest.rpartition("=")
        if not tensor:
            raise TargetError(f"--target {text}: give dot:TENSOR=FILE.npy, or a photo")
        return Dot(tensor, _value(model, tensor, file))
    return Mean(rest) if kind == "mean" else Norm(rest)


def read_hold(model: Model, text: str) -> Tuple[str, Any]:
    """Read TENSOR=zeros, TENSOR=FILE.npy or TENSOR=PHOTO; raise WrongFeed for anything else."""
    tensor, _, value = text.rpartition("=")
    if not tensor:
        raise WrongFeed(f"--hold {text}: give TENSOR=FILE.npy, TENSOR=PHOTO or TENSOR=zeros")
    return tensor, value if value == "zeros" else _value(model, tensor, value)


def _value(model: Model, tensor: str, file: str) -> np.ndarray:
    """Read an array, or compute what a tensor is for a photo."""
    if os.path.splitext(file)[1] != ".npy":
        return model.features(tensor, file)[0]
    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise WrongFeed(f"{file}: not an array that NumPy can read: {error}") from error
