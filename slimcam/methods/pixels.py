"""Gradients at the pixels: of the photo itself, and of the photo with noise."""

from typing import Callable, Dict, Iterator

import numpy as np

from .net import Net, random_state
from .parts import Pair, in_parts


def gradient(net: Net) -> np.ndarray:
    """Return d score / d image, (N, H, W, C) (Simonyan et al. 2013, section 3)."""
    return net.gradients(net.images, np.arange(len(net.images)))


def gradient_x_input(net: Net) -> np.ndarray:
    """Return the image times its gradient, (N, H, W, C) (Shrikumar et al. 2016, section 2.1)."""
    return net.images * gradient(net)


def smoothgrad(
    net: Net,
    samples: int = 25,
    noise: float = 0.15,
    spread: str = "range",
    of: str = "signed",
    loss: bool = False,
    seed: int = 0,
) -> np.ndarray:
    """Return the mean gradient of the photo with noise, (N, H, W, C) (Smilkov et al. 2017, section 3).

    The noise is normal; its deviation is `noise` times the range of the photo's values, or by `spread` "absolute"
    `noise` itself. `of` takes the gradients "signed", "abs" or "squared" into the mean. `loss` is for a score that is a
    probability p: the gradient of the cross entropy, -1/p dp/dx, is taken in its place.
    """
    total = np.zeros(net.images.shape)
    for row, image, slope in in_parts(net.gradients, noisy(net, samples, noise, spread, seed), net.size):
        if loss:
            slope = -slope / net.scores(image[None], np.array([row]))[0]
        total[row] += OF[of](slope)
    return (total / samples).astype(np.float32)


OF: Dict[str, Callable[[np.ndarray], np.ndarray]] = {"signed": np.asarray, "abs": np.abs, "squared": np.square}


def squaregrad(net: Net, samples: int = 50, noise: float = 0.15, spread: str = "range", seed: int = 0) -> np.ndarray:
    """Return the mean squared gradient of the photo with noise, (N, H, W, C) (Hooker et al. 2019, section 3)."""
    return smoothgrad(net, samples, noise, spread, "squared", seed=seed)


def vargrad(net: Net, samples: int = 50, noise: float = 0.15, spread: str = "range", seed: int = 0) -> np.ndarray:
    """Return the variance of the gradients of the photo with noise, (N, H, W, C) (Adebayo et al. 2018, appendix A).

    It is the unbiased one, over samples - 1.
    """
    total, squares = np.zeros(net.images.shape), np.zeros(net.images.shape)
    for row, _, slope in in_parts(net.gradients, noisy(net, samples, noise, spread, seed), net.size):
        total[row] += slope
        squares[row] += np.square(slope, dtype=np.float64)
    variance = (squares - np.square(total) / samples) / (samples - 1)
    return np.maximum(variance, 0).astype(np.float32)


def noisy(net: Net, samples: int, noise: float, spread: str, seed: int) -> Iterator[Pair]:
    """Yield each photo with normal noise, `samples` times: its row, and (H, W, C) float32."""
    for row, (photo, number) in enumerate(zip(net.images, net.numbers)):
        for image in noisy_photos(photo, int(number), samples, noise, spread, seed):
            yield row, image


def noisy_photos(
    photo: np.ndarray, number: int, samples: int, noise: float, spread: str, seed: int
) -> Iterator[np.ndarray]:
    """Yield a photo (H, W, C) of a number with normal noise, `samples` times, float32."""
    random = random_state(seed, number)
    scale = noise * float(photo.max() - photo.min()) if spread == "range" else noise
    for _ in range(samples):
        yield (photo + random.normal(0, scale, photo.shape)).astype(np.float32)
