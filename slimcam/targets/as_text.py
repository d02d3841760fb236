"""What is read from the command line's words: targets, and values for tensors."""

import os
import re
from typing import Any, Optional, Tuple

import numpy as np

from .._types import TargetLike
from ..errors import TargetError, WrongFeed
from ..model import Model
from .objectives import Caricature, Direction, Neuron
from .scores import Channel, Dot, Mean, Norm
from .target import Top

# Scores of a tensor: mean:TENSOR, channel:TENSOR:K, dot:TENSOR=FILE …
PLAIN = {"mean": Mean, "norm": Norm}
NUMBERED = {"channel": Channel, "neuron": Neuron}
OF_ARRAYS = {"dot": Dot, "direction": Direction, "caricature": Caricature}


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
    if rest and kind in PLAIN:
        return PLAIN[kind](rest)
    if rest and kind in NUMBERED:
        tensor, _, k = rest.rpartition(":")
        if not tensor or not re.fullmatch(r"[0-9]+", k):
            raise TargetError(f"--target {text}: give {kind}:TENSOR:NUMBER")
        return NUMBERED[kind](tensor, int(k))
    if rest and kind in OF_ARRAYS:
        tensor, _, file = rest.rpartition("=")
        if not tensor:
            photo = "" if kind == "direction" else ", or a photo"
            raise TargetError(f"--target {text}: give {kind}:TENSOR=FILE.npy{photo}")
        return OF_ARRAYS[kind](tensor, _value(model, tensor, file))
    return text


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
