"""ROAD: pixels taken out and filled in from those around them, so that no edge tells where they were."""

from typing import Iterator, Tuple

import numpy as np

from ..methods.net import Net, random_state
from ..methods.parts import Pair, in_parts
from .orders import ranks

# Rows and columns to a pixel's neighbours and their weights (Rong et al. 2022, section 4.2): sides 1/6, corners 1/12.
NEIGHBOURS = tuple(
    (down, right, 1 / 6 if 0 in (down, right) else 1 / 12)
    for down in (-1, 0, 1)
    for right in (-1, 0, 1)
    if (down, right) != (0, 0)
)


def road(
    net: Net,
    heats: np.ndarray,
    steps: int = 9,
    order: str = "both",
    ties: str = "apart",
    noise: float = 0.01,
    seed: int = 0,
) -> np.ndarray:
    """Return half of what the score is more without the map's least pixels than without its best, (N,).

    Rong et al. 2022; the mean over i / (steps + 1) of the pixels, i from 1 to `steps`, rounded to whole pixels, at
    least one of which stays. What is taken out is filled in by `imputed`, with normal noise of `noise`, a share of
    white less black. By `order` "falling" it is how much the score rises (mostly it falls) without the best alone, by
    "rising" without the least, as ROADMostRelevantFirstAverage of pytorch-grad-cam and its contrary. By `ties`
    "together", its too, all pixels go that are as high as the percentile of the share, unless these are all there are.
    """
    places, shares = ranks(net, heats, "falling", seed), [step / (steps + 1) for step in range(1, steps + 1)]
    sides = {"both": (False, True), "falling": (True,), "rising": (False,)}[order]
    spans = noise * (np.asarray(net.white, np.float64) - net.black)

    def filled() -> Iterator[Pair]:
        for row, photo in enumerate(net.images):
            random = random_state(seed, int(net.numbers[row]))
            yield row, photo
            for best_first in sides:
                for share in shares:
                    gone = _gone(heats[row], places[row], share, best_first, ties == "together")
                    whole = imputed(photo, gone)
                    whole[gone] += spans * random.normal(size=whole[gone].shape)
                    yield row, whole

    scores = np.array([score for _, _, score in in_parts(net.scores, filled(), net.size)], np.float64)
    each = scores.reshape(len(heats), 1 + len(sides) * len(shares))
    rises = (each[:, 1:] - each[:, :1]).reshape(len(heats), len(sides), len(shares)).mean(-1)
    result: np.ndarray = rises[:, 0] if order != "both" else (rises[:, 0] - rises[:, 1]) / 2
    return result


def _gone(heat: np.ndarray, places: np.ndarray, share: float, best_first: bool, together: bool) -> np.ndarray:
    """Return which pixels are taken out, (H, W), by the map and the place of each in its order, the best first."""
    if together:
        signed = heat if best_first else -heat
        gone: np.ndarray = signed >= np.percentile(signed, 100 * (1 - share))
        if not gone.all():
            return gone
    count = min(max(1, round(heat.size * share)), heat.size - 1)
    return places < count if best_first else places >= heat.size - count


def imputed(photo: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Return a photo (H, W, C), float64, whose pixels `gone` (H, W) are means of their eight neighbours by NEIGHBOURS.

    Where neighbours are gone too all are solved for together; those beyond the border do not count. `gone` leaves one
    pixel at least.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve

    whole = photo.astype(np.float64)
    rows, columns, weights, right = _equations(whole, gone)
    count = len(right)
    matrix = coo_matrix((weights, (rows, columns)), (count, count)).tocsc()
    whole[gone] = spsolve(matrix, right, permc_spec="MMD_AT_PLUS_A").reshape(count, -1)
    return whole


def _equations(photo: np.ndarray, gone: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows, columns and numbers of the matrix, and the right side (pixels gone, C), that they solve."""
    height, width = gone.shape
    tops, lefts = np.nonzero(gone)
    own = np.arange(len(tops))
    numbers = np.zeros(gone.shape, int)
    numbers[gone] = own
    whole, right = np.zeros(len(own)), np.zeros((len(own), photo.shape[-1]))
    places, values = [], []
    for down, along, weight in NEIGHBOURS:
        beside, to_the_right = tops + down, lefts + along
        inside = (beside >= 0) & (beside < height) & (to_the_right >= 0) & (to_the_right < width)
        at = beside[inside], to_the_right[inside]
        whole[inside] += weight
        lacking = gone[at]
        right[own[inside][~lacking]] += weight * photo[at][~lacking]
        places.append((own[inside][lacking], numbers[at][lacking]))
        values.append(np.full(lacking.sum(), -weight))
    rows, columns = (np.concatenate([own, *(place[i] for place in places)]) for i in range(2))
    return rows, columns, np.concatenate([whole, *values]), right
