"""A simple model of the score in a photo's parts: shown or hidden, what does each of them add?"""

import itertools
import math
from typing import Iterator, Tuple

import numpy as np

from .baselines import Baseline, baseline_of
from .net import Attribution, Net, random_state
from .parts import Pair, in_parts
from .segments import Segments, labels_of

Coalitions = Tuple[np.ndarray, np.ndarray]  # which parts are shown, (M, d), and weights


def lime(
    net: Net,
    samples: int = 1000,
    segments: Segments = "squares",
    count: int = 49,
    fill: Baseline = "grey",
    width: float = 0.25,
    penalty: float = 1.0,
    seed: int = 0,
) -> np.ndarray:
    """Return a linear model of the score in the parts of the photo, (N, H, W) (Ribeiro et al. 2016, eq. 1).

    The photo whole, and with each part shown or hidden by a coin; near ones count more: sqrt(exp(-d^2 / width^2)), d
    the cosine distance to the whole. The weights are of ridge regression, as the authors' lime_image has it.
    """
    maps = np.zeros(net.images.shape[:3], np.float32)
    fills = baseline_of(net, fill, seed)
    for row in range(len(maps)):
        labels = labels_of(net, row, segments, count)
        shown = random_state(seed, int(net.numbers[row])).randint(0, 2, (samples, labels.max() + 1))
        shown[0] = 1
        scores = _scores(net, row, fills[row], labels, shown)
        distance = 1 - np.sqrt(shown.mean(1))  # cosine of 0 and 1 with all ones: k / (sqrt(k) sqrt(d))
        maps[row] = ridge(shown, scores, np.sqrt(np.exp(-((distance / width) ** 2))), penalty)[labels]
    return maps


def ridge(shown: np.ndarray, scores: np.ndarray, weights: np.ndarray, penalty: float) -> np.ndarray:
    """Return the coefficients, (d,), of weighted ridge regression with an intercept that is not penalised."""
    share = weights / weights.sum()
    parts = shown - share @ shown
    matrix = parts.T @ (weights[:, None] * parts) + penalty * np.eye(shown.shape[1])
    return np.linalg.solve(matrix, parts.T @ (weights * (scores - share @ scores)))


def kernel_shap(
    net: Net,
    samples: int = 1000,
    segments: Segments = "squares",
    count: int = 49,
    fill: Baseline = "grey",
    seed: int = 0,
) -> Attribution:
    """Return the Shapley values of the parts of the photo, (N, H, W) (Lundberg and Lee 2017, theorem 2).

    Exact where all subsets are no more than `samples`; else subsets are drawn by the Shapley kernel. The values add up
    to score(x) - score(hidden), always. Detail "difference": that number.
    """
    maps = np.zeros(net.images.shape[:3], np.float32)
    fills = baseline_of(net, fill, seed)
    differences = np.zeros(len(maps))
    for row in range(len(maps)):
        labels = labels_of(net, row, segments, count)
        shown, weights = coalitions(labels.max() + 1, samples, random_state(seed, int(net.numbers[row])))
        scores = _scores(net, row, fills[row], labels, shown)
        differences[row] = scores[0] - scores[1]
        maps[row] = shapley(shown[2:], scores[2:] - scores[1], weights, differences[row])[labels]
    return Attribution(maps, {"difference": differences})


def coalitions(parts: int, samples: int, random: np.random.RandomState) -> Coalitions:
    """Return subsets of parts, the whole and the empty one first, and the weights of the others."""
    ends = np.array([[1] * parts, [0] * parts])
    if 2.0**parts <= samples + 2 or parts == 1:
        inner = np.array(list(itertools.product([0, 1], repeat=parts))[1:-1], int).reshape(-1, parts)
        factorials = [math.factorial(size) for size in range(parts + 1)]
        kernel = [
            (parts - 1) * factorials[size] * factorials[parts - size] / (factorials[parts] * size * (parts - size))
            for size in range(1, parts)
        ]
        return np.concatenate([ends, inner]), np.array(kernel)[inner.sum(1) - 1]
    sizes = np.arange(1, parts)
    chances = 1 / (sizes * (parts - sizes))
    inner = np.zeros((samples, parts), int)
    for subset, size in zip(inner, random.choice(sizes, samples, p=chances / chances.sum())):
        subset[random.permutation(parts)[:size]] = 1
    return np.concatenate([ends, inner]), np.ones(samples)


def shapley(shown: np.ndarray, gains: np.ndarray, weights: np.ndarray, total: float) -> np.ndarray:
    """Return the values, (d,), that fit the gains of subsets best and add up to `total`."""
    if shown.shape[1] == 1:
        return np.array([total])
    last = shown[:, -1:]
    parts, rest = shown[:, :-1] - last, gains - last[:, 0] * total
    root = np.sqrt(weights)
    values = np.linalg.lstsq(root[:, None] * parts, root * rest, rcond=None)[0]
    return np.append(values, total - values.sum())


def _scores(net: Net, row: int, fill: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Return the scores of a photo with some of its parts hidden, (M,) float64."""
    pairs = _partly(net, row, fill, labels, shown)
    return np.array([float(score) for _, _, score in in_parts(net.scores, pairs, net.size)])


def _partly(net: Net, row: int, fill: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Iterator[Pair]:
    for subset in shown:
        yield row, np.where(subset[labels][..., None], net.images[row], fill)
