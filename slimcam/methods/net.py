"""Net: what a method of many passes asks of a model, as arrays. Engines implement it; tests do by a few weights."""

from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Union

import numpy as np

from .evidence import Evidence

try:
    from typing import Protocol
except ImportError:  # before Python 3.8
    Protocol = object  # type: ignore[assignment]


class Contributions(NamedTuple):
    """What M scores are made of: images times their gradients, and biases times theirs, (M, h, w, K) or (M, …) each."""

    image: np.ndarray  # (M, H, W, C)
    biases: List[np.ndarray]  # of each convolution or dense layer with its norm, each norm or addition
    implicit: List[np.ndarray]  # of activations: what they have beside the input times their slope


class Net(Protocol):
    """A score of N photos, and what it is made from. M rows are as many as a method likes: they are run in parts.

    `rows` say of each row which of the photos' target, holds and other feeds it takes. Arrays are float32, channels
    last. A photo stands twice in `images` where two of its classes are explained.
    """

    images: np.ndarray  # (N, H, W, C) as the net is fed: the photos that are explained
    numbers: np.ndarray  # (N,) int: what is random goes by it and the seed; 0 for all, so that no batch changes a map
    black: np.ndarray  # (C,) what a black pixel is as the net is fed, by its preprocessing
    white: np.ndarray  # (C,) and a white one; grey is halfway
    size: int  # how many rows a run may hold
    progress: Callable[[int], None]  # called with the number of rows after each run

    def scores(self, images: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the scores, (M,), of images (M, H, W, C)."""
        ...

    def gradients(
        self, images: np.ndarray, rows: np.ndarray, rule: Any = "", baseline: Optional[np.ndarray] = None
    ) -> np.ndarray:
        """Return the gradient of each score at its image, (M, H, W, C); by a backward rule, or the true one.

        A rule that is a relevance_rules.Rule returns relevances, for DeepLIFT of each image against its baseline.
        """
        ...

    def contributions(self, images: np.ndarray, rows: np.ndarray, rule: Any) -> Contributions:
        """Return what the scores are made of; `rule` is a relevance_rules.Biases.

        All of it is held at once: ask for `size` rows at most.
        """
        ...

    def evidence(self, images: np.ndarray, rows: np.ndarray) -> Evidence:
        """Return the layer's activations and gradients, (M, h, w, K), and the scores and classes, (M,)."""
        ...

    def outputs(self, images: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the logits of images, (M, classes); raise TargetError where the model has none."""
        ...

    def head(self, activations: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the scores, (M,), of activations (M, h, w, K) that are fed at the layer."""
        ...

    def head_gradients(self, activations: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the gradient of each score at activations that are fed at the layer, (M, h, w, K)."""
        ...

    def head_curvature(self, activations: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return how the gradient changes along activations that are fed, d gradient / d layer . A, (M, h, w, K)."""
        ...

    def changed(self, images: np.ndarray) -> "Net":
        """Return the Net of other images, (N, H, W, C), in the photos' places: what is explained stays theirs."""
        ...

    def weighted(self, weights: np.ndarray) -> "Net":
        """Return the Net of the same photos whose score is a sum of logits times weights, (N, classes).

        Raises TargetError where the target is no class.
        """
        ...


class Attribution(NamedTuple):
    """What a method makes of a Net: maps of a layer (N, h, w), or of pixels (N, H, W, C), signed per channel."""

    array: np.ndarray
    details: Optional[Dict[str, np.ndarray]] = None  # numbers of each map, (N,) each: the gap of completeness, say
    channels: Optional[np.ndarray] = None  # (N, h, w, C) of a map (N, h, w), where a method is per channel


AttributionLike = Union[Attribution, np.ndarray]  # what a row of METHODS returns


def attribution(result: AttributionLike) -> Attribution:
    """Return what a row returns as an Attribution."""
    return result if isinstance(result, Attribution) else Attribution(result)


def chunks(count: int, size: int) -> Iterator[slice]:
    """Yield slices of at most `size` rows that make up `count`: for what would not fit into memory whole."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def random_state(seed: int, number: int) -> np.random.RandomState:
    """Return the random numbers of a photo, of its number and the seed."""
    return np.random.RandomState((seed + number) % (1 << 32))
