"""Gradients along a path from a baseline to the photo, times the way that is gone: they add up to the difference."""

from typing import Callable, Dict, Iterator, List, Tuple

import numpy as np

from .baselines import Baseline, baseline_of, several
from .net import Attribution, Net, random_state
from .parts import Pair, in_parts, own_scores
from .resampling import blurred

Rule = Tuple[np.ndarray, np.ndarray]  # places on the way from 0 to 1, and their weights


def _trapezoid(steps: int) -> Rule:
    weights = np.full(steps, 1 / (steps - 1))
    weights[[0, -1]] /= 2
    return np.linspace(0, 1, steps), weights


def _captum_trapezoid(steps: int) -> Rule:
    """As captum's riemann_trapezoid: weights 1/n, not 1/(n-1), so that they add up to (n-1)/n."""
    places, weights = _trapezoid(steps)
    return places, weights * ((steps - 1) / steps)


def _gauss(steps: int) -> Rule:
    places, weights = np.polynomial.legendre.leggauss(steps)
    return (places + 1) / 2, weights / 2


RULES: Dict[str, Callable[[int], Rule]] = {
    "left": lambda steps: (np.arange(steps) / steps, np.full(steps, 1 / steps)),
    "right": lambda steps: (np.arange(1, steps + 1) / steps, np.full(steps, 1 / steps)),
    "middle": lambda steps: ((np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps)),
    "trapezoid": _trapezoid,
    "gauss": _gauss,
    "ends": lambda steps: (np.linspace(0, 1, steps), np.full(steps, 1 / steps)),  # saliency's: both ends, weights 1/n
    "captum_trapezoid": _captum_trapezoid,
}


def integrated_gradients(
    net: Net,
    steps: int = 50,
    rule: str = "right",
    baseline: Baseline = "black",
    multiply: bool = True,
    seed: int = 0,
) -> Attribution:
    """Return (x - b) times the mean gradient on the line from b to x, (N, H, W, C) (Sundararajan et al. 2017, eq. 3).

    `rule` says where the line is looked at, a row of RULES. Without `multiply` it is the mean gradient alone. Detail
    "gap": what the map adds up to less score(x) - score(b), which is 0 for steps without end.
    """
    starts = baseline_of(net, baseline, seed)
    ways = net.images - starts
    places, weights = RULES[rule](steps)
    total = np.zeros(net.images.shape)
    line = (
        (row, start + np.float32(place) * way) for row, (start, way) in enumerate(zip(starts, ways)) for place in places
    )
    for number, (row, _, slope) in enumerate(in_parts(net.gradients, line, net.size)):
        total[row] += weights[number % steps] * slope
    whole = total * ways
    return _with_gap(whole if multiply else total, whole, own_scores(net) - _scores(net, starts))


def expected_gradients(net: Net, samples: int = 200, baselines: Baseline = "shades", seed: int = 0) -> Attribution:
    """Return the mean of (x - b) times the gradient at a random place of the line from a random b to x (N, H, W, C).

    Erion et al. 2021, eq. 3. `baselines` are (B, H, W, C), drawn with replacement; "shades" are black, grey and white.
    Detail "gap": what the map adds up to less score(x) less the mean score of the baselines that were drawn.
    """
    return gradient_shap(net, samples, baselines, 0.0, seed)


def gradient_shap(
    net: Net, samples: int = 5, baselines: Baseline = "shades", noise: float = 0.0, seed: int = 0
) -> Attribution:
    """As `expected_gradients`, of the photo with normal noise of deviation `noise` (GradientExplainer of shap).

    The numbers are drawn as captum does: all baselines, then all places, then, if `noise` is not 0, the noise.
    """
    starts = several(net, baselines)
    draws = [_draw(random_state(seed, int(number)), len(starts), samples) for number in net.numbers]
    ways: List[np.ndarray] = []  # of the photos' samples in order, from when they are fed to when they are answered
    total = np.zeros(net.images.shape)
    pairs = _random_places(net, starts, draws, noise, ways)
    for row, _, slope in in_parts(net.gradients, pairs, net.size):
        total[row] += ways.pop(0) * slope
    total /= samples
    drawn = _scores_of(net, starts)
    rest = np.array([drawn[row][which].mean() for row, (which, _, _) in enumerate(draws)])
    return _with_gap(total, total, own_scores(net) - rest)


Draw = Tuple[np.ndarray, np.ndarray, np.random.RandomState]  # which baselines, which places, and what draws the noise


def _draw(random: np.random.RandomState, count: int, samples: int) -> Draw:
    which = random.choice(count, samples)
    return which, random.uniform(0, 1, samples).astype(np.float32), random


def _random_places(
    net: Net, starts: np.ndarray, draws: List[Draw], noise: float, ways: List[np.ndarray]
) -> Iterator[Pair]:
    """Yield each photo's points on its lines; append to `ways` the line of each as it is yielded."""
    for row, (photo, (which, places, random)) in enumerate(zip(net.images, draws)):
        for start, place in zip(starts[which], places):
            end = photo if not noise else (photo + random.normal(0, noise, photo.shape)).astype(np.float32)
            ways.append(end - start)
            yield row, place * end + (1 - place) * start


def blur_ig(net: Net, steps: int = 100, sigma: float = 50.0, step: float = 0.01, root: bool = False) -> Attribution:
    """Return the gradients along the way from the blurred photo to the photo, (N, H, W, C) (Xu et al. 2020, eq. 5-6).

    The blur goes from 0 to `sigma` pixels, in equal steps or by `root` in the root of equal steps; how the photo
    changes with it is the difference over `step`. Beyond the photo is 0 as fed, as in the authors' own program. Detail
    "gap": what the map adds up to less score(x) - score(x blurred by sigma).
    """
    sigmas = np.arange(steps + 1) * (sigma / steps)
    sigmas = np.sqrt(sigmas) if root else sigmas
    changes: List[np.ndarray] = []
    total = np.zeros(net.images.shape)
    for row, _, slope in in_parts(net.gradients, _blurs(net.images, sigmas, step, changes), net.size):
        total[row] -= changes.pop(0) * slope
    ends = np.stack([blurred(photo, sigmas[-1]).astype(np.float32) for photo in net.images])
    return _with_gap(total, total, own_scores(net) - _scores(net, ends))


def _blurs(photos: np.ndarray, sigmas: np.ndarray, step: float, changes: List[np.ndarray]) -> Iterator[Pair]:
    """Yield each photo at all blurs but the last; append to `changes` what it changes by until the next."""
    for row, photo in enumerate(photos):
        for sigma, following in zip(sigmas[:-1], sigmas[1:]):
            image = blurred(photo, sigma)
            changes.append((following - sigma) * (blurred(photo, sigma + step) - image) / step)
            yield row, image.astype(np.float32)


def _with_gap(array: np.ndarray, whole: np.ndarray, difference: np.ndarray) -> Attribution:
    return Attribution(array.astype(np.float32), {"gap": whole.sum((1, 2, 3)) - difference})


def _scores(net: Net, images: np.ndarray) -> np.ndarray:
    """Return the score of an image for each photo, (N,) float64."""
    return net.scores(images, np.arange(len(images))).astype(np.float64)


def _scores_of(net: Net, images: np.ndarray) -> np.ndarray:
    """Return the scores that each photo's target gives each of some images, (N, B) float64."""
    return np.stack([net.scores(images, np.full(len(images), row)) for row in range(len(net.images))]).astype(float)
