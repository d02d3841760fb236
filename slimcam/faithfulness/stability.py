"""Maps of photos that are changed a little: how far they are from the photo's own."""

from typing import Callable, Iterator, List, Tuple

import numpy as np

from ..methods.net import Net, random_state
from ..methods.parts import Pair, in_parts

Again = Callable[[np.ndarray, np.ndarray], np.ndarray]  # images (M, H, W, C) and rows (M,) -> maps (M, H, W)
Noise = Tuple[int, float, str, str, int]  # samples, radius, unit, sides, seed


def max_sensitivity(
    net: Net,
    heats: np.ndarray,
    again: Again,
    samples: int = 10,
    radius: float = 0.02,
    unit: str = "range",
    sides: str = "both",
    relative: bool = True,
    seed: int = 0,
) -> np.ndarray:
    """Return the largest distance of a noisy photo's map from the photo's own, (N,) (Yeh et al. 2019, def. 3.1).

    The distance is the length of the difference, as a share of the map's own length where `relative`, NaN of a map of
    zeros. Noise is uniform up to `radius`: a share of white less black, or by `unit` "fed" as the net is fed; to both
    sides, or by `sides` "one" above only, as xplique's.
    """
    return _distances(net, heats, again, (samples, radius, unit, sides, seed), relative).max(-1)


def average_stability(
    net: Net,
    heats: np.ndarray,
    again: Again,
    samples: int = 20,
    radius: float = 0.02,
    unit: str = "range",
    sides: str = "both",
    relative: bool = True,
    seed: int = 0,
) -> np.ndarray:
    """Return the mean distance of noisy photos' maps from the photo's own, (N,); otherwise as max_sensitivity."""
    means: np.ndarray = _distances(net, heats, again, (samples, radius, unit, sides, seed), relative).mean(-1)
    return means


def _distances(net: Net, heats: np.ndarray, again: Again, noise: Noise, relative: bool) -> np.ndarray:
    """Return the distance of each photo's map to that of each sample, (N, samples)."""
    samples, radius, unit, sides, seed = noise
    spans = (np.asarray(net.white) - net.black if unit == "range" else np.ones(len(net.black))) * radius

    def changed() -> Iterator[Pair]:
        for row, (photo, number) in enumerate(zip(net.images, net.numbers)):
            random = random_state(seed, int(number))
            for _ in range(samples):
                yield row, photo + spans * random.uniform(0 if sides == "one" else -1, 1, photo.shape)

    each: List[float] = []
    for row, _, heat in in_parts(again, changed(), net.size):
        each.append(float(np.linalg.norm(heat - heats[row])))
    lengths = np.linalg.norm(heats.reshape(len(heats), -1), axis=-1)[:, None]
    distances = np.array(each).reshape(len(heats), samples)
    return distances / np.where(lengths > 0, lengths, np.nan) if relative else distances
