"""In which order a map has the pixels."""

import numpy as np

from ..methods.net import Net, random_state


def ranks(net: Net, heats: np.ndarray, order: str, seed: int) -> np.ndarray:
    """Return the place of each pixel in the order, (N, H, W); of equal pixels the one that is read first is first.

    `order` is "falling" or "rising" by the map's values, or "random".
    """
    rows = heats.reshape(len(heats), -1)
    if order == "random":
        rows = np.stack([random_state(seed, int(number)).uniform(size=rows.shape[1]) for number in net.numbers])
    ordered = np.argsort(rows if order == "rising" else -rows, -1, kind="stable")
    places = np.empty_like(ordered)
    np.put_along_axis(places, ordered, np.broadcast_to(np.arange(rows.shape[1]), rows.shape), -1)
    return places.reshape(heats.shape)
