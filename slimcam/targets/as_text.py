"""What is read from the command line's words: targets, and values for tensors."""

import os
import re
from typing import Any, Optional, Tuple, Union

import numpy as np

from .._types import TargetLike
from ..errors import TargetError, WrongFeed
from ..files.arrays import read_npy
from ..inputs.photos import as_batch
from ..model import Model
from .box import Box
from .dense import Peak, Region
from .objectives import Caricature, Direction, Neuron
from .scores import Channel, Dot, Mean, Norm
from .target import Top

# Scores of a tensor: mean:TENSOR, channel:TENSOR:K, dot:TENSOR=FILE …
PLAIN = {"mean": Mean, "norm": Norm}
NUMBERED = {"channel": Channel, "neuron": Neuron}
OF_ARRAYS = {"dot": Dot, "direction": Direction, "caricature": Caricature}
NUMBER = r"\d+(\.\d+)?"

WORDS = {"true": True, "false": False}  # of --hold


def read_target(model: Model, text: Optional[str]) -> TargetLike:
    """Read a target: a class number, topK, a detection, a region, a peak, a score of a tensor, or else a label.

    Raises TargetError for a score that lacks a part.
    """
    if text is None:
        return None
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"top\d+", text):
        return Top(int(text[3:]))
    kind, _, rest = text.partition(":")
    if rest and kind in OF_OUTPUTS:
        return OF_OUTPUTS[kind](text, rest)
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


def _read_box(text: str, rest: str) -> Box:
    """Read RANK, CLASS@X,Y, or a label alone."""
    which, _, place = rest.rpartition("@")
    if not which:
        return Box(_class(rest))
    if not re.fullmatch(f"{NUMBER},{NUMBER}", place):
        raise TargetError(f"--target {text}: give box:NUMBER, or box:CLASS@X,Y in pixels of the photo")
    x, y = map(float, place.split(","))
    return Box(_class(which), at=(x, y))


def _read_region(text: str, rest: str) -> Region:
    """Read CLASS, or CLASS=FILE with a mask, an array or a picture that is black outside; TENSOR: may come first."""
    name, _, file = rest.rpartition("=")
    tensor, _, name = (name or rest).rpartition(":")
    mask = None
    if file != rest:
        mask = _array(file) if os.path.splitext(file)[1] == ".npy" else as_batch(file).photos[0].max(-1)
    return Region(_class(name), mask, tensor or None)


def _read_peak(text: str, rest: str) -> Peak:
    """Read NUMBER; TENSOR: may come first."""
    tensor, _, k = rest.rpartition(":")
    if not re.fullmatch(r"\d+", k):
        raise TargetError(f"--target {text}: give peak:NUMBER, the channel of the heat map, or peak:TENSOR:NUMBER")
    return Peak(int(k), tensor or None)


def _class(word: str) -> Union[int, str]:
    return int(word) if re.fullmatch(r"\d+", word) else word


# Scores of a model's outputs: box:0, region:CLASS, peak:K …
OF_OUTPUTS = {"box": _read_box, "region": _read_region, "peak": _read_peak}


def read_like(model: Model, photo: str) -> Dot:
    """Return the score of being like a photo: the product of the model's output, a vector, with what that is for it.

    Raises TargetError for a model whose output is no vector.
    """
    vectors = [one for one in model.outputs if one.shape.rank == 2 and one.dtype.is_floating]
    vectors = vectors if len(vectors) == 1 else [one for one in (model.logits,) if one is not None]
    if len(vectors) != 1 or vectors[0].shape.rank != 2:
        raise TargetError(
            f"--like {photo}: {model.source} does not end in one vector an image, (N, values): give "
            "--target dot:TENSOR=PHOTO with the tensor to compare by"
        )
    return Dot(vectors[0], model.features(vectors[0], photo)[0])


def read_hold(model: Model, text: str) -> Tuple[str, Any]:
    """Read TENSOR=zeros, =0.5, =true, =FILE.npy or =PHOTO; raise WrongFeed for anything else."""
    tensor, _, value = text.rpartition("=")
    if not tensor:
        raise WrongFeed(f"--hold {text}: give TENSOR=NUMBER, TENSOR=FILE.npy, TENSOR=PHOTO or TENSOR=zeros")
    if value == "zeros" or value.lower() in WORDS:
        return tensor, WORDS.get(value.lower(), value)
    if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", value, re.I):
        return tensor, int(value) if re.fullmatch(r"[-+]?\d+", value) else float(value)
    return tensor, _value(model, tensor, value)


def _value(model: Model, tensor: str, file: str) -> np.ndarray:
    """Read an array, or compute what a tensor is for a photo."""
    if os.path.splitext(file)[1] != ".npy":
        return model.features(tensor, file)[0]
    return _array(file)


def _array(file: str) -> np.ndarray:
    return read_npy(file, WrongFeed)
