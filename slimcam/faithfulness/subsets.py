"""Random parts of the photo hidden: whether the score falls by as much as the map says of them."""

from typing import Callable, Iterator, List, Tuple

import numpy as np

from ..methods.baselines import Baseline, baseline_of
from ..methods.net import Net, random_state
from ..methods.parts import Pair, in_parts, own_scores
from .ranks import pearson, ranks

Draw = Callable[[np.random.RandomState], np.ndarray]  # one mask (H, W), True where the photo is hidden


def mufidelity(
    net: Net,
    heats: np.ndarray,
    samples: int = 200,
    cells: int = 9,
    share: float = 0.2,
    draw: str = "count",
    correlation: str = "pearson",
    baseline: Baseline = "grey",
    seed: int = 0,
) -> np.ndarray:
    """Return how the fall of the score goes with the map's sum over what is hidden, (N,) (Bhatt et al. 2020, def. 3).

    The photo is `cells` x `cells`, and `share` of them are hidden at a time: as many each time, at least one; by `draw`
    "each", as xplique, each with that probability. NaN where falls, or sums, are all alike.
    """
    count = max(1, round(share * cells * cells))

    def hidden(random: np.random.RandomState) -> np.ndarray:
        drawn = random.uniform(size=cells * cells)
        chosen = drawn < share if draw == "each" else np.argsort(drawn, kind="stable").argsort(kind="stable") < count
        return _enlarged(chosen.reshape(cells, cells), *heats.shape[1:])

    falls, sums = _falls_and_sums(net, heats, hidden, samples, baseline, seed)
    if correlation == "spearman":
        falls, sums = ranks(falls), ranks(sums)
    return pearson(falls, sums)


def sensitivity_n(
    net: Net, heats: np.ndarray, samples: int = 200, n: int = 0, baseline: Baseline = "zero", seed: int = 0
) -> np.ndarray:
    """Return how the fall of the score goes with the map's sum over n hidden pixels, (N,) (Ancona et al. 2018, def. 1).

    It is Pearson's correlation, NaN where falls, or sums, are all alike.
    """
    pixels = heats[0].size
    count = min(n or max(1, pixels // 10), pixels)

    def hidden(random: np.random.RandomState) -> np.ndarray:
        mask = np.zeros(pixels, bool)
        mask[random.permutation(pixels)[:count]] = True
        return mask.reshape(heats.shape[1:])

    return pearson(*_falls_and_sums(net, heats, hidden, samples, baseline, seed))


def infidelity(
    net: Net,
    heats: np.ndarray,
    samples: int = 200,
    patch: int = 0,
    scale: bool = True,
    baseline: Baseline = "grey",
    seed: int = 0,
) -> np.ndarray:
    """Return the mean square of what the score falls by and the map does not say, (N,) (Yeh et al. 2019, def. 2.1).

    What is hidden is a square of `patch` pixels, which may be anywhere in the photo; the map's sum over it is the fall
    that it says. With `scale` the map is first times the number that makes this least, as a map's unit is its method's.
    """
    height, width = heats.shape[1:]
    side = min(patch or max(1, min(height, width) // 4), height, width)

    def hidden(random: np.random.RandomState) -> np.ndarray:
        top, left = random.randint(height - side + 1), random.randint(width - side + 1)
        mask = np.zeros((height, width), bool)
        mask[top : top + side, left : left + side] = True
        return mask

    falls, sums = _falls_and_sums(net, heats, hidden, samples, baseline, seed)
    if scale:
        squares = (sums * sums).sum(-1, keepdims=True)
        sums = sums * ((falls * sums).sum(-1, keepdims=True) / np.where(squares > 0, squares, 1))
    means: np.ndarray = np.square(sums - falls).mean(-1)
    return means


def _falls_and_sums(
    net: Net, heats: np.ndarray, draw: Draw, samples: int, baseline: Baseline, seed: int
) -> Tuple[np.ndarray, np.ndarray]:
    """Return of each photo and sample, (N, samples), the fall of the score and the map's sum over what is hidden."""
    own, fills = own_scores(net), baseline_of(net, baseline, seed)
    sums: List[float] = []

    def changed() -> Iterator[Pair]:
        for row, number in enumerate(net.numbers):
            random = random_state(seed, int(number))
            for _ in range(samples):
                mask = draw(random)
                sums.append(float(heats[row][mask].sum()))
                yield row, np.where(mask[..., None], fills[row], net.images[row])

    scores = np.array([score for _, _, score in in_parts(net.scores, changed(), net.size)], np.float64)
    return own[:, None] - scores.reshape(len(heats), samples), np.array(sums).reshape(len(heats), samples)


def _enlarged(grid: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return (height, width) values, each that of the cell that its middle lies in."""
    rows, columns = ((2 * np.arange(side) + 1) * of // (2 * side) for side, of in zip((height, width), grid.shape))
    return grid[rows][:, columns]
