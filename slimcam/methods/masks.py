"""Channels of the layer as masks, and channels taken away: what the score says of each."""

from typing import Iterator, List

import numpy as np

from ..errors import TargetError
from .cams import weigh
from .evidence import Evidence
from .net import Net, chunks
from .parts import Pair, Run, in_parts
from .resampling import enlarged

NUMBERS = 1 << 21  # of masks that are enlarged at once: one by one, BLAS costs more than a mask's own arithmetic


def scorecam(net: Net, channels: int = 0, weights: str = "softmax", epsilon: float = 1e-8) -> np.ndarray:
    """Weigh a layer's channels by the score of the photo masked with each; (N, h, w) (Wang et al. 2020, eq. 5-8).

    A channel between its least and its greatest value, enlarged linearly to the photo, multiplies it as the net is fed.
    `weights` is "softmax" over the channels (the score of a baseline, eq. 5, drops out of it), "scores" as they are, or
    "probability", the softmax over the classes. `channels` looks at so many alone, those with the greatest deviation
    over places; 0 at all.
    """
    evidence = _evidence(net)
    activations = evidence.activations
    chosen = [_strongest(one, channels) for one in activations]
    run = probabilities(net, evidence.classes) if weights == "probability" else net.scores
    answers = in_parts(run, _masked(net, activations, chosen, epsilon), net.size)
    found = np.zeros((len(activations), activations.shape[-1]), np.float32)
    for row, kept in enumerate(chosen):
        scores = np.array([next(answers)[2] for _ in kept], np.float64)
        found[row, kept] = softmax(scores) if weights == "softmax" else scores
    return weigh(activations, found)


def _masked(net: Net, activations: np.ndarray, chosen: List[np.ndarray], epsilon: float) -> Iterator[Pair]:
    """Yield each photo times each of its channels: a row, and (H, W, C)."""
    height, width = net.images.shape[1:3]
    together = max(1, NUMBERS // (height * width))
    for row, kept in enumerate(chosen):
        for some in chunks(len(kept), together):
            for mask in np.moveaxis(enlarged(activations[row][..., kept[some]], height, width), -1, 0):
                least, most = mask.min(), mask.max()
                share = (mask - least) / (most - least + epsilon)
                yield row, (net.images[row] * share[..., None]).astype(np.float32)


def _strongest(activations: np.ndarray, channels: int) -> np.ndarray:
    """Return the numbers of the `channels` that differ most over the places of (h, w, K), or of all, in order."""
    if not 0 < channels < activations.shape[-1]:
        return np.arange(activations.shape[-1])
    deviations = activations.std((0, 1))
    return np.sort(np.argsort(-deviations, kind="stable")[:channels])


def probabilities(net: Net, classes: np.ndarray) -> Run:
    """Return what gives of images, and their rows, the softmax over the logits at each row's class, (M,)."""
    if len(classes) == 0 or (classes < 0).any():
        raise TargetError("a probability is asked for: explain a class, by its number or label")

    def run(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
        logits = net.outputs(images, rows)
        return softmax(logits)[np.arange(len(rows)), classes[rows]]

    return run


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return the softmax along the last axis."""
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def ablationcam(net: Net, fill: str = "zero") -> np.ndarray:
    """Weigh a layer's channels by what the score loses without each; (N, h, w) (Desai and Ramaswamy 2020, eq. 3).

    A channel's weight is (y - y without it) / y. It is taken away at the layer itself, whose rest alone runs again:
    set to zero, or by `fill` "minimum", as pytorch-grad-cam does, to 1e7 below the least of all activations where that
    is not 0.
    """
    evidence = _evidence(net)
    activations, own = evidence.activations, evidence.scores.astype(np.float64)
    without = np.zeros((len(activations), activations.shape[-1]))
    for number, (row, _, score) in enumerate(in_parts(net.head, _ablated(activations, fill), net.size)):
        without[row, number % activations.shape[-1]] = score
    scale = np.where(own == 0, 1.0, own)[:, None]
    return weigh(activations, ((own[:, None] - without) / scale).astype(np.float32))


def _ablated(activations: np.ndarray, fill: str) -> Iterator[Pair]:
    least = activations.min()
    value = least - 1e7 if fill == "minimum" and least != 0 else 0.0
    for row, one in enumerate(activations):
        for channel in range(activations.shape[-1]):
            changed = one.copy()
            changed[..., channel] = value
            yield row, changed


def _evidence(net: Net) -> Evidence:
    return net.evidence(net.images, np.arange(len(net.images)))
