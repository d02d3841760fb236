"""ClassNet: a Net whose score is made of the logits: the probability of each photo's class."""

from typing import Any

import numpy as np

from ..methods.net import Net


class ClassNet:
    """A Net as another, but for its scores, in [0, 1]: "softmax" over the classes, or the class's own "sigmoid"."""

    def __init__(self, net: Net, classes: np.ndarray, score: str) -> None:
        """Take the class of each photo of the net, (N,)."""
        self._net, self._classes, self._score = net, np.asarray(classes), score

    def __getattr__(self, name: str) -> Any:
        return getattr(self._net, name)

    def scores(self, images: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the probabilities, (M,), of images (M, H, W, C)."""
        logits = np.asarray(self._net.outputs(images, rows), np.float64)
        own = self._classes[rows]
        one = logits[np.arange(len(logits)), own]
        with np.errstate(over="ignore"):  # an infinite sum is a probability of 0
            if self._score == "sigmoid":
                return 1 / (1 + np.exp(-one))
            return 1 / np.exp(logits - one[:, None]).sum(-1)
